"""Housekeeping: what is too old goes, what nobody finished goes, what belongs to nobody goes."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, select

from serving.errors import ServiceError
from web_ui.recordings.files import Recordings
from web_ui.records import ENDED
from web_ui.store import transcripts
from web_ui.store.audit import Action
from web_ui.store.database import Database
from web_ui.store.tables import TRANSCRIPTS

log = logging.getLogger("web.jobs")

EVERY_SECONDS = 3600.0
# An upload that stands still for this long will not go on.
ABANDONED = timedelta(days=7)
# A file may be a moment older than its row.
ORPHAN_SECONDS = 3600.0

Delete = Callable[[str, Action], Awaitable[None]]


class Housekeeping:
    """`start` it once the database is open. delete: removes a transcript whole, for a reason."""

    def __init__(
        self, database: Database, recordings: Recordings, kept_days: int, delete: Delete
    ) -> None:
        self._database = database
        self._recordings = recordings
        self._kept_days = kept_days
        self._delete = delete
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        self._task = asyncio.create_task(self._keep_house())

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})

    async def tidy(self, now: datetime) -> int:
        """One round. Returns how many transcripts went."""
        gone = await self._database.read(abandoned, now)
        if self._kept_days:
            gone += await self._database.read(expired, now, self._kept_days)
        for id in gone:
            await self._delete(id, "expire")
        known = await self._database.read(transcripts.ids)
        await asyncio.to_thread(self._recordings.sweep, known, ORPHAN_SECONDS)
        return len(gone)

    async def _keep_house(self) -> None:
        while True:
            try:
                gone = await self.tidy(datetime.now(UTC))
                if gone:
                    log.info("retention: %d transcripts deleted", gone)
            except (ServiceError, OSError) as error:
                log.warning("housekeeping was put off: %s", type(error).__name__)
            await asyncio.sleep(EVERY_SECONDS)


def expired(connection: Connection, now: datetime, kept_days: int) -> list[str]:
    """Those that ended and are older than they may be."""
    table = TRANSCRIPTS.c
    chosen = select(table.id).where(
        table.state.in_(ENDED), table.created_at < now - timedelta(days=kept_days)
    )
    return list(connection.execute(chosen).scalars())


def abandoned(connection: Connection, now: datetime) -> list[str]:
    """Uploads that nobody went on with."""
    table = TRANSCRIPTS.c
    chosen = select(table.id).where(table.state == "uploading", table.updated_at < now - ABANDONED)
    return list(connection.execute(chosen).scalars())
