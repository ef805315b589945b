// Changes of a segment: sent, and shown as the server answers them.

import { word } from "../words.js";
import { ask } from "./asking.js";
import { api, tell } from "./page.js";
import { lineOf, textOf } from "./lines.js";
import { nameLine } from "./names.js";
import { showText } from "./texts.js";
import { keep } from "./timings.js";

/** Send a change; `was`: the text it replaces. Raises `Refused`. */
export async function send(number, change) {
  const segment = await ask(`${api}/segments/${number}`, "PATCH", change);
  showSegment(segment);
  return segment;
}

export function showSegment(segment) {
  const line = lineOf(segment.id);
  if (!line) return;
  keep(segment);
  showText(textOf(line), segment.text, segment.original_text === null ? segment.words : null);
  showOriginal(line, segment.original_text);
  showTranslation(line, segment.translation);
  nameLine(line, segment.speaker);
  tell("changed", line);
}

function showOriginal(line, original) {
  line.querySelector(".line-edited")?.remove();
  if (original === null) return;
  const details = document.getElementById("edited-template").content.cloneNode(true);
  details.querySelector("q").textContent = original || word("edit.empty");
  textOf(line).after(details);
}

/** It goes with the text that it translates. */
function showTranslation(line, translation) {
  const shown = line.querySelector(".line-translation");
  if (translation === null) shown?.remove();
  else if (shown) shown.textContent = translation;
}
