"""Character and word error rates, as the bench and the tests count them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

_DROPPED = re.compile(r"[^\w\s]|_")
"""Punctuation and symbols."""


def normalised(text: str) -> str:
    """NFKC, case folded, punctuation dropped, white space made single."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return " ".join(_DROPPED.sub("", folded).split())


def cer(reference: str, hypothesis: str) -> float:
    """Character error rate, spaces not counted; may pass 1 when much was invented."""
    return rate(characters(reference), characters(hypothesis))


def wer(reference: str, hypothesis: str) -> float:
    """Word error rate; may pass 1 when much was invented."""
    return rate(words(reference), words(hypothesis))


def characters(text: str) -> str:
    """What `cer` counts."""
    return normalised(text).replace(" ", "")


def words(text: str) -> list[str]:
    """What `wer` counts."""
    return normalised(text).split()


def rate(reference: Sequence[str], hypothesis: Sequence[str]) -> float:
    """Edits per item of the reference; against an empty one, anything heard counts as 1."""
    if not reference:
        return 1.0 if hypothesis else 0.0
    return distance(reference, hypothesis) / len(reference)


def distance(reference: Sequence[str], hypothesis: Sequence[str]) -> int:
    """Least number of insertions, deletions and substitutions (Levenshtein)."""
    row = list(range(len(hypothesis) + 1))
    for done, wanted in enumerate(reference, start=1):
        diagonal, row[0] = row[0], done
        for at, heard in enumerate(hypothesis, start=1):
            cost = min(row[at] + 1, row[at - 1] + 1, diagonal + (wanted != heard))
            diagonal, row[at] = row[at], cost
    return row[-1]
