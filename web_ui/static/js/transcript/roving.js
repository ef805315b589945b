// The tab key passes the list in one step, not in thousands: it goes through the links of one line,
// and j and k choose which. Nothing is changed in the lines for it: hours of speech have thousands.

import { hear } from "./page.js";
import { lines, list, timeOf } from "./lines.js";

const REACHED = "a, button, input:not([type=hidden]), select, summary, textarea";
let stop = null;
let tabbed = false;

function pressed(event) {
  tabbed = event.key === "Tab";
  const line = tabbed && event.target.closest?.(".line");
  if (!line) return;
  const links = [...line.querySelectorAll(REACHED)].filter((link) => link.checkVisibility());
  const last = event.shiftKey ? links[0] : links.at(-1);
  // From there the browser goes on to what comes next on the page.
  const way = document.getElementById(event.shiftKey ? "before-lines" : "after-lines");
  if (document.activeElement === last) way.focus({ preventScroll: true });
}

function entered(event) {
  const line = event.target.closest?.(".line");
  const inside = event.relatedTarget?.closest?.(".line");
  if (!line) return;
  const goal = stop?.isConnected && !stop.hidden ? stop : lines().all[0];
  if (tabbed && !inside && goal && goal !== line) timeOf(goal).focus();
  else stop = line;
}

export function start() {
  document.addEventListener("keydown", pressed, true);
  document.addEventListener("focusin", entered);
  document.addEventListener("pointerdown", () => {
    tabbed = false;
  });
  hear("spoken", (line) => {
    if (line && !list().contains(document.activeElement)) stop = line;
  });
}
