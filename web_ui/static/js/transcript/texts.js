// A segment's text: its doubtful words marked, and ranges of it.

import { word } from "../words.js";

// views.py says the same.
const DOUBTFUL = 0.5;

/** Put a text in the place of what is there. words: the engine's, null where a person wrote it. */
export function showText(paragraph, text, words) {
  const pieces = [];
  let place = 0;
  for (const { word: said, probability } of words ?? []) {
    const found = said ? text.indexOf(said, place) : -1;
    if (found < 0 || probability >= DOUBTFUL) continue;
    if (found > place) pieces.push(text.slice(place, found));
    place = found + said.length;
    pieces.push(doubtful(said));
  }
  paragraph.replaceChildren(...pieces, ...(place < text.length ? [text.slice(place)] : []));
}

function doubtful(said) {
  const mark = document.createElement("mark");
  mark.className = "doubt";
  mark.title = word("line.doubtful");
  mark.textContent = said;
  return mark;
}

/** The characters from one place to another. */
export function rangeIn(paragraph, from, to) {
  const range = document.createRange();
  const walker = document.createTreeWalker(paragraph, NodeFilter.SHOW_TEXT);
  let [before, opened] = [0, false];
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const after = before + node.data.length;
    if (!opened && from < after) {
      range.setStart(node, from - before);
      opened = true;
    }
    if (opened && to <= after) {
      range.setEnd(node, to - before);
      return range;
    }
    before = after;
  }
  return null;
}

/** Which character of the paragraph lies under a point; -1: none. */
export function placeAt(paragraph, x, y) {
  const caret = document.caretPositionFromPoint?.(x, y) ?? document.caretRangeFromPoint?.(x, y);
  const node = caret?.offsetNode ?? caret?.startContainer;
  if (!node || !paragraph.contains(node)) return -1;
  const before = document.createRange();
  before.selectNodeContents(paragraph);
  before.setEnd(node, caret.offset ?? caret.startOffset);
  return before.toString().length;
}
