// Shows the password while it is typed in, for whoever wants to see it.

const button = document.querySelector("[data-reveal]");
const password = document.getElementById(button.dataset.reveal);
const status = document.querySelector("[data-reveal-status]");

function show(visible) {
  const { show: showWord, hide, showLabel, hideLabel } = button.dataset;
  password.type = visible ? "text" : "password";
  button.textContent = visible ? hide : showWord;
  button.setAttribute("aria-label", visible ? hideLabel : showLabel);
}

button.addEventListener("click", () => {
  const visible = password.type === "password";
  show(visible);
  status.textContent = visible ? button.dataset.shown : button.dataset.hidden;
});
// Browsers remember what is in a field of plain text.
password.form.addEventListener("submit", () => show(false));

show(false);
