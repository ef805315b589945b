// How far the work is, how long it will still take, and why it waits.

import { clock, left } from "../format.js";
import { clockText } from "../times.js";
import { word } from "../words.js";
import { find } from "./page.js";

const WAITS = new Set([
  "engine_away",
  "engine_silent",
  "engine_broken",
  "queue_full",
  "draining",
  "model_unavailable",
  "transcription_failed",
  "storage_full",
]);

export function showWork(item) {
  const work = find("work");
  if (!work) return;
  const uploads = item.state === "uploading";
  const transcribes = !uploads && item.phase === "transcribe";
  showBar(find("work-bar", work), item, uploads, transcribes);
  const doing = item.state === "running" ? `phase.${item.phase}` : `state.${item.state}`;
  find("work-title", work).textContent = word(doing);
  const known = transcribes && item.seconds_left !== null;
  find("work-left", work).textContent = known ? left(item.seconds_left) : "";
  if (!uploads) find("work-done", work).textContent = transcribes ? doneOf(item) : "";
  const note = find("work-note", work);
  note.textContent = noteOn(item);
  note.hidden = !note.textContent;
}

function showBar(bar, item, uploads, transcribes) {
  bar.max = uploads ? item.file_bytes || 1 : 1;
  if (uploads) bar.value = item.uploaded_bytes ?? 0;
  else if (transcribes) bar.value = item.progress;
  else bar.removeAttribute("value");
  bar.classList.toggle("bar-still", item.state === "queued");
}

function doneOf({ seconds_done: done, seconds_total: total }) {
  return total ? word("item.done_of", { done: clock(done), total: clock(total) }) : "";
}

function noteOn(item) {
  if (item.wait_code) {
    const code = WAITS.has(item.wait_code) ? item.wait_code : "other";
    const again = item.retry_at && [word("item.retry_at"), clockText(new Date(item.retry_at))];
    return [word(`wait.${code}`), word("work.retries"), ...(again || [])].join(" ");
  }
  if (item.state !== "queued" || item.ahead === null) return "";
  return item.ahead ? word("item.ahead", { count: item.ahead }) : word("item.next");
}
