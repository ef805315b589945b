"""What the worker on a transcript writes. Every statement is fenced by the worker's `attempt`:
one that was given up, or cancelled, changes nothing any more."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, and_, insert, or_, select, update

from web_ui.records import AnalysisKind, Passage, Phase, Segment, Transcript
from web_ui.store.tables import ANALYSES, PASSAGES, SEGMENTS, SPEAKERS, TRANSCRIPTS
from web_ui.store.transcripts import reindex, transcript_of, words_as_json

LEASE = timedelta(seconds=60)


class GivenUp(Exception):
    """The transcript is not this worker's any more: cancelled, deleted, or taken over."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A worker's hold on a transcript."""

    key: int
    attempt: int


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What stt-api settled since the last one, and how far it has come."""

    seconds_done: float
    seconds_total: float
    language: str | None
    language_probability: float
    speech_seconds: float
    transcribed_seconds: float
    segments: tuple[Segment, ...]
    passages: tuple[Passage, ...]


def claim_next(
    connection: Connection, now: datetime, most_bytes: int | None = None
) -> Transcript | None:
    """The oldest that may run now, made this caller's; None where there is none. most_bytes:
    of recordings no larger than that."""
    table = TRANSCRIPTS.c
    due = and_(table.state == "queued", or_(table.retry_at.is_(None), table.retry_at <= now))
    lost = and_(table.state == "running", table.lease_until < now)
    chosen = select(TRANSCRIPTS).where(or_(due, lost)).order_by(table.created_at, table.key)
    if most_bytes is not None:
        chosen = chosen.where(table.file_bytes <= most_bytes)
    # Several services may look at once: PostgreSQL lets each have another row.
    row = connection.execute(chosen.limit(1).with_for_update(skip_locked=True)).mappings().first()
    if row is None:
        return None
    connection.execute(
        update(TRANSCRIPTS)
        .where(table.key == row["key"])
        .values(
            state="running",
            attempt=row["attempt"] + 1,
            lease_until=now + LEASE,
            retry_at=None,
            started_at=now,
            started_from=row["seconds_done"],
            updated_at=now,
            revision=table.revision + 1,
        )
    )
    row = connection.execute(select(TRANSCRIPTS).where(table.key == row["key"])).mappings().one()
    return transcript_of(row)


def next_due(connection: Connection) -> datetime | None:
    """When the first of those that wait for a moment may run."""
    table = TRANSCRIPTS.c
    chosen = select(table.retry_at).where(table.state == "queued", table.retry_at.is_not(None))
    return connection.execute(chosen.order_by(table.retry_at).limit(1)).scalar()


def recover(connection: Connection, now: datetime) -> int:
    """What ran when the service ended waits again. For a database that no other service uses."""
    found = connection.execute(
        update(TRANSCRIPTS)
        .where(TRANSCRIPTS.c.state == "running")
        .values(state="queued", lease_until=None, updated_at=now)
    )
    return found.rowcount


def renew(connection: Connection, claim: Claim, now: datetime) -> None:
    """Keep the hold. Raises `GivenUp`."""
    _change(connection, claim, lease_until=now + LEASE)


def store(connection: Connection, claim: Claim, now: datetime, new: Checkpoint) -> int:
    """Segments, passages and progress, all or none. Returns the number of the first new segment.

    Raises `GivenUp`.
    """
    table = TRANSCRIPTS.c
    _change(
        connection,
        claim,
        lease_until=now + LEASE,
        updated_at=now,
        revision=table.revision + 1,
        seconds_done=new.seconds_done,
        seconds_total=new.seconds_total,
        language=new.language,
        language_probability=new.language_probability,
        speech_seconds=table.speech_seconds + new.speech_seconds,
        transcribed_seconds=table.transcribed_seconds + new.transcribed_seconds,
        segment_count=table.segment_count + len(new.segments),
        wait_code=None,
        wait_reason=None,
        failures=0,
    )
    count = select(table.segment_count).where(table.key == claim.key)
    first = int(connection.execute(count).scalar_one()) - len(new.segments)
    _add_segments(connection, claim.key, first, new.segments)
    _add_passages(connection, claim.key, new.passages)
    return first


def _add_segments(
    connection: Connection, key: int, first: int, segments: tuple[Segment, ...]
) -> None:
    if not segments:
        return
    channels = {s.channel for s in segments if s.channel is not None}
    known = set(
        connection.execute(
            select(SPEAKERS.c.label).where(SPEAKERS.c.transcript_key == key)
        ).scalars()
    )
    fresh = [channel for channel in sorted(channels) if label_of(channel) not in known]
    if fresh:
        rows = [
            {"transcript_key": key, "label": label_of(channel), "name": "", "role": None}
            for channel in fresh
        ]
        connection.execute(insert(SPEAKERS), rows)
    connection.execute(
        insert(SEGMENTS),
        [_segment_row(key, first + place, segment) for place, segment in enumerate(segments)],
    )


def label_of(channel: int) -> str:
    return f"ch{channel}"


def _segment_row(key: int, number: int, segment: Segment) -> dict[str, Any]:
    return {
        "transcript_key": key,
        "number": number,
        "start": segment.start,
        "end": segment.end,
        "channel": segment.channel,
        "speaker": None if segment.channel is None else label_of(segment.channel),
        "text": segment.text,
        "avg_logprob": segment.avg_logprob,
        "no_speech_prob": segment.no_speech_prob,
        "words": words_as_json(segment.words),
    }


def _add_passages(connection: Connection, key: int, passages: tuple[Passage, ...]) -> None:
    if passages:
        rows = [
            {
                "transcript_key": key,
                "kind": passage.kind,
                "start": passage.start,
                "end": passage.end,
                "text": passage.text,
                "reason": passage.reason,
                "channel": passage.channel,
            }
            for passage in passages
        ]
        connection.execute(insert(PASSAGES), rows)


def enter(
    connection: Connection, claim: Claim, now: datetime, /, phase: Phase, **facts: Any
) -> None:
    """Go on to the next phase, with what is known of the transcript by now. Raises `GivenUp`."""
    _change(connection, claim, phase=phase, updated_at=now, **_revised(), **facts)
    reindex(connection, claim.key)


def translate_segments(
    connection: Connection, claim: Claim, now: datetime, texts: dict[int, str]
) -> None:
    """What each segment says in the language asked for. Raises `GivenUp`."""
    _change(connection, claim, updated_at=now, **_revised())
    table = SEGMENTS.c
    connection.execute(
        update(SEGMENTS).where(table.transcript_key == claim.key).values(translation=None)
    )
    for number, text in texts.items():
        connection.execute(
            update(SEGMENTS)
            .where(table.transcript_key == claim.key, table.number == number)
            .values(translation=text)
        )


def keep_analysis(
    connection: Connection,
    claim: Claim,
    now: datetime,
    /,
    kind: AnalysisKind,
    result: dict[str, Any] | None,
    error_reason: str | None,
    text_revision: int,
    **facts: Any,
) -> None:
    """An analysis takes the place of an earlier one. Raises `GivenUp`."""
    _change(connection, claim, updated_at=now, **_revised(), **facts)
    where = and_(ANALYSES.c.transcript_key == claim.key, ANALYSES.c.kind == kind)
    values = {
        "result": result,
        "error_reason": error_reason,
        "created_at": now,
        "text_revision": text_revision,
    }
    if connection.execute(update(ANALYSES).where(where).values(**values)).rowcount == 0:
        connection.execute(insert(ANALYSES).values(transcript_key=claim.key, kind=kind, **values))


def finish(connection: Connection, claim: Claim, now: datetime, /, **facts: Any) -> None:
    """`done`, `dummy` or `failed`, as `state` says. Raises `GivenUp`."""
    ended = {"lease_until": None, "retry_at": None, "wait_code": None, "wait_reason": None}
    _change(connection, claim, finished_at=now, updated_at=now, **ended, **_revised(), **facts)
    reindex(connection, claim.key)


def wait(
    connection: Connection,
    claim: Claim,
    now: datetime,
    code: str | None = None,
    reason: str | None = None,
    seconds: float = 0.0,
    failures: int = 0,
) -> None:
    """Back into the queue, with the reason and for how long. Raises `GivenUp`."""
    _change(
        connection,
        claim,
        state="queued",
        lease_until=None,
        retry_at=now + timedelta(seconds=seconds) if seconds else None,
        wait_code=code,
        wait_reason=reason,
        failures=failures,
        updated_at=now,
        **_revised(),
    )


def _revised() -> dict[str, Any]:
    return {"revision": TRANSCRIPTS.c.revision + 1}


def _change(connection: Connection, claim: Claim, **changes: Any) -> None:
    table = TRANSCRIPTS.c
    changed = connection.execute(
        update(TRANSCRIPTS)
        .where(table.key == claim.key, table.attempt == claim.attempt, table.state == "running")
        .values(**changes)
    )
    if changed.rowcount != 1:
        raise GivenUp
