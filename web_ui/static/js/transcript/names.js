// Who speaks: the speakers as the editor's template lists them, and their names beside the lines.

import { tell } from "./page.js";
import { lines, list } from "./lines.js";

const COLORS = 8;

function choices() {
  return document.getElementById("editor-template").content.querySelector("select");
}

/** `[{label, name}]`, in the order of their colours. */
export function speakers() {
  return Array.from(choices().options, ({ value, text }) => ({ label: value, name: text })).filter(
    ({ label }) => label,
  );
}

export function newLabel() {
  const taken = new Set(speakers().map(({ label }) => label));
  let place = 1;
  while (taken.has(`s${place}`)) place += 1;
  return `s${place}`;
}

/** A name for a label, from now on and in every line that has it. */
export function setName(label, name) {
  const option = [...choices().options].find(({ value }) => value === label);
  if (option) option.textContent = name;
  else choices().append(new Option(name, label));
  for (const line of list().querySelectorAll(`[data-who="${CSS.escape(label)}"]`)) {
    nameLine(line, label);
  }
  tell("named");
}

/** Show who speaks in a line; null: nobody is named. */
export function nameLine(line, label) {
  const place = speakers().findIndex((speaker) => speaker.label === label);
  let who = line.querySelector(".line-who");
  if (place < 0) {
    delete line.dataset.who;
    who?.remove();
  } else {
    line.dataset.who = label;
    if (!who) {
      who = document.createElement("span");
      who.dir = "auto";
      line.querySelector(".line-time").after(who);
    }
    who.className = `line-who who-${(place % COLORS) + 1}`;
    who.textContent = speakers()[place].name;
    list().classList.add("lines-named");
  }
  markTurns(line);
}

/** A name is shown where a turn begins. */
export function markTurns(line) {
  const { segments } = lines();
  const place = segments.indexOf(line);
  for (const next of [place, place + 1]) {
    const [before, here] = [segments[next - 1], segments[next]];
    const same = before?.dataset.who && before.dataset.who === here?.dataset.who;
    here?.classList.toggle("line-same", Boolean(same));
  }
}
