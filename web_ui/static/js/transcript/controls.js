// The player's buttons: play, skip, speed, volume, repeat. Speed and volume are remembered.

import { clock } from "../format.js";
import { recall, remember } from "../storage.js";
import { word } from "../words.js";
import { find, findAll, hear } from "./page.js";
import { nearestTo, startOf, endOf } from "./lines.js";
import { audio, length, onFrame, playStretch, release, repeating, seek, toggle } from "./sound.js";

const says = find("player-says");
const speed = find("speed");
const volume = find("volume");
const loop = find("loop");
const play = find("play");

export function skip(seconds) {
  if (audio) seek(audio.currentTime + seconds);
}

export function setSpeed(value) {
  speed.value = String(value);
  audio.playbackRate = Number(speed.value);
  remember("speed", speed.value);
}

/** One step slower or faster. */
export function changeSpeed(step) {
  if (!audio) return;
  const place = speed.selectedIndex + step;
  if (place < 0 || place >= speed.options.length) return;
  setSpeed(speed.options[place].value);
  says.textContent = word("player.speed_now", { count: speed.value });
}

/** Repeat the segment that is spoken, or the one that is chosen; or stop repeating. */
export function toggleLoop(line = null) {
  if (!audio) return;
  if (repeating()) {
    release();
    says.textContent = word("player.loop_off");
    return;
  }
  const segment = line ?? nearestTo(audio.currentTime);
  if (!segment) return;
  playStretch(startOf(segment), endOf(segment), true);
  says.textContent = word("player.loop_on");
}

function showState() {
  const playing = !audio.paused;
  find("when-paused", play).hidden = playing;
  find("when-playing", play).hidden = !playing;
  const name = playing ? play.dataset.pauseWords : play.dataset.playWords;
  find("play-name", play).textContent = name;
  play.title = name;
}

function showLength() {
  find("total").textContent = clock(length());
}

export function start() {
  if (!audio) return;
  audio.controls = false;
  audio.preservesPitch = true;
  setSpeed([...speed.options].some((each) => each.value === recall("speed")) ? recall("speed") : 1);
  audio.volume = volume.value = Math.min(1, Math.max(0, Number(recall("volume", 1)) || 0));
  play.addEventListener("click", toggle);
  for (const button of findAll("skip")) {
    button.addEventListener("click", () => skip(Number(button.dataset.skip)));
  }
  speed.addEventListener("change", () => setSpeed(speed.value));
  volume.addEventListener("input", () => {
    audio.volume = Number(volume.value);
    remember("volume", audio.volume);
  });
  loop.addEventListener("click", () => toggleLoop());
  audio.addEventListener("play", showState);
  audio.addEventListener("pause", showState);
  audio.addEventListener("loadedmetadata", showLength);
  audio.addEventListener("error", showBroken);
  hear("broken", showBroken);
  hear("stretch", showStretch);
  const now = find("now");
  onFrame((seconds) => {
    const text = clock(seconds);
    if (now.textContent !== text) now.textContent = text;
  });
}

function showBroken() {
  says.textContent = word("player.broken");
}

function showStretch(stretch) {
  loop.setAttribute("aria-pressed", String(Boolean(stretch?.repeats)));
  says.textContent = stretch?.quote ? word("player.playing_quote") : "";
}
