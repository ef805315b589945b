"""The seam between the engine and a model, and what crosses it.

A backend takes chunk jobs and returns a hypothesis for each: that is all the engine, the
scheduler and the worker process know of a model. Peers: `faster-whisper`
(`stt_faster_whisper`), `transformers` (`stt_transformers`), `whisper` (`stt_openai_whisper`),
each imported only when it is chosen. The dummy is a peer one level up, where whole
recordings are answered (`stt_dummy`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Protocol, TypeAlias

from stt_errors import ModelLoadError
from stt_types import Quality, Task, Word

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from stt_vad import Samples

BackendName: TypeAlias = Literal["faster-whisper", "transformers", "whisper"]
BACKENDS: tuple[BackendName, ...] = ("faster-whisper", "transformers", "whisper")
"""In the order in which `auto` tries them."""


@dataclass(frozen=True, slots=True)
class DecodeOptions:
    """How a chunk is decoded; the part of the caller's options that concerns a model."""

    language: str | None = None
    task: Task = "transcribe"
    word_timestamps: bool = False
    initial_prompt: str | None = None
    hotwords: str | None = None
    beam_size: int | None = None
    temperature: float | None = None
    quality: Quality = "balanced"


@dataclass(frozen=True, slots=True)
class ChunkJob:
    """One chunk of audio (mono float32, 16 kHz, at most 30 s) and what is known of it.

    speech: stretches of speech, in seconds from the start of the chunk.
    """

    audio: Samples
    options: DecodeOptions
    speech: tuple[tuple[float, float], ...] = ()
    speech_seconds: float = 0.0
    voiced_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Piece:
    """A sentence of a chunk; times in seconds from the start of the chunk."""

    start: float
    end: float
    text: str
    words: tuple[Word, ...] | None = None


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """What a model read in a chunk. `pieces` is empty when it read nothing.

    unread_seconds: speech that no word of the text lies on, where word times are known.
    """

    pieces: tuple[Piece, ...]
    avg_logprob: float
    no_speech_prob: float
    compression_ratio: float
    language: str
    language_probability: float
    looks: int = 1
    unread_seconds: float = 0.0
    seconds: float = 0.0
    warnings: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        return " ".join(piece.text for piece in self.pieces)


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """What was loaded, for `/info`, the log and the metrics."""

    backend: str
    model: str
    device: str
    compute_type: str
    languages: tuple[str, ...]
    versions: dict[str, str] = field(default_factory=dict)


class Backend(Protocol):
    """A loaded model. Called from one thread at a time."""

    info: ModelInfo

    def transcribe(self, jobs: Sequence[ChunkJob]) -> list[Hypothesis]:
        """A hypothesis for each job, in order. Raises InferenceError."""
        ...

    def detect_language(self, audio: Samples) -> tuple[str, float]:
        """Code and probability for up to 30 s of speech. Raises InferenceError."""
        ...


@dataclass(frozen=True, slots=True)
class ModelSpec:
    """What to load. `path` is a directory that exists."""

    backend: BackendName
    name: str
    path: Path
    device: str = "cpu"
    device_index: int = 0
    compute_type: str = "default"
    cpu_threads: int = 0


def load(spec: ModelSpec) -> Backend:
    """Loads a model. Raises ModelLoadError with a reason fit for an operator."""
    try:
        if spec.backend == "faster-whisper":
            from stt_faster_whisper import FasterWhisperBackend

            return FasterWhisperBackend(spec)
        if spec.backend == "transformers":
            from stt_transformers import TransformersBackend

            return TransformersBackend(spec)
        from stt_openai_whisper import OpenAIWhisperBackend

        return OpenAIWhisperBackend(spec)
    except ImportError as error:
        raise ModelLoadError(f"{spec.backend} is not installed ({error.name})") from error
