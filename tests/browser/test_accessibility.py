"""axe-core finds nothing against WCAG 2.2 AA, on any page, in any state, light or dark."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser import seeding
from tests.browser.guarding import NAME, users
from tests.browser.speech import wav
from tests.browser.visits import SAMPLES, StartingPages, Visiting
from tests.services import Service

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]

NOBODY = "http://127.0.0.1:9"
# Past the page's own script, as a browser without any would send it.
SEND_NONSENSE = """() => {
  const form = document.getElementById("upload");
  form.elements.language.add(new Option("?", "xx", true, true));
  form.submit();
}"""


@dataclass(frozen=True)
class Sites:
    """Pages with a checked call among many, and without any."""

    full: Service
    empty: Service
    call: str


@pytest.fixture(scope="module")
def sites(start_pages: StartingPages, tmp_path_factory: pytest.TempPathFactory) -> Sites:
    data: Path = tmp_path_factory.mktemp("data")
    seeding.seeded(data, seeding.many)
    call = seeding.seeded(data, seeding.sales_call)
    seeding.recording(data, call)
    empty = start_pages(NOBODY, tmp_path_factory.mktemp("empty"))
    return Sites(start_pages(NOBODY, data), empty, call)


def test_the_home_page(sites: Sites, visit: Visiting) -> None:
    """Empty, full, with hits, with nothing found, with dialogs, rows and a fault."""
    found = []
    empty = visit(sites.empty)
    empty.home()
    found += empty.violations()
    visitor = visit(sites.full)
    page = visitor.home("/?q=환급금&state=done")
    expect(page.locator(".hit")).to_have_count(1)
    found += visitor.violations()
    visitor.home("/?q=없는말입니다")
    found += visitor.violations()
    visitor.home()
    found += visitor.violations()
    page.locator("#file").set_input_files(SAMPLES / "ko_sentence.flac")
    expect(page.locator(".upload-row")).to_have_count(1)
    found += visitor.violations()
    page.keyboard.press("?")
    expect(page.locator("[data-keys-sheet]")).to_be_visible()
    found += visitor.violations()
    page.keyboard.press("Escape")
    page.locator("[data-act=delete] button").first.click()
    expect(page.locator("[data-ask]")).to_be_visible()
    found += visitor.violations()
    page.keyboard.press("Escape")
    visitor.allow("status of 422")
    page.evaluate(SEND_NONSENSE)
    expect(page.locator("[data-fault]")).to_be_visible()
    found += visitor.violations()
    assert found == []


def test_a_finished_transcript(sites: Sites, visit: Visiting) -> None:
    """As it opens, searched in, with an editor, with its menus and dialogs open."""
    visitor = visit(sites.full)
    page = visitor.home(f"/transcripts/{sites.call}")
    expect(page.locator("#call[data-ready]")).to_be_visible()
    found = visitor.violations()
    page.locator("#check-met > summary").click()
    page.locator("#override-whole > summary").click()
    page.locator("#find").fill("환급")
    expect(page.locator("#find-count")).not_to_be_empty()
    found += visitor.violations()
    page.locator("#s-1 .line-time").focus()
    page.keyboard.press("e")
    expect(page.locator("#edit-1")).to_be_focused()
    found += visitor.violations()
    page.keyboard.press("Escape")
    for menu in ("#export", "#more", "#rename"):
        page.locator(f"{menu} > summary").click()
        found += visitor.violations()
    page.keyboard.press("Escape")
    page.locator("[data-open-sheet]").click()
    expect(page.locator("#sheet")).to_be_visible()
    found += visitor.violations()
    visitor.home(f"/transcripts/{sites.call}?edit=1#s-1")
    found += visitor.violations()
    assert found == []


def test_the_report_and_the_missing_page(sites: Sites, visit: Visiting) -> None:
    """Both are whole pages of their own."""
    visitor = visit(sites.full)
    visitor.allow("status of 404")
    visitor.home(f"/transcripts/{sites.call}/report")
    found = visitor.violations()
    visitor.home("/transcripts/00000000000000000000000000000000")
    found += visitor.violations()
    assert found == []


def test_the_sign_in_page(start_pages: StartingPages, visit: Visiting, tmp_path: Path) -> None:
    """As it opens, and after a wrong password."""
    site = start_pages(NOBODY, tmp_path / "data", WEB_UI_USERS=str(users(tmp_path / "users")))
    visitor = visit(site)
    visitor.allow("status of 403")
    page = visitor.home("/sign-in")
    found = visitor.violations()
    page.locator("#name").fill(NAME)
    page.locator("#password").fill("falsches Passwort")
    page.keyboard.press("Enter")
    expect(page.locator("#sign-in-fault")).to_be_visible()
    found += visitor.violations()
    assert found == []


@pytest.mark.model
def test_work_under_way(pages: Service, visit: Visiting, tmp_path: Path) -> None:
    """The list and the transcript while a recording is transcribed, and when it was cancelled."""
    visitor = visit(pages)
    page = visitor.home()
    visitor.send(wav(tmp_path / "long.wav", [seeding.MINUTE.name] * 5))
    item = page.locator("[data-item]").first
    expect(item).to_have_attribute("data-state", "running")
    found = visitor.violations()
    item.locator("[data-open]").click()
    expect(page.locator("[data-work]")).to_be_visible()
    found += visitor.violations()
    page.locator("[data-cancel-work]").click()
    expect(page.locator("[data-cancelled]")).to_be_visible()
    found += visitor.violations()
    assert found == []


def test_a_dummy(start_pages: StartingPages, visit: Visiting, tmp_path: Path) -> None:
    """The banner, the marked line of the list, and the transcript that is none."""
    engine = Service("api_server.app", tmp_path / "engine.log", STT_BACKEND="dummy")
    engine.start()
    try:
        engine.wait_until_ready()
        visitor = visit(start_pages(engine.url, tmp_path / "data"))
        page = visitor.home()
        visitor.send(SAMPLES / "ko_sentence.flac")
        item = page.locator("[data-item]")
        expect(item).to_have_attribute("data-state", "dummy")
        found = visitor.violations()
        item.locator("[data-open]").click()
        expect(page.locator("[data-dummy-text]")).to_be_visible()
        found += visitor.violations()
    finally:
        engine.kill()
    assert found == []
