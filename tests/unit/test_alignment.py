"""Word times from cross-attention: the path through it, and where words begin and end."""

from __future__ import annotations

import numpy as np
import pytest

from stt_alignment import timed_words, token_times


def attention(heard: list[int], frames: int) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """Two heads; each token listens from its frame to the next token's."""
    weights = np.full((2, len(heard), frames), 0.01)
    for token, (begin, end) in enumerate(zip(heard, [*heard[1:], frames], strict=True)):
        weights[:, token, begin:end] = 1.0
    return weights


def test_tokens_begin_where_they_are_heard() -> None:
    """Frames are 20 ms; the first token begins with the audio."""
    times = token_times(attention([0, 20, 35, 70], 100), smoothing=7)
    assert times.tolist() == pytest.approx([0.0, 0.4, 0.7, 1.4], abs=0.04)


@pytest.mark.parametrize(("tokens", "frames"), [(1, 1), (5, 2), (2, 900), (60, 61)])
def test_times_never_run_backwards(tokens: int, frames: int) -> None:
    """Whatever the attention, each token has a time, in order and within the audio."""
    noise = np.random.default_rng(3).random((3, tokens, frames))
    for weights in (noise, np.zeros_like(noise)):
        times = token_times(weights, smoothing=7)
        assert len(times) == tokens
        assert np.all(np.diff(times) >= 0)
        assert 0.0 <= times[0] <= times[-1] <= frames / 50


@pytest.mark.parametrize(
    ("text", "language", "expected"),
    [
        (" 그는 갔다.", "ko", [(" 그는", 0, 7), (" 갔다", 7, 14), (".", 14, 15)]),
        ("実在 の", "ja", [("実", 0, 3), ("在", 3, 6), (" ", 6, 7), ("の", 7, 10)]),
    ],
)
def test_words_are_whole_characters(
    text: str, language: str, expected: list[tuple[str, int, int]]
) -> None:
    """Tokens of single bytes join to characters, and those to words where spaces part them."""
    tokens = list(text.encode())
    times, shares = np.arange(len(tokens) + 1.0), np.full(len(tokens), 0.5)
    words = timed_words(
        tokens, times, shares, lambda t: bytes(t).decode(errors="replace"), language
    )
    assert "".join(word.word for word in words) == text
    assert [(word.word, word.start, word.end) for word in words] == expected
    assert {word.probability for word in words} == {0.5}
