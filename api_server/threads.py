"""Blocking calls beside the event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

from anyio.to_thread import run_sync

Result = TypeVar("Result")


async def in_thread(
    work: Callable[[], Result], discard: Callable[[Result], object] | None = None
) -> Result:
    """Run `work` in a thread, and outlast it even when cancelled: what it uses is about to be
    closed. A result that nobody is left to take goes to `discard`.

    anyio's own shield holds against its cancel scopes, not against `Task.cancel`.
    """
    running = asyncio.ensure_future(run_sync(work))
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        await asyncio.wait({running})
        if not running.cancelled() and running.exception() is None and discard is not None:
            discard(running.result())
        raise
