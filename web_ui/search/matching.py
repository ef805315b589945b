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
# PostgreSQL shifts a big integer by a plain one alone.
_SHIFT = cast(literal(BLOCK_BITS), Integer)


def holding(
    connection: Connection,
    whole: str,
    words: Sequence[str],
    conditions: Sequence[ColumnElement[bool]],
) -> tuple[Members, bool]:
    """Those that hold the whole, in what was said or in the title, and of whose rows the conditions
    are true; if none does, those that hold each of the words, of which it is made, somewhere.

    True: it is the latter. Texts are folded; an empty one is held by none.
    """
    members = _likely(connection, [whole], conditions)
    if len(words) < 2:
        return _sure(connection, members, [whole]), False
    others = _likely(connection, words, conditions)
    if _unsure([whole]) and len(members) * 2 > len(others):
        # About the same texts are to be read for both: once is enough.
        held, apart = _read(connection, others, [whole], _unsure(words))
    else:
        held = _sure(connection, members, [whole])
        apart = held or _sure(connection, others, words)
    return (held, False) if held else (apart, bool(apart))


def _likely(
    connection: Connection, needles: Sequence[str], conditions: Sequence[ColumnElement[bool]]
) -> Members:
    """Those that hold every needle, as far as grams can tell."""
    grams = {gram for needle in needles for gram in _some_grams(needle)}
    members = _candidates(connection, grams) if grams else Members({})
    return _existing(connection, members, conditions) if members else members


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
    blocks = select(cast(first.bitwise_rshift(_SHIFT), BigInteger).label("block"))
    every = blocks.cte("blocks", recursive=True)
    every = every.union_all(
        select(every.c.block + 1).where(every.c.block < last.bitwise_rshift(_SHIFT))
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


def _sure(connection: Connection, members: Members, needles: Sequence[str]) -> Members:
    """Those of the likely ones that hold every needle."""
    unsure = _unsure(needles)
    return _read(connection, members, unsure)[0] if unsure else members


def _unsure(needles: Sequence[str]) -> list[str]:
    """Those of which grams do not tell enough."""
    return [needle for needle in needles if len(needle) > LONGEST_GRAM]


def _read(
    connection: Connection, members: Members, *alternatives: Sequence[str]
) -> tuple[Members, ...]:
    """For each of the alternatives, which members hold all its needles, and none before it.

    Read here, not in the database: Python finds bytes in bytes three times as fast as SQLite.
    """
    key = SEARCH_TEXTS.c.transcript_key
    statement = select(key, SEARCH_TEXTS.c.text).execution_options(yield_per=AT_ONCE)
    held: list[tuple[list[bytes], list[int]]] = [([*map(pack, each)], []) for each in alternatives]
    for some in _ranges(members, key):
        for one, text in connection.execute(statement.where(some)):
            for needles, keys in held:
                if all(needle in text for needle in needles):
                    keys.append(one)
                    break
    return tuple(members & Members.of(keys) for _, keys in held)


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
    block = key.bitwise_rshift(_SHIFT).label("block")
    place = cast(key.bitwise_and(BLOCK - 1), Integer)
    bit = cast(literal(1), BigInteger).bitwise_lshift(place)
    return select(block, func.sum(bit)).group_by("block")


def _members(connection: Connection, statement: Select[int, int]) -> Members:
    return Members({block: int(bits) for block, bits in connection.execute(statement).all()})
