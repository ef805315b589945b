// Everything by keyboard, but never while somebody types.

import { recall, remember } from "../storage.js";
import { find, findAll } from "./page.js";
import { lines, nearestTo, startOf, textOf, timeOf } from "./lines.js";
import { changeSpeed, skip, toggleLoop } from "./controls.js";
import { edit } from "./editor.js";
import { focus } from "./find.js";
import { show } from "./follow.js";
import { audio, toggle } from "./sound.js";
import { spoken } from "./spoken.js";
import { redo, undo } from "./undo.js";

const sheet = find("sheet");
const letters = find("letters");
const PRESSED = "[type=checkbox], [type=radio], [type=range]";
const TYPING = `input:not(${PRESSED}), textarea, select, [contenteditable]`;

// A Korean keyboard writes ㅓ where J is: the key's place tells what is meant.
const PLACES = { KeyJ: "j", KeyK: "k", KeyL: "l", KeyE: "e", Slash: "/" };
const SHIFTED = { Slash: "?", Comma: "<", Period: ">" };

const LETTERS = {
  j: () => choose(1),
  k: () => choose(-1),
  l: () => toggleLoop(chosen()),
  e: () => edit(chosen() ?? spoken() ?? inSight()),
  "<": () => changeSpeed(-1),
  ">": () => changeSpeed(1),
  "[": () => changeSpeed(-1),
  "]": () => changeSpeed(1),
  "/": focus,
  "?": () => sheet.showModal(),
};

/** The line that has the keyboard's attention. */
function chosen() {
  return document.activeElement?.closest(".line") ?? null;
}

function inSight() {
  return lines().segments.find((line) => line.getBoundingClientRect().top > 0) ?? null;
}

function choose(by) {
  const all = lines().all.filter((line) => !line.hidden);
  const from = chosen() ?? spoken();
  const place = from ? all.indexOf(from) + by : all.indexOf(inSight() ?? all[0]);
  const line = all[Math.max(0, Math.min(all.length - 1, place))];
  if (!line) return;
  timeOf(line).focus({ preventScroll: true });
  show(line);
}

function pressed(event) {
  if (event.defaultPrevented || event.isComposing || document.querySelector("dialog[open]")) return;
  if (event.target.closest?.(TYPING)) return;
  const command = event.ctrlKey || event.metaKey;
  if (command && !event.altKey && (event.code === "KeyZ" || event.key === "z")) {
    event.preventDefault();
    return event.shiftKey ? redo() : undo();
  }
  if (command || event.altKey) return;
  const done = act(event);
  if (done) event.preventDefault();
}

function act(event) {
  const pressable = event.target.closest?.("button, summary, a, input");
  if (event.key === " " && audio && !event.target.closest?.("button, summary, input")) toggle();
  else if (event.key === "ArrowLeft" && !pressable?.matches("input")) skip(-5);
  else if (event.key === "ArrowRight" && !pressable?.matches("input")) skip(5);
  else if (event.key === "Enter" && !pressable && spoken()) timeOf(spoken()).click();
  else return letters.checked && letter(event);
  return true;
}

function letter(event) {
  const place = event.shiftKey ? SHIFTED[event.code] : PLACES[event.code];
  const name = event.key in LETTERS ? event.key : place;
  LETTERS[name]?.();
  return name in LETTERS;
}

export function start() {
  letters.checked = recall("shortcuts", true);
  letters.addEventListener("change", () => remember("shortcuts", letters.checked));
  document.addEventListener("keydown", pressed);
  for (const button of findAll("open-sheet")) {
    button.addEventListener("click", () => sheet.showModal());
  }
}
