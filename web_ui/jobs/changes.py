"""Tells whoever watches that a transcript has changed; what changed, the database knows."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager


class Watch:
    """One watcher: the ids that changed since it last looked, each once, however often."""

    def __init__(self) -> None:
        self._changed: dict[str, None] = {}
        self._news = asyncio.Event()

    def note(self, id: str) -> None:
        self._changed[id] = None
        self._news.set()

    async def changed(self, seconds: float) -> list[str]:
        """What changed; empty where nothing did for `seconds`."""
        try:
            async with asyncio.timeout(seconds):
                await self._news.wait()
        except TimeoutError:
            return []
        self._news.clear()
        changed, self._changed = list(self._changed), {}
        return changed


class Changes:
    """Everybody who watches."""

    def __init__(self) -> None:
        self._all: set[Watch] = set()
        self._of: dict[str, set[Watch]] = {}

    def publish(self, id: str) -> None:
        """A transcript changed, or is gone."""
        for watch in (*self._all, *self._of.get(id, ())):
            watch.note(id)

    @contextmanager
    def watching(self, id: str | None = None) -> Iterator[Watch]:
        """Watch one transcript, or all of them."""
        watch = Watch()
        watchers = self._all if id is None else self._of.setdefault(id, set())
        watchers.add(watch)
        try:
            yield watch
        finally:
            watchers.discard(watch)
            if id is not None and not watchers:
                self._of.pop(id, None)
