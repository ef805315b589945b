// Searches while one types, and follows filters and pages without leaving this one.

import { load } from "./list.js";

const TYPING_MS = 250;
const FIELDS = ["q", "state", "verdict", "language", "since", "until"];
const form = document.querySelector("[data-search]");
let timer = null;

function addressOfForm() {
  const filled = [...new FormData(form)].filter(([, value]) => value.trim() !== "");
  return filled.length ? `/?${new URLSearchParams(filled)}` : "/";
}

function fillForm(address) {
  const { searchParams } = new URL(address, location.href);
  for (const name of FIELDS) form.elements[name].value = searchParams.get(name) ?? "";
}

// The other language opens the same list.
function showAddress(address) {
  for (const link of document.querySelectorAll(".site-languages a")) {
    const there = new URL(address, location.href);
    there.searchParams.set("lang", link.lang);
    link.href = there.pathname + there.search;
  }
}

function search() {
  clearTimeout(timer);
  const address = addressOfForm();
  history.replaceState(null, "", address);
  showAddress(address);
  load(address);
}

async function follow(link) {
  history.pushState(null, "", link.href);
  fillForm(link.href);
  showAddress(link.href);
  const toPage = "pageLink" in link.dataset;
  if (!(await load(link.href))) return;
  const list = document.getElementById("list");
  list.tabIndex = -1;
  list.focus({ preventScroll: true });
  if (toPage) document.getElementById("list-title").scrollIntoView();
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  search();
});
form.addEventListener("input", (event) => {
  clearTimeout(timer);
  timer = setTimeout(search, event.target.name === "q" ? TYPING_MS : 0);
});
document.addEventListener("click", (event) => {
  const link = event.target.closest("[data-remove], [data-remove-all], [data-page-link]");
  if (!link || event.button || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  follow(link);
});
addEventListener("popstate", () => {
  fillForm(location.href);
  showAddress(location.href);
  load(location.href);
});
