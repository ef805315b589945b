"""Transcripts and their parts: made, read, renamed, deleted. Each function is one step of a
transaction, on whatever thread the database runs it."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, delete, func, insert, select, update

from web_ui.errors import TranscriptMissing
from web_ui.records import (
    Analysis,
    FullTranscript,
    Options,
    Override,
    Passage,
    Segment,
    Speaker,
    State,
    Transcript,
    Word,
)
from web_ui.search.index import drop_transcript, index_transcript
from web_ui.store.tables import (
    ANALYSES,
    OVERRIDES,
    PASSAGES,
    SEGMENTS,
    SPEAKERS,
    TRANSCRIPTS,
)

MAX_TITLE_CHARS = 200
_FIELDS = frozenset(Transcript.__dataclass_fields__)


def new_id() -> str:
    """Unguessable, and fit for an address and a file's name."""
    return secrets.token_hex(16)


def add(
    connection: Connection,
    *,
    id: str,
    title: str,
    file_name: str,
    file_bytes: int,
    state: State,
    options: Options,
    who: str,
    now: datetime,
) -> Transcript:
    """A new one: `uploading` until its recording is on disk, or `queued` at once."""
    connection.execute(
        insert(TRANSCRIPTS).values(
            id=id,
            title=title[:MAX_TITLE_CHARS],
            file_name=file_name[:MAX_TITLE_CHARS],
            file_bytes=file_bytes,
            state=state,
            phase="transcribe",
            options=options.as_json(),
            created_by=who or None,
            created_at=now,
            updated_at=now,
        )
    )
    transcript = get(connection, id)
    index_transcript(connection, transcript.key, transcript.title, ())
    return transcript


def get(connection: Connection, id: str) -> Transcript:
    """Raises `TranscriptMissing`."""
    row = connection.execute(select(TRANSCRIPTS).where(TRANSCRIPTS.c.id == id)).mappings().first()
    if row is None:
        raise TranscriptMissing("there is no such transcript")
    return transcript_of(row)


def by_keys(connection: Connection, keys: Sequence[int]) -> list[Transcript]:
    """Those that are still there, in the order asked for."""
    rows = connection.execute(select(TRANSCRIPTS).where(TRANSCRIPTS.c.key.in_(keys))).mappings()
    found = {row["key"]: transcript_of(row) for row in rows}
    return [found[key] for key in keys if key in found]


def get_full(connection: Connection, id: str) -> FullTranscript:
    """With all its parts. Raises `TranscriptMissing`."""
    transcript = get(connection, id)
    key = transcript.key
    return FullTranscript(
        transcript=transcript,
        segments=segments_of(connection, key),
        passages=passages_of(connection, key),
        speakers=speakers_of(connection, key),
        analyses={each.kind: each for each in analyses_of(connection, transcript)},
        overrides=overrides_of(connection, key),
    )


def segments_of(connection: Connection, key: int) -> tuple[Segment, ...]:
    """In the order of their starts."""
    table = SEGMENTS.c
    chosen = (
        select(SEGMENTS)
        .where(table.transcript_key == key)
        .order_by(table.start, func.coalesce(table.channel, 0), table.number)
    )
    return tuple(segment_of(row) for row in connection.execute(chosen).mappings())


def next_segments(connection: Connection, key: int, after: int, count: int) -> list[Segment]:
    """At most `count` of those numbered above `after`, in the order they came."""
    table = SEGMENTS.c
    chosen = select(SEGMENTS).where(table.transcript_key == key, table.number > after)
    rows = connection.execute(chosen.order_by(table.number).limit(count)).mappings()
    return [segment_of(row) for row in rows]


def passages_of(connection: Connection, key: int) -> tuple[Passage, ...]:
    table = PASSAGES.c
    chosen = select(PASSAGES).where(table.transcript_key == key).order_by(table.start, table.key)
    return tuple(passage_of(row) for row in connection.execute(chosen).mappings())


def speakers_of(connection: Connection, key: int) -> tuple[Speaker, ...]:
    table = SPEAKERS.c
    chosen = select(SPEAKERS).where(table.transcript_key == key).order_by(table.label)
    return tuple(_part(Speaker, row) for row in connection.execute(chosen).mappings())


def analyses_of(connection: Connection, transcript: Transcript) -> list[Analysis]:
    table = ANALYSES.c
    chosen = select(ANALYSES).where(table.transcript_key == transcript.key)
    return [
        Analysis(
            row["kind"],
            row["result"],
            row["error_reason"],
            row["created_at"],
            is_stale=row["text_revision"] < transcript.text_revision,
        )
        for row in connection.execute(chosen).mappings()
    ]


def overrides_of(connection: Connection, key: int) -> tuple[Override, ...]:
    """Newest first."""
    table = OVERRIDES.c
    chosen = select(OVERRIDES).where(table.transcript_key == key).order_by(table.key.desc())
    return tuple(_part(Override, row) for row in connection.execute(chosen).mappings())


def rename(connection: Connection, id: str, title: str, now: datetime) -> Transcript:
    transcript = get(connection, id)
    touch(connection, transcript.key, now, title=title[:MAX_TITLE_CHARS])
    reindex(connection, transcript.key)
    return get(connection, id)


def remove(connection: Connection, id: str) -> Transcript:
    """All of it, and every trace in the search index. Raises `TranscriptMissing`."""
    transcript = get(connection, id)
    drop_transcript(connection, transcript.key)
    # Its parts go with it: every one of them names it with ON DELETE CASCADE.
    connection.execute(delete(TRANSCRIPTS).where(TRANSCRIPTS.c.key == transcript.key))
    return transcript


def touch(connection: Connection, key: int, now: datetime, **changes: Any) -> None:
    """Change a transcript's line, so that whoever watches it sees a new revision."""
    connection.execute(
        update(TRANSCRIPTS)
        .where(TRANSCRIPTS.c.key == key)
        .values(updated_at=now, revision=TRANSCRIPTS.c.revision + 1, **changes)
    )


def reindex(connection: Connection, key: int) -> None:
    """Make search find what the transcript says now."""
    title = connection.execute(
        select(TRANSCRIPTS.c.title).where(TRANSCRIPTS.c.key == key)
    ).scalar_one()
    index_transcript(connection, key, title, _said(connection, key))


def _said(connection: Connection, key: int) -> list[Segment]:
    """The segments without their words, which nobody searches: hours of speech have many."""
    table = SEGMENTS.c
    chosen = (
        select(table.number, table.start, table.end, table.text, table.channel)
        .where(table.transcript_key == key)
        .order_by(table.start, func.coalesce(table.channel, 0), table.number)
    )
    return [Segment(*row) for row in connection.execute(chosen)]


def languages(connection: Connection) -> tuple[str, ...]:
    """Those that occur."""
    column = TRANSCRIPTS.c.language
    chosen = select(column).where(column.is_not(None)).distinct().order_by(column)
    return tuple(connection.execute(chosen).scalars())


def count_by_state(connection: Connection) -> dict[str, int]:
    state = TRANSCRIPTS.c.state
    rows = connection.execute(select(state, func.count()).group_by(state))
    return {each: int(count) for each, count in rows}


def uploading(connection: Connection) -> list[str]:
    """Those whose recording has not come whole."""
    chosen = select(TRANSCRIPTS.c.id).where(TRANSCRIPTS.c.state == "uploading")
    return list(connection.execute(chosen).scalars())


def ids(connection: Connection) -> set[str]:
    """Of all there are."""
    return set(connection.execute(select(TRANSCRIPTS.c.id)).scalars())


def transcript_of(row: RowMapping) -> Transcript:
    fields = {name: value for name, value in row.items() if name in _FIELDS}
    fields["options"] = Options(**fields["options"])
    fields["warnings"] = tuple(fields["warnings"])
    return Transcript(**fields)


def segment_of(row: RowMapping) -> Segment:
    segment: Segment = _part(Segment, row)
    return replace(segment, words=tuple(Word(*word) for word in row["words"] or ()))


def passage_of(row: RowMapping) -> Passage:
    passage: Passage = _part(Passage, row)
    return passage


def words_as_json(words: Iterable[Word]) -> list[tuple[float, float, str, float]] | None:
    rows = [(word.start, word.end, word.text, word.probability) for word in words]
    return rows or None


def _part(kind: Any, row: RowMapping) -> Any:
    """A dataclass from the columns of the same names."""
    return kind(**{name: row[name] for name in kind.__dataclass_fields__})
