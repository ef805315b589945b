// Says at once when a file is too large, and that the work goes on while it does.

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

function showBusy(event) {
  if (button.getAttribute("aria-disabled") === "true") {
    event.preventDefault();
    return;
  }
  button.setAttribute("aria-disabled", "true");
  status.textContent = form.dataset.busy;
}

// A page that comes back from the browser's history is not busy.
function showIdle() {
  button.removeAttribute("aria-disabled");
  status.textContent = "";
  checkSize();
}

file.addEventListener("change", checkSize);
form.addEventListener("submit", showBusy);
window.addEventListener("pageshow", showIdle);
