"""A connection whose requests must begin in earnest: their heads are bounded in size and in time.

Uvicorn's own protocol keeps whatever a client sends before its headers end, for as long as it
likes. Everything else is uvicorn's, keep-alive included.
"""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

# A client that is refused may still be sending: closing at once would reset the connection, and
# the answer would be lost on its way.
LINGER_SECONDS = 2.0
TOO_LARGE = HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE


class HeadGuard(HttpToolsProtocol):
    """Refuses a head of more than `max_head_bytes` (address, names and values) with 431, and
    closes a connection that has not sent one whole within `head_seconds`."""

    max_head_bytes = 64 * 1024
    head_seconds = 20.0

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._patience: asyncio.TimerHandle | None = None
        self._withheld = 0
        self._given_out = False
        self._refused = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._be_patient()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._refused:
            return
        if self._patience is None and not self._answering():
            self._be_patient()
        self._given_out = False
        super().data_received(data)
        # What the parser does not pass on, it keeps: a head, or a chunked body's trailers.
        self._withheld = 0 if self._given_out else self._withheld + len(data)
        if self._withheld > self.max_head_bytes:
            self._refuse()

    def on_headers_complete(self) -> None:
        self._given_out = True
        size = len(self.url) + sum(len(name) + len(value) for name, value in self.headers)
        if size > self.max_head_bytes:
            self._refuse()
        if not self._refused:
            self._stop_waiting()
            super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._given_out = True
        if not self._refused:
            super().on_body(body)

    def on_message_complete(self) -> None:
        self._given_out = True
        if not self._refused:
            super().on_message_complete()

    def send_400_response(self, msg: str) -> None:
        if not self._refused:
            super().send_400_response(msg)

    def _answering(self) -> bool:
        # Uvicorn has None in it before the first request.
        return not getattr(self.cycle, "response_complete", True)

    def _be_patient(self) -> None:
        self._patience = self.loop.call_later(self.head_seconds, self.transport.close)

    def _stop_waiting(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None

    def _refuse(self) -> None:
        if self._refused or self.transport.is_closing():
            return
        self._refused = True
        self._stop_waiting()
        if self._answering():  # an answer of our own would stand in the middle of that one
            self.transport.close()
            return
        self.logger.warning("A request's head is longer than %d bytes.", self.max_head_bytes)
        reason = TOO_LARGE.phrase.encode()
        head = b"content-type: text/plain\r\ncontent-length: %d\r\nconnection: close\r\n\r\n"
        self.transport.write(STATUS_LINE[TOO_LARGE] + head % len(reason) + reason)
        self.transport.write_eof()
        self._patience = self.loop.call_later(LINGER_SECONDS, self.transport.close)
