// Uploads this browser has begun, so that choosing the same file again goes on with it.

import { recall, remember } from "./storage.js";

const KEY = "uploads";
// The server gives up an upload that stands still for long; then this is of no use either.
const KEPT_MS = 14 * 24 * 3600 * 1000;

/** Which file it is, and what was chosen for it: other choices are another upload. */
export function fingerprint(file, fields) {
  return JSON.stringify([file.name, file.size, file.lastModified, fields]);
}

export function keptUploads() {
  const kept = Object.entries(recall(KEY, {}));
  return Object.fromEntries(kept.filter(([, one]) => Date.now() - one.begun < KEPT_MS));
}

export function keepUpload(print, url, file) {
  remember(KEY, { ...keptUploads(), [print]: { url, name: file.name, size: file.size, begun: Date.now() } });
}

export function forgetUpload(print) {
  const { [print]: _, ...others } = keptUploads();
  remember(KEY, others);
}
