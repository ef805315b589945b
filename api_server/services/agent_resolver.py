"""Names to addresses, off the event loop, in threads that hold nothing up."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeAlias

Lookup: TypeAlias = Callable[[str, int], list[str]]
"""Host and port to addresses; blocks, and raises OSError."""


def system_lookup(host: str, port: int) -> list[str]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


class Resolver:
    """One look-up a host at a time, however many ask for it.

    A name server that does not answer holds a thread for half a minute. The loop's own
    threads are few, and waited for at the end; these are neither.
    """

    def __init__(self, lookup: Lookup = system_lookup) -> None:
        self._lookup = lookup
        self._running: dict[tuple[str, int], Future[list[str]]] = {}

    async def resolve(self, host: str, port: int) -> list[str]:
        """Raises OSError. Cancelled, it leaves the look-up to others who wait for it."""
        key = (host, port)
        future = self._running.get(key)
        if future is None or future.done():
            future = self._running[key] = Future()
            future.set_running_or_notify_cancel()  # from here on nobody can cancel it
            thread = threading.Thread(target=self._work, args=(key, future), daemon=True)
            thread.start()
        return await asyncio.wrap_future(future)

    def _work(self, key: tuple[str, int], future: Future[list[str]]) -> None:
        try:
            future.set_result(self._lookup(*key))
        except Exception as error:  # whatever it is, somebody waits for it
            future.set_exception(error)
        finally:
            if self._running.get(key) is future:
                del self._running[key]
