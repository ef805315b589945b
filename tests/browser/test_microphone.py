"""The microphone, from the first word to the text."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.speech import wav
from tests.browser.visits import Launching, Visiting
from tests.services import Service

pytestmark = [pytest.mark.browser, pytest.mark.model, pytest.mark.timeout(180)]

HEARD = ("이리저리", "피하", "걸어", "조금", "생각", "훨씬")
LEVEL = "document.querySelector('[data-record-level]').value"


@pytest.fixture(scope="module")
def browser(launch: Launching, tmp_path_factory: pytest.TempPathFactory) -> Browser:
    """Its microphone hears the same two sentences again and again."""
    said: Path = wav(
        tmp_path_factory.mktemp("microphone") / "said.wav",
        ["ko_sentence.flac", "ko_thinking.flac"],
        0.5,
    )
    return launch(
        "--use-fake-ui-for-media-stream",
        "--use-fake-device-for-media-stream",
        f"--use-file-for-fake-audio-capture={said}",
    )


def test_what_is_said_into_the_microphone_becomes_text(pages: Service, visit: Visiting) -> None:
    """The level moves, a pause records nothing, the take is listened to, sent and transcribed."""
    visitor = visit(pages)
    page = visitor.home()
    page.locator("[data-record-start]").click()
    page.wait_for_function(f"() => {LEVEL} > 0.4")
    time = page.locator("[data-record-time]")
    expect(time).to_have_text("00:03")
    page.locator("[data-record-act=pause]").click()
    page.wait_for_function(f"() => {LEVEL} === 0")
    paused_at = time.text_content()
    page.evaluate(
        "() => new Promise((done) => { let left = 90;"
        " const frame = () => (left-- ? requestAnimationFrame(frame) : done()); frame(); })"
    )
    assert time.text_content() == paused_at
    page.locator("[data-record-act=resume]").click()
    page.wait_for_function(f"() => {LEVEL} > 0.4")
    expect(time).to_have_text("00:12")
    page.locator("[data-record-act=stop]").click()

    audio = page.locator("[data-record-audio]")
    page.wait_for_function("() => document.querySelector('[data-record-audio]').duration < 60")
    assert audio.evaluate("audio => audio.duration") == pytest.approx(12, abs=1.5)
    audio.evaluate("audio => audio.play()")
    page.wait_for_function("() => document.querySelector('[data-record-audio]').currentTime > 0.5")

    page.locator("#language").select_option("ko")
    page.locator("[data-record-act=send]").click()
    expect(page.locator("[data-record-start]")).to_be_visible()
    item = page.locator("[data-item]")
    expect(item).to_have_attribute("data-state", "done")
    item.locator("[data-open]").click()
    expect(page.locator("#s-0 .line-text")).to_be_visible()
    text = page.locator("#lines").inner_text()
    # The pause cuts words in two, and the small model mishears some.
    assert sum(heard in text for heard in HEARD) >= 2, text


def test_a_take_survives_a_closed_tab(pages: Service, visit: Visiting) -> None:
    """What was recorded when the tab closed is offered at the next visit, and can be discarded."""
    visitor = visit(pages)
    page = visitor.home()
    page.locator("[data-record-start]").click()
    expect(page.locator("[data-record-time]")).to_have_text("00:03")
    page.close()
    visitor.page = page = visitor.open()
    visitor.home()
    kept = page.locator("[data-record-kept]")
    expect(kept).to_be_visible()
    kept.locator("[data-record-kept-act=discard]").click()
    page.locator("[data-ask-yes]").click()
    expect(kept).to_be_hidden()
    page.reload()
    expect(page.locator("#upload")).to_be_visible()
    expect(kept).to_be_hidden()
