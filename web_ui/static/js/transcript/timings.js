// When each word is spoken. The times come once, when they are first wanted; where a word stands in
// its text is found when its segment is.

import { ask } from "./asking.js";
import { api } from "./page.js";
import { numberOf, textOf } from "./lines.js";

// An edited text keeps most of its words: one that is not found near its place is passed over.
const NEAR = 40;
const told = new Map();
const placed = new WeakMap();
let asked = null;

export function keep(segment) {
  told.set(segment.id, segment.words);
}

/** Ask for the words of all segments, once; again where it failed. */
export function fetchTimings() {
  asked ??= ask(api)
    .then(({ segments }) => segments.forEach(keep))
    .catch(() => {
      asked = null;
    });
  return asked;
}

/** The words of a line: `[{start, end, from, to}]`, `from` and `to` in its text. */
export function wordsOf(line) {
  const paragraph = textOf(line);
  const text = paragraph?.textContent ?? "";
  const known = placed.get(line);
  if (known?.text === text && known.words.length) return known.words;
  const words = text ? place(text, told.get(numberOf(line)) ?? []) : [];
  placed.set(line, { text, words });
  return words;
}

function place(text, words) {
  const found = [];
  let next = 0;
  for (const { start, end, word } of words) {
    const said = word.trim();
    const from = said ? text.indexOf(said, next) : -1;
    if (from < 0 || from - next > NEAR) continue;
    next = from + said.length;
    found.push({ start, end, from, to: next });
  }
  return found;
}
