"""The shortest way through the product. The only browser test of the default suite."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.visits import SAMPLES, Visiting
from tests.services import Service

pytestmark = pytest.mark.model


def test_a_recording_becomes_text_that_can_be_heard_corrected_found_and_deleted(
    pages: Service, visit: Visiting
) -> None:
    """Uploaded, read while it plays, corrected, found by the correction, and gone for good."""
    visitor = visit(pages, reduced_motion="reduce")
    page = visitor.home()
    assert visitor.violations() == []
    visitor.send(SAMPLES / "ko_sentence.flac")
    visitor.finished("ko_sentence").locator("[data-open]").click()

    text = page.locator("#s-0 .line-text")
    expect(text).to_contain_text("피하")
    assert visitor.violations() == []
    page.locator("[data-play]").click()
    visitor.playing()
    expect(page.locator("#s-0")).to_have_attribute("aria-current", "true")

    page.keyboard.press("e")
    page.locator("#edit-0").fill("그는 가나다라 마바사로 걸어갔다.")
    page.keyboard.press("Enter")
    expect(text).to_have_text("그는 가나다라 마바사로 걸어갔다.")
    id = page.locator("#call").get_attribute("data-id")

    visitor.home()
    page.locator("#q").fill("다라마바")
    expect(page.locator(".hit mark")).to_have_text("다라 마바")
    page.locator("[data-act=delete] button").click()
    page.locator("[data-ask-yes]").click()
    expect(page.locator("[data-item]")).to_have_count(0)
    assert visitor.api(f"/transcripts/{id}").status_code == 404
