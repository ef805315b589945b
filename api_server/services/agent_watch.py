"""Looks after the configured server, so that what is known of it does not go stale."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from api_server.services.agent_servers import Server

log = logging.getLogger("api.agent")


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds. eager: between probes of a server that is away. idle: between probes of one
    that is there, and since its last answer. limit: how long a probe may take.

    A server that comes back is found within `eager` + `limit`, one that goes away within
    `idle` + `limit`.
    """

    eager: float = 5.0
    idle: float = 27.0
    limit: float = 3.0


class Watch:
    """Probes until it is cancelled.

    probe: asks the server whether it is there, and lets `server` know.
    """

    def __init__(self, server: Server, probe: Callable[[], Awaitable[None]], pace: Pace) -> None:
        self._server = server
        self._probe = probe
        self._pace = pace
        self._heard = asyncio.Event()
        self._heard_at = 0.0

    def heard(self) -> None:
        """A question was answered or failed: the next probe can wait, or must not."""
        self._heard_at = asyncio.get_running_loop().time()
        self._heard.set()

    async def run(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            probed_at = loop.time()
            try:
                await self._probe()
            except Exception as error:  # a watch that ends would leave a circuit open for ever
                log.error("[AGENT] unexpected %s in a probe", type(error).__name__)
            while (pause := self._due(probed_at) - loop.time()) > 0:
                self._heard.clear()
                await self._wait(pause)

    def _due(self, probed_at: float) -> float:
        if self._server.available:
            return max(probed_at, self._heard_at) + self._pace.idle
        return probed_at + self._pace.eager

    async def _wait(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._heard.wait()
        except TimeoutError:
            return
