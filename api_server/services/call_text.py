"""A call as the rules read it: sentences, each with its speaker, in one searchable text.

Sentences run on over segments of the same speaker, and over a "네" of the other one, as they do
in speech: Whisper cuts where somebody breathes.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Hashable, Iterator
from dataclasses import dataclass, field

from api_server.services import call_roles, korean_sentences
from api_server.services.conversation import Conversation, Line, Speaker
from api_server.services.korean_search import Occurrence, Search
from api_server.services.korean_text import BREAK, sounds_of
from api_server.services.results import RoleSource

# A sentence does not go on after so long a silence, nor after so long a remark of the other.
MAX_SILENCE_SECONDS = 6.0
MAX_REMARK_CHARS = 8
MAX_RUN_SEGMENTS = 12


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of one segment's text: `line.text[begin:end]`, which is at `at` in the call's text."""

    line: Line
    begin: int
    end: int
    at: int


@dataclass(frozen=True, slots=True)
class Sentence:
    """`start` to `end` in the call's text; order: its place in the call."""

    start: int
    end: int
    order: tuple[int, int]
    speaker: Speaker | None
    inferred: bool
    pieces: tuple[Piece, ...]

    def text_of(self, call: CallText) -> str:
        return call.text[self.start : self.end]


@dataclass(frozen=True, slots=True)
class CallText:
    """Sentences stand in `text` one after the other, a speaker's beside each other.

    found: what a pattern found, by its text; places: where one of its words is. Filled by
    those who search.
    """

    text: str
    sentences: tuple[Sentence, ...]
    roles: RoleSource
    search: Search
    _starts: tuple[int, ...]
    _in_order: tuple[int, ...]
    _places: dict[int, int]
    found: dict[str, object] = field(default_factory=dict)
    places: dict[str, list[Occurrence]] = field(default_factory=dict)

    @classmethod
    def of(cls, conversation: Conversation) -> CallText:
        return _Reader(conversation).read()

    def index_at(self, offset: int) -> int:
        """The sentence that holds a place of the text."""
        return bisect_right(self._starts, offset) - 1

    def after(self, index: int, count: int) -> tuple[int, ...]:
        """The next sentences in the order of the call, whoever says them."""
        place = self._places[index] + 1
        return self._in_order[place : place + count]

    def before(self, index: int, count: int) -> tuple[int, ...]:
        """The last sentences before this one, the nearest first."""
        place = self._places[index]
        return self._in_order[max(0, place - count) : place][::-1]

    def place(self, index: int) -> int:
        """How many sentences were said before this one."""
        return self._places[index]

    def in_order(self) -> Iterator[Sentence]:
        return (self.sentences[i] for i in self._in_order)


@dataclass(frozen=True, slots=True)
class _Stream:
    """Segments of one speaker that may hold one sentence."""

    lines: tuple[Line, ...]
    places: tuple[int, ...]


class _Reader:
    def __init__(self, conversation: Conversation) -> None:
        self.lines = [line for line in conversation.lines if line.text.strip()]
        self.timed = conversation.timed
        self.speakers, self.roles = _speakers(self.lines)

    def read(self) -> CallText:
        chunks: list[str] = []
        sentences: list[Sentence] = []
        at = 0
        for stream in self._streams():
            for text, pieces in _sentences(stream):
                placed = tuple(
                    Piece(piece.line, piece.begin, piece.end, at + piece.at) for piece in pieces
                )
                speaker, inferred = self._speaker(placed[0].line, text)
                order = (stream.places[stream.lines.index(placed[0].line)], placed[0].begin)
                sentences.append(Sentence(at, at + len(text), order, speaker, inferred, placed))
                chunks.append(text)
                at += len(text) + len(BREAK)
        text = BREAK.join(chunks)
        in_order = sorted(range(len(sentences)), key=lambda index: sentences[index].order)
        return CallText(
            text, tuple(sentences), self.roles, Search(sounds_of(text)),
            tuple(sentence.start for sentence in sentences), tuple(in_order),
            {index: place for place, index in enumerate(in_order)},
        )  # fmt: skip

    def _speaker(self, line: Line, text: str) -> tuple[Speaker | None, bool]:
        known = self.speakers.get(line.id)
        if known is not None:
            return known, line.speaker is None
        return call_roles.speaker_of(call_roles.score_of(text)), True

    def _streams(self) -> Iterator[_Stream]:
        """Runs of segments of one voice that a sentence may cross."""
        open_runs: dict[Hashable, list[int]] = {}
        for place, line in enumerate(self.lines):
            voice = line.speaker or line.channel
            for other in [v for v in open_runs if v != voice]:
                if len(line.text.strip()) > MAX_REMARK_CHARS:
                    yield self._stream(open_runs.pop(other))
            run = open_runs.setdefault(voice, [])
            full = len(run) >= MAX_RUN_SEGMENTS
            if run and (full or not self._goes_on(self.lines[run[-1]], line)):
                yield self._stream(run)
                open_runs[voice] = run = []
            run.append(place)
        for run in open_runs.values():
            yield self._stream(run)

    def _goes_on(self, before: Line, after: Line) -> bool:
        near = not self.timed or after.start - before.end <= MAX_SILENCE_SECONDS
        return near and not korean_sentences.is_closed(before.text)

    def _stream(self, places: list[int]) -> _Stream:
        return _Stream(tuple(self.lines[place] for place in places), tuple(places))


def _sentences(stream: _Stream) -> Iterator[tuple[str, tuple[Piece, ...]]]:
    """Each sentence of a stream, and where its parts come from; `at` counts from its start."""
    joined, offsets, at = "", [], 0
    for line in stream.lines:
        offsets.append(at)
        at += len(line.text) + 1
    joined = " ".join(line.text.replace(BREAK, " ") for line in stream.lines)
    for begin, end in korean_sentences.spans(joined):
        pieces = []
        for line, offset in zip(stream.lines, offsets, strict=True):
            first, last = max(begin, offset), min(end, offset + len(line.text))
            if first < last:
                pieces.append(Piece(line, first - offset, last - offset, first - begin))
        yield joined[begin:end], tuple(pieces)


def _speakers(lines: list[Line]) -> tuple[dict[int, Speaker], RoleSource]:
    """Who speaks each segment, as far as it is told or follows from the channels."""
    given = {line.id: line.speaker for line in lines if line.speaker is not None}
    if given:
        return given, "given"
    scores: dict[int, list[float]] = {}
    for line in lines:
        if line.channel is not None:
            scores.setdefault(line.channel, []).append(call_roles.score_of(line.text))
    seller = call_roles.seller_channel(scores)
    if seller is None:
        return {}, "inferred" if lines else "unknown"
    roles: dict[int, Speaker] = {
        line.id: "agent" if line.channel == seller else "customer" for line in lines
    }
    return roles, "channels"
