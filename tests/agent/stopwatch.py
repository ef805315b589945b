"""Measures time on a machine that is busy with other things.

What the agent loads in the background when a service starts is loaded here before: the first test
of a run would time the imports.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from api_server.services.agent_dispatch import _load

_load()

BEAT_SECONDS = 0.005


@dataclass
class Stopwatch:
    """Seconds since it was made, less those for which this thread was ready but not run.

    longest_work: the longest time for which the event loop was busy with one thing.
    """

    began: float = field(default_factory=time.perf_counter)
    starved: float = 0.0
    longest_work: float = 0.0
    _beat_at: float = field(default_factory=time.perf_counter)
    _work_at: float = field(default_factory=time.thread_time)

    @property
    def seconds(self) -> float:
        self.beat()
        return time.perf_counter() - self.began - self.starved

    def beat(self) -> None:
        now, work = time.perf_counter(), time.thread_time()
        worked = work - self._work_at
        self.longest_work = max(self.longest_work, worked)
        self.starved += max(now - self._beat_at - worked - 2 * BEAT_SECONDS, 0.0)
        self._beat_at, self._work_at = now, work


@asynccontextmanager
async def stopwatch() -> AsyncIterator[Stopwatch]:
    watch = Stopwatch()

    async def tick() -> None:
        while True:
            await asyncio.sleep(BEAT_SECONDS)
            watch.beat()

    ticking = asyncio.create_task(tick())
    try:
        yield watch
    finally:
        ticking.cancel()
