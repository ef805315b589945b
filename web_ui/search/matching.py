"""Which transcripts hold a text: those that hold its grams, and of these, if it is longer than a
gram, those that hold it when they are read. Databases answer in bits, 64 transcripts to a row."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from functools import reduce
from math import ceil
from operator import and_

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Integer,
    Select,
    bindparam,
    cast,
    func,
    literal,
    select,
)

from web_ui.search.grams import BLOCK, BLOCK_BITS, LONGEST_GRAM, Members, longest_grams
from web_ui.search.packing import pack
from web_ui.store.tables import SEARCH_GRAMS, SEARCH_TEXTS, TRANSCRIPTS

# Of a long text's grams, so many tell which transcripts are worth reading.
MOST_GRAMS = 8
# Up to here transcripts are asked for by their keys; above, whole ranges of them are read.
FEW = 500
# A range is read where one in so many of it is wanted.
SPARSE = 4
AT_ONCE = 200


def holding(
    connection: Connection, needles: Sequence[str], conditions: Sequence[ColumnElement[bool]]
) -> Members:
    """Those that hold every needle, in what was said or in the title, and of whose rows the
    conditions are true. Needles are folded; an empty one is held by none."""
    grams = {gram for needle in needles for gram in _some_grams(needle)}
    if not grams:
        return Members({})
    members = _existing(connection, _candidates(connection, grams), conditions)
    unsure = [pack(needle) for needle in needles if len(needle) > LONGEST_GRAM]
    return _read(connection, members, unsure) if unsure else members


def _some_grams(needle: str) -> list[int]:
    grams = sorted(longest_grams(needle))
    return grams[:: ceil(len(grams) / MOST_GRAMS) or 1]


def _candidates(connection: Connection, grams: Collection[int]) -> Members:
    """Those that hold every gram."""
    blocks: dict[int, list[int]] = {}
    for block, bits in connection.execute(_holders(), {"grams": list(grams)}).all():
        blocks.setdefault(block, []).append(bits)
    every = {block: bits for block, bits in blocks.items() if len(bits) == len(grams)}
    return Members({block: reduce(and_, bits) for block, bits in every.items()})


def _holders() -> Select[int, int]:
    """Looked up block by block, as `search_grams` is ordered."""
    key = TRANSCRIPTS.c.key
    first, last = select(func.min(key)).scalar_subquery(), select(func.max(key)).scalar_subquery()
    blocks = select(cast(first.bitwise_rshift(BLOCK_BITS), BigInteger).label("block"))
    every = blocks.cte("blocks", recursive=True)
    every = every.union_all(
        select(every.c.block + 1).where(every.c.block < last.bitwise_rshift(BLOCK_BITS))
    )
    held = SEARCH_GRAMS.c
    return (
        select(held.block, held.members)
        .join(every, held.block == every.c.block)
        .where(held.gram.in_(bindparam("grams", expanding=True)))
    )


def _existing(
    connection: Connection, members: Members, conditions: Sequence[ColumnElement[bool]]
) -> Members:
    """Those of `members` that are there and meet the conditions."""
    statement = _in_bits(TRANSCRIPTS.c.key).where(*conditions)
    if len(members) <= FEW:
        statement = statement.where(TRANSCRIPTS.c.key.in_(list(members)))
    return members & _members(connection, statement)


def _read(connection: Connection, members: Members, needles: Sequence[bytes]) -> Members:
    """Those of `members` that hold every needle.

    Read here, not in the database: Python finds bytes in bytes three times as fast as SQLite.
    """
    key = SEARCH_TEXTS.c.transcript_key
    statement = select(key, SEARCH_TEXTS.c.text).execution_options(yield_per=AT_ONCE)
    return members & Members.of(
        one
        for some in _ranges(members, key)
        for one, text in connection.execute(statement.where(some))
        if all(needle in text for needle in needles)
    )


def _ranges(members: Members, key: ColumnElement[int]) -> Iterator[ColumnElement[bool]]:
    """What to read, so that every member is read; in one go where they lie close together."""
    if not members:
        return
    first, last = members.range
    if len(members) * SPARSE > last - first:
        yield key.between(first, last)
        return
    keys = list(members)
    for begin in range(0, len(keys), FEW):
        yield key.in_(keys[begin : begin + FEW])


def _in_bits(key: ColumnElement[int]) -> Select[int, int]:
    """The keys of a table as blocks and bits; a sum, as no bit comes twice."""
    block = key.bitwise_rshift(BLOCK_BITS).label("block")
    place = cast(key.bitwise_and(BLOCK - 1), Integer)
    bit = cast(literal(1), BigInteger).bitwise_lshift(place)
    return select(block, func.sum(bit)).group_by("block")


def _members(connection: Connection, statement: Select[int, int]) -> Members:
    return Members({block: int(bits) for block, bits in connection.execute(statement).all()})
