"""What stt-api answers, as far as the pages show it. Times are seconds from the recording's start.

Fields that stt-api adds later are ignored; one that is missing or of another kind is refused.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field

Status: TypeAlias = Literal["loading", "healthy", "degraded", "unreachable"]
Seconds: TypeAlias = Annotated[float, Field(ge=0, allow_inf_nan=False)]


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


class Segment(_Answer):
    """A piece of transcript."""

    start: Seconds
    end: Seconds
    text: str


class Suppressed(_Answer):
    """Text withheld as hallucination, with the reason."""

    start: Seconds
    end: Seconds
    text: str
    reason: str


class Gap(_Answer):
    """Speech that was heard but brought no text."""

    start: Seconds
    end: Seconds


class Coverage(_Answer):
    """How much of the speech became text."""

    gaps: tuple[Gap, ...] = ()


class Transcript(_Answer):
    """`POST /transcribe`."""

    text: str
    language: str | None
    duration: Seconds
    segments: tuple[Segment, ...]
    suppressed: tuple[Suppressed, ...]
    coverage: Coverage
    backend: str
    model: str
    is_dummy: bool
    error_reason: str | None
    processing_time_seconds: Seconds


class ErrorAnswer(_Answer):
    """Every error."""

    error_code: str
    error_reason: str
