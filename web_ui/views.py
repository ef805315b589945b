"""What the templates are given: typed, and already arranged for reading."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from serving.errors import Fault
from web_ui.engine_answers import EngineState, Transcript
from web_ui.upload_form import UploadForm


@dataclass(frozen=True, slots=True)
class Passage:
    """A line of the transcript: said, withheld with its reason, or heard without bringing text."""

    kind: Literal["said", "withheld", "gap"]
    start: float
    end: float
    text: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ResultView:
    """A transcript, as it is read."""

    name: str
    transcript: Transcript
    passages: tuple[Passage, ...]

    @property
    def is_dummy(self) -> bool:
        return self.transcript.is_dummy


@dataclass(frozen=True, slots=True)
class HomeView:
    """Everything on `/`: the form, and what came of it."""

    engine: EngineState
    form: UploadForm
    max_upload_mb: int
    request_id: str
    result: ResultView | None = None
    fault: Fault | None = None


@dataclass(frozen=True, slots=True)
class FaultView:
    """A page that has nothing else to show."""

    fault: Fault
    request_id: str


def result_of(name: str, transcript: Transcript) -> ResultView:
    passages = sorted(_passages(transcript), key=lambda passage: passage.start)
    return ResultView(name, transcript, tuple(passages))


def _passages(transcript: Transcript) -> Iterator[Passage]:
    for said in transcript.segments:
        yield Passage("said", said.start, said.end, said.text)
    for withheld in transcript.suppressed:
        yield Passage("withheld", withheld.start, withheld.end, withheld.text, withheld.reason)
    for gap in transcript.coverage.gaps:
        yield Passage("gap", gap.start, gap.end)


def clock(seconds: float) -> str:
    """`03:07`, or `1:03:07` from an hour on."""
    minutes, second = divmod(int(seconds), 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02}:{second:02}" if hours else f"{minute:02}:{second:02}"
