"""One request from its recording to its transcript, without a thread or a loop of its own.

`recognise` is a generator that says what it needs (`Step`: read on; `Wait`: for a future)
and what it has (`Emit`); whoever drives it decides how to wait. The engine has two drivers,
one for scripts and one for the event loop, and this is the one place where the order of
things is written down.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Generator
from concurrent.futures import Future
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from stt_backends import ChunkJob, DecodeOptions
from stt_reader import SAME_INSTANT
from stt_transcript import Assembly
from stt_types import SAMPLE_RATE, Event, Timings, TranscribeOptions, Transcript

if TYPE_CHECKING:
    from stt_backlog import Permit
    from stt_chunks import Chunk
    from stt_reader import ChunkReader, Planned
    from stt_runner import Answer, Runner

LOOKAHEAD = 3
"""Chunks of one request that wait or run at a time: enough to keep the model busy."""

DETECT_SECONDS = 10.0
"""Speech from which a language is told, taken from the beginning of the recording wherever
the request begins, so that a resumed request hears the same language."""

DETECT_MEMORY_SECONDS = 180.0
"""Audio read in search of that speech: with `vad_filter=False`, music for hours would count."""

_DETECT_MOST = 30.0


@dataclass(frozen=True, slots=True)
class Step:
    """Ask the reader for the next chunks; send them back (None at the end)."""


@dataclass(frozen=True, slots=True)
class Wait:
    """Wait for a future; send its result back, or throw its error."""

    future: Future[Any]


@dataclass(frozen=True, slots=True)
class Emit:
    """Hand an event to the caller."""

    event: Event


Demand: TypeAlias = Step | Wait | Emit


class Recognition:
    """The state of one request. Drive `run()`; then close what was opened for it."""

    def __init__(
        self,
        reader: ChunkReader,
        runner: Runner,
        request: int,
        options: TranscribeOptions,
        permit: Permit,
    ) -> None:
        self._began = time.perf_counter()
        self._reader, self._runner, self._request = reader, runner, request
        self._options, self._permit = options, permit
        self._assembly = Assembly(options, runner.info, options.language)
        self._assembly.language_probability = 1.0 if options.language else 0.0
        self._ready: deque[Planned] = deque()
        self._running: deque[tuple[Planned, Future[Answer]]] = deque()
        self._ended = False
        self._waited: float | None = None

    def run(self) -> Generator[Demand, Any, None]:
        """Yields demands until the transcript was emitted."""
        if self._options.language is None:
            yield from self._detect_language()
        while True:
            yield from self._read_ahead()
            if not self._running:
                break
            planned, future = self._running.popleft()
            answer = yield Wait(future)
            yield from self._emit_chunk(planned, answer)
        yield Emit(self._transcript())

    def _detect_language(self) -> Generator[Demand, Any, None]:
        """Reads until there is enough speech to tell; a single chunk that is wanted tells it
        by itself."""
        heard = kept = 0.0
        while not self._ended and heard < DETECT_SECONDS and kept < DETECT_MEMORY_SECONDS:
            fresh = yield from self._read()
            heard += sum(planned.chunk.speech_seconds for planned in fresh)
            kept += sum(len(planned.chunk.audio) for planned in fresh) / SAMPLE_RATE
        chunks = [p.chunk for p in self._ready if p.chunk.speech_seconds > 0]
        chunks = chunks or [p.chunk for p in self._ready]
        alone = len(self._ready) == 1 and self._ended
        if not chunks or (alone and self._beyond_start(chunks[0]) > SAME_INSTANT):
            return
        audio = np.concatenate([chunk.audio for chunk in chunks])
        audio = audio[: int(_DETECT_MOST * SAMPLE_RATE)]
        found = yield Wait(self._runner.detect(self._request, audio))
        self._assembly.language, self._assembly.language_probability = found

    def _read_ahead(self) -> Generator[Demand, Any, None]:
        """Keeps LOOKAHEAD chunks with the runner while there are any.

        A long silence takes a while to read through: what was read before it is not kept back.
        """
        while len(self._running) < LOOKAHEAD:
            while not self._ready and not self._ended:
                if self._running and self._running[0][1].done():
                    return
                yield from self._read()
            if not self._ready:
                return
            planned = self._ready.popleft()
            beyond = self._beyond_start(planned.chunk)
            if beyond <= SAME_INSTANT:
                self._assembly.resumed |= beyond >= -SAME_INSTANT
                continue
            job = self._job(planned.chunk)
            self._running.append((planned, self._runner.submit(self._request, job)))

    def _beyond_start(self, chunk: Chunk) -> float:
        """Seconds by which a chunk ends after the point from which the caller wants text."""
        return chunk.end_seconds - self._options.start_seconds

    def _read(self) -> Generator[Demand, Any, list[Planned]]:
        fresh = yield Step()
        if fresh is None:
            self._ended = True
            return []
        self._ready.extend(fresh)
        return list(fresh)

    def _emit_chunk(self, planned: Planned, answer: Answer) -> Generator[Demand, Any, None]:
        if self._waited is None:
            self._waited = answer.waited
        hypothesis, assembly = answer.hypothesis, self._assembly
        if assembly.language is None:
            assembly.language = hypothesis.language
            assembly.language_probability = hypothesis.language_probability
        for segment in assembly.add(planned.chunk, hypothesis):
            yield Emit(segment)
        if planned.settles:
            done = planned.chunk.end_seconds
            self._permit.advance(done, self._reader.seconds_decoded)
            yield Emit(assembly.progress(done, max(self._total_seconds(), done)))

    def _total_seconds(self) -> float:
        """By the header while it is all there is to go by."""
        decoded = self._reader.seconds_decoded
        return decoded if self._ended else max(self._reader.info.duration or 0.0, decoded)

    def _job(self, chunk: Chunk) -> ChunkJob:
        options = self._options
        return ChunkJob(
            audio=chunk.audio,
            options=DecodeOptions(
                language=self._assembly.language,
                task=options.task,
                word_timestamps=options.word_timestamps,
                initial_prompt=options.initial_prompt,
                hotwords=options.hotwords,
                beam_size=options.beam_size,
                temperature=options.temperature,
                quality=options.quality,
            ),
            speech=tuple(
                ((a - chunk.start) / SAMPLE_RATE, (b - chunk.start) / SAMPLE_RATE)
                for a, b in chunk.speech
            ),
            speech_seconds=chunk.speech_seconds,
            voiced_seconds=chunk.voiced_seconds,
        )

    def _transcript(self) -> Transcript:
        reader = self._reader
        timings = Timings(
            decode=reader.decode_seconds,
            vad=reader.vad_seconds,
            queue=self._waited or 0.0,
            inference=self._assembly.inference_seconds,
            total=time.perf_counter() - self._began,
        )
        return self._assembly.finish(reader.seconds_decoded, timings, reader.warnings)
