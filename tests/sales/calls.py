"""Small calls for tests: a line each, `a:` the seller, `c:` the customer, `?:` unknown."""

from __future__ import annotations

from api_server.services.conversation import Conversation, Line, Speaker

SPEAKERS: dict[str, Speaker | None] = {"a": "agent", "c": "customer", "?": None}


def call(*lines: str, seconds: float = 3.0) -> Conversation:
    """A call of one segment a line, `seconds` long each."""
    made = []
    for number, line in enumerate(lines):
        who, _, text = line.partition(":")
        start = number * (seconds + 0.5)
        made.append(Line(number, text.strip(), start, start + seconds, SPEAKERS[who]))
    return Conversation(tuple(made))
