"""Disks that are full, databases that are locked: a clear answer, and everything else unharmed."""

from __future__ import annotations

import asyncio
import resource
import sqlite3
from pathlib import Path

import httpx
import pytest
from sqlalchemy import Connection, text

from tests.api.harness import serving, wait_until
from tests.fakes import FakeEngine
from tests.web.calls import ended, sent, until
from tests.web.fakes import CALL, FakeSttApi
from tests.web.harness import WAV, answers, client_and_app, client_of, serving_process
from web_ui.errors import DatabaseBroken, DatabaseBusy
from web_ui.store.database import FILE_NAME, Database, sqlite_url

pytestmark = pytest.mark.anyio


class Lock:
    """Holds the database as another process would."""

    def __init__(self, data: Path) -> None:
        self._connection = sqlite3.connect(data / FILE_NAME, isolation_level=None)
        self._connection.execute("BEGIN IMMEDIATE")

    def release(self) -> None:
        self._connection.execute("ROLLBACK")
        self._connection.close()


def _write(connection: Connection) -> None:
    connection.execute(text("UPDATE transcripts SET title = 'x'"))


async def test_locked_database_is_busy_and_can_be_read(tmp_path: Path) -> None:
    """A writer waits a while, then says so; readers never wait for a lock."""
    database = Database(sqlite_url(tmp_path), busy_seconds=0.05)
    await database.open()
    lock = Lock(tmp_path)
    with pytest.raises(DatabaseBusy):
        await database.write(_write)
    assert await database.problem() is None
    lock.release()
    await database.write(_write)
    await database.close()


async def test_call_goes_on_when_the_lock_is_gone(tmp_path: Path) -> None:
    """What stt-api says while nothing can be stored is asked for again; nothing is lost."""
    held = asyncio.Event()
    engine = FakeSttApi(hold={1: held})
    async with client_and_app(engine, tmp_path) as (client, app):
        database: Database = app.state.services.database
        await database.close()
        app.state.services.database.__init__(sqlite_url(tmp_path), busy_seconds=0.05)
        await database.open()
        id = await sent(client)
        await until(client, id, lambda call: len(call["segments"]) == 1)
        lock = Lock(tmp_path)
        held.set()
        refused = await client.patch(f"/api/transcripts/{id}", json={"title": "x"})
        while not engine.cancelled:  # noqa: ASYNC110 - the engine is told when a write failed
            await asyncio.sleep(0.02)
        lock.release()
        call = await ended(client, id)
    assert (refused.status_code, refused.json()["error_code"]) == (503, "database_busy")
    assert refused.headers["retry-after"] == "2"
    assert [segment["text"] for segment in call["segments"]] == [s.text for s in CALL]


@pytest.mark.skipif(not hasattr(resource, "prlimit"), reason="Linux alone limits another process")
def test_full_disk_is_said_and_passes(tmp_path: Path) -> None:
    """Uploads are refused with 507, what is there can be read, and when there is room again all
    goes on."""
    places = {"WEB_UI_DATA": str(tmp_path / "data"), "WEB_UI_LOGS": str(tmp_path / "logs")}
    with (
        serving(FakeEngine()) as stt_api,
        serving_process(STT_API_URL=stt_api, **places) as (address, process),
    ):
        wait_until(lambda: answers(address))
        first = httpx.post(f"{address}/api/transcripts", files={"file": WAV}).json()["id"]
        known = f"{address}/api/transcripts/{first}"
        wait_until(lambda: httpx.get(known).json()["state"] == "done")
        _, hard = resource.prlimit(process.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (4096, hard))
        large = {"file": ("a.wav", bytes(64 * 1024))}
        full = httpx.post(f"{address}/api/transcripts", files=large)
        page = httpx.get(f"{address}/transcripts/{first}")
        listed = httpx.get(f"{address}/api/transcripts").json()
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (hard, hard))
        later = httpx.post(f"{address}/api/transcripts", files=large)
        known = f"{address}/api/transcripts/{later.json()['id']}"
        wait_until(lambda: httpx.get(known).json()["state"] == "done")
    assert (full.status_code, full.json()["error_code"]) == (507, "storage_full")
    assert page.status_code == 200
    assert [item["id"] for item in listed["items"]] == [first]
    assert not list((tmp_path / "data").rglob("*.part"))


async def test_database_that_cannot_be_opened_is_tried_again(tmp_path: Path) -> None:
    """The pages say what is wrong, /ready too; when the disk is back, it all works."""
    data = tmp_path / "data"
    data.write_text("a file where the directory should be")
    async with client_of(FakeSttApi(), data) as client:
        page = await client.get("/", headers={"Accept-Language": "en"})
        ready = await client.get("/ready")
        data.unlink()
        data.mkdir()
        async with asyncio.timeout(10):
            while (await client.get("/ready")).status_code != 200:  # noqa: ASYNC110 - over HTTP
                await asyncio.sleep(0.1)
        call = await ended(client, await sent(client))
    assert page.status_code == 503
    assert ready.status_code == 503
    assert call["state"] == "done"


async def test_newer_database_is_left_alone(tmp_path: Path) -> None:
    """A service that was put back to an older version does not touch what it cannot know."""
    database = Database(sqlite_url(tmp_path))
    await database.open()
    await database.write(lambda c: c.execute(text("UPDATE alembic_version SET version_num='9999'")))
    await database.close()
    older = Database(sqlite_url(tmp_path))
    with pytest.raises(DatabaseBroken, match="newer version"):
        await older.open()
    await older.close()


async def test_tables_are_those_of_the_migrations(tmp_path: Path) -> None:
    """A database that grew by migrations has just the tables the code knows."""
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    from web_ui.store.tables import METADATA

    database = Database(sqlite_url(tmp_path))
    await database.open()
    differences = await database.read(
        lambda connection: compare_metadata(MigrationContext.configure(connection), METADATA)
    )
    await database.close()
    assert differences == []


async def test_retention_deletes_what_is_too_old(tmp_path: Path) -> None:
    """By age, whole, with a line in the audit; what is younger or still runs stays."""
    from datetime import UTC, datetime, timedelta

    held = asyncio.Event()
    engine = FakeSttApi()
    async with client_and_app(engine, tmp_path, web_ui_retention_days=30) as (client, app):
        old = await sent(client)
        await ended(client, old)
        engine.hold[0] = held
        running = await sent(client)
        await until(client, running, lambda call: call["state"] == "running")
        house = app.state.services.startup.housekeeping
        assert await house.tidy(datetime.now(UTC) + timedelta(days=29)) == 0
        assert await house.tidy(datetime.now(UTC) + timedelta(days=31)) == 1
        gone = await client.get(f"/api/transcripts/{old}")
        kept = await client.get(f"/api/transcripts/{running}")
        held.set()
    assert (gone.status_code, kept.status_code) == (404, 200)
    assert not list(tmp_path.rglob(f"{old}*"))
