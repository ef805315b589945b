// The whole recording as a waveform, with what was played, and ticks for doubts and quotes.

import { find, hear } from "./page.js";
import { drawn, loudest } from "./drawing.js";
import { peaks } from "./peaks.js";
import { audio, length, onFrame } from "./sound.js";
import { ticks } from "./ticks.js";

const PITCH = 3;
const BAR = 2;
const TICK = 5;

let wave = null;
let bars = new Float32Array(0);
let barsFor = "";

/** Resolves once the peaks are there: the other waveform draws them too. */
export async function start() {
  if (!audio) return null;
  const again = drawn(find("wave"), draw);
  let place = -1;
  onFrame((seconds) => {
    const pixel = Math.round((seconds / (length() || 1)) * find("wave").clientWidth);
    if (pixel !== place) again();
    place = pixel;
  });
  hear("lines", () => requestAnimationFrame(again));
  hear("swapped", again);
  wave = await peaks();
  again();
  return wave;
}

function draw({ pen, width, height, colors }) {
  const total = length() || 1;
  const played = (audio.currentTime / total) * width;
  const count = Math.floor(width / PITCH);
  measure(count);
  const room = height - TICK - 3;
  const middle = TICK + 1 + room / 2;
  for (let place = 0; place < count; place += 1) {
    const left = place * PITCH;
    const tall = Math.max(1.5, bars[place] * room);
    pen.fillStyle = left < played ? colors.played : colors.wave;
    pen.fillRect(left, middle - tall / 2, BAR, tall);
  }
  drawTicks(pen, width, total, colors);
  pen.fillStyle = colors.place;
  pen.fillRect(Math.min(width - 2, Math.max(0, played - 1)), 0, 2, height);
}

function measure(count) {
  const asked = `${count} ${wave?.peaks.length ?? 0}`;
  if (asked === barsFor) return;
  barsFor = asked;
  bars = new Float32Array(count);
  if (!wave) return;
  const span = wave.duration / count;
  for (let place = 0; place < count; place += 1) {
    bars[place] = loudest(wave, place * span, (place + 1) * span);
  }
}

function drawTicks(pen, width, total, colors) {
  const { doubts, quotes } = ticks();
  pen.fillStyle = colors.doubt;
  // In an hour many fall on one place: the more there are, the taller.
  const many = new Uint16Array(Math.ceil(width / PITCH) + 1);
  for (const second of doubts) many[Math.floor(((second / total) * width) / PITCH)] += 1;
  const most = Math.max(...many);
  many.forEach((count, place) => {
    if (count) pen.fillRect(place * PITCH, 0, BAR, Math.max(1, (count / most) * TICK));
  });
  pen.fillStyle = colors.played;
  for (const [start, end] of quotes) {
    pen.fillRect((start / total) * width, 0, Math.max(2, ((end - start) / total) * width), TICK);
  }
}
