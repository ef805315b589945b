"""Hypotheses put together to a transcript: gates, times, channels, coverage."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pytest

from stt_backends import Hypothesis, ModelInfo, Piece
from stt_chunks import Chunk
from stt_transcript import Assembly, judge
from stt_types import (
    SAMPLE_RATE,
    Coverage,
    Gap,
    Suppressed,
    Timings,
    TranscribeOptions,
    Transcript,
    Word,
)

MODEL = ModelInfo("faster-whisper", "base", "cpu", "int8", ("ko", "en"))
OUTRO = "시청해주셔서 감사합니다."


def chunk(
    start: float,
    end: float,
    *speech: tuple[float, float],
    channel: int | None = None,
    voiced: float | None = None,
) -> Chunk:
    """A chunk whose speech is all of it, or what is given."""
    heard = speech or ((start, end),)
    total = sum(b - a for a, b in heard)
    return Chunk(
        index=0,
        channel=channel,
        start=round(start * SAMPLE_RATE),
        end=round(end * SAMPLE_RATE),
        audio=np.zeros(round((end - start) * SAMPLE_RATE), np.float32),
        speech=tuple((round(a * SAMPLE_RATE), round(b * SAMPLE_RATE)) for a, b in heard),
        speech_seconds=total,
        voiced_seconds=total if voiced is None else voiced,
    )


def silent(start: float, end: float) -> Chunk:
    return Chunk(
        0, None, round(start * SAMPLE_RATE), round(end * SAMPLE_RATE),
        np.zeros(round((end - start) * SAMPLE_RATE), np.float32), (), 0.0, 0.0,
    )  # fmt: skip


def read(*pieces: Piece, **more: object) -> Hypothesis:
    scores: dict[str, object] = {
        "avg_logprob": -0.2, "no_speech_prob": 0.01, "compression_ratio": 1.0,
        "language": "ko", "language_probability": 1.0, "seconds": 0.25, **more,
    }  # fmt: skip
    return Hypothesis(pieces, **scores)  # type: ignore[arg-type]


def assembled(
    parts: Iterable[tuple[Chunk, Hypothesis]],
    options: TranscribeOptions | None = None,
    language: str | None = "ko",
) -> Transcript:
    assembly = Assembly(options or TranscribeOptions(), MODEL, language, 0.98765)
    for part in parts:
        assembly.add(*part)
    return assembly.finish(20.0, Timings(total=1.0), ["cut short"])


def test_segments_have_the_times_of_the_recording() -> None:
    """Piece times count from the chunk, segment and word times from the recording."""
    words = (Word(0.5, 1.0, " 하나", 0.91234), Word(1.0, 1.6, " 둘.", 0.8))
    assembly = Assembly(TranscribeOptions(), MODEL, "ko")
    (segment,) = assembly.add(chunk(10.0, 14.0), read(Piece(0.5, 1.6, "하나 둘.", words)))
    assert (segment.start, segment.end, segment.text) == (10.5, 11.6, "하나 둘.")
    assert segment.words == (Word(10.5, 11.0, "하나", 0.9123), Word(11.0, 11.6, "둘.", 0.8))
    assert (segment.avg_logprob, segment.no_speech_prob) == (-0.2, 0.01)


def test_a_transcript_is_the_sum_of_its_chunks() -> None:
    """Text, ids, language and model come together; warnings come once each."""
    whole = assembled(
        [
            (chunk(1.0, 4.0), read(Piece(0.0, 2.0, "하나."), Piece(2.0, 3.0, "둘."))),
            (chunk(5.0, 9.0), read(Piece(0.0, 4.0, "셋."), warnings=("no words", "cut short"))),
        ]
    )
    assert whole.text == "하나. 둘. 셋."
    assert [segment.id for segment in whole.segments] == [0, 1, 2]
    assert (whole.language, whole.language_probability) == ("ko", 0.9877)
    assert (whole.backend, whole.model, whole.duration) == ("faster-whisper", "base", 20.0)
    assert whole.warnings == ("cut short", "no words")
    assert whole.timings.total == 1.0
    assert not whole.is_dummy


def test_inference_time_adds_up() -> None:
    """The time of every reading counts, of withheld ones too."""
    assembly = Assembly(TranscribeOptions(), MODEL, "ko")
    assembly.add(chunk(0.0, 4.0), read(Piece(0.0, 1.0, "하나.")))
    assembly.add(silent(4.0, 8.0), read(Piece(0.0, 1.0, OUTRO)))
    assert assembly.inference_seconds == 0.5


@pytest.mark.parametrize(
    ("language", "task", "text"),
    [
        ("ja", "transcribe", "一。二。"),
        ("zh", "transcribe", "一。二。"),
        ("ja", "translate", "一。 二。"),
        ("ko", "transcribe", "一。 二。"),
    ],
)
def test_unspaced_languages_are_not_spaced(language: str, task: str, text: str) -> None:
    """Sentences of Japanese or Chinese follow each other without a space; translated ones
    are English."""
    options = TranscribeOptions(task="translate" if task == "translate" else "transcribe")
    parts = [(chunk(0.0, 4.0), read(Piece(0.0, 1.0, "一。"), Piece(1.0, 2.0, "二。")))]
    assert assembled(parts, options, language).text == text


def test_coverage_shows_what_is_missing() -> None:
    """Speech that brought no text, or only withheld text, is a gap; a blip of it is none."""
    whole = assembled(
        [
            (chunk(0.0, 4.0, (0.5, 3.5)), read(Piece(0.5, 3.5, "아무리 천천히 가도."))),
            (chunk(5.0, 9.0, (5.5, 6.5), (7.0, 8.5)), read()),
            (chunk(10.0, 12.0, (10.5, 10.7)), read()),
            (chunk(13.0, 16.0, (14.0, 14.5), voiced=0.0), read(Piece(1.0, 1.5, OUTRO))),
        ]
    )
    assert whole.coverage.speech_seconds == pytest.approx(3.0 + 2.5 + 0.2 + 0.5)
    assert whole.coverage.transcribed_seconds == pytest.approx(3.0)
    assert whole.coverage.gaps == (Gap(5.5, 8.5), Gap(14.0, 14.5))
    assert [withheld.text for withheld in whole.suppressed] == [OUTRO]


def test_what_is_withheld_is_told() -> None:
    """Withheld text is in `suppressed` with its time, its channel and its reason, not in the
    text."""
    faint = chunk(10.0, 14.0, (11.0, 11.2), channel=1, voiced=0.0)
    whole = assembled([(faint, read(Piece(1.0, 1.2, OUTRO)))])
    assert whole.suppressed == (Suppressed(11.0, 11.2, OUTRO, "known_phrase", 1),)
    assert (whole.text, whole.segments) == ("", ())


def test_a_phrase_at_the_end_is_withheld_alone() -> None:
    """Credits invented after real speech, where nobody speaks, do not take it with them."""
    spoken = chunk(0.0, 10.0, (0.5, 6.0))
    credit = Piece(7.5, 9.5, OUTRO)
    whole = assembled([(spoken, read(Piece(0.5, 6.0, "아무리 천천히 가도 괜찮다."), credit))])
    assert whole.text == "아무리 천천히 가도 괜찮다."
    assert [(s.start, s.text, s.reason) for s in whole.suppressed] == [(7.5, OUTRO, "known_phrase")]
    assert whole.coverage.gaps == ()


def test_a_phrase_that_was_spoken_stays() -> None:
    """The same words at the end, where somebody says them, are text."""
    spoken = chunk(0.0, 10.0, (0.5, 6.0), (7.0, 9.5))
    pieces = (Piece(0.5, 6.0, "아무리 천천히 가도 괜찮다."), Piece(7.2, 9.4, OUTRO))
    assert [reason for _, reason in judge(spoken, read(*pieces))] == [None, None]


def test_a_chunk_is_judged_as_a_whole() -> None:
    """A reading the model itself does not believe is withheld with all its sentences."""
    pieces = (Piece(0.0, 2.0, "하나 둘 셋."), Piece(2.0, 3.0, "넷 다섯."))
    reasons = [reason for _, reason in judge(chunk(0.0, 4.0), read(*pieces, avg_logprob=-3.0))]
    assert reasons == ["low_confidence", "low_confidence"]


def test_the_prompt_is_not_taken_for_speech() -> None:
    """The caller's prompt or hotwords, read where hardly anything was heard, are withheld."""
    faint = chunk(10.0, 14.0, (11.0, 11.2), voiced=0.0)
    hypothesis = read(Piece(1.0, 1.2, "무배당 보장보험"))
    options = TranscribeOptions(initial_prompt="상담 내용입니다.", hotwords="무배당 보장보험")
    assert [s.reason for s in assembled([(faint, hypothesis)], options).suppressed] == [
        "prompt_echo"
    ]
    assert assembled([(faint, hypothesis)]).suppressed == ()


def test_channels_are_merged_by_time() -> None:
    """Segments of both channels come in the order in which they begin; each keeps its id."""
    whole = assembled(
        [
            (chunk(0.0, 4.0, channel=0), read(Piece(0.0, 4.0, "안녕하세요."))),
            (chunk(3.0, 6.0, channel=1), read(Piece(0.0, 3.0, "네, 반갑습니다."))),
            (chunk(2.0, 9.0, channel=0), read(Piece(0.5, 7.0, "오늘 날씨가 좋네요."))),
        ]
    )
    assert [(s.channel, s.start, s.id) for s in whole.segments] == [
        (0, 0.0, 0), (0, 2.5, 2), (1, 3.0, 1),
    ]  # fmt: skip
    assert whole.text == "안녕하세요. 오늘 날씨가 좋네요. 네, 반갑습니다."


def test_both_channels_at_once_come_in_their_order() -> None:
    """Two channels that begin together are ordered by their number."""
    whole = assembled(
        [
            (chunk(1.0, 4.0, channel=1), read(Piece(0.0, 3.0, "둘째입니다."))),
            (chunk(1.0, 4.0, channel=0), read(Piece(0.0, 3.0, "첫째입니다."))),
        ]
    )
    assert [segment.channel for segment in whole.segments] == [0, 1]


def test_segments_before_the_start_are_left_out() -> None:
    """A request that begins within a chunk gets the sentences that end after it."""
    options = TranscribeOptions(start_seconds=12.5)
    hypothesis = read(Piece(0.0, 2.0, "하나."), Piece(2.0, 3.0, "둘."), Piece(3.0, 4.0, "셋."))
    whole = assembled([(chunk(10.0, 14.0), hypothesis)], options)
    assert [(segment.id, segment.text) for segment in whole.segments] == [(0, "둘."), (1, "셋.")]


def test_nothing_heard_is_an_empty_transcript() -> None:
    """A recording without a chunk gives empty text, no language and full coverage of nothing."""
    whole = assembled([], language=None)
    assert (whole.text, whole.segments, whole.language) == ("", (), None)
    assert whole.coverage == Coverage(20.0, 0.0, 0.0)


def test_speech_after_the_last_sentence_is_a_gap() -> None:
    """A chunk whose text ends before its speech does is not counted as read to its end."""
    spoken = chunk(0.0, 12.0, (0.5, 4.0), (5.0, 11.5))
    whole = assembled([(spoken, read(Piece(0.5, 4.2, "아무리 천천히 가도 괜찮다.")))])
    assert whole.coverage.gaps == (Gap(5.0, 11.5),)
    assert whole.coverage.transcribed_seconds == pytest.approx(3.5)
