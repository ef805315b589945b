"""Three hours of speech on one page."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser import seeding
from tests.browser.opening import seconds_until_pressed
from tests.browser.visits import StartingPages, Visiting

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]

COUNT = 5000
UNTIL_AT_REST = """() => new Promise((done) => {
  let [same, before] = [0, -1];
  requestAnimationFrame(function look() {
    const now = document.scrollingElement.scrollTop;
    [same, before] = [now === before ? same + 1 : 0, now];
    if (same < 15) requestAnimationFrame(look);
    else done();
  });
})"""


def test_a_long_call_is_worked_with_like_a_short_one(
    start_pages: StartingPages,
    visit: Visiting,
    tmp_path: Path,
    record_property: Callable[[str, object], None],
) -> None:
    """The first press plays, the keyboard goes from end to end, what is said is found at once."""
    data = tmp_path / "data"
    id = seeding.seeded(data, lambda connection: seeding.long_call(connection, COUNT))
    seeding.recording(data, id)
    visitor = visit(start_pages("http://127.0.0.1:9", data))
    page = visitor.page
    ready, reacted = seconds_until_pressed(page, f"/transcripts/{id}", 3)
    record_property("seconds until the scripts are ready", round(ready, 2))
    record_property("seconds until a press has its effect", round(reacted, 2))
    print(f"{COUNT} segments: ready after {ready:.2f} s, a press had its effect at {reacted:.2f} s")
    page.keyboard.press(" ")

    last = page.locator(f"#s-{COUNT - 1}")
    assert page.locator("#lines .line").count() == COUNT
    for _ in range(2):  # how high the last lines are becomes known when they are near
        page.keyboard.press("Control+End")
        page.evaluate(UNTIL_AT_REST)
    expect(last).to_be_in_viewport()
    page.keyboard.press("Control+Home")
    page.wait_for_function("() => document.scrollingElement.scrollTop === 0")

    page.keyboard.press("/")
    page.keyboard.insert_text("마지막인사")
    expect(page.locator("#find-count")).to_contain_text("1")
    page.keyboard.press("Enter")
    expect(last).to_be_in_viewport()
    page.locator("#find").fill("보험상품")
    expect(page.locator("#find-count")).to_contain_text(str(COUNT - 1))
    page.locator("#find").fill("")

    last.locator(".line-time").focus()
    page.keyboard.press("k")
    expect(page.locator(f"#s-{COUNT - 2} .line-time")).to_be_focused()
    page.keyboard.press("j")
    expect(last.locator(".line-time")).to_be_focused()
