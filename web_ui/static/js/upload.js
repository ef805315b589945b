// Says at once when a file is too large, and that the work goes on while it does.

// A second press within this time is the same one, doubled; a later one starts anew.
const DOUBLE_MS = 2000;

const form = document.querySelector("[data-upload]");
const file = form.querySelector("input[type=file]");
const button = form.querySelector("[type=submit]");
const status = form.querySelector("[data-upload-status]");

function checkSize() {
  const chosen = file.files[0];
  const tooLarge = chosen !== undefined && chosen.size > Number(form.dataset.maxBytes);
  file.setCustomValidity(tooLarge ? form.dataset.tooLarge : "");
  if (tooLarge) file.reportValidity();
}

function unlock() {
  button.removeAttribute("aria-disabled");
}

// Browsers do not tell a page that Stop was pressed, so nothing here may stay locked.
function showBusy(event) {
  if (button.getAttribute("aria-disabled") === "true") {
    event.preventDefault();
    return;
  }
  button.setAttribute("aria-disabled", "true");
  status.textContent = form.dataset.busy;
  setTimeout(unlock, DOUBLE_MS);
}

function showIdle() {
  unlock();
  status.textContent = "";
}

file.addEventListener("change", () => {
  showIdle();
  checkSize();
});
form.addEventListener("submit", showBusy);
// Escape stops a page from loading, as Stop does.
window.addEventListener("keydown", (event) => {
  if (event.key === "Escape") showIdle();
});
// A page that comes back from the browser's history is not busy.
window.addEventListener("pageshow", () => {
  showIdle();
  checkSize();
});
