// Names of languages that the catalogue has none for: there are a hundred, and browsers know them.

const names = new Intl.DisplayNames(document.documentElement.lang, { type: "language" });

export function showLanguages(root) {
  for (const element of root.querySelectorAll("[data-language-code]")) {
    const code = element.dataset.languageCode;
    if (code && element.textContent === code) element.textContent = names.of(code);
  }
}
