// The lines of the text: which is where in the list, and which is spoken at a second.

import { hear } from "./page.js";

let known = null;

export const list = () => document.getElementById("lines");
export const lineOf = (number) => document.getElementById(`s-${number}`);
export const numberOf = (line) => Number(line.id.slice(2));
export const isSegment = (line) => line.id.startsWith("s-");
export const startOf = (line) => Number(line.getAttribute("data-start"));
export const endOf = (line) => Number(line.getAttribute("data-end"));
export const textOf = (line) => line.querySelector(".line-text");
export const timeOf = (line) => line.querySelector(".line-time");

hear("lines", () => {
  known = null;
});

/** Every line in order, and the segments among them with their times. */
export function lines() {
  // More of them come while the page arrives.
  if (document.readyState === "loading") return measured();
  known ??= measured();
  return known;
}

function measured() {
  const all = [...list().getElementsByClassName("line")];
  const segments = all.filter(isSegment);
  return {
    all,
    segments,
    starts: Float64Array.from(segments, startOf),
    ends: Float64Array.from(segments, endOf),
  };
}

/** How many of sorted numbers are not above one. */
export function upTo(numbers, value) {
  let [low, high] = [0, numbers.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (numbers[middle] <= value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The segment spoken at a second: of several, the one that began last; null in a pause. */
export function spokenAt(seconds) {
  const { segments, starts, ends } = lines();
  const last = upTo(starts, seconds) - 1;
  // Two channels may speak at once; a longer one may still go on when a later one is over.
  for (let place = last; place >= 0 && place > last - 4; place -= 1) {
    if (seconds < ends[place]) return segments[place];
  }
  return null;
}

/** The segment at a second, or the last one before it; the first where there is none. */
export function nearestTo(seconds) {
  const { segments, starts } = lines();
  return segments[Math.max(0, upTo(starts, seconds) - 1)] ?? null;
}
