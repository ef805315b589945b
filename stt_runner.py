"""Who runs the chunks: in this process, or (`stt_supervisor`) in one of its own.

A runner knows requests by a number (`open` gives it, `close` forgets it) and answers each
job with a future. Submitting never blocks.
"""

from __future__ import annotations

import itertools
import time
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeAlias

import numpy as np

from stt_backends import Backend, ChunkJob, DecodeOptions, Hypothesis, ModelInfo, ModelSpec, load
from stt_errors import InferenceError, ModelLoadError
from stt_types import SAMPLE_RATE

if TYPE_CHECKING:
    from stt_vad import Samples

Detection: TypeAlias = tuple[str, float]


@dataclass(frozen=True, slots=True)
class Answer:
    """A hypothesis and how long its job waited for its turn, in seconds."""

    hypothesis: Hypothesis
    waited: float


class Runner(Protocol):
    """Executes jobs on a loaded model. Futures fail with InferenceError."""

    info: ModelInfo

    def open(self) -> int: ...
    def submit(self, request: int, job: ChunkJob) -> Future[Answer]: ...
    def detect(self, request: int, audio: Samples) -> Future[Detection]: ...
    def close(self, request: int) -> None: ...
    def shutdown(self) -> None: ...


class InlineRunner:
    """Runs jobs on a thread of this process: for scripts, which own their process."""

    def __init__(self, backend: Backend) -> None:
        self.info = backend.info
        self._backend = backend
        self._numbers = itertools.count()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="stt-inference")

    def open(self) -> int:
        return next(self._numbers)

    def submit(self, request: int, job: ChunkJob) -> Future[Answer]:
        return self._thread.submit(self._run, job, time.perf_counter())

    def detect(self, request: int, audio: Samples) -> Future[Detection]:
        return self._thread.submit(self._backend.detect_language, audio)

    def close(self, request: int) -> None:
        """Nothing is kept for a request here."""

    def shutdown(self) -> None:
        self._thread.shutdown(wait=True, cancel_futures=True)

    def _run(self, job: ChunkJob, submitted: float) -> Answer:
        waited = time.perf_counter() - submitted
        return Answer(self._backend.transcribe([job])[0], waited)


def load_and_prove(spec: ModelSpec) -> tuple[Backend, float]:
    """A backend, and the seconds its proof took. Raises ModelLoadError."""
    backend = load(spec)
    return backend, prove(backend)


def prove(backend: Backend) -> float:
    """Makes a model read a second of noise, with word times; returns the seconds it took.

    A model can load and still fail at its first inference (a missing CUDA library does just
    that), so only an inference counts. Raises ModelLoadError.
    """
    noise = np.random.default_rng(0).standard_normal(SAMPLE_RATE).astype(np.float32) * 0.01
    language = "en" if "en" in backend.info.languages else backend.info.languages[0]
    job = ChunkJob(noise, DecodeOptions(language=language, word_timestamps=True))
    began = time.perf_counter()
    try:
        backend.transcribe([job])
    except InferenceError as error:
        raise ModelLoadError(f"the first inference failed: {error}") from error
    return time.perf_counter() - began
