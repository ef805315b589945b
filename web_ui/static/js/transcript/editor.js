// Corrects a segment where it stands: opened, typed in, closed.

import { word } from "../words.js";
import { call, find, findAll } from "./page.js";
import { endOf, isSegment, numberOf, startOf, textOf, timeOf } from "./lines.js";
import { speakers } from "./names.js";
import { playStretch } from "./sound.js";
import { changed, keepMine, save, takeTheirs } from "./edits.js";

export function edit(line) {
  if (!line || !isSegment(line)) return;
  if (!find("editing", line)) {
    const copy = document.getElementById("editor-template").content.cloneNode(true);
    const made = copy.querySelector("form");
    made.dataset.editing = "";
    textOf(line).hidden = true;
    textOf(line).after(made);
    fill(made, line);
  }
  const { text } = find("editing", line).elements;
  text.focus({ preventScroll: true });
  text.setSelectionRange(text.value.length, text.value.length);
}

function fill(made, line) {
  const { text, was, speaker } = made.elements;
  made.action = `${call.dataset.page}/segments/${numberOf(line)}`;
  text.id = `edit-${numberOf(line)}`;
  made.querySelector("label").htmlFor = text.id;
  text.value = was.value = textOf(line).textContent;
  offerNew(made);
  speaker.value = line.dataset.who ?? "";
  find("restore", made).hidden = !line.querySelector(".line-edited");
}

function offerNew(made) {
  const name = word("edit.new_speaker", { number: speakers().length + 1 });
  made.elements.speaker.append(new Option(name, "new"));
}

export function close(line) {
  find("editing", line)?.remove();
  textOf(line).hidden = false;
  timeOf(line).focus({ preventScroll: true });
}

async function saved(made, restores) {
  const line = made.closest(".line");
  if (await save(made, restores)) close(line);
}

function pressed(event) {
  const link = event.target.closest(".line-edit");
  if (link && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
    event.preventDefault();
    edit(link.closest(".line"));
  }
  const made = event.target.closest("[data-editing]");
  if (!made) return;
  if (event.target.closest("[data-cancel]")) {
    event.preventDefault();
    close(made.closest(".line"));
  } else if (event.target.closest("[data-keep-mine]")) {
    keepMine(made);
    saved(made, false);
  } else if (event.target.closest("[data-take-theirs]")) {
    takeTheirs(made);
    close(made.closest(".line"));
  }
}

function typed(event) {
  const made = event.target.closest?.("[data-editing]");
  // A syllable that is still being put together is not finished by Enter.
  if (!made || event.isComposing || event.keyCode === 229) return;
  const line = made.closest(".line");
  if (event.key === "Escape") close(line);
  else if (event.key === "Enter" && !event.shiftKey && event.target.name === "text") saved(made);
  else if (event.altKey && event.code === "KeyP") playStretch(startOf(line), endOf(line));
  else return;
  event.preventDefault();
  event.stopPropagation();
}

function submitted(event) {
  if (!event.target.matches("[data-editing]")) return;
  event.preventDefault();
  saved(event.target, event.submitter?.name === "restore");
}

/** What the server opened, for an address that asked for it. */
export function adopt() {
  for (const made of findAll("editing")) offerNew(made);
}

export function start() {
  call.addEventListener("click", pressed);
  call.addEventListener("keydown", typed);
  call.addEventListener("submit", submitted);
  call.addEventListener("dblclick", (event) => {
    const text = event.target.closest(".line-text");
    if (text) edit(text.closest(".line"));
  });
  addEventListener("beforeunload", (event) => {
    if ([...findAll("editing")].some(changed)) event.preventDefault();
  });
}
