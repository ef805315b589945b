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

export function undo() {
  if (!done.length) return say(word("edit.nothing_to_undo"));
  return step(done, undone, ({ before, after }) => [before, after], "edit.undone");
}

export function redo() {
  if (!undone.length) return say(word("edit.nothing_to_redo"));
  return step(undone, done, ({ before, after }) => [after, before], "edit.redone");
}

async function step(from, to, ends, said) {
  const entry = from.pop();
  const [goal, now] = ends(entry);
  const text = goal.text === now.text ? {} : { text: goal.text, was: now.text };
  const speaker = goal.speaker === now.speaker ? {} : { speaker: goal.speaker };
  try {
    await send(entry.number, { ...text, ...speaker });
  } catch (error) {
    // Somebody else's text stands there now: theirs is not undone.
    if (error.code === "wrong_state") return say(word("edit.conflict"));
    from.push(entry);
    return say(error.words ?? word("script.failed"));
  }
  to.push(entry);
  const line = lineOf(entry.number);
  point(line);
  show(line);
  say(word(said));
}
