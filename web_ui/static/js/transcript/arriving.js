// Lines that come while the page is open: made from the page's templates, put where their time is.

import { clock } from "../format.js";
import { word } from "../words.js";
import { api, call, tell } from "./page.js";
import { lineOf, list, startOf, timeOf } from "./lines.js";
import { nameLine, setName, speakers } from "./names.js";
import { showSegment } from "./saving.js";
import { addStretch } from "./stretches.js";

const PART = 50;
let passages = 0;

export function addSegment(segment) {
  if (lineOf(segment.id)) return showSegment(segment);
  const line = made("line-template", `s-${segment.id}`, segment);
  line.querySelector(".line-edit").href = `?edit=${segment.id}#s-${segment.id}`;
  put(line);
  addStretch("said", segment.start, segment.end);
  if (segment.speaker && !speakers().some(({ label }) => label === segment.speaker)) {
    setName(segment.speaker, word("speaker.numbered", { number: speakers().length + 1 }));
  }
  showSegment(segment);
}

export function addPassage({ kind, start, end, text, reason }) {
  const known = `.line-${kind}[data-start="${rounded(start)}"]`;
  if (list().querySelector(known)) return;
  passages += 1;
  const line = made("passage-template", `p-live-${passages}`, { start, end });
  line.classList.add(`line-${kind}`);
  line.querySelector("strong").textContent = word(kind === "gap" ? "gap.label" : "withheld.label");
  const why = line.querySelector("[data-why]");
  why.textContent = kind === "gap" ? "" : whyWithheld(reason);
  line.querySelector("s").textContent = text;
  if (!text) line.querySelector("details").remove();
  const seconds = (end - start).toFixed(1);
  line.querySelector(".numbers").textContent = word("line.seconds", { seconds });
  put(line);
  addStretch(kind, start, end);
}

function whyWithheld(reason) {
  const key = `withheld.${reason}`;
  const said = word(key);
  return said === key ? word("withheld.other") : said;
}

function made(template, id, { start, end }) {
  const line = document.getElementById(template).content.firstElementChild.cloneNode(true);
  line.id = id;
  line.dataset.start = rounded(start);
  line.dataset.end = rounded(end);
  const time = timeOf(line);
  time.textContent = clock(start);
  time.href = "hasAudio" in call.dataset ? `${api}/audio#t=${rounded(start)}` : `#${id}`;
  return line;
}

const rounded = (seconds) => String(Math.round(seconds * 100) / 100);

function put(line) {
  document.getElementById("empty")?.remove();
  const start = startOf(line);
  const all = list().getElementsByClassName("line");
  // Most come last; two channels, and passages, may come between.
  let place = all.length - 1;
  while (place >= 0 && startOf(all[place]) > start) place -= 1;
  if (place === all.length - 1) lastPart().append(line);
  else if (place >= 0) all[place].after(line);
  else all[0].before(line);
  tell("lines");
}

function lastPart() {
  const last = list().lastElementChild;
  if (last && last.children.length < PART) return last;
  const made = document.getElementById("part-template").content.firstElementChild.cloneNode(true);
  list().append(made);
  return made;
}
