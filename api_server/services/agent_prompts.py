"""What the LLM is told: prose from `prompts/`, and a call as data, in pieces that fit.

A call is written as JSON lines between two marks. What people said stands inside JSON strings,
so nothing in it can end the data or begin an instruction.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

from api_server.services.agent_types import Ask
from api_server.services.conversation import Line, parts

PROMPTS = Path(__file__).resolve().parent.parent / "prompts"
BEGIN, END = "<<<CALL", "CALL>>>"
# Upper estimates, with the tokenizers in use: Korean takes 1 to 1.5 tokens a character, English
# prose a quarter, the JSON around a line some twenty, the server's own chat template a few.
TOKENS_PER_CHAR, TOKENS_PER_ASCII = 1.5, 0.35
TOKENS_PER_LINE = 24
TEMPLATE_TOKENS = 80
# However little is left of a small context, smaller pieces than this make no sense; and larger
# ones than this take longer than several at once.
FEWEST_TOKENS, MOST_TOKENS = 400, 16_000
MOST_ANSWER_TOKENS = 2_000


@cache
def load(name: str) -> str:
    """The prose of `prompts/{name}.md`."""
    return (PROMPTS / f"{name}.md").read_text(encoding="utf-8").strip()


def transcript(lines: Sequence[Line]) -> str:
    """Lines of a call as data."""
    rows = [
        json.dumps({"id": line.id, "speaker": line.speaker, "text": line.text}, ensure_ascii=False)
        for line in lines
    ]
    return "\n".join([BEGIN, *rows, END])


def tokens(text: str) -> int:
    """At most so many tokens a text takes."""
    plain = len(text.encode("ascii", "ignore"))
    return int(plain * TOKENS_PER_ASCII + (len(text) - plain) * TOKENS_PER_CHAR) + 1


def cost(lines: Sequence[Line]) -> int:
    """At most so many tokens some lines take as data."""
    return sum(tokens(line.text) + TOKENS_PER_LINE for line in lines)


def room(context_tokens: int, empty: Ask, answer_share: float, at_least: float = 0.0) -> int:
    """Tokens of a call that fit into one question, beside its instructions and its answer.

    empty: the question without a call. answer_share: tokens of answer for each token of the
    call, over those of `empty.max_tokens`. at_least: take no fewer for the sake of speed.
    """
    taken = tokens(empty.instructions) + tokens(json.dumps(empty.schema)) + empty.max_tokens
    left = (context_tokens - taken - TEMPLATE_TOKENS) / (1 + answer_share)
    quick = MOST_ANSWER_TOKENS / answer_share if answer_share else MOST_TOKENS
    return max(FEWEST_TOKENS, int(min(left, max(quick, at_least))))


def pieces(lines: Sequence[Line], most_tokens: int) -> list[tuple[Line, ...]]:
    """The lines of a call that hold something, in pieces of at most so many tokens.

    Cut between turns (`conversation.parts`); a line too long for one piece is cut between
    sentences, or else between words, and its parts keep its id.
    """
    said = [line for line in lines if line.text.strip()]
    longest = max(1, int((most_tokens - TOKENS_PER_LINE) / TOKENS_PER_CHAR))
    short = [part for line in said for part in _short(line, longest)]
    chars = sum(len(line.text) for line in short)
    most_chars = int(most_tokens * chars / cost(short)) if short else 1
    while True:
        cut = list(parts(short, most_chars))
        if most_chars <= 1 or all(len(one) == 1 or cost(one) <= most_tokens for one in cut):
            return cut
        most_chars = most_chars * 9 // 10


def _short(line: Line, most_chars: int) -> Iterator[Line]:
    text = line.text
    while len(text) > most_chars:
        end = _end(text, most_chars)
        yield replace(line, text=text[:end])
        text = text[end:].lstrip()
    yield replace(line, text=text)


def _end(text: str, most_chars: int) -> int:
    """Where to cut: behind the last sentence that fits, else the last word, else anywhere."""
    head = text[: most_chars + 1]
    sentence = max((m.start() for m in re.finditer(r"(?<=[.?!…。])\s", head)), default=0)
    word = max((m.start() for m in re.finditer(r"\s", head)), default=0)
    return (sentence if sentence > most_chars // 2 else word) or most_chars
