// The segment and the word that are spoken now. A word is painted over the text as it is, so that
// hours of speech need no element for each of their words.

import { hear, tell } from "./page.js";
import { spokenAt, startOf, endOf, textOf } from "./lines.js";
import { audio, onFrame } from "./sound.js";
import { rangeIn } from "./texts.js";
import { fetchTimings, wordsOf } from "./timings.js";

const paint = globalThis.Highlight && CSS.highlights ? new Highlight() : null;
let line = null;
let word = null;

export const spoken = () => line;

/** Point out a line, though nothing plays. */
export function point(next) {
  if (next === line) return;
  line?.removeAttribute("aria-current");
  line = next;
  line?.setAttribute("aria-current", "true");
  tell("spoken", line);
}

function follow(seconds) {
  const next = spokenAt(seconds);
  // In a pause the last one stays: the eye keeps its place.
  if (next && (next !== line || !line.isConnected)) point(next);
  if (paint && line) paintWord(seconds);
}

function paintWord(seconds) {
  const inside = !audio.paused && seconds >= startOf(line) && seconds < endOf(line);
  const next = inside ? wordsOf(line).findLast((each) => each.start <= seconds) : null;
  if (next === word) return;
  word = next;
  paint.clear();
  const range = word && rangeIn(textOf(line), word.from, word.to);
  if (range) paint.add(range);
}

export function start() {
  if (!audio) return;
  if (paint) CSS.highlights.set("spoken", paint);
  let moved = false;
  audio.addEventListener("seeking", () => {
    moved = true;
  });
  // A page that was only opened points at nothing.
  onFrame((seconds) => {
    if (moved || !audio.paused || line) follow(seconds);
  });
  audio.addEventListener("play", fetchTimings, { once: true });
  document.getElementById("text").addEventListener("pointerdown", fetchTimings, { once: true });
  hear("lines", () => {
    word = null;
    if (line && !line.isConnected) line = document.getElementById(line.id);
  });
}
