// The panel of the microphone: record, pause, finish, listen, send or discard.

import { announce } from "./announce.js";
import { ask } from "./ask.js";
import { clock } from "./format.js";
import { listen } from "./meter.js";
import { sendTake } from "./send_take.js";
import { fileOf, offerToListen, Take } from "./take.js";
import { dropTake, holdTake } from "./takes.js";
import { word } from "./words.js";

// Shown at most ten times a second; silent for so long means something is wrong.
const SHOWN_MS = 100;
const SILENT_MS = 4000;
const SILENT_LEVEL = 0.12;
const PROBLEMS = { NotAllowedError: "record.denied", NotFoundError: "record.missing" };
const BUTTONS = {
  recording: ["pause", "stop", "discard"],
  paused: ["resume", "stop", "discard"],
  stopped: ["send", "discard"],
};

const part = (name) => document.querySelector(`[data-record-${name}]`);
const [start, problem, panel, level, audio] = ["start", "problem", "panel", "level", "audio"].map(part);
let take = null;
let stopListening = null;
let release = null;
let loudAt = 0;
let shownAt = 0;

function show(state) {
  const before = document.activeElement?.closest("[data-record-act]");
  panel.hidden = state === "idle";
  start.hidden = state !== "idle";
  panel.dataset.state = state;
  part("state").textContent = state === "idle" ? "" : word(`record.${state}`);
  part("listen").hidden = state !== "stopped";
  level.hidden = state === "stopped";
  part("silent").textContent = "";
  for (const button of panel.querySelectorAll("[data-record-act]")) {
    button.hidden = !BUTTONS[state]?.includes(button.dataset.recordAct);
  }
  if (state === "idle" && before) start.focus();
  else if (before?.hidden || document.activeElement === document.body) panel.querySelector("[data-record-act]:not([hidden])")?.focus();
}

function heard(loudness) {
  const now = performance.now();
  if (loudness > SILENT_LEVEL || take.recorder.state !== "recording") loudAt = now;
  if (now - shownAt < SHOWN_MS) return;
  shownAt = now;
  level.value = take.recorder.state === "recording" ? loudness : 0;
  part("time").textContent = clock(take.seconds);
  const silent = now - loudAt > SILENT_MS ? word("record.silent") : "";
  if (part("silent").textContent !== silent) part("silent").textContent = silent;
}

function whyNot() {
  if (!isSecureContext || !navigator.mediaDevices?.getUserMedia) return word("record.insecure");
  return typeof MediaRecorder === "undefined" ? word("record.unsupported") : "";
}

async function begin() {
  problem.textContent = whyNot();
  if (problem.textContent) return;
  try {
    const stream = await navigator.mediaDevices.getUserMedia({ audio: { channelCount: 1, echoCancellation: false } });
    take = new Take(stream);
  } catch (error) {
    problem.textContent = word(PROBLEMS[error.name] ?? "record.in_use");
    return;
  }
  holdTake(take.id, () => new Promise((resolve) => (release = resolve)));
  for (const track of take.stream.getTracks()) track.addEventListener("ended", breakOff);
  loudAt = performance.now();
  stopListening = listen(take.stream, heard);
  show("recording");
  announce(word("record.recording"));
}

async function breakOff() {
  await stop();
  problem.textContent = word("record.broken");
}

async function stop() {
  stopListening?.();
  stopListening = null;
  await take.stop();
  const { begun, pieces, recorder } = take;
  part("time").textContent = clock(take.seconds);
  offerToListen(audio, fileOf(pieces, { begun, type: recorder.mimeType }, "take"));
  show("stopped");
}

async function discard() {
  const sure = await ask({ title: "record.ask_title", text: "record.ask_text", yes: "record.discard" });
  if (!sure) return;
  if (stopListening) await stop();
  await dropTake(take.id).catch(() => {});
  leave();
}

function leave() {
  audio.removeAttribute("src");
  release?.();
  take = null;
  show("idle");
}

const acts = {
  pause() {
    take.pause();
    show("paused");
  },
  resume() {
    take.resume();
    show("recording");
  },
  stop,
  discard,
  send() {
    const { id, begun, pieces, recorder } = take;
    sendTake({ id, begun, type: recorder.mimeType }, pieces);
    leave();
  },
};

start.addEventListener("click", begin);
panel.addEventListener("click", (event) => acts[event.target.closest("[data-record-act]")?.dataset.recordAct]?.());
addEventListener("beforeunload", (event) => {
  if (take) event.preventDefault();
});
