"""From the words of a chunk to sentences with times, the segments a reader sees."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from stt_backends import ChunkJob, Piece
from stt_types import SAMPLE_RATE, Word

if TYPE_CHECKING:
    from collections.abc import Sequence

_SENTENCE_END = re.compile(r"[.!?。！？…][\"'”’」』)]*$")
_LEADING = frozenset("\"'“‘「『([{-¿")
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
    for word in clamped:
        groups[-1].append(word)
        if _SENTENCE_END.search(word.word.rstrip()):
            groups.append([])
    pieces = [_piece(group, keep_words) for group in groups if group]
    return tuple(piece for piece in pieces if piece.text)


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
