// Where the address leads: `?t=` to a second, `#s-` to a segment, `?q=` to what was searched for.

import { find } from "./page.js";
import { lineOf, nearestTo, startOf } from "./lines.js";
import { look } from "./find.js";
import { seek } from "./sound.js";
import { point } from "./spoken.js";

function segmentOf(hash) {
  const number = /^#s-(\d+)$/.exec(hash)?.[1];
  return number === undefined ? null : lineOf(number);
}

function goTo(line, second) {
  if (!line) return;
  seek(second ?? startOf(line));
  point(line);
  line.scrollIntoView({ block: "center" });
}

export function start() {
  const asked = new URLSearchParams(location.search);
  const field = find("find-field");
  field.value = asked.get("q") ?? field.value;
  if (field.value) look();
  const second = asked.has("t") ? Number(asked.get("t")) : null;
  const at = Number.isFinite(second) && second !== null ? second : null;
  goTo(segmentOf(location.hash) ?? (at === null ? null : nearestTo(at)), at);
  addEventListener("hashchange", () => goTo(segmentOf(location.hash)));
}
