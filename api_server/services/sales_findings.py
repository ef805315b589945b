"""A statement that was found, and how sure it is."""

from __future__ import annotations

from dataclasses import dataclass

from api_server.services.sales_patterns import Match

EXACT, NEAR, ABSENT = 0.95, 0.8, 0.85
INFERRED_ROLE = 0.9


@dataclass(frozen=True, slots=True)
class Finding:
    """A statement that was found. `certain` says that its speaker is known well enough."""

    matches: tuple[Match, ...]
    certain: bool
    confidence: float
