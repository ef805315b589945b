"""Where in a transcript a search was found, with the words around it."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from sqlalchemy import Connection, and_, false, or_, select

from web_ui.search.folding import fold_with_places, joins
from web_ui.search.index import Entry
from web_ui.search.packing import count
from web_ui.store.tables import SEARCH_TEXTS, SEGMENTS
from web_ui.views import Hit

SHOWN = 3
# Characters before and after the match; a word is not cut where a space is this near.
CONTEXT = 30
NEAR = 10
# A match that goes on over more segments than these is shown as far as they go.
MOST_SEGMENTS = 8


@dataclass(frozen=True, slots=True)
class Found:
    """A transcript that was found. `hits`: the first of them; `hit_count`: how many there are in
    all; none: its title was found, or nothing was searched for."""

    key: int
    hits: tuple[Hit, ...] = ()
    hit_count: int = 0


@dataclass(frozen=True, slots=True)
class _Place:
    """A match: the numbers of the segments it lies in, and where in their folded text, counted in
    characters from the begin of the first."""

    numbers: tuple[int, ...]
    begin: int
    end: int


def found_in(connection: Connection, keys: Sequence[int], needles: Sequence[bytes]) -> list[Found]:
    """The transcripts with their hits, in the order of `keys`. One needle: its first hits;
    several: the first of each."""
    entries = _entries(connection, keys)
    places = {key: _places(entry, needles) for key, entry in entries.items()}
    segments = _segments(connection, places)
    return [
        Found(
            key,
            tuple(hit for place in places[key] for hit in _hit(key, place, segments)),
            sum(entries[key].text.count(each, 0, entries[key].places[-1]) for each in needles),
        )
        for key in keys
    ]


def _entries(connection: Connection, keys: Collection[int]) -> dict[int, Entry]:
    key, text, starts = (SEARCH_TEXTS.c[name] for name in ("transcript_key", "text", "starts"))
    rows = connection.execute(select(key, text, starts).where(key.in_(keys)))
    return {key: Entry(text, starts) for key, text, starts in rows}


def _places(entry: Entry, needles: Sequence[bytes]) -> list[_Place]:
    of_each = SHOWN if len(needles) == 1 else 1
    spans = sorted(
        (begin, begin + len(needle))
        for needle in needles
        for begin in islice(_begins(entry, needle), of_each)
    )
    return [_place(entry, *span) for span in spans[:SHOWN]]


def _begins(entry: Entry, needle: bytes) -> Iterator[int]:
    """Where in what was said, the title left out."""
    end = entry.places[-1]
    begin = entry.text.find(needle, 0, end)
    while begin >= 0:
        yield begin
        begin = entry.text.find(needle, begin + len(needle), end)


def _place(entry: Entry, begin: int, end: int) -> _Place:
    starts = entry.places
    first, last = bisect_right(starts, begin) - 1, bisect_right(starts, end - 1)
    before = count(entry.text[starts[first] : begin])
    spanned = entry.numbers[first : min(last, first + MOST_SEGMENTS)]
    return _Place(spanned, before, before + count(entry.text[begin:end]))


def _segments(
    connection: Connection, places: dict[int, list[_Place]]
) -> dict[tuple[int, int], tuple[float, str]]:
    """Start and text of every segment that a match lies in."""
    owner, number = SEGMENTS.c.transcript_key, SEGMENTS.c.number
    wanted = [
        and_(owner == key, number.in_({one for place in few for one in place.numbers}))
        for key, few in places.items()
        if few
    ]
    columns = (owner, number, SEGMENTS.c.start, SEGMENTS.c.text)
    rows = connection.execute(select(*columns).where(or_(false(), *wanted)))
    return {(key, one): (start, text) for key, one, start, text in rows}


def _hit(
    key: int, place: _Place, segments: dict[tuple[int, int], tuple[float, str]]
) -> Iterable[Hit]:
    """One hit; none if the segments are no longer what was indexed."""
    parts = [segments.get((key, number), (0.0, "")) for number in place.numbers]
    text = " ".join(part for _, part in parts)
    folded = fold_with_places(text)
    if place.begin >= len(folded.text):
        return
    begin, end = folded.span(place.begin, min(place.end, len(folded.text)))
    yield Hit(
        segment=place.numbers[0],
        start=parts[0][0],
        before=_end_of(text[:begin]),
        match=text[begin:end],
        after=_begin_of(text[end:]),
    )


def _end_of(text: str) -> str:
    """The last characters, from the begin of a word if there is one near."""
    if len(text) <= CONTEXT:
        return text
    cut = len(text) - CONTEXT
    space = text.find(" ", cut, cut + NEAR)
    cut = space + 1 if space >= 0 else cut
    while cut < len(text) and joins(text[cut]):
        cut += 1
    return "…" + text[cut:]


def _begin_of(text: str) -> str:
    if len(text) <= CONTEXT:
        return text
    cut = text.rfind(" ", CONTEXT - NEAR, CONTEXT)
    cut = cut if cut >= 0 else CONTEXT
    while cut and joins(text[cut]):
        cut -= 1
    return text[:cut] + "…"
