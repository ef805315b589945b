// The recording: where it plays, what stretch of it, and whether that repeats.

import { find, hear, tell } from "./page.js";

export const audio = find("audio");
const frames = [];
let stretch = null;
let waiting = 0;

/** Called with the second at every frame while it plays, and whenever it was moved. */
export function onFrame(listener) {
  frames.push(listener);
}

export function seek(seconds, keepStretch = false) {
  if (!audio) return;
  if (!keepStretch) release();
  audio.currentTime = Math.max(0, Math.min(seconds, length() || seconds));
}

export function play() {
  // A second press may end the first one's wait: that is no failure.
  audio?.play().catch((error) => {
    if (error.name !== "AbortError") tell("broken");
  });
}

export function toggle() {
  if (!audio) return;
  if (audio.paused) play();
  else audio.pause();
}

/** Play from `start` to `end`, once or again and again. */
export function playStretch(start, end, repeats = false, quote = null) {
  stretch = { start, end, repeats, quote };
  seek(start, true);
  play();
  tell("stretch", stretch);
}

export function release() {
  if (!stretch) return;
  stretch = null;
  tell("stretch", null);
}

export const repeating = () => Boolean(stretch?.repeats);

export function length() {
  if (audio && Number.isFinite(audio.duration)) return audio.duration;
  return Number(document.getElementById("call").dataset.duration);
}

function frame() {
  waiting = 0;
  step();
  if (!audio.paused) waiting = requestAnimationFrame(frame);
}

function step() {
  const now = audio.currentTime;
  if (stretch && now >= stretch.end) endOfStretch();
  for (const listener of frames) listener(audio.currentTime);
}

function endOfStretch() {
  if (stretch.repeats) {
    audio.currentTime = stretch.start;
    return;
  }
  audio.pause();
  release();
}

if (audio) {
  // A hidden tab has no frames, and still has to stop where a stretch ends.
  for (const event of ["timeupdate", "seeked", "loadedmetadata", "pause"]) {
    audio.addEventListener(event, step);
  }
  audio.addEventListener("play", () => {
    waiting ||= requestAnimationFrame(frame);
  });
  hear("lines", step);
}
