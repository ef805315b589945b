"""Reading a chunk in two halves, cut in its longest pause, and joining what was read."""

from __future__ import annotations

from dataclasses import replace

from stt_backends import ChunkJob, Hypothesis, Piece
from stt_gates import Evidence, Scores, compression_ratio
from stt_types import SAMPLE_RATE, Word

LEAST_PAUSE = 0.25
"""Seconds. A shorter gap may lie within a word."""


def halves(job: ChunkJob) -> tuple[ChunkJob, ChunkJob] | None:
    """The job cut in the middle of its longest pause; None when it has no pause to cut in."""
    gaps = [(a[1], b[0]) for a, b in zip(job.speech, job.speech[1:], strict=False)]
    begin, end = max(gaps, key=lambda gap: gap[1] - gap[0], default=(0.0, 0.0))
    if end - begin < LEAST_PAUSE:
        return None
    middle = (begin + end) / 2
    return _part(job, 0.0, middle), _part(job, middle, len(job.audio) / SAMPLE_RATE)


def join(first: Hypothesis, second: Hypothesis, offset: float) -> Hypothesis:
    """Both readings as one; `offset` is where the second half begins, in seconds."""
    pieces = first.pieces + tuple(_shift(piece, offset) for piece in second.pieces)
    text = " ".join(piece.text for piece in pieces)
    return replace(
        first,
        pieces=pieces,
        avg_logprob=min(first.avg_logprob, second.avg_logprob),
        no_speech_prob=max(first.no_speech_prob, second.no_speech_prob),
        compression_ratio=compression_ratio(text),
        looks=first.looks + second.looks,
        unread_seconds=first.unread_seconds + second.unread_seconds,
        seconds=first.seconds + second.seconds,
        warnings=tuple(dict.fromkeys(first.warnings + second.warnings)),
    )


def evidence_of(job: ChunkJob) -> Evidence:
    """What the voice activity said of a job, for the gates."""
    return Evidence(len(job.audio) / SAMPLE_RATE, job.speech_seconds, job.voiced_seconds)


def scores_of(hypothesis: Hypothesis) -> Scores:
    """What the model said of its own text, for the gates."""
    return Scores(
        hypothesis.text,
        hypothesis.avg_logprob,
        hypothesis.no_speech_prob,
        hypothesis.compression_ratio,
    )


def _part(job: ChunkJob, start: float, end: float) -> ChunkJob:
    audio = job.audio[int(start * SAMPLE_RATE) : int(end * SAMPLE_RATE)]
    speech = tuple((a - start, b - start) for a, b in job.speech if start <= a < end)
    seconds = sum(b - a for a, b in speech)
    share = seconds / job.speech_seconds if job.speech_seconds else 0.0
    return replace(
        job,
        audio=audio,
        speech=speech,
        speech_seconds=seconds,
        voiced_seconds=job.voiced_seconds * share,
    )


def _shift(piece: Piece, offset: float) -> Piece:
    words = piece.words and tuple(
        Word(word.start + offset, word.end + offset, word.word, word.probability)
        for word in piece.words
    )
    return Piece(piece.start + offset, piece.end + offset, piece.text, words)
