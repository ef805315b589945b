// The list: taken anew from the server as a page, and put in place of what is shown.

import { showLanguages } from "./languages.js";
import { showTimes } from "./times.js";

const WHOLE = ["engine", "count"];
let loading = null;

/** Puts the list of `address` on the page. Resolves to whether it could be had. */
export async function load(address, { quiet = false } = {}) {
  loading?.abort();
  const mine = (loading = new AbortController());
  const list = document.getElementById("list");
  if (!quiet) list.setAttribute("aria-busy", "true");
  try {
    swap(await fetched(address, quiet, mine.signal));
    return true;
  } catch {
    if (!mine.signal.aborted) list.querySelector("[data-list-problem]").hidden = false;
    return false;
  } finally {
    if (loading === mine) document.getElementById("list").removeAttribute("aria-busy");
  }
}

async function fetched(address, quiet, signal) {
  const response = await fetch(address, { headers: { Accept: "text/html" }, signal });
  // Somebody has to sign in again, but is not led away from what goes on here without asking.
  if (response.redirected && !quiet) location.assign(response.url);
  if (response.redirected || !response.ok) throw new Error(`${response.status}`);
  return new DOMParser().parseFromString(await response.text(), "text/html");
}

function swap(page) {
  showTimes(page);
  showLanguages(page);
  const focused = document.activeElement?.closest("[data-item]")?.id;
  for (const id of WHOLE) {
    const [old, fresh] = [document.getElementById(id), page.getElementById(id)];
    if (!old.isEqualNode(fresh)) old.replaceWith(document.adoptNode(fresh));
  }
  renewSearch(document.getElementById("search"), page.getElementById("search"));
  renew(document.getElementById("list"), document.adoptNode(page.getElementById("list")));
  if (focused && document.activeElement === document.body) {
    document.querySelector(`#${CSS.escape(focused)} [data-open]`)?.focus({ preventScroll: true });
  }
}

// What is typed stays; languages that have come since can be chosen.
function renewSearch(form, fresh) {
  form.hidden = fresh.hidden;
  const [old, language] = [form, fresh].map((one) => one.elements.language);
  if (old.options.length === language.options.length) return;
  const chosen = old.value;
  old.replaceChildren(...language.children);
  old.value = chosen;
}

// Lines that did not change stay the elements they are: with their focus, under their readers.
function renew(list, fresh) {
  for (const { name, value } of fresh.attributes) list.setAttribute(name, value);
  const [items, freshItems] = [list, fresh].map((one) => one.querySelector("[data-items]"));
  if (!items || !freshItems) {
    list.replaceChildren(...fresh.children);
    return;
  }
  renewItems(items, freshItems);
  const around = [...fresh.children];
  const place = around.indexOf(freshItems);
  for (const child of [...list.children]) if (child !== items) child.remove();
  items.before(...around.slice(0, place));
  items.after(...around.slice(place + 1));
}

function renewItems(items, freshItems) {
  const known = new Map([...items.children].map((line) => [line.id, line]));
  const lines = [...freshItems.children].map((line) => {
    const old = known.get(line.id);
    return old?.isEqualNode(line) ? old : line;
  });
  lines.forEach((line, place) => {
    if (items.children[place] !== line) items.insertBefore(line, items.children[place] ?? null);
  });
  while (items.children.length > lines.length) items.lastElementChild.remove();
}
