"""What the pages say while the engine is away, or answers with dummies."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.visits import SAMPLES, StartingPages, Visiting
from tests.services import Service

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Service]:
    """An stt-api that has not been started."""
    service = Service("api_server.app", tmp_path / "engine.log", STT_BACKEND="dummy")
    yield service
    service.kill()


def test_a_dummy_is_never_mistaken_for_a_transcript(
    engine: Service, start_pages: StartingPages, visit: Visiting, tmp_path: Path
) -> None:
    """Banner, list, page, title and export say that it is none, and trying again is offered."""
    engine.start()
    engine.wait_until_ready()
    visitor = visit(start_pages(engine.url, tmp_path / "data"))
    page = visitor.home()
    expect(page.locator(".notice-dummy")).to_contain_text("[Dummy]")
    visitor.send(SAMPLES / "ko_sentence.flac")
    item = visitor.item("ko_sentence")
    expect(item).to_have_attribute("data-state", "dummy")
    expect(item.locator("[data-chip]")).to_contain_text("[Dummy]")
    expect(item.locator("[data-act=retry] button")).to_be_visible()

    item.locator("[data-open]").click()
    expect(page).to_have_title(re.compile(r"^(\[Dummy\]|더미)"))
    expect(page.locator("[data-dummy-text]")).to_contain_text("[Dummy] Transcription of")
    expect(page.locator("[data-retry]")).to_be_visible()
    page.locator("#export > summary").click()
    with page.expect_download() as coming:
        page.locator("#export .button-primary").click()
    assert Path(coming.value.path()).read_text("utf-8").lstrip("\ufeff").startswith("[Dummy]")


@pytest.mark.model
def test_an_upload_waits_for_an_engine_that_is_away(
    start_pages: StartingPages, visit: Visiting, tmp_path: Path
) -> None:
    """It is taken and kept; the page says why it waits, and becomes the text by itself."""
    engine = Service("api_server.app", tmp_path / "engine.log", STT_FALLBACK="error")
    visitor = visit(start_pages(engine.url, tmp_path / "data"))
    page = visitor.home()
    expect(page.locator("#engine")).to_have_attribute("data-engine", "unreachable")
    visitor.send(SAMPLES / "ko_sentence.flac")
    item = visitor.item("ko_sentence")
    expect(item.locator(".item-waits")).to_contain_text(
        "음성 인식 엔진에 연결되지 않아 기다립니다."
    )
    page = visitor.page
    item.locator("[data-open]").click()
    expect(page.locator("[data-work-note]")).to_contain_text("연결되지 않아")
    engine.start()
    try:
        expect(page.locator("#s-0 .line-text")).to_contain_text("피하", timeout=60_000)
        expect(page.locator("#call")).to_have_attribute("data-state", "done")
        expect(page.locator("[data-work]")).to_have_count(0)
    finally:
        engine.kill()
