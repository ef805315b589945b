"""Whose chunk is next: the requests take turns.

Sans-IO and not thread-safe; its owner holds the lock. A request that is served goes to the
back of the line, so a clip of one chunk waits for at most one chunk of every other request,
however long their recordings are.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from typing import Generic, TypeVar

T = TypeVar("T")


class FairQueue(Generic[T]):
    """Items in order within a request, requests in turn."""

    def __init__(self) -> None:
        self._lines: OrderedDict[int, deque[T]] = OrderedDict()

    def __len__(self) -> int:
        return sum(len(line) for line in self._lines.values())

    def add(self, request: int, item: T) -> None:
        """Appends an item to its request's line; a new request joins at the back."""
        self._lines.setdefault(request, deque()).append(item)

    def put_back(self, request: int, item: T) -> None:
        """Returns an item that was taken and not served: it is the very next."""
        self._lines.setdefault(request, deque()).appendleft(item)
        self._lines.move_to_end(request, last=False)

    def take(self) -> tuple[int, T] | None:
        """The next item and its request, or None when nothing waits."""
        for request, line in self._lines.items():
            item = line.popleft()
            del self._lines[request]
            if line:
                self._lines[request] = line
            return request, item
        return None

    def drop(self, request: int) -> list[T]:
        """Forgets a request; returns what it still had waiting."""
        return list(self._lines.pop(request, ()))

    def drop_all(self) -> list[T]:
        """Forgets everything; returns what was waiting."""
        items = [item for line in self._lines.values() for item in line]
        self._lines.clear()
        return items
