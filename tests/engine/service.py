"""The engine as a service has it: its worker process, and one event loop on its own thread."""

from __future__ import annotations

import asyncio
import io
import threading
from collections.abc import Coroutine
from concurrent.futures import Future
from contextlib import aclosing
from typing import Any, TypeVar

from stt_engine import STTEngine
from stt_slot import Fallback
from stt_supervisor import ProcessRunner
from stt_types import AudioSource, Event, TranscribeOptions, Transcript

T = TypeVar("T")

SOON = 60.0
"""Seconds after which an answer counts as missing."""


class Service:
    """An engine that was started; its coroutines run on the loop of a thread of its own.

    One loop for all tests, as in a service: a worker lives as long as the thread it was
    started from.
    """

    def __init__(self, engine: STTEngine) -> None:
        self.engine = engine
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self.run(self._start())

    def begin(self, work: Coroutine[Any, Any, T]) -> Future[T]:
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    def run(self, work: Coroutine[Any, Any, T], seconds: float = SOON) -> T:
        return self.begin(work).result(seconds)

    def events(self, recording: bytes, fallback: Fallback = "error", **options: Any) -> list[Event]:
        return self.run(collect(self.engine, recording, fallback, **options))

    def transcript(
        self, recording: bytes, fallback: Fallback = "error", **options: Any
    ) -> Transcript:
        return last_of(self.events(recording, fallback, **options))

    @property
    def runner(self) -> ProcessRunner:
        runner = self.engine._slot.status.runner
        assert isinstance(runner, ProcessRunner)
        return runner

    def close(self) -> None:
        self.run(self.engine.stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(SOON)
        self._loop.run_until_complete(self._loop.shutdown_default_executor())
        self._loop.close()

    async def _start(self) -> None:
        await self.engine.start()
        assert self.engine._loader is not None
        await self.engine._loader


async def collect(
    engine: STTEngine, recording: bytes, fallback: Fallback = "error", **options: Any
) -> list[Event]:
    """Every event of one request."""
    source = AudioSource(io.BytesIO(recording), "call.wav")
    stream = engine.stream(source, TranscribeOptions(**options), fallback=fallback)
    async with aclosing(stream) as events:
        return [event async for event in events]


def last_of(events: list[Event]) -> Transcript:
    last = events[-1]
    assert isinstance(last, Transcript)
    return last
