"""What people change: states, texts, speakers, verdicts. Every change keeps what was before."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, insert, select, update

from web_ui.errors import InvalidField, TranscriptMissing, WrongState
from web_ui.records import Options, Segment, Speaker, Transcript
from web_ui.store.tables import EDITS, OVERRIDES, SEGMENTS, SPEAKERS, TRANSCRIPTS
from web_ui.store.transcripts import get, reindex, segment_of, speakers_of, touch

CANCELLABLE = frozenset({"uploading", "queued", "running"})
RETRIABLE = frozenset({"failed", "cancelled", "dummy"})
MAX_SPEAKERS = 32


def cancel(connection: Connection, id: str, now: datetime) -> Transcript:
    """Raises `WrongState` for one that has ended. Its worker, if any, is fenced off."""
    transcript = get(connection, id)
    if transcript.state not in CANCELLABLE:
        raise WrongState(f"it is {transcript.state}: there is nothing to cancel")
    if transcript.state != "uploading" and transcript.phase != "transcribe":
        # Its text is complete: what is given up is what was to be made of it.
        changes: dict[str, Any] = {"state": "done"}
    else:
        changes = {"state": "cancelled"}
    _restate(connection, transcript, now, finished_at=now, **changes)
    reindex(connection, transcript.key)
    return get(connection, id)


def retry(connection: Connection, id: str, now: datetime) -> Transcript:
    """Into the queue again, to go on where it stopped. Raises `WrongState`."""
    transcript = get(connection, id)
    if transcript.state not in RETRIABLE:
        raise WrongState(f"it is {transcript.state}: there is nothing to try again")
    _restate(
        connection,
        transcript,
        now,
        state="queued",
        finished_at=None,
        failures=0,
        is_dummy=False,
        dummy_text=None,
        error_code=None,
        error_reason=None,
    )
    return get(connection, id)


def analyse(connection: Connection, id: str, options: Options | None, now: datetime) -> Transcript:
    """Into the queue, for the analyses alone; `options` other than before, where they are given.
    Raises `WrongState`."""
    transcript = get(connection, id)
    if transcript.state != "done":
        raise WrongState(f"it is {transcript.state}: only a finished one can be analysed again")
    more = {"options": options.as_json()} if options else {}
    wanted = options or transcript.options
    phase = "translate" if wanted.translate_to else "analyse"
    _restate(connection, transcript, now, state="queued", phase=phase, failures=0, **more)
    return get(connection, id)


def accept(connection: Connection, id: str, file_bytes: int, now: datetime) -> Transcript:
    """Its recording is on disk. Asked twice, the second time changes nothing."""
    transcript = get(connection, id)
    if transcript.state == "uploading":
        _restate(connection, transcript, now, state="queued", file_bytes=file_bytes)
    return get(connection, id)


def edit(
    connection: Connection,
    id: str,
    number: int,
    text: str,
    was: str | None,
    who: str,
    now: datetime,
) -> Segment:
    """Another text for a segment; the engine's own is kept. Raises `WrongState` where `was` is
    not what stands there now, `TranscriptMissing`."""
    transcript, segment = _segment(connection, id, number)
    if was is not None and was != segment.text:
        raise WrongState("text: somebody else has changed it meanwhile")
    if text == segment.text:
        return segment
    original = segment.text if segment.original_text is None else segment.original_text
    _change_segment(
        connection,
        transcript,
        number,
        now,
        text=text,
        original_text=None if text == original else original,
        # It translated another text.
        translation=None,
    )
    connection.execute(
        insert(EDITS).values(
            transcript_key=transcript.key,
            number=number,
            before=segment.text,
            after=text,
            who=who,
            created_at=now,
        )
    )
    reindex(connection, transcript.key)
    return _segment(connection, id, number)[1]


def restore(connection: Connection, id: str, number: int, who: str, now: datetime) -> Segment:
    """The engine's own text again."""
    segment = _segment(connection, id, number)[1]
    if segment.original_text is None:
        return segment
    return edit(connection, id, number, segment.original_text, None, who, now)


def assign_speaker(
    connection: Connection, id: str, number: int, label: str | None, now: datetime
) -> Segment:
    """Say who speaks. Raises `InvalidField` for a speaker there is not."""
    transcript, segment = _segment(connection, id, number)
    known = {speaker.label for speaker in speakers_of(connection, transcript.key)}
    if label is not None and label not in known:
        raise InvalidField("speaker: there is none with this label; add it to speakers first")
    if label != segment.speaker:
        _change_segment(connection, transcript, number, now, speaker=label)
    return _segment(connection, id, number)[1]


def name_speakers(
    connection: Connection, id: str, speakers: tuple[Speaker, ...], now: datetime
) -> Transcript:
    """Names and parts, of speakers there are and of new ones. Raises `InvalidField`."""
    transcript = get(connection, id)
    known = {speaker.label: speaker for speaker in speakers_of(connection, transcript.key)}
    if len({*known, *(speaker.label for speaker in speakers)}) > MAX_SPEAKERS:
        raise InvalidField(f"speakers: at most {MAX_SPEAKERS}")
    for speaker in speakers:
        values = {"name": speaker.name, "role": speaker.role}
        if speaker.label in known:
            where = and_(
                SPEAKERS.c.transcript_key == transcript.key, SPEAKERS.c.label == speaker.label
            )
            connection.execute(update(SPEAKERS).where(where).values(**values))
        else:
            row = {"transcript_key": transcript.key, "label": speaker.label, **values}
            connection.execute(insert(SPEAKERS).values(**row))
    roles = {label: speaker.role for label, speaker in known.items()}
    recast = any(roles.get(speaker.label) != speaker.role for speaker in speakers)
    more = {"text_revision": TRANSCRIPTS.c.text_revision + 1} if recast else {}
    touch(connection, transcript.key, now, **more)
    return get(connection, id)


def override(
    connection: Connection,
    id: str,
    element_id: str,
    was: str,
    status: str,
    reason: str,
    who: str,
    now: datetime,
) -> Transcript:
    """A reviewer's verdict beside the machine's; one on the whole call is the list's as well."""
    transcript = get(connection, id)
    connection.execute(
        insert(OVERRIDES).values(
            transcript_key=transcript.key,
            element_id=element_id,
            was=was,
            now=status,
            reason=reason,
            who=who,
            created_at=now,
        )
    )
    touch(connection, transcript.key, now, **({} if element_id else {"verdict": status}))
    return get(connection, id)


def segment(connection: Connection, id: str, number: int) -> Segment:
    """Raises `TranscriptMissing`."""
    return _segment(connection, id, number)[1]


def _restate(connection: Connection, transcript: Transcript, now: datetime, **changes: Any) -> None:
    """Change the state, and fence off whoever works on it."""
    touch(
        connection,
        transcript.key,
        now,
        attempt=transcript.attempt + 1,
        lease_until=None,
        retry_at=None,
        wait_code=None,
        wait_reason=None,
        **changes,
    )


def _segment(connection: Connection, id: str, number: int) -> tuple[Transcript, Segment]:
    transcript = get(connection, id)
    where = and_(SEGMENTS.c.transcript_key == transcript.key, SEGMENTS.c.number == number)
    row = connection.execute(select(SEGMENTS).where(where)).mappings().first()
    if row is None:
        raise TranscriptMissing("there is no such segment")
    return transcript, segment_of(row)


def _change_segment(
    connection: Connection, transcript: Transcript, number: int, now: datetime, **changes: Any
) -> None:
    where = and_(SEGMENTS.c.transcript_key == transcript.key, SEGMENTS.c.number == number)
    connection.execute(update(SEGMENTS).where(where).values(**changes))
    touch(connection, transcript.key, now, text_revision=TRANSCRIPTS.c.text_revision + 1)
