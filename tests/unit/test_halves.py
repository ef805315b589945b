"""A chunk read in two halves: where it is cut, and how what was read is joined."""

from __future__ import annotations

import numpy as np
import pytest

from stt_backends import ChunkJob, DecodeOptions, Hypothesis, Piece
from stt_halves import LEAST_PAUSE, evidence_of, halves, join, scores_of
from stt_types import SAMPLE_RATE, Word

SECONDS = 10.0
AUDIO = np.arange(int(SECONDS * SAMPLE_RATE), dtype=np.float32)


def job(*speech: tuple[float, float], voiced: float = 0.0) -> ChunkJob:
    total = sum(end - start for start, end in speech)
    return ChunkJob(AUDIO, DecodeOptions(language="ko"), speech, total, voiced)


def read(text: str, **more: object) -> Hypothesis:
    scores: dict[str, object] = {
        "avg_logprob": -0.2, "no_speech_prob": 0.01, "compression_ratio": 1.0,
        "language": "ko", "language_probability": 1.0, **more,
    }  # fmt: skip
    pieces = (Piece(1.0, 2.0, text, (Word(1.0, 2.0, text, 0.9),)),) if text else ()
    return Hypothesis(pieces, **scores)  # type: ignore[arg-type]


def test_the_cut_is_in_the_middle_of_the_longest_pause() -> None:
    """Of several pauses the longest is taken, and its middle."""
    parts = halves(job((0.5, 2.0), (2.3, 5.0), (6.0, 9.0), (9.4, 9.8)))
    assert parts is not None
    assert len(parts[0].audio) == 5.5 * SAMPLE_RATE
    assert np.array_equal(np.concatenate([part.audio for part in parts]), AUDIO)


def test_each_half_has_its_own_speech() -> None:
    """Speech is shared out and counted from the beginning of each half."""
    first, second = halves(job((0.5, 4.0), (6.0, 9.0), voiced=6.5)) or pytest.fail("no halves")
    assert first.speech == ((0.5, 4.0),)
    assert second.speech == ((1.0, 4.0),)
    assert (first.speech_seconds, second.speech_seconds) == (3.5, 3.0)
    assert first.voiced_seconds == pytest.approx(3.5)
    assert second.voiced_seconds == pytest.approx(3.0)
    assert second.options == first.options == DecodeOptions(language="ko")


@pytest.mark.parametrize(
    "speech", [(), ((0.5, 9.0),), ((0.5, 4.0), (4.0 + LEAST_PAUSE - 0.05, 9.0))]
)
def test_without_a_pause_there_are_no_halves(speech: tuple[tuple[float, float], ...]) -> None:
    """Speech without a pause long enough is not cut: it would be cut within a word."""
    assert halves(job(*speech)) is None


def test_what_was_read_is_joined_in_time() -> None:
    """The second half follows the first, its times and its words moved to where it begins."""
    joined = join(read("하나", seconds=0.5), read("둘", seconds=0.25, looks=2), 5.0)
    assert joined.text == "하나 둘"
    assert [(piece.start, piece.end) for piece in joined.pieces] == [(1.0, 2.0), (6.0, 7.0)]
    assert joined.pieces[1].words == (Word(6.0, 7.0, "둘", 0.9),)
    assert joined.seconds == 0.75
    assert joined.looks == 3


def test_a_joined_reading_is_as_doubtful_as_its_worse_half() -> None:
    """Scores are the worse of the two, the compression ratio that of the whole text."""
    joined = join(
        read("하나 둘 셋 " * 10, avg_logprob=-0.9, no_speech_prob=0.1, warnings=("w",)),
        read("하나 둘 셋 " * 10, avg_logprob=-0.1, no_speech_prob=0.6, warnings=("w", "v")),
        5.0,
    )
    assert (joined.avg_logprob, joined.no_speech_prob) == (-0.9, 0.6)
    assert joined.compression_ratio > 2.4
    assert joined.warnings == ("w", "v")


def test_an_empty_half_adds_nothing() -> None:
    """Where nothing was read in a half, the text is that of the other."""
    assert join(read(""), read("둘"), 5.0).text == "둘"
    assert join(read("하나"), read(""), 5.0).text == "하나"


def test_evidence_and_scores_are_the_gates_words() -> None:
    """A job and a hypothesis say to the gates what they know."""
    evidence = evidence_of(job((1.0, 3.0), voiced=1.5))
    assert (evidence.seconds, evidence.speech_seconds, evidence.voiced_seconds) == (10.0, 2.0, 1.5)
    scores = scores_of(read("하나", avg_logprob=-0.5))
    assert (scores.text, scores.avg_logprob, scores.no_speech_prob) == ("하나", -0.5, 0.01)
