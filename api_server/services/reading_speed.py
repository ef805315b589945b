"""Is what had to be said said so that a person can follow?

Scripts are read fast on purpose. A passage is compared with the seller's own speed in the same
call, since people differ, and with a floor, since a slow call is no reason to complain.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from statistics import median

from api_server.services.conversation import Conversation, Line
from api_server.services.results import Element, FastPassage, ReadingSpeed
from api_server.services.sales_pack import Reading

SYLLABLE = re.compile(r"[가-힣\d]|[A-Za-z]+")
# A shorter segment's times are too coarse for a speed.
MIN_SYLLABLES, MIN_SECONDS = 8, 0.8
MIN_SEGMENTS = 4


def reading_speed(
    conversation: Conversation, elements: Iterable[Element], limits: Reading
) -> ReadingSpeed:
    """The seller's median, and the required passages read much faster."""
    if not conversation.timed:
        return ReadingSpeed(None)
    speeds = {
        line.id: speed
        for line in conversation.lines
        if line.speaker != "customer" and (speed := _speed(line)) is not None
    }
    if len(speeds) < MIN_SEGMENTS:
        return ReadingSpeed(None)
    middle = median(speeds.values())
    limit = max(middle * limits.times_median, limits.syllables_per_second)
    fast = [
        FastPassage(
            element.id, quote.segment_id, quote.start, quote.end,
            round(speeds[quote.segment_id], 2), round(speeds[quote.segment_id] / middle, 2),
        )
        for element in elements if element.status == "met"
        for quote in element.evidence
        if quote.speaker != "customer" and speeds.get(quote.segment_id, 0) >= limit
    ]  # fmt: skip
    return ReadingSpeed(round(middle, 2), tuple(dict.fromkeys(fast)))


def _speed(line: Line) -> float | None:
    """Syllables per second, or None for what is too short to tell."""
    count, seconds = len(SYLLABLE.findall(line.text)), line.end - line.start
    if count < MIN_SYLLABLES or seconds < MIN_SECONDS:
        return None
    return count / seconds
