"""Between a client and the work done for it: when either ends, so does the other.

A client that hangs up cancels its request, wherever that is waiting; so does a drain past
its limit. A request answered before its body was read gets its answer through: closing a
socket with unread bytes resets it, and the client would lose the answer on its way.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from contextlib import suppress
from typing import Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serving.drain import Drain
from serving.errors import ClientGone, Draining, ServiceError
from serving.open_routes import is_open
from serving.record import record_of

# How long a client may go on sending a body nobody wants, after it was answered.
LINGER_SECONDS = 2.0


class Lifeline:
    """Middleware: cancels a request whose client is gone or whose time is up."""

    def __init__(self, app: ASGIApp, drain: Drain) -> None:
        self.app = app
        self.drain = drain

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or is_open(scope["path"]):
            await self.app(scope, receive, send)
            return
        line = _Line(scope, receive, send)
        work = asyncio.ensure_future(self.app(scope, line.receive, line.send))
        reason = await _first_end(work, line.hung_up(), self.drain.expired.wait())
        record_of(scope).ended = reason
        await _finish(work, cancel=reason is not None)
        await line.hang_up()


async def _first_end(
    work: asyncio.Future[None], gone: Awaitable[None], expired: Awaitable[object]
) -> ServiceError | None:
    """Wait for the work, or for a reason to end it, which is returned."""
    hangup: asyncio.Future[Any] = asyncio.ensure_future(gone)
    expiry: asyncio.Future[Any] = asyncio.ensure_future(expired)
    try:
        await asyncio.wait((work, hangup, expiry), return_when=asyncio.FIRST_COMPLETED)
        if work.done():
            return None
        return ClientGone("the client hung up") if hangup.done() else _told()
    except asyncio.CancelledError:
        await _finish(work, cancel=True)
        raise
    finally:
        hangup.cancel()
        expiry.cancel()


def _told() -> Draining:
    return Draining("the service is shutting down and could not wait for this request")


async def _finish(work: asyncio.Future[None], *, cancel: bool) -> None:
    if cancel:
        work.cancel()
        await asyncio.wait({work})
    if not work.cancelled():
        work.result()


class _Line:
    """One request's two directions, and how far each has come."""

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope)
        self._receive = receive
        self._send = send
        self._closing = False
        self._answered = False
        self._body_read = asyncio.Event()
        self._first: Message | None = None
        if "transfer-encoding" not in headers and headers.get("content-length", "0") == "0":
            self._first = {"type": "http.request", "body": b"", "more_body": False}
            self._body_read.set()

    async def receive(self) -> Message:
        """Give the application the body; once it is read, only `hung_up` listens."""
        if self._first is not None:
            message, self._first = self._first, None
            return message
        if self._body_read.is_set():
            return await asyncio.get_running_loop().create_future()  # type: ignore[no-any-return]
        message = await self._receive()
        if not message.get("more_body", False):
            self._body_read.set()
        return message

    async def send(self, message: Message) -> None:
        """Pass the answer on, but for the end of one given before the body was read."""
        if message["type"] == "http.response.start" and not self._body_read.is_set():
            self._closing = True
            MutableHeaders(scope=message)["Connection"] = "close"
        elif message["type"] == "http.response.body" and not message.get("more_body", False):
            self._answered = True
            message = {**message, "more_body": self._closing}
        await self._send(message)

    async def hung_up(self) -> None:
        """Return when the client is gone before it has its answer."""
        await self._body_read.wait()
        while (await self._receive())["type"] != "http.disconnect":
            pass
        if self._answered:
            await asyncio.get_running_loop().create_future()

    async def hang_up(self) -> None:
        """End an answer that came before the body: read on for a moment, then close."""
        if not (self._closing and self._answered):
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(LINGER_SECONDS):
                while not self._body_read.is_set():
                    await self.receive()
        await self._send({"type": "http.response.body", "body": b"", "more_body": False})
