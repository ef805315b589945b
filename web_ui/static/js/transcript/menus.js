// Menus fold up when something else is pressed, or by Escape; a title is changed without leaving.

import { word } from "../words.js";
import { ask } from "./asking.js";
import { api, call, find, findAll } from "./page.js";
import { say } from "./say.js";

function foldAll(except = null) {
  for (const menu of findAll("menu")) if (menu !== except) menu.open = false;
}

async function rename(form) {
  const title = form.elements.title.value.trim();
  try {
    const changed = await ask(api, "PATCH", { title });
    const was = find("title").textContent;
    find("title").textContent = changed.title;
    document.title = document.title.replace(was, changed.title);
    form.closest("details").open = false;
    say(word("transcript.renamed"));
  } catch (error) {
    say(error.words ?? word("script.failed"));
  }
}

export function start() {
  document.addEventListener("click", (event) => foldAll(event.target.closest("[data-menu]")));
  document.addEventListener("keydown", (event) => {
    const open = call.querySelector("[data-menu][open]");
    if (event.key !== "Escape" || !open) return;
    open.open = false;
    open.querySelector("summary").focus();
  });
  call.addEventListener("toggle", (event) => {
    if (event.target.id === "rename" && event.target.open) find("rename").elements.title.select();
  }, true);
  call.addEventListener("submit", (event) => {
    if (!event.target.matches("[data-rename]")) return;
    event.preventDefault();
    rename(event.target);
  });
}
