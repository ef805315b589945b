// What the waveform points out: where the text is doubtful, and what the check quotes.

import { call, findAll, hear } from "./page.js";

let known = null;

function forget() {
  known = null;
}

hear("lines", forget);
hear("swapped", forget);

/** Seconds: `doubts` of segments with doubtful words, `quotes` as pairs of start and end. */
export function ticks() {
  known ??= { doubts: doubts(), quotes: quotes() };
  return known;
}

function doubts() {
  const lines = new Set();
  for (const mark of call.getElementsByClassName("doubt")) {
    const line = mark.parentNode.parentNode;
    if (line.dataset.start) lines.add(line);
  }
  return Float64Array.from(lines, (line) => Number(line.dataset.start));
}

function quotes() {
  const panel = document.getElementById("compliance");
  return Array.from(panel ? findAll("quote", panel) : [], (quote) => [
    Number(quote.dataset.start),
    Number(quote.dataset.end),
  ]);
}
