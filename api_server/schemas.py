"""What goes out, as clients see it. Times are seconds from the start of the recording."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from api_server import examples
from api_server.analysis_schemas import ClassificationOut, SalesOut, SummaryOut, TranslationOut
from api_server.answers import Answer, ComponentStatus, Seconds

# Some hundred of them are added up to one number, and what they lack with them.
Part = Annotated[float, AfterValidator(lambda value: round(value, 6))]


class WordOut(Answer):
    """One word and its time."""

    start: Seconds
    end: Seconds
    word: str
    probability: float = Field(description="The model's, 0 to 1.")


class SegmentOut(Answer):
    """A piece of transcript."""

    id: int = Field(description="Counts from 0.")
    start: Seconds
    end: Seconds
    text: str
    channel: int | None = Field(description="Index of the channel; null when mixed.")
    avg_logprob: float = Field(description="Mean log-probability of the tokens.")
    no_speech_prob: float = Field(description="Probability that nothing was said, 0 to 1.")
    compression_ratio: float = Field(description="High where text repeats itself.")
    words: list[WordOut] | None = Field(description="With `word_timestamps` only.")


class SuppressedOut(Answer):
    """Text withheld as hallucination; never dropped in silence."""

    start: Seconds
    end: Seconds
    text: str
    reason: str = Field(description="Why it was withheld.")
    channel: int | None


class GapOut(Answer):
    """Speech that was heard but brought no text."""

    start: Seconds
    end: Seconds
    channel: int | None


class CoverageOut(Answer):
    """How much of the audio is speech, and how much of the speech became text."""

    audio_seconds: Seconds
    speech_seconds: Seconds = Field(description="Over all channels when they are split.")
    transcribed_seconds: Seconds
    gaps: list[GapOut]


class TimingsOut(Answer):
    """Where the time went, in seconds of wall time."""

    decode: Seconds
    vad: Seconds
    queue: Seconds
    inference: Seconds
    total: Seconds


class TranscribeResponse(Answer):
    """A transcript. `success` is true for a dummy as well: read `is_dummy`."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.TRANSCRIPT]})

    success: Literal[True] = True
    text: str = Field(description="The whole text. A dummy's begins with `[Dummy]`.")
    language: str | None = Field(description="Language code, given or detected.")
    language_probability: float = Field(description="0 to 1.")
    duration: Seconds = Field(description="Length of the recording.")
    segments: list[SegmentOut]
    suppressed: list[SuppressedOut]
    coverage: CoverageOut
    backend: str = Field(description="What made the text, or `dummy`.")
    model: str
    is_dummy: bool = Field(description="True where there is no real text.")
    error_reason: str | None = Field(description="Why it is a dummy.")
    component_status: ComponentStatus
    classification: ClassificationOut | None = None
    incomplete_sales: SalesOut | None = None
    summary: SummaryOut | None = None
    translation: TranslationOut | None = None
    analysis_errors: dict[str, str] = Field(
        description="Why an analysis that was asked for is null: `transcript_is_dummy`, "
        "`transcript_is_empty`."
    )
    warnings: list[str] = Field(description="What was done otherwise than asked.")
    processing_time_seconds: Seconds
    timings: TimingsOut
    request_id: str


class VerboseResponse(TranscribeResponse):
    """The same with the task, as `response_format=verbose_json` asks."""

    task: Literal["transcribe", "translate"]


class ProgressOut(Answer):
    """How far a streamed request has come. A later request with `start_seconds` set to
    `seconds_done` goes on from there; what is told since the event before adds up, over both, to
    what one undisturbed answer tells."""

    seconds_done: Seconds
    seconds_total: Seconds
    language: str | None = Field(description="Of the whole recording, as known by now.")
    language_probability: float = Field(description="0 to 1.")
    speech_seconds: Part = Field(description="Since the `progress` before, as the next three.")
    transcribed_seconds: Part
    suppressed: list[SuppressedOut]
    gaps: list[GapOut]


class LanguageResponse(Answer):
    """The language of a recording."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.LANGUAGE]})

    success: Literal[True] = True
    language: str | None = Field(description="Language code; null where a dummy answers.")
    language_probability: float = Field(description="0 to 1.")
    backend: str
    model: str
    is_dummy: bool
    error_reason: str | None
    component_status: ComponentStatus
    request_id: str


class ErrorResponse(BaseModel):
    """The shape of every error."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.ERROR]})

    success: Literal[False] = False
    error_code: str = Field(description="One word for programs.")
    error_reason: str = Field(description="One line for people; names the field and the limit.")
    request_id: str


class AgentHealth(Answer):
    """The LLM server, as last seen; asking for the health never waits for it."""

    configured: bool
    available: bool
    type: Literal["vllm", "openai", "text_agent", "dummy"]
    model: str | None
    error_reason: str | None


class HealthResponse(Answer):
    """How the service is; always answered with 200 while the process lives."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.HEALTH]})

    status: Literal["loading", "healthy", "degraded"] = Field(
        description="`degraded`: a dummy answers, or nothing could be loaded."
    )
    backend: str
    model: str
    is_dummy: bool
    error_reason: str | None = Field(description="Why it is degraded.")
    component_status: ComponentStatus
    agent: AgentHealth
    version: str


class ReadyResponse(Answer):
    """Whether requests should be sent here."""

    ready: bool
    reason: str | None = Field(description="Why not.")


class Limits(Answer):
    """Every limit in force."""

    max_upload_mb: int
    max_audio_seconds: float
    max_queue_seconds: float
    drain_seconds: float
    max_prompt_chars: int


class InfoResponse(Answer):
    """Versions, model and limits."""

    version: str
    python: str
    fallback: Literal["dummy", "error"]
    backend: str
    model: str
    is_dummy: bool
    error_reason: str | None
    limits: Limits
    languages: list[str] = Field(description="Codes that `language` may take.")
    response_formats: list[str]
    engine: dict[str, Any] = Field(description="What the engine says of itself.")
    agent: dict[str, Any] = Field(description="The limits of the LLM's client.")
    labels: list[str] = Field(description="What `classification` may answer.")
    products: list[str] = Field(description="What `product` may be.")
