"""Everything by keyboard alone, and nothing while somebody types."""

from __future__ import annotations

import pytest
from playwright.sync_api import FileChooser, Page, expect

from tests.browser import seeding
from tests.browser.visits import StartingPages, Visiting
from tests.services import Service

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]

# What Tab ought to reach: everything that can be pressed or filled in, but the lines of the text,
# which it passes in one step.
REACHABLE = """() => [...document.querySelectorAll(
  "a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex='0']"
)].filter((one) => one.checkVisibility({ visibilityProperty: true }) && !one.disabled
  && !one.closest('.lines') && one.tabIndex >= 0)
  .map((one, place) => (one.dataset.tested = place))"""
# Whether the focus is seen, on its element or on the line it stands for. The parts of a date are
# the browser's own.
SEEN = """() => { const one = document.activeElement;
  const isSeen = (style) => style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2;
  return one.type === 'date' || [one, one.closest('.item, .line, .drop')].some(
    (each) => each && isSeen(getComputedStyle(each))); }"""


@pytest.fixture(scope="module")
def call() -> list[str]:
    """Holds the id of the call, once its pages are started."""
    return []


@pytest.fixture(scope="module")
def pages(
    start_pages: StartingPages, call: list[str], tmp_path_factory: pytest.TempPathFactory
) -> Service:
    data = tmp_path_factory.mktemp("data")
    seeding.seeded(data, lambda connection: seeding.many(connection, 3))
    call.append(seeding.seeded(data, seeding.sales_call))
    seeding.recording(data, call[0])
    return start_pages("http://127.0.0.1:9", data)


@pytest.fixture
def transcript(visit: Visiting, pages: Service, call: list[str]) -> Page:
    page = visit(pages).home(f"/transcripts/{call[0]}")
    expect(page.locator("#call[data-ready]")).to_be_visible()
    return page


def reached(page: Page) -> tuple[set[str], list[str]]:
    """What Tab comes by from the top of the page to its end, and what of it shows no focus."""
    visible, unseen = set(), []
    for _ in range(200):
        page.keyboard.press("Tab")
        at = page.evaluate(
            "document.activeElement.dataset.tested ?? document.activeElement.tagName"
        )
        if at == "BODY":
            break
        visible.add(at)
        if not page.evaluate(SEEN):
            unseen.append(page.evaluate("document.activeElement.outerHTML.slice(0, 120)"))
    return visible, unseen


def test_tab_reaches_everything_on_the_home_page(visit: Visiting, pages: Service) -> None:
    """Each control has its turn, and shows that it has it."""
    page = visit(pages).home()
    wanted = {str(place) for place in page.evaluate(REACHABLE)}
    visited, unseen = reached(page)
    assert wanted - visited == set()
    assert unseen == []


def test_tab_reaches_everything_on_a_transcript(transcript: Page) -> None:
    """Each control has its turn and shows it; the lines are passed in one step."""
    wanted = {str(place) for place in transcript.evaluate(REACHABLE)}
    visited, unseen = reached(transcript)
    assert wanted - visited == set()
    assert unseen == []


def test_the_skip_link_leads_past_the_header(visit: Visiting, pages: Service) -> None:
    """It is the first stop, can be seen there, and moves the focus into the page."""
    page = visit(pages).home()
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    expect(page.locator(".skip")).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.locator("#content")).to_be_focused()


def test_shortcuts_of_the_home_page(visit: Visiting, pages: Service) -> None:
    """j, k and Enter walk the list, / goes to the search, u chooses files, ? shows them all."""
    page = visit(pages).home()
    choosers: list[FileChooser] = []
    page.on("filechooser", lambda chooser: choosers.append(chooser))  # noqa: PLW0108 - wrapped
    links = page.locator("[data-item] [data-open]")
    page.keyboard.press("j")
    expect(links.nth(0)).to_be_focused()
    page.keyboard.press("j")
    expect(links.nth(1)).to_be_focused()
    page.keyboard.press("k")
    expect(links.nth(0)).to_be_focused()
    page.keyboard.press("?")
    expect(page.locator("[data-keys-sheet]")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("[data-keys-sheet]")).to_be_hidden()
    expect(links.nth(0)).to_be_focused()
    with page.expect_file_chooser():
        page.keyboard.press("u")
    assert [chooser.is_multiple() for chooser in choosers] == [True]
    page.keyboard.press("/")
    expect(page.locator("#q")).to_be_focused()
    page.keyboard.type("juk?/")
    expect(page.locator("#q")).to_have_value("juk?/")
    expect(page.locator("[data-keys-sheet]")).to_be_hidden()
    page.keyboard.press("Escape")
    expect(page.locator("#q")).not_to_be_focused()


def test_shortcuts_of_a_transcript(transcript: Page) -> None:
    """Play, skip, walk, repeat, find and the sheet of keys, each with its key."""
    page = transcript
    at = "document.querySelector('[data-audio]').currentTime"
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    page.wait_for_function(f"() => {at} === 10")
    page.keyboard.press("ArrowLeft")
    page.wait_for_function(f"() => {at} === 5")
    page.keyboard.press(" ")
    page.wait_for_function("() => !document.querySelector('[data-audio]').paused")
    page.keyboard.press(" ")
    page.wait_for_function("() => document.querySelector('[data-audio]').paused")
    page.locator("#s-0 .line-time").focus()
    page.keyboard.press("j")
    expect(page.locator("#s-1 .line-time")).to_be_focused()
    page.keyboard.press("k")
    expect(page.locator("#s-0 .line-time")).to_be_focused()
    page.keyboard.press("j")
    page.keyboard.press("l")
    expect(page.locator("[data-loop]")).to_have_attribute("aria-pressed", "true")
    page.wait_for_function(f"() => {at} >= 11")
    page.keyboard.press("l")
    expect(page.locator("[data-loop]")).to_have_attribute("aria-pressed", "false")
    page.keyboard.press(" ")
    page.keyboard.press("?")
    expect(page.locator("#sheet")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#s-1 .line-time")).to_be_focused()
    page.keyboard.press("/")
    expect(page.locator("#find")).to_be_focused()


def test_no_shortcut_fires_while_somebody_types(transcript: Page) -> None:
    """Keys are letters in an editor, in the search and in a reason."""
    page = transcript
    paused = "document.querySelector('[data-audio]').paused"
    page.locator("#s-1 .line-time").focus()
    page.keyboard.press("e")
    page.keyboard.type(" jkel/?")
    expect(page.locator("#edit-1")).to_be_focused()
    assert str(page.locator("#edit-1").input_value()).endswith(" jkel/?")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Escape")
    page.keyboard.press("/")
    page.keyboard.type("j l? ")
    expect(page.locator("#find")).to_have_value("j l? ")
    page.locator("#override-whole summary").click()
    reason = page.locator("#override-whole textarea")
    reason.focus()
    page.keyboard.type("l j? ")
    expect(reason).to_have_value("l j? ")
    expect(page.locator("#sheet")).to_be_hidden()
    assert page.evaluate(paused) is True
    assert page.evaluate("document.querySelector('[data-audio]').currentTime") == 0


def test_single_keys_can_be_switched_off(transcript: Page) -> None:
    """Then a letter does nothing, on the next page as well; playing and skipping still work."""
    page = transcript
    page.locator("[data-open-sheet]").click()
    page.locator("[data-letters]").uncheck()
    page.keyboard.press("Escape")
    page.reload()
    expect(page.locator("#call[data-ready]")).to_be_visible()
    page.keyboard.press("?")
    page.keyboard.press("/")
    page.keyboard.press("ArrowRight")
    page.wait_for_function("() => document.querySelector('[data-audio]').currentTime === 5")
    expect(page.locator("#sheet")).to_be_hidden()
    expect(page.locator("#find")).not_to_be_focused()
