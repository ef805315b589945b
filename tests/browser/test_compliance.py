"""불완전판매요소 검증 as a reviewer works with it."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser import seeding
from tests.browser.visits import StartingPages, Visit, Visiting
from tests.services import Service

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]

MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d")
REASON = "녹음 12초에서 원금 손실 가능성을 말했습니다."


@pytest.fixture(scope="module")
def call() -> list[str]:
    """Holds the id of the checked call, once its pages are started."""
    return []


@pytest.fixture(scope="module")
def pages(
    start_pages: StartingPages, call: list[str], tmp_path_factory: pytest.TempPathFactory
) -> Service:
    """A checked call of sixty seconds among others; no engine is needed to review it."""
    data = tmp_path_factory.mktemp("data")
    seeding.seeded(data, lambda connection: seeding.many(connection, 3))
    call.append(seeding.seeded(data, seeding.sales_call))
    seeding.recording(data, call[0])
    return start_pages("http://127.0.0.1:9", data)


@pytest.fixture
def visitor(visit: Visiting, pages: Service, call: list[str]) -> Visit:
    opened = visit(pages)
    opened.home(f"/transcripts/{call[0]}")
    expect(opened.page.locator("#call[data-ready]")).to_be_visible()
    return opened


def test_a_quote_plays_exactly_what_was_said(visitor: Visit) -> None:
    """A press on the evidence plays its stretch, marks its segment, and stops at its end."""
    page = visitor.page
    panel = page.locator("#compliance")
    expect(panel.locator(".verdict")).to_have_attribute("data-verdict", "incomplete")
    expect(panel.locator("[data-element]")).to_have_count(2)
    expect(panel.locator("[data-element=principal_loss]")).to_be_visible()
    panel.locator("#check-met > summary").click()
    page.evaluate(
        "window.heard = []; document.querySelector('[data-audio]').addEventListener('timeupdate',"
        " ({ target }) => window.heard.push(target.currentTime));"
    )
    page.locator("[data-speed]").select_option("3")
    quote = panel.locator("[data-quote]")
    quote.click()
    expect(quote).to_have_attribute("data-playing", "")
    expect(page.locator("#s-1")).to_have_attribute("aria-current", "true")
    page.wait_for_function("() => document.querySelector('[data-audio]').paused")
    heard = page.evaluate("window.heard")
    assert min(heard) >= 11.0
    assert 19.0 <= max(heard) < 19.5
    expect(page.locator("[data-playing]")).to_have_count(0)


def test_a_reviewer_changes_a_verdict_with_a_reason(visitor: Visit) -> None:
    """The history tells who, when and why beside what the machine said; the report repeats it."""
    page = visitor.page
    element = page.locator("[data-element=principal_loss]")
    element.locator(".override > summary").click()
    element.locator("select").select_option("met")
    element.locator("textarea").fill(REASON)
    element.locator("[data-reviewer]").fill("김검토")
    element.locator(".button-primary").click()
    page.locator("#check-met > summary").click()
    expect(element).to_have_attribute("data-status", "met")
    history = element.locator("[data-history] li")
    expect(history).to_have_count(1)
    expect(history).to_contain_text("김검토")
    expect(history).to_contain_text(REASON)
    expect(history.locator("time")).to_have_attribute("datetime", MOMENT)

    whole = page.locator("#override-whole")
    whole.locator("summary").click()
    whole.locator("select").select_option("review")
    whole.locator("textarea").fill("다시 들어 봐야 합니다.")
    expect(whole.locator("[data-reviewer]")).to_have_value("김검토")
    whole.locator(".button-primary").click()
    expect(page.locator(".verdict")).to_have_attribute("data-verdict", "review")

    page.locator(".card-link").click()
    page.wait_for_url("**/report")
    expect(page.locator("main")).to_contain_text(REASON)
    expect(page.locator(".overrides tbody tr")).to_have_count(2)
    expect(page.locator("[data-print]")).to_be_visible()


def test_the_list_is_filtered_by_verdict(visitor: Visit) -> None:
    """Only checked calls of that verdict stay, the address says so, and the filter comes off."""
    page = visitor.home()
    expect(page.locator("[data-item]")).to_have_count(4)
    verdict = page.locator("[data-item] [data-verdict]").get_attribute("data-verdict") or ""
    page.locator("select[name=verdict]").select_option(verdict)
    expect(page.locator("[data-item]")).to_have_count(1)
    expect(page.locator("[data-item]")).to_contain_text(seeding.SALES_TITLE)
    assert f"verdict={verdict}" in page.url
    page.locator("[data-remove=verdict]").click()
    expect(page.locator("[data-item]")).to_have_count(4)
