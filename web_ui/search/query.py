"""Finds transcripts, newest first: by what was said in them, by their titles, by filters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import reduce
from math import ceil
from operator import and_

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Select,
    bindparam,
    cast,
    func,
    or_,
    select,
)

from web_ui.search.folding import fold
from web_ui.search.grams import BLOCK_BITS, LONGEST_GRAM, Members, longest_grams
from web_ui.search.hits import Found, found_in
from web_ui.search.matching import place_of
from web_ui.search.packing import pack
from web_ui.store.tables import SEARCH_GRAMS, SEARCH_TEXTS, TRANSCRIPTS
from web_ui.views import Filters

LONGEST_QUERY = 200
# Of a long query's grams, so many tell which transcripts are worth reading.
MOST_GRAMS = 16
# Up to here transcripts are asked for by their keys; above, whole ranges of them are read.
FEW = 500


@dataclass(frozen=True, slots=True)
class SearchResult:
    """One page of what was found, and how many there are on all pages.

    split_search: nothing holds the words side by side; these hold all of them somewhere.
    """

    found: tuple[Found, ...] = ()
    total: int = 0
    split_search: bool = False


def search(connection: Connection, filters: Filters, page: int, per_page: int) -> SearchResult:
    """One page of the transcripts that pass the filters; `page` counts from 1.

    Where `filters.q` is given, of those that hold it, whatever its spacing, punctuation and case;
    where none does, of those that hold every word of it. Only its first 200 characters count; if
    there is no letter and no digit among them, nothing is found.
    """
    if not filters.q.strip():
        return _listed(connection, filters, _offset(page, per_page), per_page)
    q = filters.q.strip()[:LONGEST_QUERY]
    needles = [fold(q)[:LONGEST_QUERY]]
    keys = _holding(connection, needles, filters)
    words = [word for word in map(fold, q.split()) if word]
    is_split = not keys and len(words) > 1
    if is_split:
        needles = list(dict.fromkeys(words))
        keys = _holding(connection, needles, filters)
    shown = keys[_offset(page, per_page) :][:per_page]
    found = found_in(connection, shown, [pack(needle) for needle in needles])
    return SearchResult(tuple(found), len(keys), is_split and bool(keys))


def _listed(connection: Connection, filters: Filters, offset: int, per_page: int) -> SearchResult:
    passing = _passing(filters)
    total = connection.scalar(select(func.count()).select_from(TRANSCRIPTS).where(*passing)) or 0
    if offset >= total:
        return SearchResult(total=total)
    statement = _newest_first(filters).limit(per_page).offset(offset)
    return SearchResult(tuple(Found(key) for key in connection.scalars(statement)), total)


def _offset(page: int, per_page: int) -> int:
    return (max(1, page) - 1) * per_page


def _passing(filters: Filters) -> list[ColumnElement[bool]]:
    """Days are days of UTC, the last one included."""
    wanted = {"state": filters.state, "language": filters.language, "verdict": filters.verdict}
    conditions = [TRANSCRIPTS.c[name] == value for name, value in wanted.items() if value]
    created = TRANSCRIPTS.c.created_at
    if filters.since:
        conditions.append(created >= _midnight(filters.since))
    if filters.until and filters.until < date.max:
        conditions.append(created < _midnight(filters.until + timedelta(days=1)))
    return conditions


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def _newest_first(filters: Filters) -> Select[int]:
    key, created = TRANSCRIPTS.c.key, TRANSCRIPTS.c.created_at
    return select(key).where(*_passing(filters)).order_by(created.desc(), key.desc())


def _holding(connection: Connection, needles: Sequence[str], filters: Filters) -> list[int]:
    """Those that hold every needle, in what was said or in the title, newest first. An empty
    needle is held by none."""
    grams = sorted({gram for needle in needles for gram in longest_grams(needle)})
    if not grams:
        return []
    some = grams[:: ceil(len(grams) / MOST_GRAMS)]
    keys = _in_order(connection, _candidates(connection, some), filters)
    unsure = needles if some != grams else [each for each in needles if len(each) > LONGEST_GRAM]
    if not unsure:
        return keys
    sure = _verified(connection, keys, [pack(needle) for needle in unsure])
    return [key for key in keys if key in sure]


def _candidates(connection: Connection, grams: Sequence[int]) -> Members:
    """Those that hold every gram."""
    members: dict[int, list[int]] = {}
    for block, bits in connection.execute(_members(), {"grams": grams}).all():
        members.setdefault(block, []).append(bits)
    every = {block: bits for block, bits in members.items() if len(bits) == len(grams)}
    return Members({block: reduce(and_, bits) for block, bits in every.items()})


def _members() -> Select[int, int]:
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


def _in_order(connection: Connection, members: Members, filters: Filters) -> list[int]:
    """Those that pass the filters, newest first."""
    ordered = _newest_first(filters)
    if len(members) <= FEW:
        ordered = ordered.where(TRANSCRIPTS.c.key.in_(list(members)))
    return [key for key in connection.scalars(ordered).all() if key in members]


def _verified(connection: Connection, keys: Sequence[int], needles: Sequence[bytes]) -> set[int]:
    """Those of `keys`, and perhaps others, that hold every needle for certain."""
    key, title, said = (SEARCH_TEXTS.c[name] for name in ("transcript_key", "title", "said"))
    hold = [or_(place_of(needle, said) > 0, place_of(needle, title) > 0) for needle in needles]
    statement = select(key).where(*hold)
    if len(keys) * 4 > max(keys, default=0) - min(keys, default=0):
        return set(connection.scalars(statement.where(key.between(min(keys), max(keys)))).all())
    few = (keys[begin : begin + FEW] for begin in range(0, len(keys), FEW))
    return {one for some in few for one in connection.scalars(statement.where(key.in_(some)))}
