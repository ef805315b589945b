"""How long a page takes until somebody can work with it, as the browser itself measures it."""

from __future__ import annotations

from playwright.sync_api import Page

# Recorded before any of the page's own code: what moved by itself while it was loaded.
WATCH_SHIFTS = """window.shifts = [];
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.shifts.push(entry.value);
}).observe({ type: "layout-shift", buffered: true });"""
# Presses a segment's time once the scripts are there, and tells when the page has reacted.
PRESS = """(number) => new Promise((done) => {
  const line = document.getElementById(`s-${number}`);
  const pressed = () => {
    if (document.getElementById("call").dataset.ready === undefined) return setTimeout(pressed);
    const ready = performance.now();
    line.querySelector(".line-time").click();
    requestAnimationFrame(() => {
      const reacted = line.getAttribute("aria-current") === "true";
      done({ ready, reacted: reacted ? performance.now() : null });
    });
  };
  pressed();
})"""


def seconds_until_pressed(page: Page, address: str, number: int) -> tuple[float, float]:
    """Open a transcript and press the time of a segment. Returns the seconds from the start of the
    navigation until the scripts were ready, and until the page had reacted to the press."""
    page.goto(address, wait_until="commit")
    page.wait_for_selector(f"#s-{number}", state="attached")
    told = page.evaluate(PRESS, number)
    assert told["reacted"] is not None, "the press did nothing"
    return told["ready"] / 1000, told["reacted"] / 1000


def layout_shift(page: Page, address: str) -> float:
    """The sum of all layout shifts from the start of the navigation until the page is at rest."""
    page.add_init_script(WATCH_SHIFTS)
    page.goto(address)
    page.evaluate("() => document.fonts.ready.then(() => undefined)")
    page.evaluate(
        "() => new Promise((done) => { let left = 30;"
        " const frame = () => (left-- ? requestAnimationFrame(frame) : done()); frame(); })"
    )
    return float(page.evaluate("window.shifts.reduce((sum, each) => sum + each, 0)"))
