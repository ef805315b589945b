"""Going down in good order: no new work, what runs finishes or is told why.

Sans-IO: the server asks at every tick with its clock; nothing here sleeps.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

# After the limit, what runs is told why and gets this long to say so to its client.
LAST_WORDS_SECONDS = 3.0


class Drain:
    """Counts what runs, refuses what is new, and ends what lasts longer than the limit."""

    def __init__(self, limit_seconds: float) -> None:
        self.requested = False
        self.expired = asyncio.Event()
        self.limit_seconds = limit_seconds
        self._running = 0
        self._deadline: float | None = None

    def begin(self) -> None:
        """Refuse new work from now on; asked again, wait for nothing. Safe in a signal handler."""
        if self.requested:
            self._deadline = 0.0
        self.requested = True

    @contextmanager
    def working(self) -> Iterator[None]:
        """Count a request as running work."""
        self._running += 1
        try:
            yield
        finally:
            self._running -= 1

    def over(self, now: float) -> bool:
        """Whether the process may end; `now` is any steady clock, in seconds."""
        if not self.requested:
            return False
        if self._running == 0:
            return True
        if self._deadline is None:
            self._deadline = now + self.limit_seconds
        if now >= self._deadline:
            self.expired.set()
        return now >= self._deadline + LAST_WORDS_SECONDS
