"""The list: which transcripts, in which order, with what is known of each at this moment."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, func, or_, select

from web_ui.records import Transcript
from web_ui.search.query import search
from web_ui.store.tables import TRANSCRIPTS
from web_ui.store.transcripts import by_keys
from web_ui.views import Filters, Hit, ListItem, ListPage

PER_PAGE = 20
MOST_PER_PAGE = 100


def list_transcripts(
    connection: Connection, filters: Filters, page: int, per_page: int, now: datetime
) -> ListPage:
    """One page, newest first."""
    found = search(connection, filters, page, per_page)
    hits = {each.key: each for each in found.found}
    rows = by_keys(connection, list(hits))
    items = tuple(
        item_of(connection, row, now, hits[row.key].hits, hits[row.key].hit_count) for row in rows
    )
    return ListPage(items, found.total, page, per_page, found.split_search)


def item_of(
    connection: Connection,
    transcript: Transcript,
    now: datetime,
    hits: tuple[Hit, ...] = (),
    hit_count: int = 0,
) -> ListItem:
    return ListItem(
        transcript,
        seconds_left=transcript.seconds_left(now),
        ahead=_ahead(connection, transcript, now),
        hits=hits,
        hit_count=hit_count,
    )


def _ahead(connection: Connection, transcript: Transcript, now: datetime) -> int | None:
    """How many will be taken before a queued one."""
    if transcript.state != "queued":
        return None
    table = TRANSCRIPTS.c
    count = select(func.count()).where(
        table.state == "queued",
        or_(table.retry_at.is_(None), table.retry_at <= now),
        table.created_at < transcript.created_at,
    )
    return int(connection.execute(count).scalar_one())
