"""Finds transcripts, newest first: by what was said in them, by their titles, by filters."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice

from sqlalchemy import ColumnElement, Connection, Select, func, select

from web_ui.search.folding import fold
from web_ui.search.grams import Members
from web_ui.search.hits import Found, found_in
from web_ui.search.matching import AT_ONCE, FEW, holding
from web_ui.search.packing import pack
from web_ui.store.tables import TRANSCRIPTS
from web_ui.views import Filters

LONGEST_QUERY = 200


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
    offset = (max(1, page) - 1) * per_page
    q = filters.q.strip()[:LONGEST_QUERY]
    if not q:
        return _listed(connection, filters, offset, per_page)
    whole = fold(q)[:LONGEST_QUERY]
    words = [word for word in map(fold, q.split()) if word]
    members, is_split = holding(connection, whole, words, passing(filters))
    needles = list(dict.fromkeys(words)) if is_split else [whole]
    keys = _newest(connection, members, filters, offset, per_page)
    found = found_in(connection, keys, [pack(needle) for needle in needles])
    return SearchResult(tuple(found), len(members), is_split)


def _listed(connection: Connection, filters: Filters, offset: int, per_page: int) -> SearchResult:
    count = select(func.count()).select_from(TRANSCRIPTS).where(*passing(filters))
    total = connection.scalar(count) or 0
    if offset >= total:
        return SearchResult(total=total)
    statement = _newest_first(filters).limit(per_page).offset(offset)
    return SearchResult(tuple(Found(key) for key in connection.scalars(statement)), total)


def _newest(
    connection: Connection, members: Members, filters: Filters, offset: int, count: int
) -> list[int]:
    """So many of the members, from `offset` on."""
    if offset >= len(members):
        return []
    ordered = _newest_first(filters)
    if len(members) <= FEW:
        ordered = ordered.where(TRANSCRIPTS.c.key.in_(list(members)))
    # What comes after the page is not fetched.
    with connection.scalars(ordered.execution_options(yield_per=AT_ONCE)) as keys:
        return list(islice((key for key in keys if key in members), offset, offset + count))


def _newest_first(filters: Filters) -> Select[int]:
    key, created = TRANSCRIPTS.c.key, TRANSCRIPTS.c.created_at
    return select(key).where(*passing(filters)).order_by(created.desc(), key.desc())


def passing(filters: Filters) -> list[ColumnElement[bool]]:
    """What the filters ask of a transcript. Days are days of UTC, the last one included."""
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
