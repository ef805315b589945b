// What changes on the server shows on the page: numbers in place, everything else by a fresh list.

import { announce } from "./announce.js";
import { clock, left, size } from "./format.js";
import { refreshSoon } from "./refresh.js";
import { word } from "./words.js";

const AGAIN_MS = [1000, 2000, 5000, 15_000, 60_000];
const SAID = new Set(["done", "dummy", "failed"]);
const states = new Map();
let source = null;
let failures = 0;
let missed = false;

function changed(item) {
  const line = document.getElementById(`t-${item.id}`);
  const before = states.get(item.id) ?? line?.dataset.state;
  states.set(item.id, item.state);
  if (before !== item.state) {
    if (before && SAID.has(item.state)) say(item);
    refreshSoon();
  } else if (line) {
    const asBefore = line.dataset.phase === item.phase && line.dataset.wait === (item.wait_code ?? "");
    if (asBefore && (item.state === "running" || item.state === "uploading")) showProgress(line, item);
    else if (line.dataset.revision !== String(item.revision)) refreshSoon();
  }
}

function say(item) {
  const mark = item.state === "dummy" ? `${word("site.dummy")} ` : "";
  announce(word("item.said", { title: item.title, state: mark + word(`state.${item.state}`) }));
}

function showProgress(line, item) {
  const [bar, done, rest] = ["bar", "done", "left"].map((name) => line.querySelector(`[data-${name}]`));
  const uploading = item.state === "uploading";
  if (!bar) refreshSoon();
  // How long a recording is becomes known as it is read.
  if (!bar || !(uploading || item.seconds_total)) return;
  bar.value = uploading ? item.uploaded_bytes : item.progress;
  const [part, whole] = uploading
    ? [size(item.uploaded_bytes ?? 0), size(item.file_bytes)]
    : [clock(item.seconds_done), clock(item.seconds_total)];
  done.textContent = word("item.done_of", { done: part, total: whole });
  if (rest) rest.textContent = item.seconds_left === null ? "" : left(item.seconds_left);
}

function gone({ id }) {
  if (document.getElementById(`t-${id}`)) refreshSoon();
}

function open() {
  if (source || document.hidden) return;
  source = new EventSource("/api/events");
  source.addEventListener("transcript", (event) => changed(JSON.parse(event.data)));
  source.addEventListener("deleted", (event) => gone(JSON.parse(event.data)));
  source.addEventListener("open", () => {
    failures = 0;
    if (missed) refreshSoon();
    missed = false;
  });
  source.addEventListener("error", () => {
    missed = true;
    // A browser tries again by itself, but not after a refusal.
    if (source?.readyState === EventSource.CLOSED) tryAgain();
  });
}

function tryAgain() {
  close();
  setTimeout(open, AGAIN_MS[Math.min(failures, AGAIN_MS.length - 1)]);
  failures += 1;
}

function close() {
  source?.close();
  source = null;
  missed = true;
}

// A browser opens six connections to a server, for all its tabs: one that nobody sees needs none.
document.addEventListener("visibilitychange", () => (document.hidden ? close() : open()));
addEventListener("pagehide", close);
addEventListener("pageshow", open);
