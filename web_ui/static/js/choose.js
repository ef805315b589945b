// Recordings are chosen, dropped anywhere on the page, and sent.

import { chosen } from "./options.js";
import { addFile, anyUnderWay, readyUploads, showInterrupted, watchUploads } from "./uploads.js";
import { word } from "./words.js";

const form = document.querySelector("[data-upload]");
const input = form.querySelector("input[type=file]");
const button = form.querySelector("[data-submit]");
const problem = form.querySelector("[data-upload-problem]");
const drop = form.querySelector("[data-drop]");

function addAll(files) {
  for (const file of files) addFile(file);
  input.value = "";
}

function countReady() {
  const count = readyUploads().length;
  button.textContent = count > 1 ? word("form.submit_count", { count }) : word("form.submit");
  if (count) problem.textContent = "";
}

function sendAll(event) {
  event.preventDefault();
  const ready = readyUploads();
  if (!ready.length) {
    problem.textContent = word("form.choose_first");
    input.focus();
  }
  for (const upload of ready) upload.wait(chosen());
}

function carriesFiles(event) {
  return event.dataTransfer?.types.includes("Files");
}

function showOver(over) {
  drop.toggleAttribute("data-over", over);
  drop.querySelector("[data-drop-rest]").hidden = over;
  drop.querySelector("[data-drop-over]").hidden = !over;
}

addEventListener("dragover", (event) => {
  if (!carriesFiles(event)) return;
  event.preventDefault();
  showOver(true);
});
addEventListener("dragleave", (event) => {
  if (!event.relatedTarget) showOver(false);
});
addEventListener("drop", (event) => {
  if (!carriesFiles(event)) return;
  event.preventDefault();
  showOver(false);
  addAll(event.dataTransfer.files);
});

// What was dropped is not in the field, so the field alone cannot say what is missing.
input.required = false;
input.multiple = true;
input.addEventListener("change", () => addAll(input.files));
form.addEventListener("submit", sendAll);
watchUploads(countReady);
addEventListener("beforeunload", (event) => {
  if (anyUnderWay()) event.preventDefault();
});
// A browser may fill the field with what was chosen before the page was loaded anew.
if (input.files.length) addAll(input.files);
showInterrupted();
