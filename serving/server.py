"""Uvicorn, with an end in good order: readiness falls first, the socket closes last."""

from __future__ import annotations

import time
from types import FrameType

import uvicorn
from starlette.types import ASGIApp

from serving.drain import Drain
from serving.head_guard import HeadGuard
from serving.settings import ServiceSettings

# Longer than the minute for which proxies and client pools keep a connection, so that it is
# never this side that closes one just as it is used again.
KEEP_ALIVE_SECONDS = 75
# What connections get to close once no work is left.
CLOSE_SECONDS = 3


class DrainingServer(uvicorn.Server):
    """Serves on after a signal, until the drain is over."""

    def __init__(self, config: uvicorn.Config, drain: Drain) -> None:
        super().__init__(config)
        self._drain = drain

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self._drain.begin()

    async def on_tick(self, counter: int) -> bool:
        return await super().on_tick(counter) or self._drain.over(time.monotonic())


def serve(app: ASGIApp, settings: ServiceSettings, drain: Drain) -> None:
    """Serve until a signal; returns when the process may end."""
    config = uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        http=HeadGuard,
        ws="none",
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=CLOSE_SECONDS,
    )
    DrainingServer(config, drain).run()
