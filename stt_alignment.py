"""Word times from cross-attention, for libraries that give the attention and no words.

The method is openai/whisper's (timing.py): attention of the alignment heads, normalized over
the tokens, smoothed over time; dynamic time warping makes a monotonic path of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from stt_types import Word

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    Floats: TypeAlias = NDArray[np.float64]

FRAMES_PER_SECOND = 50
"""Frames of Whisper's encoder; each is two log-mel frames."""

_UNSPACED = frozenset({"zh", "ja", "th", "lo", "my", "yue"})
_INCOMPLETE = "\ufffd"


def token_times(attention: Floats, smoothing: int) -> Floats:
    """Seconds at which each token begins: (heads, tokens, frames) to (tokens,).

    smoothing: width of the median filter, in frames, odd.
    """
    shares = attention / np.maximum(attention.sum(-1, keepdims=True), 1e-12)
    spread = np.maximum(shares.std(-2, keepdims=True), 1e-12)
    matrix = _median((shares - shares.mean(-2, keepdims=True)) / spread, smoothing).mean(0)
    rows, frames = _path(-matrix)
    first = np.concatenate(([True], np.diff(rows) > 0))
    times: Floats = frames[first] / FRAMES_PER_SECOND
    return times


def timed_words(
    tokens: Sequence[int],
    times: Floats,
    probabilities: Floats,
    decode: Callable[[list[int]], str],
    language: str,
) -> list[Word]:
    """Tokens as words; `times` has one more entry than there are tokens, the end's."""
    words: list[Word] = []
    begin = 0
    for text, end in _word_ends(tokens, decode, spaced=language not in _UNSPACED):
        share = float(np.mean(probabilities[begin:end]))
        words.append(Word(float(times[begin]), float(times[end]), text, share))
        begin = end
    return words


def _median(values: Floats, width: int) -> Floats:
    pad = width // 2
    if values.shape[-1] <= pad:
        return values
    padded = np.pad(values, ((0, 0), (0, 0), (pad, pad)), mode="reflect")
    windows = np.lib.stride_tricks.sliding_window_view(padded, width, axis=-1)
    smooth: Floats = np.median(windows, axis=-1)
    return smooth


def _path(cost: Floats) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The cheapest monotonic path through (tokens, frames), as row and column of each step.

    Filled one antidiagonal at a time: its cells do not depend on each other.
    """
    tokens, frames = cost.shape
    total = np.full((tokens + 1, frames + 1), np.inf)
    total[0, 0] = 0.0
    came = np.zeros(total.shape, dtype=np.int8)
    for diagonal in range(2, tokens + frames + 1):
        i = np.arange(max(1, diagonal - frames), min(tokens, diagonal - 1) + 1)
        j = diagonal - i
        before = np.stack((total[i, j - 1], total[i - 1, j - 1], total[i - 1, j]))
        came[i, j] = before.argmin(0)
        total[i, j] = cost[i - 1, j - 1] + before.min(0)
    row, column = tokens, frames
    steps = [(row - 1, column - 1)]
    while row > 1 or column > 1:
        step = came[row, column]
        row, column = row - int(step > 0), column - int(step < 2)
        steps.append((row - 1, column - 1))
    rows, columns = np.array(steps[::-1], dtype=np.int64).T
    return rows, columns


def _word_ends(
    tokens: Sequence[int], decode: Callable[[list[int]], str], *, spaced: bool
) -> list[tuple[str, int]]:
    """Each word and the index after its last token.

    A character may be spread over several tokens; a language without spaces is cut after each
    whole character or token, one with spaces before each space.
    """
    whole = decode(list(tokens))
    words: list[tuple[str, int]] = []
    begin, seen = 0, 0
    for end in range(1, len(tokens) + 1):
        text = decode(list(tokens[begin:end]))
        at = text.find(_INCOMPLETE)
        # The text itself may hold the character that stands for an incomplete one.
        complete = at < 0 or whole[seen + at : seen + at + 1] in {_INCOMPLETE, ""}
        if not complete and end < len(tokens):
            continue
        begin, seen = end, seen + len(text)
        if words and spaced and not text.startswith(" ") and any(map(str.isalnum, text)):
            text = words.pop()[0] + text
        words.append((text, end))
    return words
