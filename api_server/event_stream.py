"""Server-sent events from the events of the work on a recording.

A silent connection is closed by proxies, so a comment is sent where nothing else was. An
error after the first byte can no longer be a status: it becomes an event.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from typing import TypeAlias

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from api_server.errors import error_body
from api_server.logs import report
from api_server.record import RequestRecord, record_of
from api_server.rendering import frame
from api_server.transcript_work import WorkEvent
from serving.errors import ClientGone

BEAT_SECONDS = 15.0
# A client that reads nothing for this long is as good as gone; its work is cancelled.
SEND_SECONDS = 60.0
BEAT = b": still working\n\n"

Beating: TypeAlias = AsyncGenerator[WorkEvent | None, None]


async def beating(
    events: AsyncGenerator[WorkEvent, None], seconds: float = BEAT_SECONDS
) -> Beating:
    """The engine's events, and None where none came for `seconds`.

    Closing it, or cancelling whoever waits for it, closes `events`. One event is fetched
    ahead, no more: a slow reader slows the work.
    """
    fetched: asyncio.Queue[WorkEvent | Exception | None] = asyncio.Queue(1)
    fetching = asyncio.ensure_future(_fetch(events, fetched))
    try:
        while True:
            try:
                async with asyncio.timeout(seconds):
                    item = await fetched.get()
            except TimeoutError:
                yield None
                continue
            if item is None:
                return
            if isinstance(item, Exception):
                raise item
            yield item
    finally:
        fetching.cancel()
        await asyncio.wait({fetching})


async def _fetch(
    events: AsyncGenerator[WorkEvent, None], fetched: asyncio.Queue[WorkEvent | Exception | None]
) -> None:
    """All of `events` is run by this one task, since a timeout or a lock inside belongs to one."""
    try:
        async with aclosing(events):
            async for event in events:
                await fetched.put(event)
    except Exception as error:
        await fetched.put(error)
    else:
        await fetched.put(None)


async def peeked(events: Beating) -> tuple[WorkEvent | None, Beating]:
    """Wait for the first event, so that an error before it can still be a status; but no
    longer than a beat, since a client must hear something."""
    try:
        return await anext(events), events
    except BaseException:
        await events.aclose()
        raise


class EventStreamResponse(Response):
    """Sends each event as soon as it is there, then closes the engine's stream."""

    media_type = "text/event-stream"

    def __init__(
        self,
        first: WorkEvent | None,
        rest: Beating,
        to_frame: Callable[[WorkEvent], Awaitable[bytes]],
        patience: float = SEND_SECONDS,
    ) -> None:
        super().__init__(headers={"X-Accel-Buffering": "no"})
        del self.headers["content-length"]
        self._first = first
        self._rest = rest
        self._to_frame = to_frame
        self._patience = patience

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        start = {"type": "http.response.start", "status": 200, "headers": self.raw_headers}
        await send(start)
        try:
            async with aclosing(self._frames(record_of(scope))) as frames:
                async for chunk in frames:
                    await self._send(send, chunk, more=True)
            await self._send(send, b"", more=False)
        finally:
            await self._rest.aclose()

    async def _frames(self, record: RequestRecord) -> AsyncGenerator[bytes, None]:
        try:
            yield await self._frame(self._first)
            async for event in self._rest:
                yield await self._frame(event)
        except asyncio.CancelledError:
            if record.ended is None:
                raise
            yield _error_frame(record.ended, record)
        except Exception as error:
            yield _error_frame(error, record)

    async def _frame(self, event: WorkEvent | None) -> bytes:
        return BEAT if event is None else await self._to_frame(event)

    async def _send(self, send: Send, chunk: bytes, *, more: bool) -> None:
        try:
            async with asyncio.timeout(self._patience):
                await send({"type": "http.response.body", "body": chunk, "more_body": more})
        except TimeoutError:
            raise ClientGone("the client stopped reading") from None


def _error_frame(error: BaseException, record: RequestRecord) -> bytes:
    body = error_body(report(error, record), record.request_id)
    return frame("error", json.dumps(body, ensure_ascii=False))
