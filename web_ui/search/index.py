"""Keeps what search looks in; of a text that was there before, only what is different."""

from __future__ import annotations

from collections.abc import Sequence
from struct import pack as pack_numbers
from struct import unpack as unpack_numbers
from typing import Any, NamedTuple

from sqlalchemy import Connection, and_, delete, insert, select, update
from sqlalchemy import bindparam as given
from sqlalchemy.dialects import postgresql, sqlite

from web_ui.records import Segment
from web_ui.search.folding import fold
from web_ui.search.grams import bit_of, block_of, grams_of
from web_ui.search.packing import pack, unpack
from web_ui.store.tables import SEARCH_GRAMS, SEARCH_TEXTS

HELD = SEARCH_GRAMS.c


class Entry(NamedTuple):
    """A row of `search_texts`. title, said: folded and packed; said: all segments, in the order of
    their starts, with nothing between them; starts: see `starts_of`."""

    title: bytes
    said: bytes
    starts: bytes

    @property
    def grams(self) -> set[int]:
        return grams_of(unpack(self.title)) | grams_of(unpack(self.said))


NOTHING = Entry(b"", b"", b"")


def index_transcript(
    connection: Connection, key: int, title: str, segments: Sequence[Segment]
) -> None:
    """Let the transcript be found by this title and these segments, and by nothing else.

    Belongs in the transaction that changes them.
    """
    entry = _entry(title, segments)
    found = connection.execute(
        select(SEARCH_TEXTS.c.title, SEARCH_TEXTS.c.said, SEARCH_TEXTS.c.starts)
        .where(SEARCH_TEXTS.c.transcript_key == key)
        .with_for_update()
    ).one_or_none()
    before = NOTHING if found is None else Entry(*found)
    if found is None:
        connection.execute(insert(SEARCH_TEXTS), {"transcript_key": key, **entry._asdict()})
    elif before != entry:
        connection.execute(
            update(SEARCH_TEXTS).where(SEARCH_TEXTS.c.transcript_key == key), entry._asdict()
        )
    if before[:2] != entry[:2]:
        _change_grams(connection, key, before.grams, entry.grams)


def drop_transcript(connection: Connection, key: int) -> None:
    """Let nothing of the transcript be found or kept. Belongs in the transaction that deletes it,
    before its row goes."""
    connection.execute(delete(SEARCH_TEXTS).where(SEARCH_TEXTS.c.transcript_key == key))
    bit, in_block = bit_of(key), HELD.block == block_of(key)
    connection.execute(
        update(SEARCH_GRAMS)
        .where(in_block, HELD.members.bitwise_and(bit) != 0)
        .values(members=HELD.members.bitwise_and(~bit))
    )
    connection.execute(delete(SEARCH_GRAMS).where(in_block, HELD.members == 0))


def starts_of(entry: Entry) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Where each segment begins in `said`, in bytes, and its number; both in the order of starts.

    Kept as 32-bit little-endian integers: first all the former, then all the latter.
    """
    count = len(entry.starts) // 8
    numbers = unpack_numbers(f"<{2 * count}I", entry.starts)
    return numbers[:count], numbers[count:]


def _entry(title: str, segments: Sequence[Segment]) -> Entry:
    ordered = sorted(segments, key=lambda each: (each.start, each.channel or 0, each.number))
    said = bytearray()
    places: list[int] = []
    for segment in ordered:
        places.append(len(said))
        said += pack(fold(segment.text))
    numbers = [segment.number for segment in ordered]
    starts = pack_numbers(f"<{2 * len(ordered)}I", *places, *numbers)
    return Entry(pack(fold(title)), bytes(said), starts)


def _change_grams(connection: Connection, key: int, before: set[int], after: set[int]) -> None:
    """In the order of the grams, so that two that write to one block take turns."""
    block, bit = block_of(key), bit_of(key)
    added = [{"block": block, "gram": gram, "members": bit} for gram in sorted(after - before)]
    gone = [{"of": block, "lost": gram} for gram in sorted(before - after)]
    if added:
        connection.execute(joining(connection.dialect.name), added)
    if gone:
        this = and_(HELD.block == given("of"), HELD.gram == given("lost"))
        rest = HELD.members.bitwise_and(~bit)
        connection.execute(update(SEARCH_GRAMS).where(this).values(members=rest), gone)
        connection.execute(delete(SEARCH_GRAMS).where(this, HELD.members == 0), gone)


def joining(dialect: str) -> sqlite.Insert | postgresql.Insert:
    """Adds members to a row that may be there already."""
    insert_into: Any = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}[dialect]
    statement: sqlite.Insert | postgresql.Insert = insert_into(SEARCH_GRAMS)
    return statement.on_conflict_do_update(
        index_elements=[HELD.block, HELD.gram],
        set_={"members": HELD.members.bitwise_or(statement.excluded.members)},
    )
