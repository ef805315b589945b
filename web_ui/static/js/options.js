// The choices of the upload form: remembered, and told in a line where they are folded away.

import { recall, remember } from "./storage.js";

const KEY = "upload-options";
const box = document.querySelector("[data-options]");
const summary = box.querySelector("[data-options-summary]");
const fields = [...box.querySelectorAll("select, input")];

/** As the upload's fields: a box that is not ticked is none. */
export function chosen() {
  const told = fields.map((field) => [field.name, field.type === "checkbox" && !field.checked ? "" : field.value]);
  return Object.fromEntries(told.filter(([, value]) => value !== ""));
}

function put(kept) {
  for (const field of fields) {
    const value = kept[field.name] ?? "";
    if (field.type === "checkbox") field.checked = value === "true";
    else if ([...field.options].some((option) => option.value === value)) field.value = value;
  }
}

function tell() {
  const [language, quality] = fields.map((field) => field.selectedOptions?.[0].textContent);
  const ticked = fields.filter((field) => field.checked).map((field) => field.labels[0].textContent.trim());
  summary.textContent = [language, quality, ...ticked].join(" · ");
}

// A form that came back with a fault keeps what was sent.
const kept = document.querySelector("[data-fault]") ? null : recall(KEY, null);
if (kept) put(kept);
tell();
box.addEventListener("change", () => {
  remember(KEY, chosen());
  tell();
});
