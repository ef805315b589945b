"""A call in parts."""

from __future__ import annotations

import random

import pytest

from api_server.services.conversation import Conversation, Line, Speaker, parts


def line(number: int, chars: int, speaker: Speaker | None = None) -> Line:
    return Line(number, "가" * chars, speaker=speaker)


def ids(cut: tuple[tuple[Line, ...], ...]) -> list[list[int]]:
    return [[one.id for one in part] for part in cut]


def test_short_call_is_one_part() -> None:
    """What fits is not cut."""
    lines = [line(0, 5, "agent"), line(1, 5, "customer")]
    assert ids(tuple(parts(lines, 10))) == [[0, 1]]


def test_call_without_lines_has_no_parts() -> None:
    """Nothing said, nothing to judge."""
    assert list(parts([], 10)) == []


def test_cut_falls_where_the_speaker_changes() -> None:
    """A turn stays whole if the part before it is at least half full."""
    lines = [line(0, 6, "agent"), line(1, 2, "customer"), line(2, 2, "customer"),
             line(3, 2, "customer")]  # fmt: skip
    assert ids(tuple(parts(lines, 10))) == [[0], [1, 2, 3]]


def test_part_is_filled_where_a_change_would_leave_it_half_empty() -> None:
    """A change of speaker in the first half of a part is no place to cut."""
    lines = [line(0, 2, "agent"), line(1, 4, "customer"), line(2, 4, "customer"),
             line(3, 4, "customer")]  # fmt: skip
    assert ids(tuple(parts(lines, 10))) == [[0, 1, 2], [3]]


def test_channels_tell_speakers_apart() -> None:
    """Where nobody says who speaks, a change of channel is a change of speaker."""
    lines = [
        Line(0, "가" * 6, channel=0),
        Line(1, "가" * 3, channel=1),
        Line(2, "가" * 3, channel=1),
    ]
    assert ids(tuple(parts(lines, 10))) == [[0], [1, 2]]


def test_line_longer_than_a_part_stands_alone() -> None:
    """It can be cut nowhere."""
    lines = [line(0, 3), line(1, 30), line(2, 3)]
    assert ids(tuple(parts(lines, 10))) == [[0], [1], [2]]


@pytest.mark.parametrize("seed", range(20))
def test_parts_are_the_call_and_none_is_too_long(seed: int) -> None:
    """Put together, the parts are the call again; each is within the limit, or one line."""
    draw = random.Random(seed)  # noqa: S311 - no secret
    speakers: list[Speaker | None] = ["agent", "customer", None]
    lines = [line(i, draw.randint(0, 30), draw.choice(speakers)) for i in range(200)]
    cut = list(parts(lines, 50))
    assert [one for part in cut for one in part] == lines
    assert all(len(part) == 1 or sum(len(one.text) for one in part) <= 50 for part in cut)


def test_call_of_blanks_is_empty() -> None:
    """White space is nothing said."""
    assert Conversation((Line(0, " "), Line(1, "\n"))).is_empty
    assert Conversation(()).is_empty
    assert not Conversation((Line(0, "네"),)).is_empty
