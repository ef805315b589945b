"""The pages in a browser that runs no script."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.speech import wav
from tests.browser.visits import SAMPLES, StartingPages, Visiting
from tests.services import Service

pytestmark = [pytest.mark.browser, pytest.mark.model, pytest.mark.timeout(120)]

# How Chromium calls it that a script which was announced is not fetched.
NO_SCRIPT = r"\.js: csp$"


def test_everything_works_without_script(pages: Service, visit: Visiting) -> None:
    """Uploaded, read, heard, corrected, exported and deleted by plain forms and links."""
    visitor = visit(pages, java_script_enabled=False)
    visitor.allow(NO_SCRIPT)
    page = visitor.home()
    expect(page.locator("[data-script]").first).to_be_hidden()
    visitor.send(SAMPLES / "ko_sentence.flac")
    page.wait_for_url("**/transcripts/*")
    address = page.url
    for _ in range(100):
        if page.locator("#call").get_attribute("data-state") == "done":
            break
        page.reload()
    expect(page.locator("#s-0 .line-text")).to_contain_text("피하")
    expect(page.locator("audio[controls]")).to_be_visible()
    assert page.request.get(page.locator("audio").get_attribute("src") or "").ok

    page.goto(f"{address}?edit=0#s-0")
    page.locator("#edit-0").fill("고쳐 쓴 문장입니다.")
    page.locator("#s-0 .editor .button-primary").click()
    expect(page.locator("#s-0 .line-text")).to_have_text("고쳐 쓴 문장입니다.")

    page.locator("#export > summary").click()
    with page.expect_download() as coming:
        page.locator("#export .button-primary").click()
    assert "고쳐 쓴 문장입니다." in coming.value.path().read_text("utf-8")

    page.locator("#rename > summary").click()
    page.locator("#new-title").fill("고친 제목")
    page.locator("#rename .button-primary").click()
    expect(page.locator("#title")).to_have_text("고친 제목")

    visitor.home()
    page.locator("#q").fill("쓴 문장")
    page.locator(".search-submit").click()
    expect(page.locator(".hit mark")).to_have_text("쓴 문장")

    page.goto(address)
    page.locator("#more > summary").click()
    page.locator("#more .menu-danger > summary").click()
    page.locator("[data-delete]").click()
    page.wait_for_url("**/")
    expect(page.locator("[data-item]")).to_have_count(0)


def test_a_recording_is_cancelled_and_tried_again_without_script(
    pages: Service, visit: Visiting
) -> None:
    """Both are buttons of a plain form."""
    visitor = visit(pages, java_script_enabled=False)
    visitor.allow(NO_SCRIPT)
    page = visitor.home()
    visitor.send(SAMPLES / "test_ko_1min.wav")
    page.wait_for_url("**/transcripts/*")
    page.locator("[data-cancel-work]").click()
    expect(page.locator("[data-cancelled]")).to_be_visible()
    page.locator("[data-retry]").click()
    expect(page.locator("[data-cancelled]")).to_have_count(0)
    expect(page.locator("[data-cancel-work]")).to_be_visible()
    page.locator("[data-cancel-work]").click()


def test_a_recording_that_is_too_large_is_explained_without_script(
    stt_api: Service, start_pages: StartingPages, visit: Visiting, tmp_path: Path
) -> None:
    """The page comes back with the fault and the limit, though not all was read."""
    pages = start_pages(stt_api.url, tmp_path / "data", STT_MAX_UPLOAD_MB="1")
    visitor = visit(pages, java_script_enabled=False)
    visitor.allow(NO_SCRIPT)
    visitor.allow("status of 413")
    page = visitor.home()
    visitor.send(wav(tmp_path / "large.wav", ["ko_sentence.flac"], 30.0))
    expect(page.locator("[data-fault]")).to_have_attribute("data-fault", "upload_too_large")
    expect(page.locator("[data-fault]")).to_contain_text("1")
