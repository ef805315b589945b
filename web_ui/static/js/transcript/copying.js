// Copies the text, with the choices of the export. Browsers allow it over https and on localhost
// only.

import { word } from "../words.js";
import { reach } from "./asking.js";
import { call, find } from "./page.js";
import { say } from "./say.js";

async function exported(form) {
  const chosen = new URLSearchParams(new FormData(form));
  chosen.set("format", "txt");
  const answer = await reach(`${form.action}?${chosen}`);
  if (!answer.ok) throw new Error("not exported");
  return new Blob([await answer.text()], { type: "text/plain" });
}

async function copy(form) {
  try {
    // A promise, so that the press still counts when the text is there.
    await navigator.clipboard.write([new ClipboardItem({ "text/plain": exported(form) })]);
    say(word("export.copied"));
  } catch {
    say(word("export.not_copied"));
  }
}

export function start() {
  const possible = navigator.clipboard?.write && globalThis.ClipboardItem;
  if (!possible) find("copy-text")?.remove();
  call.addEventListener("click", (event) => {
    if (event.target.closest("[data-copy-text]")) copy(find("export"));
  });
}
