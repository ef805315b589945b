"""What the analyses answer; the JSON of the contract has the same fields."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from api_server.services.conversation import Speaker

Method: TypeAlias = Literal["llm", "rules", "dummy"]
Verdict: TypeAlias = Literal["complete", "incomplete", "review"]
Status: TypeAlias = Literal["met", "missing", "violated", "not_applicable", "unclear"]
RoleSource: TypeAlias = Literal["given", "channels", "inferred", "unknown"]


@dataclass(frozen=True, slots=True)
class Evidence:
    """A quote: `quote` is a piece of the text of the segment `segment_id`, character by character.

    speaker_inferred: nobody told us who said it; it follows from what was said.
    """

    quote: str
    segment_id: int
    start: float
    end: float
    speaker: Speaker | None = None
    speaker_inferred: bool = False


@dataclass(frozen=True, slots=True)
class Classification:
    """What a call is about. `confidence` is 0 to 1."""

    label: str | None
    confidence: float
    method: Method
    evidence: tuple[Evidence, ...] = ()
    is_dummy: bool = False
    error_reason: str | None = None


@dataclass(frozen=True, slots=True)
class Summary:
    """A call in a few sentences; `extractive` ones are sentences of the call itself."""

    text: str | None
    method: Literal["llm", "extractive"] | None
    is_dummy: bool = False
    error_reason: str | None = None


@dataclass(frozen=True, slots=True)
class TranslatedLine:
    """What was made of one line of the call."""

    segment_id: int
    text: str


@dataclass(frozen=True, slots=True)
class Translation:
    """`text` is null where nothing could translate; it is never the source text.

    lines: the same line by line, where that is known.
    """

    text: str | None
    language: str
    method: Literal["llm", "whisper"] | None
    lines: tuple[TranslatedLine, ...] | None = None
    is_dummy: bool = False
    error_reason: str | None = None


@dataclass(frozen=True, slots=True)
class Objection:
    """The LLM sees an element otherwise than the rules; a person must look."""

    status: Status
    reason: str
    evidence: tuple[Evidence, ...] = ()


@dataclass(frozen=True, slots=True)
class Element:
    """One thing that had to be said, or must not be said.

    method: what decided the status. Every `met` and `violated` has evidence.
    error_reason: why it is `unclear`: `role_uncertain`, `evidence_not_found`, …
    """

    id: str
    name: str
    principle: str
    status: Status
    method: Method
    confidence: float
    weight: float
    evidence: tuple[Evidence, ...] = ()
    objection: Objection | None = None
    error_reason: str | None = None


@dataclass(frozen=True, slots=True)
class FastPassage:
    """A required statement read faster than a person can follow."""

    element_id: str
    segment_id: int
    start: float
    end: float
    syllables_per_second: float
    times_median: float


@dataclass(frozen=True, slots=True)
class ReadingSpeed:
    """Syllables per second of the seller: the call's median, and what was read much faster."""

    median_syllables_per_second: float | None
    fast_passages: tuple[FastPassage, ...] = ()


@dataclass(frozen=True, slots=True)
class SalesReport:
    """The check of one sale. `score` is 0 to 100: the weight of what was met in what applied,
    less the weight of what was violated. `pack` is the id and version of the rules."""

    verdict: Verdict
    score: float
    product: str | None
    product_inferred: bool
    pack: str
    roles: RoleSource
    elements: tuple[Element, ...]
    reading_speed: ReadingSpeed
    warnings: tuple[str, ...] = ()
    is_dummy: bool = False
    error_reason: str | None = None

    def with_warning(self, warning: str) -> SalesReport:
        return replace(self, warnings=(*self.warnings, warning))
