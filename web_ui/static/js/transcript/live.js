// The text as it grows: segments as they come, how far the work is, and the whole page anew at the
// end.

import { word } from "../words.js";
import { addPassage, addSegment } from "./arriving.js";
import { api, call } from "./page.js";
import { lines, numberOf } from "./lines.js";
import { say } from "./say.js";
import { refresh } from "./swap.js";
import { showWork } from "./work.js";

const GOES_ON = new Set(["uploading", "queued", "running"]);
const AGAIN_MS = 5000;
let source = null;

function connect() {
  const last = lines().segments.reduce((most, line) => Math.max(most, numberOf(line)), -1);
  source = new EventSource(`${api}/events?after=${last}`);
  const on = (kind, listener) =>
    source.addEventListener(kind, (event) => listener(JSON.parse(event.data)));
  on("segment", segment);
  on("passage", addPassage);
  on("state", showItem);
  on("end", end);
  on("deleted", () => location.assign("/"));
  source.addEventListener("error", lost);
}

function lost() {
  // The browser connects again by itself, unless the server refused.
  if (source.readyState !== EventSource.CLOSED) return;
  say(word("live.lost"));
  setTimeout(connect, AGAIN_MS);
}

function segment(told) {
  const first = !lines().segments.length;
  addSegment(told);
  if (first) say(word("live.first"));
}

function showItem(item) {
  const doing = `${item.state} ${item.phase}`;
  const was = `${call.dataset.state} ${call.dataset.phase}`;
  Object.assign(call.dataset, { state: item.state, phase: item.phase });
  if (!GOES_ON.has(item.state)) return;
  showWork(item);
  if (doing === was) return;
  say(word(item.state === "running" ? `phase.${item.phase}` : `state.${item.state}`));
  // Not the lines: more of them may come while the page is fetched.
  refresh({ lines: false }).catch(() => {});
}

async function end() {
  source.close();
  try {
    await refresh();
    say(word(`state.${call.dataset.state}`));
  } catch {
    setTimeout(end, AGAIN_MS);
  }
}

export function start() {
  if (!GOES_ON.has(call.dataset.state)) return;
  connect();
  // A page that goes into the browser's history must not hold its connection.
  addEventListener("pagehide", () => source.close());
  addEventListener("pageshow", (event) => {
    if (event.persisted && GOES_ON.has(call.dataset.state)) connect();
  });
}
