// Asks before something is lost. Nothing happens unless it is confirmed.

import { word } from "./words.js";

const dialog = document.querySelector("[data-ask]");
const part = (name) => dialog.querySelector(`[data-ask-${name}]`);

/** title, text, yes: keys of words; name: of what would be lost. Resolves to whether it is confirmed. */
export function ask({ title, text, yes, name = "" }) {
  part("title").textContent = word(title);
  part("text").textContent = word(text);
  part("name").textContent = name;
  part("yes").textContent = word(yes);
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true });
  });
}
