"""A transcript as it is kept, and its parts. Frozen; times are seconds from the recording's start.

The store makes them from rows; pages, the API and exports read them.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, Literal, TypeAlias

State: TypeAlias = Literal["uploading", "queued", "running", "done", "dummy", "failed", "cancelled"]
Phase: TypeAlias = Literal["transcribe", "translate", "analyse"]
Role: TypeAlias = Literal["agent", "customer"]
AnalysisKind: TypeAlias = Literal["classification", "incomplete_sales", "summary", "translation"]

STATES: tuple[State, ...] = (
    "uploading", "queued", "running", "done", "dummy", "failed", "cancelled",
)  # fmt: skip
# Nothing more happens to these unless somebody asks.
ENDED: frozenset[State] = frozenset({"done", "dummy", "failed", "cancelled"})
WAITING: frozenset[State] = frozenset({"queued", "running"})


@dataclass(frozen=True, slots=True)
class Options:
    """What was asked for with a recording. `language` None: detect it."""

    language: str | None = None
    quality: str = "balanced"
    channels: str = "mix"
    classify: bool = False
    validate_sales: bool = False
    summarize: bool = False
    translate_to: str | None = None
    product: str | None = None

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Word:
    """One word; `probability` is the model's, 0 to 1. `start` None: its time is not known."""

    start: float
    end: float
    text: str
    probability: float


@dataclass(frozen=True, slots=True)
class Segment:
    """A piece of transcript. `number` counts from 0 as they came and never changes.

    text: as it is now; `original_text` is what the engine wrote, None where nobody edited it.
    speaker: the label of one of the transcript's speakers, or None.
    words: the engine's, with their times; they go with the original text.
    """

    number: int
    start: float
    end: float
    text: str
    channel: int | None = None
    speaker: str | None = None
    original_text: str | None = None
    translation: str | None = None
    avg_logprob: float = 0.0
    no_speech_prob: float = 0.0
    words: tuple[Word, ...] = ()

    @property
    def is_edited(self) -> bool:
        return self.original_text is not None


@dataclass(frozen=True, slots=True)
class Passage:
    """Where there is no text: `withheld` as hallucination, with the reason, or a `gap`: speech
    that was heard and brought none."""

    kind: Literal["withheld", "gap"]
    start: float
    end: float
    text: str = ""
    reason: str = ""
    channel: int | None = None


@dataclass(frozen=True, slots=True)
class Speaker:
    """Who speaks: a label that segments carry, the name people gave it, its part in the call."""

    label: str
    name: str
    role: Role | None = None


@dataclass(frozen=True, slots=True)
class Analysis:
    """What stt-api answered, as it answered (`result`), or why it did not (`error_reason`).

    is_stale: the text was edited since.
    """

    kind: AnalysisKind
    result: dict[str, Any] | None
    error_reason: str | None
    created_at: datetime
    is_stale: bool = False


@dataclass(frozen=True, slots=True)
class Override:
    """A reviewer's verdict over the machine's. `element_id` "": on the call as a whole."""

    element_id: str
    was: str
    now: str
    reason: str
    who: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Transcript:
    """A transcript without its parts: one line of the list.

    seconds_done: everything before it is transcribed and stored.
    wait_code, wait_reason, retry_at: why it waits although it could run, and until when.
    is_dummy: `dummy_text` stands in for a text; segments, if any, are real and stop at
    `seconds_done`.
    """

    key: int
    id: str
    title: str
    file_name: str
    file_bytes: int
    state: State
    phase: Phase
    created_at: datetime
    updated_at: datetime
    options: Options
    finished_at: datetime | None = None
    created_by: str | None = None
    attempt: int = 0
    failures: int = 0
    retry_at: datetime | None = None
    wait_code: str | None = None
    wait_reason: str | None = None
    started_at: datetime | None = None
    started_from: float = 0.0
    seconds_done: float = 0.0
    seconds_total: float | None = None
    language: str | None = None
    language_probability: float | None = None
    duration: float | None = None
    speech_seconds: float = 0.0
    transcribed_seconds: float = 0.0
    backend: str | None = None
    model: str | None = None
    is_dummy: bool = False
    dummy_text: str | None = None
    error_code: str | None = None
    error_reason: str | None = None
    warnings: tuple[str, ...] = ()
    label: str | None = None
    verdict: str | None = None
    segment_count: int = 0
    text_revision: int = 0
    revision: int = 0

    @property
    def progress(self) -> float:
        """0 to 1; of an upload, nothing is transcribed yet."""
        if self.state == "done":
            return 1.0
        if not self.seconds_total:
            return 0.0
        return min(1.0, self.seconds_done / self.seconds_total)

    def seconds_left(self, now: datetime) -> float | None:
        """How long it will still take at the pace so far; None while that cannot be told."""
        if self.state != "running" or self.started_at is None or not self.seconds_total:
            return None
        done = self.seconds_done - self.started_from
        spent = (now - self.started_at).total_seconds()
        if done <= 0 or spent <= 0:
            return None
        return max(0.0, self.seconds_total - self.seconds_done) * spent / done


@dataclass(frozen=True, slots=True)
class FullTranscript:
    """A transcript with all its parts; segments in the order of their starts."""

    transcript: Transcript
    segments: tuple[Segment, ...] = ()
    passages: tuple[Passage, ...] = ()
    speakers: tuple[Speaker, ...] = ()
    analyses: dict[str, Analysis] = field(default_factory=dict)
    overrides: tuple[Override, ...] = ()

    @property
    def text(self) -> str:
        """The whole text. A dummy's begins with `[Dummy]`."""
        if self.transcript.is_dummy:
            return self.transcript.dummy_text or "[Dummy]"
        return joined(self.segments, self.transcript.language)


# Written without spaces between words, so sentences are joined without one.
UNSPACED = frozenset({"ja", "zh", "yue", "th", "lo", "my", "km", "bo"})


def joined(segments: tuple[Segment, ...], language: str | None) -> str:
    return ("" if language in UNSPACED else " ").join(segment.text for segment in segments)
