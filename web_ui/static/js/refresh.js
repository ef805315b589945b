// Loads the list anew where it stands: soon, but not for every single change, and only while seen.

import { load } from "./list.js";

const SOON_MS = 300;
const BETWEEN_MS = 1500;
// An engine that is not ready may be so at any moment, and no event says it.
const ENGINE_MS = 15_000;
let timer = null;
let lastAt = -BETWEEN_MS;
let stale = false;

async function refresh() {
  timer = null;
  lastAt = performance.now();
  await load(location.href, { quiet: true });
}

export function refreshSoon() {
  if (document.hidden) stale = true;
  else timer ??= setTimeout(refresh, Math.max(SOON_MS, lastAt + BETWEEN_MS - performance.now()));
}

document.addEventListener("visibilitychange", () => {
  if (document.hidden || !stale) return;
  stale = false;
  refreshSoon();
});
document.addEventListener("click", (event) => {
  if (event.target.closest("[data-list-again]")) load(location.href);
});
setInterval(() => {
  if (document.getElementById("engine").dataset.engine !== "healthy" && !document.hidden) refreshSoon();
}, ENGINE_MS);
