// Keeps what is spoken in sight, until the reader looks elsewhere; a button goes back to it.

import { find, hear, moves } from "./page.js";
import { audio } from "./sound.js";
import { spoken } from "./spoken.js";

const SCROLL_KEYS = new Set(["PageUp", "PageDown", "Home", "End", "ArrowUp", "ArrowDown"]);
let following = true;

/** Bring a line into sight; a far one at once, a near one smoothly. */
export function show(line) {
  const box = line.getBoundingClientRect();
  const top = covered();
  const room = innerHeight - top;
  if (box.top >= top + room * 0.08 && box.bottom <= top + room * 0.72) return;
  const far = Math.abs(box.top - top) > 1.5 * innerHeight;
  line.scrollIntoView({ block: "center", behavior: far || !moves.matches ? "auto" : "smooth" });
}

function covered() {
  const player = document.getElementById("player").getBoundingClientRect();
  return Math.max(0, player.bottom);
}

function look() {
  if (!following) return;
  following = false;
  offer(!audio.paused);
}

function offer(shown) {
  const way = find("follow");
  if (way) way.hidden = !shown;
}

function goBack() {
  following = true;
  offer(false);
  const line = spoken();
  if (line) show(line);
}

function scrollsAway(event) {
  const panel = event.target.closest?.(".panel");
  if (panel && getComputedStyle(panel).overflowY === "auto") return;
  if (event.target.closest?.("dialog, .player")) return;
  look();
}

export function start() {
  measureCovered();
  if (!audio) return;
  for (const kind of ["wheel", "touchmove"]) {
    addEventListener(kind, scrollsAway, { passive: true });
  }
  // The scroll bar belongs to no element.
  addEventListener("pointerdown", (event) => {
    if (event.target === document.documentElement) look();
  });
  addEventListener("keydown", (event) => {
    const typing = event.target.closest?.("input, textarea, select, [role=slider]");
    if (SCROLL_KEYS.has(event.key) && !typing) look();
  });
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-follow]")) goBack();
  });
  audio.addEventListener("play", goBack);
  audio.addEventListener("pause", () => offer(false));
  hear("spoken", (line) => {
    if (line && following && !audio.paused && !find("editing")) show(line);
  });
}

/** What lies under the player is not in sight: the style sheet scrolls to below it. */
function measureCovered() {
  const player = document.getElementById("player");
  const measure = () => {
    const covered = `${player.offsetHeight}px`;
    // Not on the root as a property of its own: every line would be styled anew.
    document.documentElement.style.setProperty("scroll-padding-top", covered);
    document.getElementById("panel")?.style.setProperty("--covered", covered);
  };
  new ResizeObserver(measure).observe(player);
  hear("lines", measure);
}
