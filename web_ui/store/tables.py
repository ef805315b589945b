"""The tables. What SQLite and PostgreSQL both can do, and nothing else.

Times of a recording are seconds from its start; moments are UTC. `key` is a row's number,
inside only; `id` is what addresses carry and cannot be guessed.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
)
from sqlalchemy.engine import Dialect

METADATA = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)
# SQLite counts rows itself only where the key is its plain INTEGER.
KEY = BigInteger().with_variant(Integer, "sqlite")


class Moment(TypeDecorator[datetime]):
    """An aware datetime; SQLite keeps it as UTC without saying so."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        moment: datetime = value
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _owner(**more: Any) -> Column[int]:
    return Column("transcript_key", KEY, ForeignKey("transcripts.key", ondelete="CASCADE"), **more)


TRANSCRIPTS = Table(
    "transcripts",
    METADATA,
    Column("key", KEY, primary_key=True, autoincrement=True),
    Column("id", String(32), nullable=False, unique=True),
    Column("title", String(200), nullable=False),
    Column("file_name", String(200), nullable=False),
    Column("file_bytes", BigInteger, nullable=False),
    Column("state", String(16), nullable=False),
    Column("phase", String(16), nullable=False, default="transcribe"),
    Column("created_at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False),
    Column("finished_at", Moment),
    Column("created_by", String(100)),
    # What was asked for.
    Column("options", JSON, nullable=False),
    # How far it has come; `attempt` fences off a worker that was given up.
    Column("attempt", Integer, nullable=False, default=0),
    Column("failures", Integer, nullable=False, default=0),
    Column("lease_until", Moment),
    Column("retry_at", Moment),
    Column("wait_code", String(64)),
    Column("wait_reason", Text),
    Column("started_at", Moment),
    Column("started_from", Float, nullable=False, default=0.0),
    Column("seconds_done", Float, nullable=False, default=0.0),
    Column("seconds_total", Float),
    # What came of it.
    Column("language", String(16)),
    Column("language_probability", Float),
    Column("duration", Float),
    Column("speech_seconds", Float, nullable=False, default=0.0),
    Column("transcribed_seconds", Float, nullable=False, default=0.0),
    Column("backend", String(64)),
    Column("model", String(200)),
    Column("is_dummy", Boolean, nullable=False, default=False),
    Column("dummy_text", Text),
    Column("error_code", String(64)),
    Column("error_reason", Text),
    Column("warnings", JSON, nullable=False, default=list),
    Column("label", String(100)),
    Column("verdict", String(16)),
    Column("segment_count", Integer, nullable=False, default=0),
    # Grows with every change of a segment's text or speaker.
    Column("text_revision", Integer, nullable=False, default=0),
    # Grows with every change that a page shows.
    Column("revision", Integer, nullable=False, default=0),
    # The list in its order, with all it can be filtered by: no row is read to count or to page.
    Index(None, "created_at", "key", "state", "language", "verdict"),
    Index(None, "state", "created_at"),
    Index(None, "verdict", "created_at"),
    Index(None, "language", "created_at"),
    # A key that was deleted is nobody's again: the search index knows transcripts by theirs.
    sqlite_autoincrement=True,
)

SEGMENTS = Table(
    "segments",
    METADATA,
    _owner(primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("start", Float, nullable=False),
    Column("end", Float, nullable=False),
    Column("channel", Integer),
    Column("speaker", String(32)),
    Column("text", Text, nullable=False),
    Column("original_text", Text),
    Column("translation", Text),
    Column("avg_logprob", Float, nullable=False),
    Column("no_speech_prob", Float, nullable=False),
    # [[start, end, word, probability], …], or null.
    Column("words", JSON),
)

PASSAGES = Table(
    "passages",
    METADATA,
    Column("key", KEY, primary_key=True, autoincrement=True),
    _owner(nullable=False, index=True),
    Column("kind", String(16), nullable=False),
    Column("start", Float, nullable=False),
    Column("end", Float, nullable=False),
    Column("channel", Integer),
    Column("text", Text, nullable=False),
    Column("reason", String(64), nullable=False),
)

SPEAKERS = Table(
    "speakers",
    METADATA,
    _owner(primary_key=True),
    Column("label", String(32), primary_key=True),
    Column("name", String(100), nullable=False),
    Column("role", String(16)),
)

ANALYSES = Table(
    "analyses",
    METADATA,
    _owner(primary_key=True),
    Column("kind", String(32), primary_key=True),
    Column("result", JSON),
    Column("error_reason", Text),
    Column("created_at", Moment, nullable=False),
    Column("text_revision", Integer, nullable=False, default=0),
)

OVERRIDES = Table(
    "overrides",
    METADATA,
    Column("key", KEY, primary_key=True, autoincrement=True),
    _owner(nullable=False, index=True),
    # An element's id; empty: the verdict on the whole call.
    Column("element_id", String(100), nullable=False),
    Column("was", String(16), nullable=False),
    Column("now", String(16), nullable=False),
    Column("reason", Text, nullable=False),
    Column("who", String(100), nullable=False),
    Column("created_at", Moment, nullable=False),
)

EDITS = Table(
    "edits",
    METADATA,
    Column("key", KEY, primary_key=True, autoincrement=True),
    _owner(nullable=False, index=True),
    Column("number", Integer, nullable=False),
    Column("before", Text, nullable=False),
    Column("after", Text, nullable=False),
    Column("who", String(100), nullable=False),
    Column("created_at", Moment, nullable=False),
)

# Who changed what, and when; outlives the transcript, and holds nothing that was said.
AUDIT = Table(
    "audit",
    METADATA,
    Column("key", KEY, primary_key=True, autoincrement=True),
    Column("at", Moment, nullable=False),
    Column("who", String(100), nullable=False),
    Column("address", String(64), nullable=False),
    Column("action", String(64), nullable=False),
    Column("transcript_id", String(32)),
    Column("detail", JSON, nullable=False),
    Column("request_id", String(64), nullable=False),
    Index(None, "transcript_id"),
    Index(None, "at"),
)

# What search looks in: letters and digits alone, folded and packed (web_ui/search/packing.py);
# `starts` says where in it each segment begins.
SEARCH_TEXTS = Table(
    "search_texts",
    METADATA,
    _owner(primary_key=True, autoincrement=False),
    Column("text", LargeBinary, nullable=False),
    Column("starts", LargeBinary, nullable=False),
)

# Which transcripts hold a gram, 64 to a row: bit `key & 63` of block `key >> 6`. Blocks come first,
# so that a transcript's grams lie on few pages. No row belongs to one transcript alone:
# `search.index.drop_transcript` clears a transcript's bits before it is deleted.
SEARCH_GRAMS = Table(
    "search_grams",
    METADATA,
    Column("block", BigInteger, primary_key=True, autoincrement=False),
    Column("gram", BigInteger, primary_key=True, autoincrement=False),
    Column("members", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)
