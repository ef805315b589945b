// Brings parts of the page up to date from the page itself, as the server writes it now.

import { showTimes } from "../times.js";
import { reach, Refused } from "./asking.js";
import { call, find, findAll, page, tell } from "./page.js";

const FIELDS = "textarea, select, input:not([type=hidden], [type=checkbox], [data-reviewer])";
const TEXT = new Set(["above-lines", "lines", "below-lines", "coverage-bar"]);

/** The page as it is now; `panel`: its panel alone. */
async function fetchPage(panel) {
  const asked = new URLSearchParams({ lang: document.documentElement.lang });
  if (panel) asked.set("part", "panel");
  const answer = await reach(`${page}?${asked}`, { headers: { Accept: "text/html" } });
  if (!answer.ok) throw new Refused("internal_error", answer.status);
  return new DOMParser().parseFromString(await answer.text(), "text/html");
}

/** Put the new parts in the place of the old; what is being written in stays. */
export async function refresh({ panel = false, lines = true } = {}) {
  const fresh = await fetchPage(panel);
  const open = new Set(Array.from(findAll("keep-open"), (each) => `${each.id} ${each.open}`));
  for (const part of findAll("swap", fresh)) {
    const old = document.getElementById(part.id);
    if (!old || isWritten(old) || (!lines && TEXT.has(part.id))) continue;
    const focused = old.contains(document.activeElement) ? document.activeElement.id : "";
    old.replaceWith(document.importNode(part, true));
    if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
  }
  for (const details of findAll("keep-open")) {
    if (open.has(`${details.id} ${!details.open}`)) details.open = !details.open;
  }
  showTimes(document);
  if (!panel) takeState(find("state", fresh));
  tell("lines");
  tell("swapped");
}

/** What somebody has begun to write in must not be taken away. */
function isWritten(part) {
  if (part.querySelector("[data-editing]")) return true;
  return [...part.querySelectorAll(FIELDS)].some(isChanged);
}

function isChanged(field) {
  if (!field.matches("select")) return field.value !== field.defaultValue;
  const first = [...field.options].findIndex((option) => option.defaultSelected);
  return field.selectedIndex !== Math.max(0, first);
}

function takeState(fresh) {
  const { state, phase, duration } = fresh.dataset;
  Object.assign(call.dataset, { state, phase, duration });
}
