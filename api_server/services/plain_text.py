"""A call that comes as plain text: a line for each thing that was said, perhaps with names."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from api_server.services.conversation import Conversation, Line, Speaker

# Words that can mean only one of the two; a caller or 본인 may be either.
PARTS: dict[str, Speaker] = {
    **dict.fromkeys(
        ("상담원", "상담사", "상담직원", "설계사", "보험설계사", "모집인", "판매원", "판매자",
         "판매직원", "직원", "행원", "은행원", "텔러", "agent", "seller", "advisor", "adviser",
         "representative", "operator"),
        "agent",
    ),
    **dict.fromkeys(
        ("고객", "손님", "가입자", "계약자", "소비자", "customer", "client"), "customer"
    ),
}  # fmt: skip
MAX_NAME_CHARS = 12

TIME = r"[\[(]?\d{1,2}:\d{2}(?::\d{2})?(?:\.\d+)?[\])]?"
NAME = r"[^\W_][\w .\-]{0,20}?"
# `상담원:`, `상담원(김하나):`, `[상담원]`, `[상담원]:`, `(고객)`, after a time or not. What stands
# between two digits is a time's colon, and before two slashes an address's.
PREFIX = re.compile(
    rf"(?:{TIME}\s+)?(?:"
    rf"(?P<bracket>[\[【(])\s*(?P<bracketed>{NAME})\s*[\]】)](?P<colon>\s*[:：])?"
    rf"|(?P<plain>{NAME})\s?(?:\([^()]{{1,20}}\))?\s*(?!(?<=\d):\d)[:：](?!//)"
    r")\s*"
)
NUMBER = re.compile(r"\s*[\d_\-]*$")


@dataclass(frozen=True, slots=True)
class _Said:
    """A line of the text, the name that precedes it, or "", and what follows the name."""

    whole: str
    name: str
    rest: str


def conversation_of_text(text: str) -> Conversation:
    """Each line of `text` that is not empty as a Line, without the name that precedes it.

    The name of a part, as in `상담원:` or `[Customer 1]`, gives the speaker. Other names, as in
    `A:`, only tell voices apart: they become channels, counted from 0 as they appear, if more
    than half of the lines have a name and there are at least two names. Of more than two, one
    must come again: a list of `보험료: 3만 원` is no dialogue. Otherwise what stands before a
    colon is part of what was said. There are no times.
    """
    said = [_said(line.strip()) for line in text.splitlines() if line.strip()]
    is_dialogue = _is_dialogue(said)
    channels = _channels(said) if is_dialogue else {}
    lines = []
    for number, one in enumerate(said):
        speaker = _role(one.name, is_dialogue)
        channel = channels.get(one.name) if speaker is None else None
        is_named = speaker is not None or channel is not None
        lines.append(
            Line(number, one.rest if is_named else one.whole, speaker=speaker, channel=channel)
        )
    return Conversation(tuple(lines), timed=False)


def _said(line: str) -> _Said:
    match = PREFIX.match(line)
    if match is None:
        return _Said(line, "", line)
    written = match["bracketed"] or match["plain"]
    name = unicodedata.normalize("NFKC", written).casefold().strip()
    # (웃음) is a stage direction: round brackets name only a part, or come with a colon.
    is_aside = match["bracket"] == "(" and not match["colon"] and _role(name, False) is None
    if len(name) > MAX_NAME_CHARS or name.isdecimal() or is_aside:
        return _Said(line, "", line)
    return _Said(line, name, line[match.end() :])


def _role(name: str, is_dialogue: bool) -> Speaker | None:
    """The part a name is of: 상담원, 고객님, Agent 1; in a dialogue also 상담원 김하나."""
    part = NUMBER.sub("", name.partition(" ")[0] if is_dialogue else name)
    return PARTS.get(part) or PARTS.get(part.removesuffix("님"))


def _is_dialogue(said: Sequence[_Said]) -> bool:
    """Whether names precede the lines, rather than a word before a colon here and there."""
    names = [one.name for one in said if one.name]
    distinct = len(set(names))
    return len(names) * 2 > len(said) and (distinct == 2 or 2 < distinct < len(names))


def _channels(said: Sequence[_Said]) -> dict[str, int]:
    """A number for each name that is not of a part, in the order in which they first speak."""
    names = dict.fromkeys(one.name for one in said if one.name and _role(one.name, True) is None)
    return {name: channel for channel, name in enumerate(names)}
