// Single keys for those who are here all day. They can be switched off, and do nothing while one types.

import { recall, remember } from "./storage.js";

const KEY = "shortcuts";
const sheet = document.querySelector("[data-keys-sheet]");
const toggle = sheet.querySelector("[data-keys-on]");
// A Korean keyboard writes ㅕ where U is: the key's place tells what is meant.
const PLACES = { KeyU: "u", KeyJ: "j", KeyK: "k", Slash: "/" };
const TYPING = "input:not([type=checkbox], [type=file]), textarea, select, [contenteditable]";

function keyOf(event) {
  if (/^[a-z/?]$/i.test(event.key)) return event.key.toLowerCase();
  const place = PLACES[event.code];
  return place === "/" && event.shiftKey ? "?" : place;
}

function move(step) {
  const links = [...document.querySelectorAll("[data-item] [data-open]")];
  const here = links.findIndex((link) => link.closest("[data-item]").contains(document.activeElement));
  const next = here < 0 ? (step > 0 ? 0 : links.length - 1) : here + step;
  links[Math.min(Math.max(next, 0), links.length - 1)]?.focus();
}

function focusSearch() {
  const field = document.getElementById("q");
  field.focus();
  field.select();
}

const acts = {
  "/": focusSearch,
  u: () => document.getElementById("file").click(),
  j: () => move(1),
  k: () => move(-1),
  "?": () => sheet.showModal(),
};

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const typing = document.activeElement.matches(TYPING);
  if (event.key === "Escape" && typing && !document.querySelector("dialog[open]")) document.activeElement.blur();
  const act = acts[keyOf(event)];
  if (!act || typing || !toggle.checked || document.querySelector("dialog[open]")) return;
  event.preventDefault();
  act();
});

toggle.checked = recall(KEY, true);
toggle.addEventListener("change", () => remember(KEY, toggle.checked));
document.querySelector("[data-keys-open]").addEventListener("click", () => sheet.showModal());
