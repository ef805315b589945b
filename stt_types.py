"""The engine's vocabulary: what goes in, what travels inside, what comes out.

Frozen dataclasses, no behaviour beyond arithmetic on their own fields. Times are seconds
from the start of the recording unless a name says otherwise; audio is mono float32 in
[-1, 1] at `SAMPLE_RATE`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import BinaryIO, Literal, TypeAlias

SAMPLE_RATE = 16_000

Task: TypeAlias = Literal["transcribe", "translate"]
Quality: TypeAlias = Literal["balanced", "fast", "accurate"]
DummyReason: TypeAlias = Literal["model_load_failed", "invalid_audio", "transcription_failed"]
ChannelMode: TypeAlias = Literal["mix", "split"]


@dataclass(frozen=True, slots=True)
class VadOptions:
    """How speech is told from the rest, and where it is cut.

    threshold: speech probability above which a 32 ms frame counts as speech (0 to 1).
    min_silence_ms: pause that ends an utterance.
    min_speech_ms: shorter bursts are not speech.
    speech_pad_ms: audio kept before and after an utterance.
    max_chunk_seconds: longest utterance; a longer one is cut at its quietest moment.
    """

    threshold: float = 0.2
    min_silence_ms: int = 300
    min_speech_ms: int = 100
    speech_pad_ms: int = 500
    max_chunk_seconds: float = 15.0


@dataclass(frozen=True, slots=True)
class TranscribeOptions:
    """What a caller may choose. `None` means: as the quality says, or detect it.

    temperature: above 0 the text is drawn at random, and another run may draw another.
    """

    language: str | None = None
    task: Task = "transcribe"
    word_timestamps: bool = False
    vad_filter: bool = True
    vad: VadOptions = field(default_factory=VadOptions)
    initial_prompt: str | None = None
    hotwords: str | None = None
    beam_size: int | None = None
    temperature: float | None = None
    quality: Quality = "balanced"
    channels: ChannelMode = "mix"
    start_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class AudioSource:
    """A recording to read: a seekable binary file, and the name a dummy may show.

    The caller opens the file (so permission is decided once, on the file that is read)
    and closes it.
    """

    file: BinaryIO
    name: str


@dataclass(frozen=True, slots=True)
class Word:
    """One word; `probability` is the model's, 0 to 1."""

    start: float
    end: float
    word: str
    probability: float


@dataclass(frozen=True, slots=True)
class Segment:
    """A piece of transcript. `channel` is the index of the channel, or None when mixed."""

    id: int
    start: float
    end: float
    text: str
    channel: int | None = None
    avg_logprob: float = 0.0
    no_speech_prob: float = 0.0
    compression_ratio: float = 0.0
    words: tuple[Word, ...] | None = None


@dataclass(frozen=True, slots=True)
class Suppressed:
    """Text withheld as hallucination, and why."""

    start: float
    end: float
    text: str
    reason: str
    channel: int | None = None


@dataclass(frozen=True, slots=True)
class Gap:
    """Speech that was heard but brought no text."""

    start: float
    end: float
    channel: int | None = None


@dataclass(frozen=True, slots=True)
class Coverage:
    """How much of the audio is speech, and how much of the speech became text.

    With split channels the speech of every channel counts, so it can exceed the audio.
    """

    audio_seconds: float
    speech_seconds: float
    transcribed_seconds: float
    gaps: tuple[Gap, ...] = ()


@dataclass(frozen=True, slots=True)
class Timings:
    """Where the time of one request went, in seconds of wall time."""

    decode: float = 0.0
    vad: float = 0.0
    queue: float = 0.0
    inference: float = 0.0
    total: float = 0.0


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a request has come. `seconds_done` is the end of a chunk of the grid, so a
    later request with `start_seconds=seconds_done` goes on with the very next chunk.

    language, language_probability: as known by now. The rest came since the progress before,
    so whoever adds up what each one tells, across requests that go on where another stopped,
    has what one undisturbed transcript says.
    """

    seconds_done: float
    seconds_total: float
    language: str | None = None
    language_probability: float = 0.0
    speech_seconds: float = 0.0
    transcribed_seconds: float = 0.0
    suppressed: tuple[Suppressed, ...] = ()
    gaps: tuple[Gap, ...] = ()


@dataclass(frozen=True, slots=True)
class Transcript:
    """The whole answer. `is_dummy` means: no real text, `error_reason` says why."""

    text: str
    language: str | None
    language_probability: float
    duration: float
    segments: tuple[Segment, ...]
    suppressed: tuple[Suppressed, ...]
    coverage: Coverage
    backend: str
    model: str
    is_dummy: bool = False
    error_reason: str | None = None
    dummy_reason: DummyReason | None = None
    timings: Timings = field(default_factory=Timings)
    warnings: tuple[str, ...] = ()


Event: TypeAlias = Segment | Progress | Transcript
