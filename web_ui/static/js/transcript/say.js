// Says what has just been done, where it is seen and where it is heard.

import { find } from "./page.js";

const SHOWN_MS = 4000;
const toast = find("toast");
let hiding;

export function say(text) {
  clearTimeout(hiding);
  toast.textContent = text;
  hiding = setTimeout(() => {
    toast.textContent = "";
  }, SHOWN_MS);
}
