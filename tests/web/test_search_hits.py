"""A hit shows what was said around it, as it was written, and leads to its second."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection, update

from tests.web.searching import asked, opened, put, put_segments
from web_ui.records import Segment
from web_ui.search.hits import CONTEXT, MOST_SEGMENTS
from web_ui.store.tables import SEGMENTS
from web_ui.views import Hit

LONG = "저희가 지난주에 안내해 드린 내용 중에서 고객님께서 꼭 확인하셔야 하는 부분이 있습니다"


@pytest.fixture(name="connection")
def _connection(tmp_path: Path) -> Iterator[Connection]:
    with opened(tmp_path) as connection:
        yield connection


def hits(connection: Connection, q: str) -> tuple[Hit, ...]:
    """Of the only transcript that is found."""
    (found,) = asked(connection, q).found
    return found.hits


def test_hit_shows_its_words_as_they_were_written(connection: Connection) -> None:
    """The segment's number and start, and the text before, in and after the match."""
    put(connection, "안녕하세요.", "저, 해지 환급금(예상)이 얼마죠?")
    assert hits(connection, "해지환급금 예상") == (
        Hit(segment=1, start=10.0, before="저, ", match="해지 환급금(예상", after=")이 얼마죠?"),
    )


def test_long_segments_are_cut_between_words(connection: Connection) -> None:
    """About thirty characters to each side, with a mark where there was more."""
    put(connection, f"{LONG} 해지 {LONG}.")
    (hit,) = hits(connection, "해지")
    assert hit.before == "…고객님께서 꼭 확인하셔야 하는 부분이 있습니다 "
    assert hit.after == " 저희가 지난주에 안내해 드린 내용 중에서 고객님께서…"
    assert len(hit.before) <= CONTEXT + 1 >= len(hit.after)


def test_text_without_spaces_is_cut_between_characters(connection: Connection) -> None:
    """No character is torn, though it be made of several code points."""
    run = unicodedata.normalize("NFD", "각" * 25)
    put(connection, f"{run}해지{run}")
    (hit,) = hits(connection, "해지")
    for side in (hit.before, hit.after):
        assert set(unicodedata.normalize("NFC", side)) == {"각", "…"}
        assert len(side) <= CONTEXT + 1


def test_hit_over_segments_begins_in_the_first(connection: Connection) -> None:
    """It leads to the segment where it begins, and shows all of the match."""
    said = [
        Segment(4, 7.5, 8.0, "환급"),
        Segment(2, 1.0, 2.0, "그런데요 해지"),
        Segment(3, 3.0, 4.0, "…"),
        Segment(0, 9.0, 9.5, "금이 얼마죠?"),
    ]
    put_segments(connection, said)
    assert hits(connection, "해지환급금") == (
        Hit(segment=2, start=1.0, before="그런데요 ", match="해지 … 환급 금", after="이 얼마죠?"),
    )


def test_match_over_very_many_segments_is_shown_in_part(connection: Connection) -> None:
    """As far as the first segments go."""
    syllables = "가나다라마바사아자차카타파하"
    put(connection, *syllables)
    (hit,) = hits(connection, syllables)
    assert hit.match == " ".join(syllables[:MOST_SEGMENTS])


def test_first_three_hits_come_with_the_count_of_all(connection: Connection) -> None:
    """In the order of the call; several in one segment are several."""
    put(connection, "해지, 해지요.", "아니요.", "해지", "해지", "해지")
    (found,) = asked(connection, "해지").found
    assert [(hit.segment, hit.before) for hit in found.hits] == [(0, ""), (0, "해지, "), (2, "")]
    assert found.hit_count == 5


def test_words_apart_show_the_first_of_each(connection: Connection) -> None:
    """Those in the text, in the order they were said; all of them are counted."""
    put(connection, "카드", "보험료, 카드", "보험료요", title="김철수")
    (found,) = asked(connection, "보험료 철수 카드").found
    assert [(hit.segment, hit.match) for hit in found.hits] == [(0, "카드"), (1, "보험료")]
    assert found.hit_count == 4


def test_segments_that_have_changed_unnoticed_break_nothing(connection: Connection) -> None:
    """What cannot be shown is left out; the transcript stays in the list."""
    put(connection, "아주 긴 이야기 끝에 해지")
    connection.execute(update(SEGMENTS).values(text="네"))
    (found,) = asked(connection, "해지").found
    assert (found.hits, found.hit_count) == ((), 1)
