// Where in the text something was said; a line's text is folded once.

import { fold, matches } from "./folding.js";
import { lines, textOf } from "./lines.js";

const folds = new WeakMap();

/** Every place that holds a folded query: `[{line, from, to}]`, in order. */
export function matching(query) {
  return lines().segments.flatMap((line) =>
    matches(foldOf(line), query).map(([from, to]) => ({ line, from, to })),
  );
}

function foldOf(line) {
  const text = textOf(line)?.textContent ?? "";
  const known = folds.get(line);
  if (known?.text === text) return known;
  const made = { text, ...fold(text) };
  folds.set(line, made);
  return made;
}
