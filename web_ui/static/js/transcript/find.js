// Finds what was said in this text, as it is typed; goes from place to place; shows only the lines
// that hold it.

import { word } from "../words.js";
import { find, findAll, hear } from "./page.js";
import { lines, textOf } from "./lines.js";
import { fold } from "./folding.js";
import { show } from "./follow.js";
import { matching } from "./matching.js";
import { rangeIn } from "./texts.js";

const WAIT_MS = 120;
const paints = globalThis.Highlight && CSS.highlights;
const field = find("find-field");
const count = find("find-count");
const only = find("find-only");
let found = [];
let place = -1;
let waiting;

/** Look for what the field holds; the place stays where it was, or is the next one in sight. */
export function look() {
  clearTimeout(waiting);
  const query = fold(field.value).folded;
  found = matching(query);
  place = -1;
  paint();
  filter(query);
  tellCount(query);
}

function paint() {
  if (!paints) return;
  const ranges = found.map(({ line, from, to }) => rangeIn(textOf(line), from, to)).filter(Boolean);
  CSS.highlights.set("found", new Highlight(...ranges));
  CSS.highlights.delete("found-now");
}

function filter(query) {
  const held = only.checked && query ? new Set(found.map(({ line }) => line)) : null;
  for (const line of lines().all) line.hidden = held !== null && !held.has(line);
}

function tellCount(query) {
  count.textContent = query ? told() : "";
  for (const button of findAll("find-step")) button.disabled = !found.length;
}

function told() {
  if (!found.length) return word("find.none");
  const values = { total: found.length, place: place + 1 };
  return word(place < 0 ? "find.total" : "find.place", values);
}

/** Go to the next place, or the one before. */
export function step(by) {
  if (!found.length) return;
  place = place < 0 ? firstFrom(by) : (place + by + found.length) % found.length;
  const { line, from, to } = found[place];
  show(line);
  const range = paints && rangeIn(textOf(line), from, to);
  if (range) {
    const now = new Highlight(range);
    now.priority = 1;
    CSS.highlights.set("found-now", now);
  }
  tellCount(field.value);
}

/** From where the reader is. */
function firstFrom(by) {
  const below = found.findIndex(({ line }) => line.getBoundingClientRect().bottom > 0);
  if (by > 0) return Math.max(0, below);
  return (below <= 0 ? found.length : below) - 1;
}

function typed(event) {
  if (event.isComposing || event.keyCode === 229) return;
  if (event.key === "Enter") {
    event.preventDefault();
    if (waiting) look();
    waiting = undefined;
    step(event.shiftKey ? -1 : 1);
  } else if (event.key === "Escape" && field.value) {
    field.value = "";
    look();
  }
}

export function focus() {
  field.focus();
  field.select();
}

export function start() {
  field.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => {
      waiting = undefined;
      look();
    }, WAIT_MS);
  });
  field.addEventListener("keydown", typed);
  only.addEventListener("change", look);
  for (const button of findAll("find-step")) {
    button.addEventListener("click", () => step(Number(button.dataset.findStep)));
  }
  const again = () => {
    if (field.value) look();
  };
  hear("lines", again);
  hear("changed", again);
}
