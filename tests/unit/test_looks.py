"""How a chunk is read: when it is looked at again, and what a faulty library costs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

from stt_backends import ChunkJob, DecodeOptions, ModelInfo
from stt_errors import InferenceError
from stt_looks import ALIGN_WORTH, BEAM, Look, WhisperBackend
from stt_types import SAMPLE_RATE, Word
from stt_vad import Samples

SENTENCE = "아무리 천천히 가도 멈추지만 않는다면 괜찮다."
PLAIN = Look(SENTENCE, (1, 2, 3), -0.2, 0.01)


def look(text: str, logprob: float = -0.2) -> Look:
    return Look(text, (1, 2, 3), logprob, 0.01)


@dataclass
class Reader(WhisperBackend[Samples]):
    """Reads what it is told, by the beam and the second at which the audio begins."""

    greedy: Look = PLAIN
    beam: Look = PLAIN
    by_start: dict[int, Look] = field(default_factory=dict)
    fault: Exception | None = None
    alignment_fault: Exception | None = None
    decoded: list[int] = field(default_factory=list)
    aligned: int = 0
    info: ModelInfo = field(default_factory=lambda: ModelInfo("fake", "none", "cpu", "none", ()))

    def _encode(self, audio: Samples) -> Samples:
        if self.fault is not None:
            raise self.fault
        return audio

    def _language_of(self, window: Samples) -> tuple[str, float]:
        return "ko", 0.75

    def _decode(self, window: Samples, options: DecodeOptions, *, beam: int) -> Look:
        assert options.language is not None
        self.decoded.append(beam)
        told = self.by_start.get(round(float(window[0])))
        return told or (self.beam if beam > 1 else self.greedy)

    def _word_times(self, look: Look, options: DecodeOptions, window: Samples) -> list[Word]:
        self.aligned += 1
        if self.alignment_fault is not None:
            raise self.alignment_fault
        words = look.text.split()
        return [Word(n * 0.5, n * 0.5 + 0.5, f" {word}", 0.9) for n, word in enumerate(words)]


def job(*speech: tuple[float, float], seconds: float = 4.0, **options: Any) -> ChunkJob:
    """A chunk whose samples tell which second they are of."""
    heard = speech or ((0.5, seconds - 0.5),)
    total = sum(end - start for start, end in heard)
    audio = (np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE).astype(np.float32)
    chosen = DecodeOptions(**options)
    return ChunkJob(audio, chosen, heard, total, total)


def test_a_sure_reading_is_looked_at_once() -> None:
    """Greedy first, and that is all where nothing is in doubt."""
    reader = Reader()
    (reading,) = reader.transcribe([job()])
    assert reading.text == SENTENCE
    assert reader.decoded == [1]
    assert (reading.language, reading.language_probability, reading.looks) == ("ko", 0.75, 1)


def test_a_doubtful_reading_is_looked_at_again() -> None:
    """An unsure model is asked again with a beam, and the likelier reading counts."""
    reader = Reader(greedy=look("아무리 천천히 가도 멈추지만 않는 단면.", -0.9))
    (reading,) = reader.transcribe([job()])
    assert reader.decoded == [1, BEAM]
    assert (reading.text, reading.looks) == (SENTENCE, 2)


def test_a_worse_second_look_is_not_taken() -> None:
    """A beam that makes it worse changes nothing."""
    reader = Reader(
        greedy=look(SENTENCE, -0.5), beam=look("다른 말이었습니다 아마도 그렇지요.", -1.2)
    )
    assert reader.transcribe([job()])[0].text == SENTENCE


@pytest.mark.parametrize(
    ("options", "beams"),
    [({"quality": "fast"}, [1]), ({"quality": "accurate"}, [BEAM]), ({"beam_size": 7}, [7])],
)
def test_the_caller_decides_how_often(options: dict[str, Any], beams: list[int]) -> None:
    """`fast` never looks again, `accurate` and a wide beam look well at once."""
    unsure = look(SENTENCE, -0.9)
    reader = Reader(greedy=unsure, beam=unsure)
    reader.transcribe([job(**options)])
    assert reader.decoded == beams


def test_a_text_too_short_for_its_speech_is_read_in_halves() -> None:
    """Where a sentence was swallowed, each half of the chunk is read on its own."""
    halves = {5: look("조금만 생각을 하면서 살면 훨씬 편할 거야.")}
    reader = Reader(greedy=look("네."), beam=look("네."), by_start=halves)
    spoken = job((0.5, 4.0), (6.0, 9.5), seconds=10.0)
    reader.by_start[0] = look("네.")
    (reading,) = reader.transcribe([spoken])
    assert reading.text == "네. 조금만 생각을 하면서 살면 훨씬 편할 거야."
    assert reading.pieces[-1].start >= 5.0


def test_without_alignment_there_are_segment_times_still() -> None:
    """A library that cannot time words is asked once; segments keep their times, with a
    warning, and the text is whole."""
    reader = Reader(alignment_fault=RuntimeError("CUDA error: misaligned address\nat 0x0"))
    for _ in range(2):
        (reading,) = reader.transcribe([job(word_timestamps=True)])
        (piece,) = reading.pieces
        assert (piece.start, piece.end, piece.text) == (0.5, 3.5, SENTENCE)
        assert piece.words is None
        assert reading.warnings == ("word_timestamps_unavailable: CUDA error: misaligned address",)
    assert reader.aligned == 1


def test_memory_that_was_short_is_tried_again() -> None:
    """Another may hold the GPU's memory for a moment: the next chunk has its words' times."""
    reader = Reader(alignment_fault=RuntimeError("CUDA failed with error out of memory"))
    (reading,) = reader.transcribe([job(word_timestamps=True)])
    assert reading.warnings == (
        "word_timestamps_unavailable: CUDA failed with error out of memory",
    )
    reader.alignment_fault = None
    (reading,) = reader.transcribe([job(word_timestamps=True)])
    assert (reading.warnings, reader.aligned) == ((), 2)
    assert reading.pieces[0].words


def test_words_are_timed_on_demand() -> None:
    """A short chunk is aligned only for its words."""
    reader = Reader()
    short = ALIGN_WORTH - 0.5
    reader.transcribe([job(seconds=short)])
    assert reader.aligned == 0
    (reading,) = reader.transcribe([job(seconds=short, word_timestamps=True)])
    assert reader.aligned == 1
    assert [word.word.strip() for word in reading.pieces[0].words or ()] == SENTENCE.split()


@pytest.mark.parametrize(
    "fault",
    [
        RuntimeError("CUDA out of memory\nat line 7"),
        ValueError("odd"),
        MemoryError(),
        KeyError("k"),
    ],
)
def test_errors_of_a_library_become_ours(fault: Exception) -> None:
    """What a library raises is an InferenceError of one line."""
    with pytest.raises(InferenceError) as caught:
        Reader(fault=fault).transcribe([job()])
    assert str(caught.value)
    assert "\n" not in str(caught.value)


def test_nothing_read_is_no_piece() -> None:
    """An empty text has no segment."""
    empty = look("")
    (reading,) = Reader(greedy=empty, beam=empty).transcribe([job()])
    assert reading.pieces == ()
