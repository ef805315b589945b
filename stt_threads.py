"""Blocking work off the event loop, never abandoned half way."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor
from typing import TypeVar

Result = TypeVar("Result")


async def in_thread(
    work: Callable[[], Result],
    executor: Executor | None = None,
    discard: Callable[[Result], object] | None = None,
) -> Result:
    """Runs `work` in a thread (of `executor`, or the loop's own) and outlasts it even when
    cancelled: what it uses is about to be closed. A result that nobody is left to take goes
    to `discard`."""
    running = asyncio.get_running_loop().run_in_executor(executor, work)
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        await asyncio.wait({running})
        if not running.cancelled() and running.exception() is None and discard is not None:
            discard(running.result())
        raise
