// Takes edits back, and does them again: through the same door as every edit.

import { word } from "../words.js";
import { lineOf } from "./lines.js";
import { show } from "./follow.js";
import { say } from "./say.js";
import { send } from "./saving.js";
import { point } from "./spoken.js";

const done = [];
const undone = [];

/** Remember an edit of a segment: its text and speaker before and after. */
export function record(number, before, after) {
  done.push({ number, before, after });
  undone.length = 0;
}

export const undo = () => step(done, undone, "before", "after", "edit.undone", "edit.nothing_to_undo");
export const redo = () => step(undone, done, "after", "before", "edit.redone", "edit.nothing_to_redo");

async function step(from, to, wanted, present, said, nothing) {
  const entry = from.pop();
  if (!entry) return say(word(nothing));
  const [goal, now] = [entry[wanted], entry[present]];
  const text = goal.text === now.text ? {} : { text: goal.text, was: now.text };
  const speaker = goal.speaker === now.speaker ? {} : { speaker: goal.speaker };
  try {
    await send(entry.number, { ...text, ...speaker });
  } catch (error) {
    // Somebody else's text stands there now: theirs is not undone.
    if (error.code !== "wrong_state") from.push(entry);
    return say(error.code === "wrong_state" ? word("edit.conflict") : (error.words ?? word("script.failed")));
  }
  to.push(entry);
  const line = lineOf(entry.number);
  point(line);
  show(line);
  say(word(said));
}
