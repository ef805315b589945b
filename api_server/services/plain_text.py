"""A call that comes as plain text: a line an utterance, with who said it where that is told."""

from __future__ import annotations

import re

from api_server.services.conversation import Conversation, Line, Speaker

# Words that can mean only one of the two. A caller, A and B, or 본인 may be either.
NAMES: dict[str, Speaker] = {
    **dict.fromkeys(
        ("상담원", "상담사", "상담직원", "설계사", "보험설계사", "모집인", "판매원", "판매자",
         "판매직원", "직원", "행원", "은행원", "텔러", "agent", "seller", "advisor", "adviser",
         "representative", "operator"),
        "agent",
    ),
    **dict.fromkeys(
        ("고객", "고객님", "손님", "가입자", "계약자", "소비자", "customer", "client"), "customer"
    ),
}  # fmt: skip
# 상담원: · 고객1: · 상담원(김민지): · [고객] · (상담원)
PREFIX = re.compile(
    r"\s*(?:(?P<plain>[^\W\d_]{2,20})\s?\d{0,2}(?:\s?\([^()\n]{1,20}\))?\s*[:：]"
    r"|[\[(](?P<framed>[^\W\d_]{2,20})\s?\d{0,2}[\])]\s*[:：]?)\s*"
)
BREAK = re.compile(r"\r\n|\r|\n")


def conversation_of_text(text: str) -> Conversation:
    """The lines of a text that hold something. Their ids count lines from 0, empty ones too, so
    that quotes are found again; a speaker's name and its colon are no part of what was said."""
    lines = (_line(number, line) for number, line in enumerate(BREAK.split(text)))
    return Conversation(tuple(line for line in lines if line.text), timed=False)


def _line(number: int, text: str) -> Line:
    found = PREFIX.match(text)
    name = (found["plain"] or found["framed"]).casefold() if found else ""
    if found is None or name not in NAMES:
        return Line(number, text.strip())
    return Line(number, text[found.end() :].strip(), speaker=NAMES[name])
