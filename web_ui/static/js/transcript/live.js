// The text as it grows: segments as they come, how far the work is, and the whole page anew at the
// end.

import { clock, left } from "../format.js";
import { clockText } from "../times.js";
import { word } from "../words.js";
import { addPassage, addSegment } from "./arriving.js";
import { api, call, find } from "./page.js";
import { lines, numberOf } from "./lines.js";
import { say } from "./say.js";
import { refresh } from "./swap.js";

const GOES_ON = new Set(["uploading", "queued", "running"]);
const WAITS = new Set([
  "engine_away", "engine_silent", "engine_broken", "queue_full",
  "draining", "model_unavailable", "transcription_failed", "storage_full",
]);
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
  if (item.state !== call.dataset.state) {
    call.dataset.state = item.state;
    say(word(`state.${item.state}`));
    if (GOES_ON.has(item.state)) refresh().catch(() => {});
  }
  if (GOES_ON.has(item.state)) showWork(item);
}

function showWork(item) {
  const work = find("work");
  if (!work) return;
  const bar = find("work-bar", work);
  const uploads = item.state === "uploading";
  const transcribes = !uploads && item.phase === "transcribe";
  bar.max = uploads ? item.file_bytes || 1 : 1;
  if (uploads || transcribes) bar.value = uploads ? (item.uploaded_bytes ?? 0) : item.progress;
  else bar.removeAttribute("value");
  bar.classList.toggle("bar-still", item.state === "queued");
  const doing = item.state === "running" ? word(`phase.${item.phase}`) : word(`state.${item.state}`);
  find("work-title", work).textContent = doing;
  const known = transcribes && item.seconds_left !== null;
  find("work-left", work).textContent = known ? left(item.seconds_left) : "";
  if (uploads) return showNote(find("work-note", work), item);
  const [done, total] = [clock(item.seconds_done), clock(item.seconds_total ?? 0)];
  const counted = transcribes && item.seconds_total;
  find("work-done", work).textContent = counted ? word("item.done_of", { done, total }) : "";
  showNote(find("work-note", work), item);
}

function showNote(note, item) {
  let said = "";
  if (item.wait_code) {
    const code = WAITS.has(item.wait_code) ? item.wait_code : "other";
    said = `${word(`wait.${code}`)} ${word("work.retries")}`;
    if (item.retry_at) said += ` ${word("item.retry_at")} ${clockText(new Date(item.retry_at))}`;
  } else if (item.state === "queued" && item.ahead !== null) {
    said = item.ahead ? word("item.ahead", { count: item.ahead }) : word("item.next");
  }
  note.textContent = said;
  note.hidden = !said;
}

async function end() {
  source.close();
  try {
    await refresh();
    say(word("live.ended"));
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
