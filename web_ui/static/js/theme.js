// The button that goes from the system's light or dark to light, to dark, and back. A cookie keeps
// the choice, so that the server draws the next page right from the start.

const ORDER = ["system", "light", "dark"];
const YEAR_SECONDS = 365 * 24 * 3600;
const root = document.documentElement;
const button = document.querySelector("[data-theme-switch]");

function show(theme) {
  if (theme === "system") delete root.dataset.theme;
  else root.dataset.theme = theme;
  for (const icon of button.querySelectorAll("[data-theme-icon]")) {
    icon.hidden = icon.dataset.themeIcon !== theme;
  }
  button.querySelector("[data-theme-name]").textContent = button.dataset[theme];
  button.title = button.dataset[theme];
}

function keep(theme) {
  const [value, seconds] = theme === "system" ? ["", 0] : [theme, YEAR_SECONDS];
  document.cookie = `theme=${value}; path=/; max-age=${seconds}; samesite=lax`;
}

function next() {
  const theme = ORDER[(ORDER.indexOf(root.dataset.theme ?? "system") + 1) % ORDER.length];
  show(theme);
  keep(theme);
}

if (button) {
  show(root.dataset.theme ?? "system");
  button.addEventListener("click", next);
}
