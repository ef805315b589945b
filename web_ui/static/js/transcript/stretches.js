// The bar under the waveform, as the text grows: where in the recording there is some.

import { length } from "./sound.js";

const SVG = "http://www.w3.org/2000/svg";
// Less than this of the bar cannot be seen.
const LEAST = 0.2;

/** Draw a stretch: `said`, `withheld` or a `gap`, from one second to another. */
export function addStretch(kind, start, end) {
  const bar = document.getElementById("coverage-bar");
  const total = length();
  if (!bar || !total) return;
  const stretch = document.createElementNS(SVG, "rect");
  stretch.setAttribute("class", `coverage-${kind}`);
  stretch.setAttribute("x", String((100 * start) / total));
  stretch.setAttribute("width", String(Math.max(LEAST, (100 * (end - start)) / total)));
  stretch.setAttribute("height", "1");
  bar.append(stretch);
}
