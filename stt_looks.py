"""How a chunk is read, whatever the library: looks until the model is sure, then sentences.

`WhisperBackend` is what the backends have in common; a backend adds how its library encodes,
decodes, tells languages apart and times words. Greedy first; a second look with a beam on the
same encoder output where the gates doubt the first; two halves where the text is too short.
"""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Generic, TypeVar

from stt_backends import ChunkJob, DecodeOptions, Hypothesis, ModelInfo, Piece
from stt_errors import InferenceError, ModelLoadError
from stt_gates import Evidence, Scores, compression_ratio, doubts, syllables
from stt_halves import evidence_of, halves, join, scores_of
from stt_sentences import one_piece, sentences, unread
from stt_types import SAMPLE_RATE, Word

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from stt_vad import Samples

FULL_WINDOW = 30.0
"""What Whisper's encoder was trained on, seconds."""

BEAM = 5
GRAVE = frozenset({"repetition", "too_fast", "too_slow"})
"""The doubts that say more than «unsure»: the text cannot be what was said."""

_TOKENS_PER_SECOND = 14

ALIGN_WORTH = 4.0
"""Seconds; below it a chunk of several sentences stays one piece."""

UNREAD_SECONDS = 1.0
"""Speech without a word on it from which a chunk is read again, in halves."""


@dataclass(frozen=True, slots=True)
class Look:
    """One decoding of one chunk. `avg_logprob` counts the end of the text as a token."""

    text: str
    tokens: tuple[int, ...]
    avg_logprob: float
    no_speech_prob: float

    @property
    def scores(self) -> Scores:
        ratio = compression_ratio(self.text)
        return Scores(self.text, self.avg_logprob, self.no_speech_prob, ratio)


Window = TypeVar("Window")
"""A chunk as the library's encoder leaves it."""


class WhisperBackend(ABC, Generic[Window]):
    """Whisper, chunk by chunk. `info` is set by the backend."""

    info: ModelInfo
    _alignment_fault: str | None = None

    def transcribe(self, jobs: Sequence[ChunkJob]) -> list[Hypothesis]:
        """One hypothesis a job, each decoded on its own: see Backend.transcribe."""
        with inference_errors():
            return [self._read(job) for job in jobs]

    def detect_language(self, audio: Samples) -> tuple[str, float]:
        """See Backend.detect_language."""
        with inference_errors():
            return self._language_of(self._encode(audio[: int(FULL_WINDOW * SAMPLE_RATE)]))

    @abstractmethod
    def _encode(self, audio: Samples) -> Window: ...

    @abstractmethod
    def _language_of(self, window: Window) -> tuple[str, float]: ...

    @abstractmethod
    def _decode(self, window: Window, options: DecodeOptions, *, beam: int) -> Look:
        """options.language is known here."""

    @abstractmethod
    def _word_times(self, look: Look, options: DecodeOptions, window: Window) -> list[Word]:
        """Raises RuntimeError where the model or the machine cannot give them."""

    def _read(self, job: ChunkJob) -> Hypothesis:
        """Reads a chunk; one whose text leaves speech unread is read in two halves.

        Whisper likes to end its text after the first of two sentences.
        """
        whole = self._read_once(job)
        slow = "too_slow" in doubts(scores_of(whole), evidence_of(job))
        if not slow and whole.unread_seconds < UNREAD_SECONDS:
            return whole
        parts = halves(replace(job, options=replace(job.options, language=whole.language)))
        if parts is None:
            return whole
        first, second = (self._read(part) for part in parts)
        joined = replace(
            join(first, second, len(parts[0].audio) / SAMPLE_RATE),
            language_probability=whole.language_probability,
            looks=whole.looks + first.looks + second.looks,
            seconds=whole.seconds + first.seconds + second.seconds,
        )
        return joined if syllables(joined.text) > syllables(whole.text) else whole

    def _read_once(self, job: ChunkJob) -> Hypothesis:
        began = time.perf_counter()
        window = self._encode(job.audio)
        language, probability = job.options.language, 1.0
        if language is None:
            language, probability = self._language_of(window)
        options = replace(job.options, language=language)
        look, window, looks = self._look_until_sure(job, options, window)
        words, warnings = self._words(job, options, look, window)
        return Hypothesis(
            pieces=_pieces(look.text, words, job, options),
            avg_logprob=look.avg_logprob,
            no_speech_prob=look.no_speech_prob,
            compression_ratio=look.scores.compression_ratio,
            language=language,
            language_probability=probability,
            looks=looks,
            unread_seconds=unread(words, job) if words else 0.0,
            seconds=time.perf_counter() - began,
            warnings=warnings,
        )

    def _look_until_sure(
        self, job: ChunkJob, options: DecodeOptions, window: Window
    ) -> tuple[Look, Window, int]:
        """The best of one or two looks, the window it was read in, and how many there were."""
        evidence = evidence_of(job)
        first = self._decode(window, options, beam=first_beam(options))
        unsure = doubts(first.scores, evidence) and options.quality != "fast"
        if not unsure or first_beam(options) >= BEAM:
            return first, window, 1
        second = self._decode(window, options, beam=BEAM)
        return better(first, second, evidence), window, 2

    def _words(
        self, job: ChunkJob, options: DecodeOptions, look: Look, window: Window
    ) -> tuple[list[Word], tuple[str, ...]]:
        """Words with times where they are worth their price: to cut sentences, to see what was
        left unread, or because the caller wants them."""
        worth = len(job.audio) / SAMPLE_RATE >= ALIGN_WORTH and options.task == "transcribe"
        if not look.text or not (options.word_timestamps or worth):
            return [], ()
        words, fault = self._align(look, options, window)
        if words or fault is None:
            return words, ()
        return [], (f"word_timestamps_unavailable: {fault}",)

    def _align(
        self, look: Look, options: DecodeOptions, window: Window
    ) -> tuple[list[Word], str | None]:
        """Words with their times, or why there are none; segment times are then all there is.

        What does not work on this machine is not tried again. Memory that others hold is another
        matter: it may be free for the next chunk.
        """
        if self._alignment_fault is not None:
            return [], self._alignment_fault
        try:
            return self._word_times(look, options, window), None
        except RuntimeError as error:
            fault = _first_line(error)
            if "out of memory" not in fault:
                self._alignment_fault = fault
            return [], fault


def _pieces(
    text: str, words: Sequence[Word], job: ChunkJob, options: DecodeOptions
) -> tuple[Piece, ...]:
    if not text:
        return ()
    if not words:
        return (one_piece(text, job),)
    return sentences(text, words, job, keep_words=options.word_timestamps)


def first_beam(options: DecodeOptions) -> int:
    """Beam of the first look: the caller's, else greedy unless accuracy was asked for."""
    if options.beam_size is not None:
        return options.beam_size
    return BEAM if options.quality == "accurate" else 1


def better(first: Look, second: Look, evidence: Evidence) -> Look:
    """The look with fewer grave doubts; then, the likelier one."""

    def rank(look: Look) -> tuple[int, float]:
        grave = doubts(look.scores, evidence) & GRAVE
        return (-len(grave), look.avg_logprob)

    return second if rank(second) > rank(first) else first


def most_tokens(seconds: float) -> int:
    """Bound on the tokens of a text, so that a loop ends early."""
    return int(seconds * _TOKENS_PER_SECOND) + 16


@contextmanager
def load_errors(*more: type[Exception]) -> Iterator[None]:
    """What a library raises while it loads, `more` included, becomes ModelLoadError."""
    kinds: tuple[type[Exception], ...] = (RuntimeError, ValueError, OSError, KeyError, *more)
    try:
        yield
    except kinds as error:
        raise ModelLoadError(_first_line(error)) from error


@contextmanager
def inference_errors() -> Iterator[None]:
    """What a library raises while it transcribes becomes InferenceError."""
    try:
        yield
    except (RuntimeError, ValueError, LookupError, MemoryError) as error:
        raise InferenceError(_first_line(error)) from error


def _first_line(error: BaseException) -> str:
    """What an error says, on one line; a first line that only announces takes the next along."""
    lines = [line.strip() for line in str(error).splitlines()] or [type(error).__name__]
    return " ".join(lines[: 2 if lines[0].endswith(":") else 1])[:300]
