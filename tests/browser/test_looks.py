"""Korean and English, light and dark, and as narrow as a telephone."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import expect

from tests.browser import seeding
from tests.browser.guarding import users
from tests.browser.opening import layout_shift
from tests.browser.visits import StartingPages, Visiting
from tests.services import Service

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]

NARROW = {"width": 360, "height": 740}
WIDE = {"width": 1280, "height": 900}
NOBODY = "http://127.0.0.1:9"


@dataclass(frozen=True)
class Sites:
    """Open pages with a checked call among many; and pages that ask for a password."""

    open: Service
    guarded: Service
    call: str


@pytest.fixture(scope="module")
def sites(start_pages: StartingPages, tmp_path_factory: pytest.TempPathFactory) -> Sites:
    data: Path = tmp_path_factory.mktemp("data")
    seeding.seeded(data, seeding.many)
    call = seeding.seeded(data, seeding.sales_call)
    seeding.recording(data, call)
    known = users(data.parent / f"{data.name}-users")
    guarded = start_pages(NOBODY, tmp_path_factory.mktemp("guarded"), WEB_UI_USERS=str(known))
    return Sites(start_pages(NOBODY, data), guarded, call)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("locale", "lang"), [("ko-KR", "ko"), ("en-GB", "en")])
def test_pages_fit_every_width(
    sites: Sites, visit: Visiting, locale: str, lang: str, scheme: Literal["light", "dark"]
) -> None:
    """No page scrolls sideways on a telephone or a desk, in either language, light or dark."""
    looks = {"locale": locale, "color_scheme": scheme, "reduced_motion": "reduce"}
    paths = {"home": "/", "transcript": f"/transcripts/{sites.call}", "missing": "/nothing-here"}
    paths |= {"edit": f"{paths['transcript']}?edit=1", "report": f"{paths['transcript']}/report"}
    wide = {}
    visitor, guest = visit(sites.open, **looks), visit(sites.guarded, **looks)
    visitor.allow("status of 404")
    for name, size in (("360", NARROW), ("1280", WIDE)):
        for each in (visitor, guest):
            each.page.set_viewport_size(size)  # type: ignore[arg-type]
        for page, path in paths.items():
            visitor.home(path)
            expect(visitor.page.locator("html")).to_have_attribute("lang", lang)
            wide[f"{page} {name}"] = visitor.overflow()
            visitor.picture(f"{page}-{lang}-{scheme}-{name}")
        guest.home("/sign-in")
        wide[f"sign-in {name}"] = guest.overflow()
        guest.picture(f"sign-in-{lang}-{scheme}-{name}")
    assert {where: pixels for where, pixels in wide.items() if pixels} == {}


def test_the_language_is_switched_and_remembered(sites: Sites, visit: Visiting) -> None:
    """The switch leads to the same page in the other language, and holds for the next one."""
    visitor = visit(sites.open)
    page = visitor.home("/?state=done")
    expect(page.locator("html")).to_have_attribute("lang", "ko")
    page.locator(".site-languages a[lang=en]").click()
    expect(page.locator("html")).to_have_attribute("lang", "en")
    assert "state=done" in page.url
    visitor.home(f"/transcripts/{sites.call}")
    expect(page.locator("html")).to_have_attribute("lang", "en")


def test_the_theme_is_switched_and_remembered(sites: Sites, visit: Visiting) -> None:
    """The switch goes from the system's to light and dark, and the next page is drawn so."""
    visitor = visit(sites.open, color_scheme="light")
    page = visitor.home()
    ground = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(ground)
    page.locator("[data-theme-switch]").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "light")
    page.locator("[data-theme-switch]").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    assert page.evaluate(ground) != light
    visitor.home(f"/transcripts/{sites.call}")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.locator("[data-theme-switch]").click()
    expect(page.locator("html")).not_to_have_attribute("data-theme", "dark")
    assert page.evaluate(ground) == light


@pytest.mark.parametrize("size", [NARROW, WIDE], ids=["narrow", "wide"])
def test_nothing_moves_while_a_page_loads(
    sites: Sites, visit: Visiting, size: dict[str, int]
) -> None:
    """With a full list, and with a transcript, what is read stays where it is."""
    visitor = visit(sites.open, viewport=size)
    moved = {
        path: layout_shift(visitor.open(), path) for path in ("/", f"/transcripts/{sites.call}")
    }
    print(moved)
    assert max(moved.values()) < 0.01, moved
