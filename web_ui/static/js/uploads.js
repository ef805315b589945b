// All uploads of this page: chosen, in line, at most three at a time.

import { announce } from "./announce.js";
import { tellElsewhere, underWayElsewhere } from "./elsewhere.js";
import { percent } from "./format.js";
import { forgetUpload, keptUploads } from "./kept_uploads.js";
import { GONE, standing, terminate } from "./tus.js";
import { Upload } from "./upload.js";
import { UploadRow } from "./upload_row.js";
import { word } from "./words.js";

const AT_ONCE = 3;
const BUSY = new Set(["waiting", "running", "away", "paused"]);
const NOT_SENT = new Set(["failed", "refused"]);
const list = document.querySelector("[data-uploads]");
const limitBytes = Number(document.querySelector("[data-upload]").dataset.maxBytes);
const uploads = [];
const watchers = [];

/** watcher: called with an upload whenever one changes, comes or goes. */
export function watchUploads(watcher) {
  watchers.push(watcher);
}

export function readyUploads() {
  return uploads.filter((upload) => upload.state === "ready");
}

export function anyUnderWay() {
  return uploads.some((upload) => BUSY.has(upload.state));
}

/** The same file twice is one upload, unless the first is over. */
export function addFile(file) {
  const same = uploads.find((one) => isSame(one.file, file) && (one.state === "ready" || BUSY.has(one.state)));
  if (same) return same;
  for (const over of uploads.filter((one) => one.state === "done")) removed(over);
  const upload = new Upload(file, { changed, removed }, limitBytes);
  uploads.push(upload);
  list.append(upload.row.element);
  changed(upload);
  return upload;
}

function isSame(one, other) {
  return one.name === other.name && one.size === other.size && one.lastModified === other.lastModified;
}

function changed(upload) {
  if (!uploads.includes(upload)) return;
  list.hidden = !list.children.length;
  if (upload.state === "done") announce(word("upload.said_done", { name: upload.file.name }));
  if (NOT_SENT.has(upload.state)) {
    announce(`${word("upload.said_failed", { name: upload.file.name })}. ${upload.said}`);
  }
  startMore();
  for (const watcher of watchers) watcher(upload);
}

function removed(upload) {
  uploads.splice(uploads.indexOf(upload), 1);
  upload.row.element.remove();
  list.hidden = !list.children.length;
  upload.state = "removed";
  startMore();
  for (const watcher of watchers) watcher(upload);
}

function startMore() {
  const running = uploads.filter((upload) => upload.state === "running" || upload.state === "away");
  const waiting = uploads.filter((upload) => upload.state === "waiting");
  for (const upload of waiting.slice(0, Math.max(0, AT_ONCE - running.length))) upload.start();
}

tellElsewhere(() => uploads.filter((upload) => BUSY.has(upload.state)).map((upload) => upload.url));

/** What an earlier visit began and did not end; this one may have gone on with it meanwhile. */
export async function showInterrupted() {
  const elsewhere = await underWayElsewhere();
  for (const [print, one] of Object.entries(keptUploads())) {
    if (elsewhere.has(one.url)) continue;
    const sent = await standing(one.url).catch((error) => (error.code === GONE ? GONE : null));
    if (sent === GONE || sent >= one.size) forgetUpload(print);
    else if (sent !== null && keptUploads()[print] && !isMine(one.url)) showOne(print, one, sent);
  }
}

function isMine(url) {
  return uploads.some((upload) => upload.url === url);
}

function showOne(print, one, sent) {
  const row = new UploadRow(one.name, one.size, () => {
    row.element.remove();
    list.hidden = !list.children.length;
    forgetUpload(print);
    terminate(one.url);
  });
  row.show("interrupted", word("upload.interrupted", { percent: percent(sent, one.size) }), sent / one.size);
  list.append(row.element);
  list.hidden = false;
  // Chosen again, it has a row of its own.
  watchUploads(({ file }) => {
    if (file.name === one.name && file.size === one.size) row.element.remove();
  });
}
