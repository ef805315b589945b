"""An event loop with a clock of its own: where nothing can happen before a timer, it is due."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any, TypeVar

Result = TypeVar("Result")
# What threads get to report before the clock goes on.
THREADS_SECONDS = 0.02


class WarpedLoop(asyncio.SelectorEventLoop):
    """Sleeps and time limits of minutes pass at once, in their order."""

    def __init__(self) -> None:
        self.skipped = 0.0
        super().__init__(_Skipping(self))

    def time(self) -> float:
        return super().time() + self.skipped


class _Skipping(selectors.DefaultSelector):
    def __init__(self, loop: WarpedLoop) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            return super().select(None)
        events = super().select(min(timeout, THREADS_SECONDS))
        if not events and timeout > 0:
            self._loop.skipped += timeout
        return events


def run_warped(main: Coroutine[Any, Any, Result]) -> tuple[Result, float]:
    """What `main` returns, and the seconds it would have taken."""
    with asyncio.Runner(loop_factory=WarpedLoop) as runner:
        result = runner.run(main)
        loop = runner.get_loop()
        assert isinstance(loop, WarpedLoop)
        return result, loop.skipped
