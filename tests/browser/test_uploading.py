"""Recordings on their way: several at once, over connections that break, and too large ones."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.speech import wav
from tests.browser.visits import SAMPLES, StartingPages, Visit, Visiting
from tests.services import Service

pytestmark = [pytest.mark.browser, pytest.mark.model, pytest.mark.timeout(180)]

SLICE_BYTES = 8 * 1024 * 1024
BROKEN = r"net::ERR_CONNECTION_RESET"


@dataclass
class Network:
    """What upload requests passed through; slices beyond the first break while `is_broken`."""

    is_broken: bool = True
    created: int = 0
    arrived: list[int] = field(default_factory=list)

    def watch(self, page: Page) -> None:
        page.route("**/api/uploads", self._create)
        page.route("**/api/uploads/*", self._slice)

    def _create(self, route: Route) -> None:
        self.created += route.request.method == "POST"
        route.continue_()

    def _slice(self, route: Route) -> None:
        if route.request.method != "PATCH":
            route.continue_()
            return
        offset = int(route.request.headers["upload-offset"])
        if offset and self.is_broken:
            route.abort("connectionreset")
            return
        self.arrived.append(offset)
        route.continue_()


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A recording of two and a half slices, most of it silence."""
    path = wav(tmp_path_factory.mktemp("large") / "large.wav", ["ko_sentence.flac"], 210.0)
    assert 2 * SLICE_BYTES < path.stat().st_size < 3 * SLICE_BYTES
    yield path
    path.unlink()


def test_several_recordings_are_sent_at_once(pages: Service, visit: Visiting) -> None:
    """Each chosen recording has a row of its own, and all of them end as text in the list."""
    visitor = visit(pages)
    visitor.home()
    names = ("ko_sentence", "ko_proverb", "ko_thinking", "ko_greeting")
    visitor.page.locator("#file").set_input_files([SAMPLES / f"{name}.flac" for name in names])
    expect(visitor.page.locator(".upload-row")).to_have_count(len(names))
    expect(visitor.page.locator("[data-submit]")).to_contain_text("4")
    visitor.page.locator("#language").select_option("ko")
    visitor.page.locator("[data-submit]").click()
    expect(visitor.page.locator(".upload-row[data-state=done]")).to_have_count(len(names))
    for name in names:
        visitor.finished(name)


def test_dropped_recordings_are_taken(pages: Service, visit: Visiting) -> None:
    """A recording that is dropped anywhere on the page can be removed from the row again."""
    visitor = visit(pages)
    page = visitor.home()
    dropped = page.evaluate_handle(
        "() => { const data = new DataTransfer();"
        " data.items.add(new File(['RIFF'], 'dropped.wav', { type: 'audio/wav' })); return data; }"
    )
    page.dispatch_event("#list-title", "dragover", {"dataTransfer": dropped})
    expect(page.locator("[data-drop-over]")).to_be_visible()
    page.dispatch_event("#list-title", "drop", {"dataTransfer": dropped})
    expect(page.locator(".upload-row")).to_contain_text("dropped.wav")
    expect(page.locator("[data-drop-over]")).to_be_hidden()
    page.locator(".upload-row [data-act=remove]").click()
    expect(page.locator(".upload-row")).to_have_count(0)


def test_an_upload_goes_on_where_a_broken_connection_stopped_it(
    pages: Service, visit: Visiting, large: Path
) -> None:
    """What has arrived is not sent again: the next slice begins where the last one ended."""
    visitor, network = visit(pages), Network()
    visitor.allow(BROKEN)
    page = visitor.home()
    network.watch(page)
    visitor.send(large)
    expect(page.locator(".upload-row")).to_have_attribute("data-state", "away")
    network.is_broken = False
    arrived_whole(visitor, network, large)


def test_an_upload_goes_on_when_the_same_file_is_chosen_after_a_reload(
    pages: Service, visit: Visiting, large: Path
) -> None:
    """The page remembers what it began; the same file with the same choices goes on with it."""
    visitor, network = visit(pages), Network()
    visitor.allow(BROKEN)
    page = visitor.home()
    page.on("dialog", lambda dialog: dialog.accept())
    network.watch(page)
    visitor.send(large)
    row = page.locator(".upload-row")
    expect(row).to_have_attribute("data-state", "away")
    page.reload()
    expect(row).to_have_attribute("data-state", "interrupted")
    expect(row).to_contain_text("40%")
    network.is_broken = False
    visitor.send(large)
    expect(row).to_have_count(1)
    arrived_whole(visitor, network, large)


def arrived_whole(visitor: Visit, network: Network, path: Path) -> None:
    """Each slice once, as one recording, byte for byte; then it is deleted."""
    row = visitor.page.locator(".upload-row")
    expect(row).to_have_attribute("data-state", "done")
    assert network.created == 1
    assert network.arrived == [0, SLICE_BYTES, 2 * SLICE_BYTES]
    address = f"/api{row.locator('[data-open]').get_attribute('href')}"
    kept = httpx.get(f"{visitor.address}{address}/audio?original=1", timeout=30)
    assert kept.content == path.read_bytes()
    assert httpx.delete(f"{visitor.address}{address}", timeout=30).status_code == 204


def test_a_recording_that_is_too_large_is_not_sent(
    stt_api: Service, start_pages: StartingPages, visit: Visiting, large: Path, tmp_path: Path
) -> None:
    """It is refused with the limit at once, and nothing of it leaves the browser."""
    visitor = visit(start_pages(stt_api.url, tmp_path / "data", STT_MAX_UPLOAD_MB="1"))
    network = Network(is_broken=False)
    page = visitor.home()
    network.watch(page)
    visitor.send(large)
    row = page.locator(".upload-row")
    expect(row).to_have_attribute("data-state", "refused")
    expect(row).to_contain_text("1 MB")
    expect(page.locator("[data-upload-problem]")).not_to_be_empty()
    assert (network.created, network.arrived) == (0, [])
