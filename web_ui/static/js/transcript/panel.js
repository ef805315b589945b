// The panel's forms: verdicts and speakers, sent without leaving the page.

import { recall, remember } from "../storage.js";
import { word } from "../words.js";
import { ask } from "./asking.js";
import { api, call, find, findAll, hear } from "./page.js";
import { newLabel, setName } from "./names.js";
import { say } from "./say.js";
import { refresh } from "./swap.js";

async function send(form, said, work) {
  const place = find("problem", form);
  place.hidden = true;
  form.inert = true;
  try {
    await work(form);
    form.reset();
    form.closest("details")?.removeAttribute("open");
    say(word(said));
    await refresh({ panel: true });
  } catch (error) {
    place.textContent = error.words ?? word("script.failed");
    place.hidden = false;
  } finally {
    form.inert = false;
  }
}

async function override(form) {
  const told = Object.fromEntries(new FormData(form));
  if (told.who) remember("reviewer", told.who);
  await ask(`${api}/overrides`, "POST", told);
}

async function name(form) {
  const told = new FormData(form);
  const speakers = Array.from(findAll("speaker", form), ({ dataset: { speaker } }) => ({
    label: speaker,
    name: told.get(`name_${speaker}`).trim(),
    role: told.get(`role_${speaker}`) || null,
  })).filter(({ label, name }) => label !== "new" || name);
  for (const each of speakers) if (each.label === "new") each.label = newLabel();
  await ask(api, "PATCH", { speakers });
  speakers.forEach(({ label, name, role }, place) => {
    const otherwise = role ? word(`role.${role}`) : word("speaker.numbered", { number: place + 1 });
    setName(label, name || otherwise);
  });
}

/** Whoever signs in is known; whoever does not is remembered here. */
function recallReviewer() {
  for (const field of findAll("reviewer", call)) field.value ||= recall("reviewer", "");
}

function showTranslation() {
  const shown = find("show-translation");
  if (shown) document.getElementById("lines").classList.toggle("lines-plain", !shown.checked);
}

export function start() {
  call.addEventListener("submit", (event) => {
    const form = event.target;
    const sent = form.matches("[data-override]")
      ? ["check.saved", override]
      : form.matches("[data-speakers]") && ["speaker.saved", name];
    if (!sent) return;
    event.preventDefault();
    send(form, ...sent);
  });
  call.addEventListener("change", (event) => {
    if (event.target.matches("[data-show-translation]")) showTranslation();
  });
  hear("swapped", recallReviewer);
  hear("changed", () => {
    for (const note of findAll("stale")) note.hidden = false;
  });
  recallReviewer();
}
