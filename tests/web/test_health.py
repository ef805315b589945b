"""/health, /ready and /metrics: for probes and scrapers, whatever stt-api does."""

from __future__ import annotations

import asyncio
import threading
import time
from pathlib import Path
from typing import BinaryIO

import pytest

from tests.web.fakes import DUMMY_STATE, NO_MODEL, FakeSttApi
from tests.web.harness import client_of
from web_ui import __version__
from web_ui.app import create_app
from web_ui.engine_answers import EngineState, HealthAnswer
from web_ui.engine_watch import EngineWatch
from web_ui.errors import EngineAway
from web_ui.settings import Settings
from web_ui.storage import Storage, nameless_file

pytestmark = pytest.mark.anyio


async def test_healthy(tmp_path: Path) -> None:
    """A real engine makes the whole healthy."""
    async with client_of(FakeSttApi(), tmp_path) as client:
        health = (await client.get("/health")).json()
    assert health == {
        "status": "healthy",
        "error_reason": None,
        "version": __version__,
        "stt_api": {
            "reachable": True, "status": "healthy", "backend": "faster-whisper", "model": "base",
            "is_dummy": False, "error_reason": None, "version": "0.1.0",
        },
    }  # fmt: skip


@pytest.mark.parametrize(
    ("state", "reachable", "is_dummy", "reason"),
    [
        (DUMMY_STATE, True, True, NO_MODEL),
        (EngineAway("connection refused"), False, None, "connection refused"),
        (EngineState(True, "loading"), True, None, None),
    ],
)
async def test_degraded(
    state: EngineState | Exception,
    reachable: bool,
    is_dummy: bool | None,
    reason: str | None,
    tmp_path: Path,
) -> None:
    """Without a real engine it is degraded and says why; the answer is 200 all the same."""
    async with client_of(FakeSttApi(state=state), tmp_path) as client:
        response = await client.get("/health")
    health = response.json()
    assert (response.status_code, health["status"]) == (200, "degraded")
    assert health["error_reason"].startswith("stt-api is ")
    engine = health["stt_api"]
    assert (engine["reachable"], engine["is_dummy"], engine["error_reason"]) == (
        reachable, is_dummy, reason,
    )  # fmt: skip


async def test_dummy_that_calls_itself_healthy_is_not(tmp_path: Path) -> None:
    """Whatever stt-api thinks of itself, dummies are no health: neither here nor on the page."""
    known = HealthAnswer(
        status="healthy", backend="dummy", model="base", is_dummy=True, error_reason=None,
        version="1",
    ).state()  # fmt: skip
    async with client_of(FakeSttApi(state=known), tmp_path) as client:
        health = (await client.get("/health")).json()
        page = await client.get("/?lang=en")
    assert (health["status"], health["stt_api"]["status"]) == ("degraded", "degraded")
    assert "Nothing is really transcribed" in page.text


async def test_look_that_breaks_is_an_engine_away(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Whatever a look raises, /health and the page stand; the log has each kind once."""
    engine = FakeSttApi(state=RecursionError("secret"))
    async with client_of(engine, tmp_path) as client:
        health = await client.get("/health")
        page = await client.get("/?lang=en")
    assert (health.status_code, page.status_code) == (200, 200)
    assert health.json()["stt_api"]["status"] == "unreachable"
    assert "RecursionError" in health.json()["error_reason"]
    assert "cannot be reached" in page.text
    watch = EngineWatch(engine, fresh=0.0)
    for _ in range(3):
        await watch.state()
    engine.state = KeyError("secret")
    await watch.state()
    told = [record.getMessage() for record in caplog.records if "looking at stt-api" in record.msg]
    assert [kind for line in told[1:] for kind in line.split() if kind.endswith("Error;")] == [
        "RecursionError;", "KeyError;",
    ]  # fmt: skip
    assert "secret" not in caplog.text


async def test_many_ask_and_one_looks() -> None:
    """Looks are shared and kept for some seconds."""
    engine = FakeSttApi(state=0.05)
    watch = EngineWatch(engine)
    await asyncio.gather(*(watch.state() for _ in range(20)))
    await watch.state()
    assert engine.looks == 1


async def test_hanging_engine_holds_nobody() -> None:
    """A look ends after its patience, and the failure is remembered as well."""
    engine = FakeSttApi(state=60.0)
    watch = EngineWatch(engine, patience=0.05)
    began = time.monotonic()
    assert (await watch.state()).status == "unreachable"
    assert (await watch.state()).error_reason == "no answer within 0.05 s"
    assert time.monotonic() - began < 1
    assert engine.looks == 1


async def test_leaving_visitor_takes_no_look_away() -> None:
    """Whoever gives up waiting does not spoil it for the others."""
    watch = EngineWatch(FakeSttApi(state=0.1))
    first = asyncio.create_task(watch.state())
    second = asyncio.create_task(watch.state())
    await asyncio.sleep(0.01)
    first.cancel()
    assert (await second).status == "healthy"


async def test_ready(tmp_path: Path) -> None:
    """Ready once the directory is there, which is made when missing; the engine may be away."""
    data = tmp_path / "new" / "data"
    async with client_of(FakeSttApi(state=EngineAway("x")), data) as client:
        response = await client.get("/ready")
    assert (response.status_code, response.json()) == (200, {"ready": True, "reason": None})
    assert data.is_dir()


async def test_not_ready_without_a_place_for_uploads(tmp_path: Path) -> None:
    """503 with the reason."""
    (tmp_path / "file").write_text("no directory")
    async with client_of(FakeSttApi(), tmp_path / "file") as client:
        response = await client.get("/ready")
    assert response.status_code == 503
    assert response.json()["reason"].startswith("WEB_UI_DATA cannot be written: ")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="Linux's full disk")
async def test_full_disk_takes_no_uploads(tmp_path: Path) -> None:
    """A full disk still makes files; only what is written into one tells."""

    def on_full_disk(_: Path) -> BinaryIO:
        return Path("/dev/full").open("wb", buffering=0)

    full = Storage(tmp_path, on_full_disk)
    assert await full.problem() == "WEB_UI_DATA cannot be written: No space left on device"


async def test_trial_leaves_nothing(tmp_path: Path) -> None:
    """What is written to find out is some KiB, in the directory, and gone."""
    written = []

    def remembered(directory: Path) -> BinaryIO:
        file = nameless_file(directory)
        written.append(file)
        return file

    assert await Storage(tmp_path, remembered).problem() is None
    assert list(tmp_path.iterdir()) == []
    assert [file.closed for file in written] == [True]


async def test_disk_that_hangs_holds_nobody(tmp_path: Path) -> None:
    """The answer comes in time, one thread waits however often it is asked, and when the disk
    comes back that is seen."""
    hanging, opened = threading.Event(), []

    def slow(directory: Path) -> BinaryIO:
        opened.append(directory)
        hanging.wait(30)
        return nameless_file(directory)

    storage = Storage(tmp_path, slow, patience=0.05)
    began = time.monotonic()
    problems = await asyncio.gather(*(storage.problem() for _ in range(20)))
    assert time.monotonic() - began < 1
    assert set(problems) == {"WEB_UI_DATA did not take a file within 0.05 s"}
    assert len(opened) == 1
    hanging.set()
    await asyncio.sleep(0.2)
    assert await storage.problem() is None


async def test_draining_is_not_ready(tmp_path: Path) -> None:
    """Going down it answers probes, and refuses the rest with a page."""
    import httpx

    app = create_app(Settings(web_ui_data=tmp_path), FakeSttApi())
    app.state.services.drain.begin()
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://web"
    ) as client:
        ready, page = await client.get("/ready"), await client.get("/?lang=en")
        assert (await client.get("/health")).status_code == 200
    assert (ready.status_code, ready.json()["reason"]) == (503, "the service is shutting down")
    assert (page.status_code, page.headers["retry-after"]) == (503, "5")
    assert "restarting" in page.text


async def test_metrics_count_requests_by_route(tmp_path: Path) -> None:
    """Routes, never paths; the static files are one."""
    async with client_of(FakeSttApi(), tmp_path) as client:
        for path in ("/", "/static/css/base.css", "/static/js/upload.js", "/secret-path"):
            await client.get(path)
        text = (await client.get("/metrics")).text
    for route, status, count in (("/", 200, 1), ("/static", 200, 2), ("unmatched", 404, 1)):
        line = f'web_ui_http_requests_total{{method="GET",route="{route}",status="{status}"}}'
        assert f"{line} {count}.0" in text
    assert "web_ui_http_request_seconds_bucket" in text
    assert "secret" not in text


async def test_stopping_closes_the_client(tmp_path: Path) -> None:
    """Connections to stt-api end with the service."""
    engine = FakeSttApi()
    async with client_of(engine, tmp_path):
        pass
    assert engine.closed
