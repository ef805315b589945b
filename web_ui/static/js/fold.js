// Opens and closes what is folded away where there is little room.

for (const button of document.querySelectorAll("[data-fold-button]")) {
  const fold = button.closest("[data-fold]");
  button.addEventListener("click", () => {
    const open = fold.toggleAttribute("data-open");
    button.setAttribute("aria-expanded", String(open));
  });
}
