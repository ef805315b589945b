// The minute around the place that plays: in an hour's waveform a sentence is a hair. Who speaks
// lies under it; dragging it moves the place.

import { find, hear } from "./page.js";
import { drawn, loudest } from "./drawing.js";
import { lines, upTo } from "./lines.js";
import { audio, length, onFrame, seek } from "./sound.js";

const WINDOW = 60;
const PITCH = 3;
const WHO = 5;
const strip = find("near");
const dark = matchMedia("(prefers-color-scheme: dark)");
const known = new Map();
let wave = null;

/** peaks: a promise of them; the speakers are drawn before. */
export async function start(peaks) {
  if (!audio || !strip) return;
  const again = drawn(find("near-wave"), draw);
  onFrame(again);
  hear("lines", () => requestAnimationFrame(again));
  hear("named", () => requestAnimationFrame(again));
  drag();
  wave = await peaks;
  again();
}

function left() {
  const most = Math.max(0, length() - WINDOW);
  return Math.min(most, Math.max(0, audio.currentTime - WINDOW / 2));
}

function draw({ pen, width, height, colors }) {
  const from = left();
  const scale = width / WINDOW;
  const room = height - WHO - 4;
  for (let at = -((from * scale) % PITCH); at < width; at += PITCH) {
    const second = from + at / scale;
    const tall = wave ? Math.max(1.5, room * loudest(wave, second, second + PITCH / scale)) : 1.5;
    pen.fillStyle = second < audio.currentTime ? colors.played : colors.wave;
    pen.fillRect(at, 1 + (room - tall) / 2, 2, tall);
  }
  drawSpeakers(pen, from, scale, height, colors);
  pen.fillStyle = colors.place;
  pen.fillRect((audio.currentTime - from) * scale - 1, 0, 2, height);
}

function drawSpeakers(pen, from, scale, height, colors) {
  const { segments, starts, ends } = lines();
  const until = from + WINDOW;
  for (let place = Math.max(0, upTo(starts, from) - 4); starts[place] < until; place += 1) {
    if (ends[place] < from) continue;
    pen.fillStyle = colorOf(segments[place]) ?? colors.wave;
    const [start, end] = [(starts[place] - from) * scale, (ends[place] - from) * scale];
    pen.fillRect(start, height - WHO, Math.max(1, end - start - 1), WHO);
  }
}

function colorOf(segment) {
  const who = segment.querySelector(".line-who");
  if (!who) return null;
  const kind = `${who.className} ${document.documentElement.dataset.theme} ${dark.matches}`;
  if (!known.has(kind)) known.set(kind, getComputedStyle(who).color);
  return known.get(kind);
}

function drag() {
  let held = null;
  strip.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    held = { x: event.clientX, from: left(), moved: false };
    strip.setPointerCapture(event.pointerId);
  });
  strip.addEventListener("pointermove", (event) => {
    if (!held || Math.abs(event.clientX - held.x) < 3) return;
    held.moved = true;
    seek(held.from + WINDOW / 2 - ((event.clientX - held.x) / strip.clientWidth) * WINDOW);
  });
  strip.addEventListener("pointerup", (event) => {
    const box = strip.getBoundingClientRect();
    const part = (event.clientX - box.left) / box.width;
    if (held && !held.moved) seek(held.from + part * WINDOW);
    held = null;
  });
}
