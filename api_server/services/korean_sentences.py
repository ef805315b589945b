"""Sentences of spoken Korean, punctuated or not."""

from __future__ import annotations

import re
from collections.abc import Iterator

# Endings that close a sentence. `-는데요` and the like do not: what follows belongs to it.
BIEUP_FINAL = "".join(
    chr(code) for code in range(ord("가"), ord("힣") + 1) if (code - ord("가")) % 28 == 17
)
CLOSED = (
    rf"니다|(?<=[{BIEUP_FINAL}])니까|[고구]요|세요|[셔서어아여해돼져려봐줘가]요(?<!면서요)|[예에]요|[죠쥬]|지요|까요|나요|(?<!는)가요|"
    r"게요|거든요|네요|군요|걸요|래요"
)
MARKS = r"(?<![.?!…。])[.?!…。]+[\"'”’)]*(?=\s|$|[가-힣])(?<!\d\.(?=\d))"
END = re.compile(rf"{MARKS}|(?:{CLOSED})(?=\s|$)")
MAX_CHARS = 400
# Where a segment ends in 요 or 고, the speaker has paused: what follows is another statement.
CLOSING = re.compile(rf"(?:[.?!…。][\"'”’)]*|(?:{CLOSED})|요|(?<![다라자냐])고)\s*$")


def spans(text: str) -> Iterator[tuple[int, int]]:
    """Begin and end of each sentence of `text`, white space at the edges left out; speech that
    does not end is cut."""
    for whole_begin, end in _whole(text):
        begin = whole_begin
        while end - begin > MAX_CHARS:
            space = text.rfind(" ", begin + 1, begin + MAX_CHARS)
            cut = space if space > begin else begin + MAX_CHARS
            yield from _stripped(text, begin, cut)
            begin = cut
        yield from _stripped(text, begin, end)


def _whole(text: str) -> Iterator[tuple[int, int]]:
    begin = 0
    for match in END.finditer(text):
        end = _with_punctuation(text, match.end())
        if end <= begin:
            continue
        yield from _stripped(text, begin, end)
        begin = end
    yield from _stripped(text, begin, len(text))


def is_closed(text: str) -> bool:
    """Whether `text` ends where a sentence can end."""
    return CLOSING.search(text) is not None


def _with_punctuation(text: str, end: int) -> int:
    while end < len(text) and text[end] in ".?!…。\"'”’)":
        end += 1
    return end


def _stripped(text: str, begin: int, end: int) -> Iterator[tuple[int, int]]:
    while begin < end and text[begin].isspace():
        begin += 1
    while begin < end and text[end - 1].isspace():
        end -= 1
    if begin < end:
        yield begin, end
