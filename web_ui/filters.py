"""What the list is asked for, from an address's query."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from serving.errors import InvalidOption
from web_ui.compliance import VERDICTS
from web_ui.listing import MOST_PER_PAGE
from web_ui.records import STATES
from web_ui.views import Filters

MAX_QUERY_CHARS = 200
MOST_PAGES = 1_000_000


def read(query: Mapping[str, str]) -> Filters:
    """Raises `InvalidOption`, which names the field. Fields that are none of the list's pass."""
    state = _one_of(STATES, query, "state")
    return Filters(
        q=" ".join(query.get("q", "").split())[:MAX_QUERY_CHARS],
        state=next((known for known in STATES if known == state), None),
        language=query.get("language", "")[:16] or None,
        verdict=_one_of(VERDICTS, query, "verdict"),
        since=_day(query, "since"),
        until=_day(query, "until"),
    )


def page_of(query: Mapping[str, str], per_page: int) -> tuple[int, int]:
    """The page asked for, from 1, and how many it holds."""
    page = _number(query, "page", 1, MOST_PAGES)
    return page, _number(query, "per_page", per_page, MOST_PER_PAGE)


def _one_of(choices: tuple[str, ...], query: Mapping[str, str], name: str) -> str | None:
    value = query.get(name, "")
    if not value:
        return None
    if value not in choices:
        raise InvalidOption(f"{name}: one of {', '.join(choices)}")
    return value


def _day(query: Mapping[str, str], name: str) -> date | None:
    value = query.get(name, "")
    try:
        return date.fromisoformat(value) if value else None
    except ValueError:
        raise InvalidOption(f"{name}: a day such as 2026-11-22") from None


def _number(query: Mapping[str, str], name: str, otherwise: int, most: int) -> int:
    value = query.get(name, "")
    if not value:
        return otherwise
    if not value.isdecimal() or not 1 <= int(value[:9]) <= most:
        raise InvalidOption(f"{name}: a number from 1 to {most}")
    return int(value)
