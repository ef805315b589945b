"""What questions share while one event loop runs: connections, slots, and an end to waiting."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from api_server.services.agent_connections import Connections
from api_server.services.agent_exchange import Stage
from api_server.services.agent_resolver import Resolver
from api_server.services.agent_types import ConnectionFailed

CLOSE_SECONDS = 1.0


class Session:
    """Made inside the event loop that it serves.

    concurrency: how many questions are out at once. waiting: how many more may wait.
    keep: whether connections are kept for the next question; then `aclose` has to be called.
    """

    def __init__(self, resolver: Resolver, *, concurrency: int, waiting: int, keep: bool) -> None:
        self.loop = asyncio.get_running_loop()
        # Twice as many as questions: httpcore counts the busy ones among those it keeps.
        self.connections = Connections(resolver, keep=2 * concurrency if keep else 0)
        self._slots = asyncio.Semaphore(concurrency)
        self._most_waiting = waiting
        self._waiting = 0
        self._limits: set[asyncio.Timeout] = set()
        self._closed = False
        self._quiet = asyncio.Event()

    @asynccontextmanager
    async def within(self, seconds: float) -> AsyncIterator[Stage]:
        """Ends what is done inside when the time is up, or the session is closed.

        Raises `ConnectionFailed`, an outage only where it was the server that took too long.
        """
        stage = Stage(self.loop.time() + seconds)
        try:
            async with asyncio.timeout_at(stage.ends) as limit:
                self._limits.add(limit)
                try:
                    yield stage
                finally:
                    self._limits.discard(limit)
                    if not self._limits:
                        self._quiet.set()
        except TimeoutError:
            raise self._timeout(stage, seconds) from None

    @asynccontextmanager
    async def slot(self) -> AsyncIterator[None]:
        """Waits for its turn. Raises `ConnectionFailed` where too many wait already."""
        if self._slots.locked() and self._waiting >= self._most_waiting:
            raise ConnectionFailed("busy: too many questions wait for the LLM")
        self._waiting += 1
        try:
            await self._slots.acquire()
        finally:
            self._waiting -= 1
        try:
            yield
        finally:
            self._slots.release()

    async def aclose(self) -> None:
        """Ends every question and closes every connection."""
        self._closed = True
        self._quiet.clear()
        for limit in self._limits:
            limit.reschedule(self.loop.time())
        with suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_SECONDS):
                if self._limits:
                    await self._quiet.wait()
        with suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_SECONDS):
                await self.connections.aclose()

    def _timeout(self, stage: Stage, seconds: float) -> ConnectionFailed:
        if self._closed:
            return ConnectionFailed("the agent was stopped")
        if stage.phase == "slot":
            return ConnectionFailed(f"timeout: busy for {seconds:g} s")
        return ConnectionFailed(f"timeout: no {stage.phase} within {seconds:g} s", outage=True)
