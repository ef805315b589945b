"""The two ways to drive a recognition: wait in this thread, or on the event loop."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Generator
from concurrent.futures import Executor
from typing import Any

from stt_reader import ChunkReader
from stt_recognition import Demand, Emit, Recognition, Step
from stt_threads import in_thread
from stt_types import Event, Transcript

log = logging.getLogger("stt")


def drive(work: Recognition, reader: ChunkReader) -> Transcript:
    """Runs a recognition to its end, waiting for whatever it waits for."""
    demands = work.run()
    answer: Any = None
    while (demand := _next(demands, answer)) is not None:
        answer = None
        if isinstance(demand, Step):
            answer = reader.step()
        elif not isinstance(demand, Emit):
            answer = demand.future.result()
        elif isinstance(demand.event, Transcript):
            return _told(demand.event)
    raise AssertionError("a recognition ends with its transcript")


async def drive_async(
    work: Recognition, reader: ChunkReader, readers: Executor
) -> AsyncGenerator[Event, None]:
    """Yields the events of a recognition; reading runs on `readers`."""
    demands = work.run()
    answer: Any = None
    while (demand := _next(demands, answer)) is not None:
        answer = None
        if isinstance(demand, Step):
            answer = await in_thread(reader.step, readers)
        elif not isinstance(demand, Emit):
            answer = await asyncio.wrap_future(demand.future)
        else:
            event = demand.event
            yield _told(event) if isinstance(event, Transcript) else event


def _next(demands: Generator[Demand, Any, None], answer: Any) -> Demand | None:
    try:
        return demands.send(answer)
    except StopIteration:
        return None


def _told(transcript: Transcript) -> Transcript:
    log.info("[STT] Transcription: %.2fs", transcript.timings.total)
    return transcript
