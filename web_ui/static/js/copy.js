// Copies a text to the clipboard. Browsers allow it over https and on localhost only.

function offer(button) {
  const text = document.getElementById(button.dataset.copy);
  const label = button.textContent;
  button.hidden = false;
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(text.textContent);
      button.textContent = button.dataset.copied;
    } catch {
      button.textContent = button.dataset.notCopied;
    }
    setTimeout(() => {
      button.textContent = label;
    }, 2000);
  });
}

if (navigator.clipboard) document.querySelectorAll("[data-copy]").forEach(offer);
