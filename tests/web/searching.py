"""Transcripts to be searched, in a database that the service's own migrations made."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, create_engine, insert

from web_ui.records import Segment
from web_ui.search.index import index_transcript
from web_ui.search.query import SearchResult, search
from web_ui.store.database import Database, sqlite_url
from web_ui.store.tables import SEGMENTS, TRANSCRIPTS
from web_ui.views import Filters

NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)


@contextmanager
def opened(directory: Path) -> Iterator[Connection]:
    """One transaction on a fresh database."""
    asyncio.run(_migrate(directory))
    engine = create_engine(sqlite_url(directory))
    try:
        with engine.begin() as connection:
            yield connection
    finally:
        engine.dispose()


async def _migrate(directory: Path) -> None:
    database = Database(sqlite_url(directory))
    await database.open()
    await database.close()


def put(connection: Connection, *said: str, title: str = "", **columns: Any) -> int:
    """A transcript of these segments, ten seconds each. The n-th was made on the n-th day."""
    return put_segments(connection, spoken(*said), title, **columns)


def spoken(*said: str) -> list[Segment]:
    return [
        Segment(number, 10.0 * number, 10.0 * number + 9, text) for number, text in enumerate(said)
    ]


def put_segments(
    connection: Connection, segments: Sequence[Segment], title: str = "", **columns: Any
) -> int:
    row: dict[str, Any] = {
        "title": title,
        "file_name": title,
        "file_bytes": 1,
        "state": "done",
        "options": {},
        "created_at": NEW_YEAR,
        "updated_at": NEW_YEAR,
        **columns,
    }
    count = connection.exec_driver_sql("SELECT count(*) FROM transcripts").scalar_one()
    row.setdefault("id", f"t{count}")
    if "created_at" not in columns:
        row["created_at"] = NEW_YEAR + timedelta(days=count)
    key = connection.execute(insert(TRANSCRIPTS).values(row)).inserted_primary_key
    assert key is not None
    store_segments(connection, key[0], segments)
    index_transcript(connection, key[0], title, segments)
    return int(key[0])


def store_segments(connection: Connection, key: int, segments: Sequence[Segment]) -> None:
    rows = [
        {
            "transcript_key": key,
            "number": segment.number,
            "start": segment.start,
            "end": segment.end,
            "text": segment.text,
            "avg_logprob": 0.0,
            "no_speech_prob": 0.0,
        }
        for segment in segments
    ]
    if rows:
        connection.execute(insert(SEGMENTS), rows)


def asked(connection: Connection, q: str, page: int = 1, per_page: int = 20) -> SearchResult:
    return search(connection, Filters(q), page, per_page)


def keys(connection: Connection, q: str) -> list[int]:
    """Those that are found, newest first."""
    return [each.key for each in asked(connection, q, per_page=1000).found]
