// The waveform as a slider: pressed and dragged, or moved by keys.

import { clock } from "../format.js";
import { find } from "./page.js";
import { audio, length, onFrame, seek } from "./sound.js";

const slider = find("seek");
const label = slider && find("hover", slider);
const PAGE_SECONDS = 30;
const steps = {
  ArrowLeft: (now) => now - 5,
  ArrowRight: (now) => now + 5,
  ArrowDown: (now) => now - 5,
  ArrowUp: (now) => now + 5,
  PageDown: (now) => now - PAGE_SECONDS,
  PageUp: (now) => now + PAGE_SECONDS,
  Home: () => 0,
  End: () => length(),
};

function secondAt(event) {
  const box = slider.getBoundingClientRect();
  const part = (event.clientX - box.left) / box.width;
  return Math.max(0, Math.min(1, part)) * length();
}

function follow(event) {
  const second = secondAt(event);
  label.hidden = false;
  label.textContent = clock(second);
  label.style.setProperty("left", `${(100 * second) / (length() || 1)}%`);
  if (slider.hasPointerCapture(event.pointerId)) seek(second);
}

function press(event) {
  if (event.button !== 0) return;
  slider.setPointerCapture(event.pointerId);
  seek(secondAt(event));
}

function key(event) {
  const step = steps[event.key];
  if (!step || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  event.stopPropagation();
  seek(step(audio.currentTime));
}

function show(seconds) {
  const now = String(Math.floor(seconds));
  if (slider.getAttribute("aria-valuenow") === now) return;
  slider.setAttribute("aria-valuenow", now);
  slider.setAttribute("aria-valuemax", String(Math.round(length())));
  slider.setAttribute("aria-valuetext", `${clock(seconds)} / ${clock(length())}`);
}

export function start() {
  if (!audio) return;
  slider.addEventListener("pointerdown", press);
  slider.addEventListener("pointermove", follow);
  slider.addEventListener("pointerleave", () => {
    label.hidden = true;
  });
  slider.addEventListener("keydown", key);
  onFrame(show);
}
