"""From the words of a chunk to sentences with times, the segments a reader sees."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from stt_backends import ChunkJob, Piece
from stt_gates import syllables
from stt_types import SAMPLE_RATE, Word

if TYPE_CHECKING:
    from collections.abc import Sequence

_SENTENCE_END = re.compile(r"[.!?。！？…][\"'”’」』)]*$")
_ABBREVIATION = re.compile(
    r"(mr|mrs|ms|dr|st|jr|sr|vs|no|prof|gen|z\.b|e\.g|i\.e|[a-z])\.", re.IGNORECASE
)
_LEADING = frozenset("\"'“‘「『([{-¿")
_LEAST_UNREAD = 0.4  # seconds: cross-attention is off by as much
_EDGE = 0.3  # seconds by which word times may reach past the speech that was heard


def one_piece(text: str, job: ChunkJob) -> Piece:
    """The whole text, timed by the speech that was heard in the chunk."""
    seconds = len(job.audio) / SAMPLE_RATE
    if not job.speech:
        return Piece(0.0, seconds, text)
    return Piece(job.speech[0][0], min(job.speech[-1][1], seconds), text)


def sentences(
    text: str, words: Sequence[Word], job: ChunkJob, *, keep_words: bool
) -> tuple[Piece, ...]:
    """The text cut after each sentence, timed by its words.

    keep_words: attach the words to the pieces. Times are clamped to the speech heard in the
    chunk, since cross-attention likes to stretch the first and the last word over silence.
    """
    whole = one_piece(text, job)
    clamped = _clamp(_merge_punctuation(words), whole.start - _EDGE, whole.end + _EDGE, job)
    groups: list[list[Word]] = [[]]
    following = [word.word.strip() for word in clamped[1:]] + [""]
    for word, after in zip(clamped, following, strict=False):
        groups[-1].append(word)
        if _ends_sentence(word.word.strip(), after):
            groups.append([])
    pieces = [_piece(group, keep_words) for group in groups if group]
    return tuple(piece for piece in pieces if piece.text)


def _ends_sentence(word: str, after: str) -> bool:
    """«Mr.», an initial and the «3.» of «3.5» end with a full stop, but no sentence."""
    if not _SENTENCE_END.search(word) or _ABBREVIATION.fullmatch(word):
        return False
    return not (word.rstrip(".").isdigit() and after[:1].isdigit())


def unread(words: Sequence[Word], job: ChunkJob) -> float:
    """Seconds of speech that no word accounts for, in stretches long enough to hold one.

    A sentence the model skipped shows in one of two ways: nothing lies on it, or a word next
    to it is stretched over it, longer than anyone takes to say it.
    """
    bare = sum(_bare(words, begin, end) for begin, end in job.speech)
    stretched = (_spoken_within(word, job) - _longest(word) for word in words)
    return bare + sum(excess for excess in stretched if excess >= _LEAST_UNREAD)


def _bare(words: Sequence[Word], begin: float, end: float) -> float:
    """Seconds between `begin` and `end` on which no word lies."""
    total, here = 0.0, begin
    edges = [(word.start, word.end) for word in words] + [(end, end)]
    for start, stop in edges:
        gap = min(start, end) - here
        total += gap if gap >= _LEAST_UNREAD else 0.0
        here = max(here, stop)
    return total


def _spoken_within(word: Word, job: ChunkJob) -> float:
    return sum(max(0.0, min(word.end, b) - max(word.start, a)) for a, b in job.speech)


def _longest(word: Word) -> float:
    """Seconds a word may take: slow syllables, and what cross-attention adds at its edges."""
    return 0.5 + 0.4 * max(1, syllables(word.word))


def _piece(words: list[Word], keep_words: bool) -> Piece:
    text = "".join(word.word for word in words).strip()
    return Piece(words[0].start, words[-1].end, text, tuple(words) if keep_words else None)


def _clamp(words: Sequence[Word], low: float, high: float, job: ChunkJob) -> list[Word]:
    """Times inside the speech, never running backwards."""
    low, high = max(0.0, low), min(len(job.audio) / SAMPLE_RATE, high)
    clamped: list[Word] = []
    last = low
    for word in words:
        start = min(max(word.start, last), high)
        end = min(max(word.end, start), high)
        clamped.append(Word(start, end, word.word, word.probability))
        last = end
    return clamped


def _merge_punctuation(words: Sequence[Word]) -> list[Word]:
    """Punctuation that the tokenizer split off goes with the word it belongs to."""
    merged: list[Word] = []
    carried = ""
    for word in words:
        bare = word.word.strip()
        if bare and all(character in _LEADING for character in bare) and word.word[0] == " ":
            carried += word.word
        elif merged and not carried and bare and not any(map(str.isalnum, bare)):
            before = merged[-1]
            merged[-1] = Word(before.start, word.end, before.word + word.word, before.probability)
        elif bare:
            text = carried + word.word.lstrip() if carried else word.word
            merged.append(Word(word.start, word.end, text, word.probability))
            carried = ""
    if carried and merged:
        last = merged[-1]
        merged[-1] = Word(last.start, last.end, last.word + carried, last.probability)
    return merged
