"""Hypotheses of chunks put together to a transcript: gates, times, coverage."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from stt_gates import Evidence, Reason, Scores, compression_ratio, known_phrase, verdict
from stt_languages import UNSPACED
from stt_types import (
    SAMPLE_RATE,
    Coverage,
    Gap,
    Progress,
    Segment,
    Suppressed,
    Timings,
    TranscribeOptions,
    Transcript,
    Word,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stt_backends import Hypothesis, ModelInfo, Piece
    from stt_chunks import Chunk

LEAST_GAP = 0.3
"""Seconds of speech without text that are worth reporting."""

BREATH = 1.0  # seconds between two gaps that are told as one

EDGE = 0.4
"""Seconds by which the times of a sentence may be off."""


@dataclass(frozen=True, slots=True)
class _Told:
    """How much of a transcript its progress has told."""

    suppressed: int = 0
    gaps: int = 0
    speech_seconds: float = 0.0
    transcribed_seconds: float = 0.0


@dataclass(slots=True)
class Assembly:
    """What is known of a transcript so far; `add` chunks in order, then `finish`.

    resumed: the request goes on where a chunk ended, so every later chunk is wanted whole:
    with two channels, one may hold sentences that ended before that point.
    """

    options: TranscribeOptions
    model: ModelInfo
    language: str | None = None
    language_probability: float = 0.0
    inference_seconds: float = 0.0
    segments: list[Segment] = field(default_factory=list)
    suppressed: list[Suppressed] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)
    warnings: dict[str, None] = field(default_factory=dict)
    speech_seconds: float = 0.0
    transcribed_seconds: float = 0.0
    resumed: bool = False
    _told: _Told = field(default=_Told(), init=False)

    def add(self, chunk: Chunk, hypothesis: Hypothesis) -> list[Segment]:
        """Takes what was read in a chunk; returns the segments that may be shown."""
        self.inference_seconds += hypothesis.seconds
        self.speech_seconds += chunk.speech_seconds
        self.warnings.update(dict.fromkeys(hypothesis.warnings))
        judged = judge(chunk, hypothesis, self._prompt)
        for piece, reason in judged:
            if reason is not None:
                self._withhold(chunk, piece, reason)
        shown = [piece for piece, reason in judged if reason is None]
        self._cover(chunk, shown)
        return self._keep(chunk, hypothesis, shown)

    def _keep(self, chunk: Chunk, hypothesis: Hypothesis, shown: list[Piece]) -> list[Segment]:
        """Segments for the pieces that end after the point from which the caller wants text."""
        first = len(self.segments)
        for piece in shown:
            segment = self._segment(chunk, hypothesis, piece)
            if self.resumed or segment.end > self.options.start_seconds:
                self.segments.append(segment)
        return self.segments[first:]

    def progress(self, seconds_done: float, seconds_total: float) -> Progress:
        """Where the request is, with what was found since the last time this was called."""
        told = self._told
        self._told = _Told(
            len(self.suppressed), len(self.gaps), self.speech_seconds, self.transcribed_seconds
        )
        return Progress(
            seconds_done,
            seconds_total,
            language=self.language,
            language_probability=round(self.language_probability, 4),
            speech_seconds=self.speech_seconds - told.speech_seconds,
            transcribed_seconds=self.transcribed_seconds - told.transcribed_seconds,
            suppressed=tuple(self.suppressed[told.suppressed :]),
            gaps=tuple(self.gaps[told.gaps :]),
        )

    def finish(self, duration: float, timings: Timings, warnings: list[str]) -> Transcript:
        """The whole, once every chunk was added. Split channels are merged by time."""
        segments = sorted(self.segments, key=lambda s: (s.start, s.channel or 0, s.id))
        unspaced = self.language in UNSPACED and self.options.task == "transcribe"
        return Transcript(
            text=("" if unspaced else " ").join(segment.text for segment in segments),
            language=self.language,
            language_probability=round(self.language_probability, 4),
            duration=round(duration, 3),
            segments=tuple(segments),
            suppressed=tuple(self.suppressed),
            coverage=Coverage(
                round(duration, 3),
                round(self.speech_seconds, 3),
                round(self.transcribed_seconds, 3),
                tuple(self.gaps),
            ),
            backend=self.model.backend,
            model=self.model.model,
            timings=timings,
            warnings=tuple(dict.fromkeys([*warnings, *self.warnings])),
        )

    @property
    def _prompt(self) -> str:
        return " ".join(filter(None, (self.options.initial_prompt, self.options.hotwords)))

    def _segment(self, chunk: Chunk, hypothesis: Hypothesis, piece: Piece) -> Segment:
        offset = chunk.start_seconds
        words = piece.words and tuple(
            Word(
                round(word.start + offset, 3),
                round(word.end + offset, 3),
                word.word.strip(),
                round(word.probability, 4),
            )
            for word in piece.words
        )
        return Segment(
            id=len(self.segments),
            start=round(piece.start + offset, 3),
            end=round(piece.end + offset, 3),
            text=piece.text,
            channel=chunk.channel,
            avg_logprob=round(hypothesis.avg_logprob, 4),
            no_speech_prob=round(hypothesis.no_speech_prob, 4),
            compression_ratio=round(hypothesis.compression_ratio, 3),
            words=words,
        )

    def _withhold(self, chunk: Chunk, piece: Piece, reason: Reason) -> None:
        offset = chunk.start_seconds
        start, end = round(piece.start + offset, 3), round(piece.end + offset, 3)
        self.suppressed.append(Suppressed(start, end, piece.text, reason, chunk.channel))

    def _cover(self, chunk: Chunk, shown: list[Piece]) -> None:
        """Counts the speech under the text, and notes the speech that has none."""
        bare = list(_uncovered(chunk, shown))
        missed = sum(end - start for start, end in bare)
        self.transcribed_seconds += max(0.0, chunk.speech_seconds - missed)
        for start, end in _merged(bare):
            if end - start >= LEAST_GAP:
                self.gaps.append(Gap(round(start, 3), round(end, 3), chunk.channel))


def _uncovered(chunk: Chunk, shown: list[Piece]) -> Iterator[tuple[float, float]]:
    """Stretches of speech, in seconds of the recording, that no shown piece lies on."""
    spans = [
        (chunk.start_seconds + piece.start - EDGE, chunk.start_seconds + piece.end + EDGE)
        for piece in shown
    ]
    for first, last in chunk.speech:
        here, end = first / SAMPLE_RATE, last / SAMPLE_RATE
        for start, stop in sorted(spans):
            if here < min(start, end):
                yield here, min(start, end)
            here = max(here, stop)
        if here < end:
            yield here, end


def _merged(stretches: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Stretches that a breath apart are one to whoever looks for them."""
    merged: list[tuple[float, float]] = []
    for start, end in stretches:
        if merged and start - merged[-1][1] < BREATH:
            merged[-1] = (merged[-1][0], end)
        else:
            merged.append((start, end))
    return merged


def judge(
    chunk: Chunk, hypothesis: Hypothesis, prompt: str = ""
) -> list[tuple[Piece, Reason | None]]:
    """Each piece with the reason to withhold it, or None.

    The chunk is judged as a whole, since the model scored it as a whole; a sentence known
    from video credits inside a longer text is judged by the speech heard in its own time.
    """
    scores = Scores(
        hypothesis.text,
        hypothesis.avg_logprob,
        hypothesis.no_speech_prob,
        hypothesis.compression_ratio,
    )
    whole = Evidence(len(chunk.audio) / SAMPLE_RATE, chunk.speech_seconds, chunk.voiced_seconds)
    reason = verdict(scores, whole, prompt)
    if reason is not None or len(hypothesis.pieces) < 2:
        return [(piece, reason) for piece in hypothesis.pieces]
    return [(piece, _judge_phrase(chunk, scores, piece)) for piece in hypothesis.pieces]


def _judge_phrase(chunk: Chunk, scores: Scores, piece: Piece) -> Reason | None:
    if not known_phrase(piece.text):
        return None
    heard = _heard(chunk, piece)
    share = heard / chunk.speech_seconds if chunk.speech_seconds else 0.0
    evidence = Evidence(piece.end - piece.start, heard, chunk.voiced_seconds * share)
    own = Scores(
        piece.text, scores.avg_logprob, scores.no_speech_prob, compression_ratio(piece.text)
    )
    return verdict(own, evidence)


def _heard(chunk: Chunk, piece: Piece) -> float:
    """Seconds of speech that were heard within the piece."""
    start = chunk.start + piece.start * SAMPLE_RATE
    end = chunk.start + piece.end * SAMPLE_RATE
    return sum(max(0.0, min(b, end) - max(a, start)) for a, b in chunk.speech) / SAMPLE_RATE
