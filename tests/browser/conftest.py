"""A real browser before the real services."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Playwright, expect, sync_playwright

from tests.browser.visits import Launching, StartingPages, Visit, Visiting
from tests.services import ROOT, Service

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
NAMES = ("chromium", "chromium-browser", "google-chrome")
# Two processor cores recognise speech beside the browser.
PATIENCE_MS = 30_000
MODEL = ROOT / "models" / "base"


@pytest.fixture(scope="session")
def executable() -> str:
    """The path of a browser, or no test: `TEST_BROWSER`, one of this machine, or Playwright's."""
    given = os.environ.get("TEST_BROWSER")
    for path in [given] if given else [*map(shutil.which, NAMES), _of_playwright()]:
        if path and Path(path).is_file():
            return path
    pytest.skip("no browser: install chromium, or name one in TEST_BROWSER")


def _of_playwright() -> str:
    with sync_playwright() as started:
        return started.chromium.executable_path


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    """Of one module alone: it keeps an event loop on this thread, where others want none."""
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as started:
        yield started


@pytest.fixture(scope="module")
def launch(playwright: Playwright, executable: str) -> Iterator[Launching]:
    with ExitStack() as open_browsers:

        def launched(*flags: str) -> Browser:
            browser = playwright.chromium.launch(
                executable_path=executable, args=[*FLAGS, *flags], chromium_sandbox=False
            )
            return open_browsers.enter_context(browser)

        yield launched


@pytest.fixture(scope="module")
def browser(launch: Launching) -> Browser:
    return launch()


@pytest.fixture
def visit(browser: Browser, tmp_path: Path) -> Iterator[Visiting]:
    """Visits that must all end without an error on any of their pages."""
    visits: list[Visit] = []

    def visiting(service: Service, **options: Any) -> Visit:
        visits.append(Visit(browser, service.url, tmp_path, **options))
        return visits[-1]

    yield visiting
    for each in visits:
        each.close()
    assert [problem for each in visits for problem in each.problems] == []


@pytest.fixture(scope="session")
def stt_api(executable: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """stt-api with the real model, ready."""
    if not (MODEL / "model.bin").is_file():
        pytest.skip("no model: bash scripts/prepare_model_local.sh")
    log = tmp_path_factory.mktemp("stt-api") / "log"
    service = Service("api_server.app", log, STT_FALLBACK="error")
    service.start()
    try:
        service.wait_until_ready()
        yield service
    finally:
        service.kill()


@pytest.fixture(scope="module")
def start_pages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StartingPages]:
    """Starts web-ui before an engine's address, on data of its own."""
    started: list[Service] = []

    def starting(engine: str, data: Path, **environment: str) -> Service:
        logs = tmp_path_factory.mktemp("web-ui")
        service = Service(
            "web_ui.app",
            logs / "output",
            STT_API_URL=engine,
            WEB_UI_DATA=str(data),
            WEB_UI_LOGS=str(logs),
            **environment,
        )
        started.append(service)
        service.start()
        service.wait_until_ready()
        return service

    yield starting
    for service in started:
        service.kill()


@pytest.fixture(scope="module")
def pages(
    stt_api: Service, start_pages: StartingPages, tmp_path_factory: pytest.TempPathFactory
) -> Service:
    """web-ui before the real engine, with nothing in it."""
    return start_pages(stt_api.url, tmp_path_factory.mktemp("data"))
