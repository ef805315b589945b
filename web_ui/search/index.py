"""Keeps what search looks in; of a text that was there before, only what is different."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from struct import pack as pack_numbers
from struct import unpack as unpack_numbers
from typing import Any

from sqlalchemy import Connection, and_, delete, insert, select, update
from sqlalchemy import bindparam as given
from sqlalchemy.dialects import postgresql, sqlite

from web_ui.records import Segment
from web_ui.search.folding import fold
from web_ui.search.grams import bit_of, block_of, grams_of
from web_ui.search.packing import BORDER, pack, unpack
from web_ui.store.tables import SEARCH_GRAMS, SEARCH_TEXTS

HELD = SEARCH_GRAMS.c


@dataclass(frozen=True)
class Entry:
    """A row of `search_texts`.

    text: folded and packed: all segments in the order of their starts, with nothing between them;
    a border; the title. starts: 32-bit little-endian integers: where each segment begins in it and
    where the last one ends, in bytes; then the segments' numbers.
    """

    text: bytes
    starts: bytes

    @property
    def numbers(self) -> tuple[int, ...]:
        """Of the segments, in the order of their starts."""
        return self._integers[len(self.places) :]

    @property
    def places(self) -> tuple[int, ...]:
        """Where each of them begins; one more: where the last one ends."""
        return self._integers[: len(self.starts) // 8 + 1]

    @cached_property
    def _integers(self) -> tuple[int, ...]:
        return unpack_numbers(f"<{len(self.starts) // 4}I", self.starts)

    @property
    def grams(self) -> set[int]:
        end = self.places[-1]
        said, title = self.text[:end], self.text[end + len(BORDER) :]
        return grams_of(unpack(said)) | grams_of(unpack(title))


def index_transcript(
    connection: Connection, key: int, title: str, segments: Sequence[Segment]
) -> None:
    """Let the transcript be found by this title and these segments, and by nothing else.

    Belongs in the transaction that changes them.
    """
    entry = _entry(title, segments)
    row = {"text": entry.text, "starts": entry.starts}
    mine = SEARCH_TEXTS.c.transcript_key == key
    chosen = select(SEARCH_TEXTS.c.text, SEARCH_TEXTS.c.starts).where(mine).with_for_update()
    found = connection.execute(chosen).one_or_none()
    before = _entry("", ()) if found is None else Entry(*found)
    if found is None:
        connection.execute(insert(SEARCH_TEXTS).values(transcript_key=key, **row))
    elif before != entry:
        connection.execute(update(SEARCH_TEXTS).where(mine).values(**row))
    if before.text != entry.text:
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


def _entry(title: str, segments: Sequence[Segment]) -> Entry:
    ordered = sorted(segments, key=lambda each: (each.start, each.channel or 0, each.number))
    pieces = [pack(fold(segment.text)) for segment in ordered]
    places = accumulate(map(len, pieces), initial=0)
    numbers = (segment.number for segment in ordered)
    starts = pack_numbers(f"<{2 * len(ordered) + 1}I", *places, *numbers)
    return Entry(b"".join((*pieces, BORDER, pack(fold(title)))), starts)


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
