"""What stt-api answers, as far as it is kept. Times are seconds from the recording's start.

Fields that stt-api adds later are ignored; one that is missing or of another kind is refused.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field

Status: TypeAlias = Literal["loading", "healthy", "degraded", "unreachable"]
Seconds: TypeAlias = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Number: TypeAlias = Annotated[float, Field(allow_inf_nan=False)]


@dataclass(frozen=True, slots=True)
class EngineState:
    """stt-api as last seen. What is None is not known."""

    reachable: bool
    status: Status
    backend: str | None = None
    model: str | None = None
    is_dummy: bool | None = None
    error_reason: str | None = None
    version: str | None = None


class _Answer(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class HealthAnswer(_Answer):
    """`GET /health`."""

    status: Literal["loading", "healthy", "degraded"]
    backend: str
    model: str
    is_dummy: bool
    error_reason: str | None
    version: str

    def state(self) -> EngineState:
        """A dummy that calls itself healthy is not: nobody may mistake it for an engine."""
        known = self.model_dump()
        if self.is_dummy and self.status == "healthy":
            known["status"] = "degraded"
        return EngineState(reachable=True, **known)


class InfoAnswer(_Answer):
    """`GET /info`."""

    products: tuple[str, ...] = ()


class WordAnswer(_Answer):
    """One word of a segment."""

    start: Seconds
    end: Seconds
    word: str
    probability: Number


class SegmentAnswer(_Answer):
    """The event `segment`: a piece of transcript."""

    start: Seconds
    end: Seconds
    text: str
    channel: int | None = None
    avg_logprob: Number = 0.0
    no_speech_prob: Number = 0.0
    words: tuple[WordAnswer, ...] | None = None


class SuppressedAnswer(_Answer):
    """Text withheld as hallucination, with the reason."""

    start: Seconds
    end: Seconds
    text: str
    reason: str
    channel: int | None = None


class GapAnswer(_Answer):
    """Speech that was heard but brought no text."""

    start: Seconds
    end: Seconds
    channel: int | None = None


class ProgressAnswer(_Answer):
    """The event `progress`: all before `seconds_done` is settled. The other fields tell what was
    settled since the one before."""

    seconds_done: Seconds
    seconds_total: Seconds
    language: str | None = None
    language_probability: Number = 0.0
    speech_seconds: Seconds = 0.0
    transcribed_seconds: Seconds = 0.0
    suppressed: tuple[SuppressedAnswer, ...] = ()
    gaps: tuple[GapAnswer, ...] = ()


class ResultAnswer(_Answer):
    """The event `result`: the end. Its segments came before, each in an event of its own."""

    text: str
    language: str | None
    language_probability: Number = 0.0
    duration: Seconds
    backend: str
    model: str
    is_dummy: bool
    error_reason: str | None
    warnings: tuple[str, ...] = ()


StreamAnswer: TypeAlias = SegmentAnswer | ProgressAnswer | ResultAnswer
STREAM: dict[str, type[SegmentAnswer] | type[ProgressAnswer] | type[ResultAnswer]] = {
    "segment": SegmentAnswer,
    "progress": ProgressAnswer,
    "result": ResultAnswer,
}


class AnalysisAnswer(BaseModel):
    """Any analysis: kept as it is, since people are shown all of it."""

    model_config = ConfigDict(frozen=True, extra="allow")

    is_dummy: bool
    error_reason: str | None

    def result(self) -> dict[str, Any]:
        """Without what concerns the request and not the call."""
        told = self.model_dump()
        for name in ("success", "component_status", "request_id"):
            told.pop(name, None)
        return told


class ErrorAnswer(_Answer):
    """Every error."""

    error_code: str
    error_reason: str
