"""Text as search sees it: letters and digits alone, in one normal form. Pure functions.

«해지 환급금» and «해지환급금» fold to the same, and so do Hangul typed as jamo (the names of files
on macOS) and as syllables, full and half width, upper and lower case.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

# Combining classes below it are part of the spelling (vowel signs, viramas); from it on there are
# the accents and points that people leave out. https://www.unicode.org/reports/tr44/#CCC_Values_Table
FIRST_OPTIONAL_MARK = 10


class _Kept(dict[int, int | None]):
    """For `str.translate`: every code point met so far; None: it does not count."""

    def __missing__(self, code: int) -> int | None:
        self[code] = code if _counts(chr(code)) else None
        return self[code]


def _counts(char: str) -> bool:
    if char.isalnum():
        return True
    is_sign = unicodedata.category(char) in {"Mc", "Mn"}
    is_spelt = is_sign and unicodedata.combining(char) < FIRST_OPTIONAL_MARK
    return is_spelt and "VARIATION SELECTOR" not in unicodedata.name(char, "")


_KEPT = _Kept()


def fold(text: str) -> str:
    """NFKC, case folded, and nothing but letters, digits and the signs that spell them."""
    return unicodedata.normalize("NFKC", text).casefold().translate(_KEPT)


# A transcript is made of some hundred characters.
_fold_cluster = lru_cache(maxsize=4096)(fold)


@dataclass(frozen=True, slots=True)
class Folded:
    """A folded text and where it comes from.

    spans: for each of its characters, begin and end of what it was made of in the original.
    """

    original: str
    text: str
    spans: tuple[tuple[int, int], ...]

    def span(self, begin: int, end: int) -> tuple[int, int]:
        """Where the folded `text[begin:end]`, at least one character, stands in the original."""
        return self.spans[begin][0], self.spans[end - 1][1]


def fold_with_places(text: str) -> Folded:
    """As `fold`, with the way back."""
    folded: list[str] = []
    spans: list[tuple[int, int]] = []
    for begin, end in clusters(text):
        piece = _fold_cluster(text[begin:end])
        folded.append(piece)
        spans += [(begin, end)] * len(piece)
    return Folded(text, "".join(folded), tuple(spans))


def clusters(text: str) -> Iterator[tuple[int, int]]:
    """Begin and end of the pieces that fold on their own: a character and all that joins it."""
    begin = 0
    for place in range(1, len(text)):
        if not joins(text[place]):
            yield begin, place
            begin = place
    if text:
        yield begin, len(text)


def joins(char: str) -> bool:
    """True of a character that may become one with what stands before it: a mark, a vowel or
    final jamo, or what is normalised to one of these."""
    if "가" <= char <= "힣" or char.isascii():
        return False
    first = unicodedata.normalize("NFKC", char)[0]
    is_jamo = "\u1160" <= first <= "\u11ff" or "\ud7b0" <= first <= "\ud7ff"
    return is_jamo or unicodedata.category(first)[0] == "M"
