// Saves what stands in an editor. What was typed is never lost: not to a server that is away, and
// not to somebody else's change.

import { word } from "../words.js";
import { ask } from "./asking.js";
import { api, find } from "./page.js";
import { lineOf, numberOf, textOf } from "./lines.js";
import { newLabel, setName } from "./names.js";
import { send } from "./saving.js";
import { say } from "./say.js";
import { refresh } from "./swap.js";
import { record } from "./undo.js";

const tidy = (text) => text.trim().replace(/\s+/g, " ");
const whoOf = (made) => made.closest(".line").dataset.who ?? "";

/** Whether the editor holds anything that is not saved. */
export function changed(made) {
  const { text, was, speaker } = made.elements;
  return tidy(text.value) !== was.value || speaker.value !== whoOf(made);
}

/** Save it; false where it could not be, and the editor says why. */
export async function save(made, restores = false) {
  if (!restores && !changed(made)) return true;
  problem(made, "");
  made.inert = true;
  try {
    const number = numberOf(made.closest(".line"));
    const before = { text: made.elements.was.value, speaker: whoOf(made) };
    const segment = await send(number, restores ? { restore: true } : await change(made));
    record(number, before, { text: segment.text, speaker: segment.speaker ?? "" });
    say(word("edit.saved"));
    return true;
  } catch (error) {
    made.inert = false;
    await explain(made, error);
    return false;
  }
}

/** What the editor asks for; a speaker who is new is made known first. */
async function change(made) {
  const { text, was, speaker } = made.elements;
  if (speaker.value === "new") {
    const label = newLabel();
    const name = speaker.selectedOptions[0].text;
    await ask(api, "PATCH", { speakers: [{ label, name, role: null }] });
    setName(label, name);
    speaker.selectedOptions[0].value = label;
    // The panel has a row for everybody.
    refresh({ panel: true }).catch(() => {});
  }
  const same = tidy(text.value) === was.value;
  return { ...(same ? {} : { text: tidy(text.value), was: was.value }), speaker: speaker.value };
}

async function explain(made, error) {
  if (error.code === "wrong_state") {
    const theirs = await theirText(made).catch(() => null);
    if (theirs !== null && theirs !== made.elements.was.value) return showTheirs(made, theirs);
  }
  const offline = error.code === "offline";
  const why = error.words ?? word("script.failed");
  problem(made, offline ? word("edit.offline") : `${word("edit.not_saved")} ${why}`);
  made.elements.text.focus();
}

async function theirText(made) {
  const number = numberOf(made.closest(".line"));
  const { segments } = await ask(api);
  return segments.find(({ id }) => id === number)?.text ?? null;
}

function showTheirs(made, theirs) {
  find("theirs", made).textContent = theirs;
  find("conflict", made).hidden = false;
  find("keep-mine", made).focus();
}

/** Theirs was read, and mine is to stand in its place. */
export function keepMine(made) {
  find("conflict", made).hidden = true;
  made.elements.was.value = find("theirs", made).textContent;
}

export function takeTheirs(made) {
  textOf(lineOf(numberOf(made.closest(".line")))).textContent = find("theirs", made).textContent;
}

function problem(made, text) {
  const place = find("problem", made);
  place.textContent = text;
  place.hidden = !text;
}
