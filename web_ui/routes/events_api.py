"""Server-sent events: a transcript as it grows, and the list as it changes."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from datetime import UTC, datetime
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import StreamingResponse
from sqlalchemy import Connection, select

from serving.errors import InvalidOption, ServiceError
from web_ui.errors import TranscriptMissing
from web_ui.jobs.changes import Watch
from web_ui.listing import item_of
from web_ui.records import ENDED, Passage, Segment
from web_ui.routes.representation import item_json, passage_json, segment_json
from web_ui.services import Service, Services
from web_ui.store import transcripts
from web_ui.store.tables import PASSAGES
from web_ui.views import ListItem

router = APIRouter(prefix="/api")

# A proxy closes what says nothing; and whether the service goes down is looked at this often.
BEAT_SECONDS = 15
LOOK_SECONDS = 1.0
# Whoever listens comes back by itself, and is asked again who they are.
LONGEST_SECONDS = 600.0
# Segments that are read at a time, where a long transcript is caught up with.
BATCH = 500
HEADERS = {"X-Accel-Buffering": "no", "Cache-Control": "no-store"}
BEAT = b": still here\n\n"


@router.get("/events")
async def list_events(service: Service) -> Response:
    """`transcript` for one that changed, `deleted` for one that is gone."""
    return _streamed(_list_events(service))


@router.get("/transcripts/{id}/events")
async def transcript_events(id: str, request: Request, service: Service) -> Response:
    """`state`, `segment` and `passage` as they come, then `end`."""
    await service.library.get(id)
    return _streamed(_transcript_events(id, _after(request), service))


def _after(request: Request) -> int:
    given = request.headers.get("last-event-id") or request.query_params.get("after") or "-1"
    try:
        return max(-1, int(given))
    except ValueError:
        raise InvalidOption("after: the number of a segment") from None


def _streamed(events: AsyncGenerator[bytes, None]) -> StreamingResponse:
    return StreamingResponse(_closing(events), media_type="text/event-stream", headers=HEADERS)


async def _closing(events: AsyncGenerator[bytes, None]) -> AsyncIterator[bytes]:
    """A database that cannot be read ends the stream; whoever listens comes back."""
    async with aclosing(events):
        try:
            async for event in events:
                yield event
        except ServiceError:
            return


async def _list_events(service: Services) -> AsyncGenerator[bytes, None]:
    with service.library.changes.watching() as watch:
        yield BEAT
        async for changed in _news(watch, service):
            if not changed:
                yield BEAT
            for id in changed:
                yield await _line(id, service)


async def _line(id: str, service: Services) -> bytes:
    try:
        item = await service.database.read(_item, id)
    except TranscriptMissing:
        return frame("deleted", {"id": id})
    return frame("transcript", item_json(await service.library.with_upload(item)))


def _item(connection: Connection, id: str) -> ListItem:
    return item_of(connection, transcripts.get(connection, id), datetime.now(UTC))


async def _transcript_events(id: str, after: int, service: Services) -> AsyncGenerator[bytes, None]:
    seen = _Seen(after)
    with service.library.changes.watching(id) as watch:
        while True:
            try:
                item, segments, passages = await service.database.read(seen.read, id)
            except TranscriptMissing:
                yield frame("deleted", {"id": id})
                return
            for segment in segments:
                yield frame("segment", segment_json(segment), segment.number)
            for passage in passages:
                yield frame("passage", passage_json(passage))
            if len(segments) == BATCH:
                continue
            if seen.is_new(item):
                yield frame("state", item_json(await service.library.with_upload(item)))
            if item.transcript.state in ENDED:
                yield frame("end", {"id": id, "state": item.transcript.state})
                return
            async for changed in _news(watch, service):
                if changed:
                    break
                yield BEAT
            else:
                return


class _Seen:
    """What a listener has been told."""

    def __init__(self, after: int) -> None:
        self._segment = after
        self._passage = 0
        self._revision = -1

    def read(
        self, connection: Connection, id: str
    ) -> tuple[ListItem, list[Segment], list[Passage]]:
        """What is new. Only one read runs at a time."""
        item = _item(connection, id)
        key = item.transcript.key
        segments = transcripts.next_segments(connection, key, self._segment, BATCH)
        chosen = select(PASSAGES).where(
            PASSAGES.c.transcript_key == key, PASSAGES.c.key > self._passage
        )
        rows = list(connection.execute(chosen.order_by(PASSAGES.c.key)).mappings())
        if segments:
            self._segment = segments[-1].number
        if rows:
            self._passage = rows[-1]["key"]
        return item, segments, [transcripts.passage_of(row) for row in rows]

    def is_new(self, item: ListItem) -> bool:
        known, self._revision = self._revision, item.transcript.revision
        return known != self._revision


async def _news(watch: Watch, service: Services) -> AsyncIterator[list[str]]:
    """What changed; an empty list at each beat; the end when the service goes down."""
    quiet, began = 0.0, time.monotonic()
    while not service.drain.requested and time.monotonic() - began < LONGEST_SECONDS:
        changed = await watch.changed(LOOK_SECONDS)
        quiet = 0.0 if changed else quiet + LOOK_SECONDS
        if changed or quiet >= BEAT_SECONDS:
            quiet = 0.0
            yield changed


def frame(event: str, data: dict[str, Any], id: int | None = None) -> bytes:
    """One event; JSON has no line breaks of its own."""
    numbered = "" if id is None else f"id: {id}\n"
    return f"event: {event}\n{numbered}data: {json.dumps(data, ensure_ascii=False)}\n\n".encode()
