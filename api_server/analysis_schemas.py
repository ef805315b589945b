"""Analyses as clients send for them and see them."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from api_server import examples
from api_server.answers import Answer, ComponentStatus, Seconds

MAX_TEXT_CHARS = 500_000
MAX_SEGMENTS = 20_000
MAX_SEGMENT_CHARS = 20_000
WEEK_SECONDS = 7 * 24 * 3600.0


class SegmentIn(BaseModel):
    """A segment of a call, as /transcribe returns them; `speaker` where it is known."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    id: int = Field(ge=0, le=10_000_000)
    start: float = Field(default=0, ge=0, le=WEEK_SECONDS)
    end: float = Field(default=0, ge=0, le=WEEK_SECONDS)
    text: str = Field(max_length=MAX_SEGMENT_CHARS)
    speaker: Literal["agent", "customer"] | None = None
    channel: int | None = Field(
        default=None, ge=0, le=31, description="Of a split call: who speaks follows from it."
    )

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.end < self.start:
            raise ValueError("end: before start")
        return self


class CallRequest(BaseModel):
    """A call: its `text`, or its `segments`."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, json_schema_extra={"examples": [examples.CALL]}
    )

    text: str | None = Field(
        default=None,
        max_length=MAX_TEXT_CHARS,
        description="A line each utterance; `상담원:`, `고객:` at its beginning tell who speaks.",
    )
    segments: tuple[SegmentIn, ...] | None = Field(default=None, max_length=MAX_SEGMENTS)
    agent_url: str | None = Field(
        default=None, max_length=2048, description="Another LLM server, if it is permitted."
    )
    request_format: Literal["prompt_based", "text_only"] | None = Field(
        default=None, description="How the LLM server is asked."
    )

    @model_validator(mode="after")
    def _one_call(self) -> Self:
        if (self.text is None) == (self.segments is None):
            raise ValueError("text: send either text or segments")
        if self.segments is not None:
            self._check(self.segments)
        elif not (self.text or "").strip():
            raise ValueError("text: empty")
        return self

    def _check(self, segments: tuple[SegmentIn, ...]) -> None:
        if len({segment.id for segment in segments}) != len(segments):
            raise ValueError("segments: an id is there more than once")
        chars = sum(len(segment.text) for segment in segments)
        if chars > MAX_TEXT_CHARS:
            raise ValueError(f"segments: more than {MAX_TEXT_CHARS} characters in all")
        if not any(segment.text.strip() for segment in segments):
            raise ValueError("segments: no text in them")


class SalesRequest(CallRequest):
    """A call in which something was sold."""

    product: str | None = Field(
        default=None, max_length=100, description="A pack's id or alias; null: inferred."
    )


class TranslateRequest(CallRequest):
    """A call to translate."""

    target_language: str = Field(max_length=16, description="Language code, such as `en`.")


class EvidenceOut(Answer):
    """A quote: an exact piece of the text of its segment."""

    quote: str
    segment_id: int
    start: Seconds
    end: Seconds
    speaker: Literal["agent", "customer"] | None
    speaker_inferred: bool = Field(description="Nobody told who spoke; it follows from the words.")


class ClassificationOut(Answer):
    """What a call is about."""

    label: str | None = Field(description="Null where neither the LLM nor the rules can say.")
    confidence: float = Field(description="0 to 1.")
    method: Literal["llm", "rules", "dummy"]
    evidence: list[EvidenceOut]
    is_dummy: bool
    error_reason: str | None = Field(description="Why the LLM did not answer.")


class SummaryOut(Answer):
    """A call in a few sentences."""

    text: str | None
    method: Literal["llm", "extractive"] | None = Field(
        description="`extractive`: sentences of the call itself."
    )
    is_dummy: bool
    error_reason: str | None = Field(description="Why the LLM did not answer.")


class TranslatedLineOut(Answer):
    """What was made of one line of the call."""

    segment_id: int
    text: str


class TranslationOut(Answer):
    """A call in another language; never the source text."""

    text: str | None
    language: str
    method: Literal["llm", "whisper"] | None
    lines: list[TranslatedLineOut] | None = Field(
        description="Each line by the id of its segment; null where the LLM did not translate."
    )
    is_dummy: bool
    error_reason: str | None


class ObjectionOut(Answer):
    """The LLM sees an element otherwise than the rules; a person must look."""

    status: Literal["met", "missing", "violated", "not_applicable", "unclear"]
    reason: str
    evidence: list[EvidenceOut]


class ElementOut(Answer):
    """One thing that had to be said, or must not be said."""

    id: str
    name: str
    principle: str = Field(description="Of the six sales principles of 금융소비자보호법.")
    status: Literal["met", "missing", "violated", "not_applicable", "unclear"]
    method: Literal["llm", "rules", "dummy"]
    confidence: float
    weight: float
    evidence: list[EvidenceOut]
    objection: ObjectionOut | None
    error_reason: str | None = Field(description="`role_uncertain`, `evidence_not_found`, …")


class FastPassageOut(Answer):
    """A required statement read faster than a person can follow."""

    element_id: str
    segment_id: int
    start: Seconds
    end: Seconds
    syllables_per_second: float
    times_median: float


class ReadingSpeedOut(Answer):
    """How fast the seller speaks, and what was read much faster."""

    median_syllables_per_second: float | None
    fast_passages: list[FastPassageOut]


class SalesOut(Answer):
    """불완전판매요소 검증: the check of one sale."""

    verdict: Literal["complete", "incomplete", "review"] = Field(
        description="`review`: a person must look."
    )
    score: float = Field(description="0 to 100.")
    product: str | None
    product_inferred: bool
    pack: str = Field(description="Id and version of the rules.")
    roles: Literal["given", "channels", "inferred", "unknown"] = Field(
        description="How it is known who is the seller."
    )
    elements: list[ElementOut]
    reading_speed: ReadingSpeedOut
    warnings: list[str]
    is_dummy: bool
    error_reason: str | None


class Answered(Answer):
    """What every analysis route adds to its result."""

    success: Literal[True] = True
    component_status: ComponentStatus
    request_id: str


class ClassifyResponse(ClassificationOut, Answered):
    """The answer of /classify."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.CLASSIFICATION]})


class SummarizeResponse(SummaryOut, Answered):
    """The answer of /summarize."""


class TranslateResponse(TranslationOut, Answered):
    """The answer of /translate."""


class SalesResponse(SalesOut, Answered):
    """The answer of /validate/incomplete-sales."""
