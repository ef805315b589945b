"""What was said, by whom and when: the form in which every analysis reads a call."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

Speaker: TypeAlias = Literal["agent", "customer"]


@dataclass(frozen=True, slots=True)
class Line:
    """One segment of a transcript.

    speaker: who said it, if somebody told us (`agent` is the seller); None: not known.
    channel: the recording's channel, where it was split; it tells speakers apart.
    """

    id: int
    text: str
    start: float = 0.0
    end: float = 0.0
    speaker: Speaker | None = None
    channel: int | None = None


@dataclass(frozen=True, slots=True)
class Conversation:
    """A call. `timed` is false where the times mean nothing, as for plain text."""

    lines: tuple[Line, ...]
    timed: bool = True

    @property
    def text(self) -> str:
        return "\n".join(line.text for line in self.lines)

    @property
    def is_empty(self) -> bool:
        return not any(line.text.strip() for line in self.lines)


def parts(lines: Sequence[Line], max_chars: int) -> Iterator[tuple[Line, ...]]:
    """Cut a call between lines into parts of at most `max_chars` characters of text each.

    A turn is kept whole where it fits: the cut falls where the speaker changes, if there is
    such a place in the second half of a part. A line longer than `max_chars` is a part of
    its own.
    """
    begin = 0
    while begin < len(lines):
        end = _cut(lines, begin, max_chars)
        yield tuple(lines[begin:end])
        begin = end


def _cut(lines: Sequence[Line], begin: int, max_chars: int) -> int:
    """Where the part that begins at `begin` ends: at a change of speaker, or where it is full."""
    chars = len(lines[begin].text)
    change = 0
    for here in range(begin + 1, len(lines)):
        if chars * 2 >= max_chars and _takes_over(lines[here - 1], lines[here]):
            change = here
        chars += len(lines[here].text)
        if chars > max_chars:
            return change or here
    return len(lines)


def _takes_over(before: Line, after: Line) -> bool:
    return (before.speaker, before.channel) != (after.speaker, after.channel)
