"""Blocking work off the event loop, never abandoned half way."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


async def in_thread(
    executor: Executor, call: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs
) -> T:
    """Runs `call` on the executor. When cancelled, it still waits for the call to end: what
    the call uses (an open file) is closed by whoever cancels, right afterwards."""
    future = asyncio.get_running_loop().run_in_executor(executor, lambda: call(*args, **kwargs))
    try:
        return await asyncio.shield(future)
    except asyncio.CancelledError:
        await asyncio.wait([future])
        raise
