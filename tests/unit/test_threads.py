"""Blocking calls that outlast a cancellation."""

from __future__ import annotations

import asyncio
import threading

import pytest

from stt_threads import in_thread

pytestmark = pytest.mark.anyio


async def test_cancelled_caller_waits_for_the_thread() -> None:
    """What a thread uses is not pulled from under it; its result is discarded."""
    begun, go = threading.Event(), threading.Event()
    discarded: list[str] = []

    def work() -> str:
        begun.set()
        go.wait(5)
        return "result"

    caller = asyncio.ensure_future(in_thread(work, discard=discarded.append))
    await asyncio.to_thread(begun.wait, 5)
    caller.cancel()
    await asyncio.sleep(0.02)
    assert not caller.done()
    go.set()
    with pytest.raises(asyncio.CancelledError):
        await caller
    assert discarded == ["result"]


async def test_error_of_the_thread_is_the_callers() -> None:
    """An error comes through as it is."""
    with pytest.raises(OSError, match="full"):
        await in_thread(_fail)


def _fail() -> None:
    raise OSError("full")
