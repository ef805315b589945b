"""From a process to a service that works: the database opens, and what was under way goes on.

A disk that is not there yet, or full, keeps nobody from an answer: it is tried again.
"""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime

from serving.errors import ServiceError
from web_ui.jobs.keeping import Housekeeping
from web_ui.jobs.setbacks import growing
from web_ui.jobs.workers import Workers
from web_ui.library import Library
from web_ui.store.work import recover

log = logging.getLogger("web")


class Startup:
    """`begin` opens what can be opened now; the rest is tried until `close`."""

    def __init__(self, library: Library, workers: Workers, housekeeping: Housekeeping) -> None:
        self._library = library
        self._workers = workers
        self.housekeeping = housekeeping
        self._trying: asyncio.Task[None] | None = None

    async def begin(self) -> None:
        if not await self._try():
            self._trying = asyncio.create_task(self._go_on_trying())

    async def close(self) -> None:
        if self._trying is not None:
            self._trying.cancel()
            await asyncio.wait({self._trying})
        await self.housekeeping.close()
        await self._workers.close()

    async def _try(self) -> bool:
        try:
            await self._open()
        except ServiceError as error:
            log.error("%s", error)
            return False
        return True

    async def _go_on_trying(self) -> None:
        failures = 0
        while True:
            failures += 1
            await asyncio.sleep(growing(failures))
            if await self._try():
                log.info("the database is open now")
                return

    async def _open(self) -> None:
        await self._library.database.open()
        await self._library.database.write(recover, datetime.now(UTC))
        await self._library.take_up()
        await self._workers.start()
        await self.housekeeping.start()
