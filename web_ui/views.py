"""What the templates are given: typed, and already arranged for reading."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any, Literal, TypeAlias
from urllib.parse import urlencode

from serving.errors import Fault
from web_ui.engine_answers import EngineState
from web_ui.records import (
    Analysis,
    FullTranscript,
    Override,
    Passage,
    Role,
    Segment,
    Speaker,
    State,
    Transcript,
)
from web_ui.upload_form import UploadForm

# Below this the model itself was in doubt about a word.
DOUBTFUL_PROBABILITY = 0.5


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who looks. `signs_in`: this service asks for a name and a password; `name` "": nobody
    is signed in, or nobody needs to be."""

    signs_in: bool = False
    name: str = ""


@dataclass(frozen=True, slots=True)
class Hit:
    """Where a search was found: the words around it, and the second to jump to."""

    segment: int
    start: float
    before: str
    match: str
    after: str


@dataclass(frozen=True, slots=True)
class ListItem:
    """One line of the list. `seconds_left` None: it cannot be told, or nothing runs."""

    transcript: Transcript
    seconds_left: float | None = None
    ahead: int | None = None
    """Of a queued one: how many wait before it."""
    uploaded_bytes: int | None = None
    hits: tuple[Hit, ...] = ()
    hit_count: int = 0


@dataclass(frozen=True, slots=True)
class Filters:
    """What the list shows: everything, unless a field says otherwise."""

    q: str = ""
    state: State | None = None
    language: str | None = None
    verdict: str | None = None
    since: date | None = None
    until: date | None = None

    @property
    def any(self) -> bool:
        return self != Filters()

    def address(self, page: int = 1, without: str = "") -> str:
        """Of the list with these filters, on that page, but for the filter `without`."""
        kept = {name: value for name, value in asdict(self).items() if value and name != without}
        query = urlencode(kept | ({"page": page} if page > 1 else {}))
        return f"/?{query}" if query else "/"


@dataclass(frozen=True, slots=True)
class ListPage:
    """One page of the list.

    split_search: the words of `q` were not found side by side; these hold all of them.
    """

    items: tuple[ListItem, ...]
    total: int
    page: int
    per_page: int
    split_search: bool = False

    @property
    def pages(self) -> int:
        return max(1, -(-self.total // self.per_page))


@dataclass(frozen=True, slots=True)
class HomeView:
    """Everything on `/`: the form, the list, and what went wrong with what was sent.

    languages: those that occur among the transcripts, for the filter.
    products: what `product` may be, as stt-api tells; empty while it is away.
    """

    engine: EngineState
    visitor: Visitor
    form: UploadForm
    filters: Filters
    listed: ListPage
    languages: tuple[str, ...]
    max_upload_mb: int
    request_id: str
    kept_days: int = 0
    products: tuple[str, ...] = ()
    fault: Fault | None = None


@dataclass(frozen=True, slots=True)
class TextRun:
    """A stretch of a segment's text; `doubtful` where the model was in doubt."""

    text: str
    doubtful: bool


@dataclass(frozen=True, slots=True)
class SegmentLine:
    """A segment, as it is read: who speaks, and what is doubtful in it.

    speaker_index: 0, 1, … in the order of the speakers, for a colour; None: nobody is named.
    """

    segment: Segment
    speaker: Speaker | None
    speaker_index: int | None
    runs: tuple[TextRun, ...]
    kind: Literal["segment"] = "segment"

    @property
    def start(self) -> float:
        return self.segment.start


@dataclass(frozen=True, slots=True)
class PassageLine:
    """A withheld passage, or a gap, in its place between the segments."""

    passage: Passage
    kind: Literal["passage"] = "passage"

    @property
    def start(self) -> float:
        return self.passage.start


Line: TypeAlias = SegmentLine | PassageLine


@dataclass(frozen=True, slots=True)
class Quote:
    """Evidence: an exact piece of the text, and the stretch to play."""

    text: str
    segment: int | None
    start: float
    end: float
    speaker: Role | None


@dataclass(frozen=True, slots=True)
class ElementLine:
    """One element of the compliance check, with what reviewers said of it, newest first.

    status: the one in force; machine_status: what the check itself found.
    """

    id: str
    name: str
    principle: str
    status: str
    machine_status: str
    method: str
    quotes: tuple[Quote, ...]
    overrides: tuple[Override, ...]
    objection: str | None = None
    error_reason: str | None = None


@dataclass(frozen=True, slots=True)
class FastPassage:
    """A required statement read faster than a person can follow; `element` is its name."""

    element: str
    segment: int
    start: float
    end: float
    syllables_per_second: float
    times_median: float


@dataclass(frozen=True, slots=True)
class ComplianceView:
    """불완전판매요소 검증 as a reviewer reads it. `verdict`: the one in force.

    roles: how it is known who sells: `given`, `channels`, `inferred` or `unknown`.
    """

    verdict: str
    machine_verdict: str
    score: float
    product: str | None
    product_inferred: bool
    pack: str
    elements: tuple[ElementLine, ...]
    overrides: tuple[Override, ...]
    warnings: tuple[str, ...]
    is_dummy: bool
    is_stale: bool
    error_reason: str | None
    roles: str | None = None
    fast: tuple[FastPassage, ...] = ()

    @property
    def counts(self) -> dict[str, int]:
        found: dict[str, int] = {}
        for element in self.elements:
            found[element.status] = found.get(element.status, 0) + 1
        return found


@dataclass(frozen=True, slots=True)
class Stretch:
    """A piece of the coverage bar, in per cent of the recording."""

    kind: Literal["said", "withheld", "gap"]
    left: float
    width: float


@dataclass(frozen=True, slots=True)
class TranscriptView:
    """Everything on `/transcripts/{id}`.

    lines: segments, withheld passages and gaps in the order of their starts.
    has_audio: the recording is there to be played.
    """

    full: FullTranscript
    item: ListItem
    visitor: Visitor
    lines: tuple[Line, ...]
    stretches: tuple[Stretch, ...]
    compliance: ComplianceView | None
    classification: Analysis | None
    summary: Analysis | None
    translation: Analysis | None
    has_audio: bool
    audio_bytes: int
    request_id: str
    fault: Fault | None = None
    speakers: tuple[Speaker, ...] = ()
    extra: dict[str, Any] = field(default_factory=dict)

    @property
    def transcript(self) -> Transcript:
        return self.full.transcript


@dataclass(frozen=True, slots=True)
class SignInView:
    """The sign-in page; `next` is where the visitor wanted to go."""

    next: str
    request_id: str
    name: str = ""
    fault: Fault | None = None


@dataclass(frozen=True, slots=True)
class FaultView:
    """A page that has nothing else to show."""

    fault: Fault
    request_id: str
    visitor: Visitor = field(default_factory=Visitor)


def clock(seconds: float) -> str:
    """`03:07`, or `1:03:07` from an hour on."""
    minutes, second = divmod(int(seconds), 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02}:{second:02}" if hours else f"{minute:02}:{second:02}"


def lines_of(full: FullTranscript, speakers: tuple[Speaker, ...]) -> tuple[Line, ...]:
    """Segments and passages, in the order of their starts."""
    index = {speaker.label: place for place, speaker in enumerate(speakers)}
    lines: list[Line] = [_segment_line(segment, speakers, index) for segment in full.segments]
    lines += [PassageLine(passage) for passage in full.passages]
    return tuple(sorted(lines, key=lambda line: line.start))


def _segment_line(
    segment: Segment, speakers: tuple[Speaker, ...], index: dict[str, int]
) -> SegmentLine:
    place = index.get(segment.speaker or "")
    speaker = None if place is None else speakers[place]
    return SegmentLine(segment, speaker, place, tuple(_runs(segment)))


def _runs(segment: Segment) -> Iterator[TextRun]:
    """The text in stretches of sure and doubtful words; what a person wrote is not doubtful."""
    if segment.is_edited or not any(_is_doubtful(word.probability) for word in segment.words):
        yield TextRun(segment.text, doubtful=False)
        return
    place = 0
    for word in segment.words:
        found = segment.text.find(word.text, place)
        if found < 0 or not word.text or not _is_doubtful(word.probability):
            continue
        if found > place:
            yield TextRun(segment.text[place:found], doubtful=False)
        place = found + len(word.text)
        yield TextRun(word.text, doubtful=True)
    if place < len(segment.text):
        yield TextRun(segment.text[place:], doubtful=False)


def _is_doubtful(probability: float) -> bool:
    return probability < DOUBTFUL_PROBABILITY


def stretches_of(full: FullTranscript) -> tuple[Stretch, ...]:
    """What lies where in the recording; stretches that touch are one."""
    total = full.transcript.duration or full.transcript.seconds_total or 0.0
    if total <= 0:
        return ()
    said = [("said", s.start, s.end) for s in full.segments]
    bare = [("withheld" if p.kind == "withheld" else "gap", p.start, p.end) for p in full.passages]
    return tuple(_merged(sorted([*said, *bare], key=lambda piece: piece[1]), total))


def _merged(pieces: list[tuple[str, float, float]], total: float) -> Iterator[Stretch]:
    """Stretches less than a two-hundredth of the bar apart look like one."""
    near = total / 200
    waiting: dict[str, tuple[float, float]] = {}
    for kind, start, end in pieces:
        begun = waiting.get(kind)
        if begun is not None and start - begun[1] <= near:
            waiting[kind] = (begun[0], max(begun[1], end))
            continue
        if begun is not None:
            yield _stretch(kind, *begun, total)
        waiting[kind] = (start, end)
    for kind, (start, end) in waiting.items():
        yield _stretch(kind, start, end, total)


def _stretch(kind: str, start: float, end: float, total: float) -> Stretch:
    left = round(100 * min(start, total) / total, 3)
    width = round(max(0.2, 100 * (min(end, total) - min(start, total)) / total), 3)
    named: Literal["said", "withheld", "gap"] = (
        "said" if kind == "said" else "withheld" if kind == "withheld" else "gap"
    )
    return Stretch(named, left, width)
