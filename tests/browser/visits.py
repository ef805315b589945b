"""Somebody at the pages: a browser window, what goes wrong in it, and how it looks."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any, Literal, Protocol

import httpx
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, ConsoleMessage, Locator, Page, Request, expect

from tests.services import ROOT, Service

WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
# What a page gives up itself: an event stream when it is left, a piece of sound after a jump.
GIVEN_UP = "net::ERR_ABORTED"
SAMPLES = ROOT / "audio" / "samples"


class Visit:
    """A window of its own, with cookies and storage of its own.

    problems: every error of its pages and every request that failed, but for the allowed ones.
    """

    def __init__(self, browser: Browser, address: str, pictures: Path, **options: Any) -> None:
        self.address = address
        self.problems: list[str] = []
        self._allowed: list[re.Pattern[str]] = []
        self._pictures = Path(os.environ.get("TEST_SCREENSHOTS") or pictures)
        self.context = browser.new_context(
            base_url=address, **{"locale": "ko-KR", "accept_downloads": True, **options}
        )
        self.page = self.open()

    def open(self) -> Page:
        page = self.context.new_page()
        page.on("console", self._heard)
        page.on("pageerror", lambda error: self._note(f"error: {error}"))
        page.on("requestfailed", self._failed)
        return page

    def allow(self, pattern: str) -> None:
        """What the test itself provokes is no problem."""
        self._allowed.append(re.compile(pattern))

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self._note(f"{message.type}: {message.text} ({message.location.get('url', '')})")

    def _failed(self, request: Request) -> None:
        if request.failure != GIVEN_UP:
            self._note(f"failed: {request.method} {request.url}: {request.failure}")

    def _note(self, problem: str) -> None:
        if not any(pattern.search(problem) for pattern in self._allowed):
            self.problems.append(problem)

    def close(self) -> None:
        self.context.close()

    # -- the home page ------------------------------------------------------------------

    def home(self, path: str = "/") -> Page:
        self.page.goto(path)
        return self.page

    def send(self, *paths: Path, language: str = "ko") -> None:
        """Choose recordings and upload them."""
        self.page.locator("#file").set_input_files(list(paths))
        self.page.locator("#language").select_option(language)
        self.page.locator("[data-submit]").click()

    def item(self, title: str) -> Locator:
        return self.page.locator("[data-item]").filter(has_text=title)

    def finished(self, title: str) -> Locator:
        """Its line of the list, once it is done."""
        item = self.item(title)
        expect(item).to_have_attribute("data-state", "done", timeout=60_000)
        return item

    # -- a transcript -------------------------------------------------------------------

    def playing(self) -> None:
        """Wait until sound has moved on."""
        self.page.wait_for_function(
            "() => { const a = document.querySelector('[data-audio]');"
            " return !a.paused && a.currentTime > 0.2; }"
        )

    def second(self) -> float:
        """Where the recording stands."""
        return float(self.page.locator("[data-audio]").evaluate("audio => audio.currentTime"))

    def at(self, low: float, high: float) -> None:
        """Wait until the recording stands between two seconds."""
        self.page.wait_for_function(
            "([low, high]) => { const { currentTime } = document.querySelector('[data-audio]');"
            " return currentTime >= low && currentTime <= high; }",
            arg=[low, high],
        )

    # -- everywhere ---------------------------------------------------------------------

    def api(self, path: str) -> httpx.Response:
        """What the service itself says, asked with this visit's cookies."""
        cookies = {each["name"]: each["value"] for each in self.context.cookies(self.address)}
        return httpx.get(f"{self.address}/api{path}", cookies=cookies, timeout=30)

    def violations(self) -> list[str]:
        """What axe-core finds against WCAG 2.2 AA on the page as it stands, light and dark."""
        found = []
        schemes: tuple[Literal["dark", "light"], ...] = ("dark", "light")
        for scheme in schemes:
            # Without movement: a colour on its way to another is neither.
            self.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            ran = Axe().run(self.page, options={"runOnly": {"type": "tag", "values": WCAG}})
            found += [
                f"{scheme} {self.page.url}: {each['id']} {node['target']} {node['failureSummary']}"
                for each in ran.response["violations"]
                for node in each["nodes"]
            ]
        return found

    def overflow(self) -> int:
        """By how many pixels the page is wider than its window."""
        width: int = self.page.evaluate("document.scrollingElement.scrollWidth - innerWidth")
        return max(0, width)

    def picture(self, name: str) -> None:
        self._pictures.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=self._pictures / f"{name}.png", full_page=True)


class Visiting(Protocol):
    """Opens a window at a service; `options` are those of a browser's context."""

    def __call__(self, service: Service, **options: Any) -> Visit: ...


class StartingPages(Protocol):
    """Starts web-ui before an engine's address, on the data of a directory."""

    def __call__(self, engine: str, data: Path, **environment: str) -> Service: ...


class Launching(Protocol):
    """Starts a browser of its own with more flags."""

    def __call__(self, *flags: str) -> Browser: ...
