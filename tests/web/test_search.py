"""Search finds Korean as people type it, in all the transcripts that hold it and in no other."""

from __future__ import annotations

import random
import re
import unicodedata
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, event

from tests.web.searching import asked, keys, opened, put, put_segments
from web_ui.records import Segment
from web_ui.search.query import LONGEST_QUERY, search
from web_ui.views import Filters


@pytest.fixture(name="connection")
def _connection(tmp_path: Path) -> Iterator[Connection]:
    with opened(tmp_path) as connection:
        yield connection


@pytest.mark.parametrize(
    ("said", "q"),
    [
        ("보험 해지하고 싶은데요.", "해지"),
        ("해지환급금이 얼마죠?", "환급"),
        ("해지 환급금이 얼마죠?", "해지환급금"),
        ("해지환급금이 얼마죠?", "해지 환급금"),
        ("네, 그럼요.", "네"),
        ("금리는 연 4.5%입니다.", "4.5%"),
        ("번호는 010-1234-5678입니다.", "01012345678"),
        ("번호는 01012345678입니다.", "010-1234-5678"),
        ("KB손해보험 Direct 상품이요.", "kb손해보험 direct"),
        ("해지환급금이 얼마죠?", unicodedata.normalize("NFD", "환급금")),
        (unicodedata.normalize("NFD", "해지환급금이 얼마죠?"), "환급금"),
        ("고맙습니다👍🏽 또 봬요", "고맙습니다 또"),
        ("契約を解約します", "解約"),
        ("\U00020000\U00020001漢", "\U00020001漢"),
    ],
)
def test_words_are_found_as_people_type_them(connection: Connection, said: str, q: str) -> None:
    """Short words, inside compounds, in any spacing, punctuation, case, width and form."""
    put(connection, "전혀 다른 이야기입니다.")
    wanted = put(connection, said)
    assert keys(connection, q) == [wanted]


@pytest.mark.parametrize("q", ["금해지", "급금이얼마나", "환불", "해지환급금액", "얼", "지환지"])
def test_what_nobody_said_is_not_found(connection: Connection, q: str) -> None:
    """Neither letters in another order, nor more of a word than was said."""
    put(connection, "해지 환급금이", "급한데요.", title="환급")
    assert asked(connection, q).total == 0


def test_a_phrase_may_go_on_in_the_next_segment(connection: Connection) -> None:
    """In the order of their starts, whatever order the segments came in."""
    said = [Segment(0, 5.0, 6.0, "환급금이요."), Segment(1, 0.0, 4.0, "그러면 해지"),
            Segment(2, 4.5, 4.8, "…")]  # fmt: skip
    wanted = put_segments(connection, said)
    assert keys(connection, "해지 환급금") == [wanted]
    assert keys(connection, "환급금이요그러면") == []


def test_titles_are_searched_apart_from_what_was_said(connection: Connection) -> None:
    """A match in the title alone brings no hits; none goes from the title into the text."""
    wanted = put(connection, "안녕하세요.", title="김철수 해지.m4a")
    (found,) = asked(connection, "철수 해지").found
    assert (found.key, found.hits, found.hit_count) == (wanted, (), 0)
    assert keys(connection, "m4a안녕") == []


def test_words_apart_are_found_when_they_are_nowhere_side_by_side(connection: Connection) -> None:
    """Every word counts, in the text or in the title; the answer says that they stand apart."""
    apart = put(connection, "보험료를 환불해 주세요.", "네, 카드로요.")
    partly = put(connection, "보험료만 냈어요.", title="카드")
    put(connection, "보험료만 냈어요.")
    result = asked(connection, "카드 보험료")
    assert [each.key for each in result.found] == [partly, apart]
    assert result.split_search
    assert asked(connection, "카드 보험료 환불해").total == 1
    assert asked(connection, "카드 카드").split_search


def test_words_side_by_side_come_alone(connection: Connection) -> None:
    """Where somebody said the phrase, transcripts that only hold its words are left out."""
    put(connection, "보험료를 카드로 냈어요.")
    wanted = put(connection, "카드 보험료가 나왔어요.")
    result = asked(connection, "카드 보험료")
    assert ([each.key for each in result.found], result.split_search) == ([wanted], False)


@pytest.mark.parametrize("q", ["?!…", "%", "_", "👍🏽", "'\"--", "\u200b", "*", "\x00"])
def test_nothing_to_search_for_finds_nothing(connection: Connection, q: str) -> None:
    """A query without a letter or a digit is no question."""
    put(connection, "100% 확실해요_?!👍🏽", title="_%")
    assert asked(connection, q).total == 0


@pytest.mark.parametrize(
    "q",
    [
        "%", "_____", "해%금", "해_금", "해지__금", "해*금", "해\\%금", "[가-힣]지",
        "'; DROP TABLE segments; --", "' OR 1=1 --", '" OR ""="', "해지' UNION SELECT 1 --",
    ],
)  # fmt: skip
def test_signs_of_sql_are_no_signs(connection: Connection, q: str) -> None:
    """Wild cards match nothing, and what looks like a statement is only text."""
    wanted = put(connection, "해지환급금이요.")
    assert asked(connection, q).total == 0
    assert keys(connection, "해지") == keys(connection, "%해지_") == [wanted]


def test_statements_that_were_said_are_found(connection: Connection) -> None:
    """Letters of a statement count as any other letters."""
    wanted = put(connection, "'; DROP TABLE segments; --")
    assert keys(connection, "drop table") == [wanted]


@pytest.mark.parametrize("length", [LONGEST_QUERY, LONGEST_QUERY + 1, 100_000])
def test_long_queries_are_bounded(connection: Connection, length: int) -> None:
    """Only the first characters of a query count, as of a whole phrase so of its words."""
    chance = random.Random(1)  # noqa: S311 - not for secrets
    said = "".join(chance.choices("가나다라마바사아자차카타파하", k=LONGEST_QUERY))
    wanted = put(connection, said)
    assert keys(connection, said + "끝" * (length - LONGEST_QUERY)) == [wanted]
    assert asked(connection, "가나 " * length).split_search in {True, False}
    assert asked(connection, "\ufdfa" * length).total == 0


def test_the_newest_come_first_page_by_page(connection: Connection) -> None:
    """Every transcript stands on one page; of the same moment, the later comes first."""
    same = datetime(2026, 3, 1, tzinfo=UTC)
    made = [put(connection, "네, 해지요.", created_at=same) for _ in range(7)]
    made += [
        put(connection, "해지", created_at=datetime(2025, 1, day, tzinfo=UTC)) for day in (2, 1)
    ]
    expected = made[:7][::-1] + made[7:]
    for q in ("해지", ""):
        pages = [asked(connection, q, page, 4) for page in range(1, 5)]
        assert [each.key for page in pages for each in page.found] == expected
        assert [len(page.found) for page in pages] == [4, 4, 1, 0]
        assert {page.total for page in pages} == {9}
        assert asked(connection, q, 10**30, 100) == asked(connection, q, 4, 4)
        assert asked(connection, q, 0, 4) == asked(connection, q, -3, 4) == pages[0]


@pytest.mark.parametrize("q", ["", "  ", "해지", "해지 환급금"])
def test_filters_narrow_what_is_found(connection: Connection, q: str) -> None:
    """State, language, verdict and days of UTC, alone and together, with a query or without."""
    text = "해지 환급금"
    late = datetime(2026, 2, 1, 23, 59, 59, 999999, tzinfo=UTC)
    old = put(connection, text, created_at=datetime(2026, 1, 31, 23, 59, tzinfo=UTC), language="en")
    done = put(connection, text, created_at=late, language="ko", verdict="review")
    failed = put(connection, text, created_at=datetime(2026, 2, 2, tzinfo=UTC), state="failed")
    day = date(2026, 2, 1)
    for filters, expected in [
        (Filters(q), [failed, done, old]),
        (Filters(q, state="done"), [done, old]),
        (Filters(q, language="ko"), [done]),
        (Filters(q, verdict="review", state="done", since=day, until=day), [done]),
        (Filters(q, since=day), [failed, done]),
        (Filters(q, until=day), [done, old]),
        (Filters(q, until=date.max), [failed, done, old]),
        (Filters(q, since=date.max), []),
        (Filters(q, since=day, until=date(2026, 1, 1)), []),
        (Filters(q, language="ja"), []),
    ]:
        result = search(connection, filters, 1, 20)
        assert [each.key for each in result.found] == expected, filters
        assert result.total == len(expected)


def letters_of(text: str) -> str:
    folded = unicodedata.normalize("NFKC", text).casefold()
    return "".join(char for char in folded if char.isalnum())


def made_up(chance: random.Random) -> tuple[str, list[str]]:
    """A title and segments of few letters, so that much is found by chance."""
    alphabet = ["해", "지", "환", "급", "금", "보험", "A", "7", " ", " ", ", "]
    texts = ["".join(chance.choices(alphabet, k=chance.randrange(9))) for _ in range(5)]
    return texts[0], texts[1:]


def found_naively(made: dict[int, tuple[str, list[str]]], q: str) -> tuple[list[int], bool]:
    def holding(words: list[str]) -> list[int]:
        return [
            key
            for key, (title, said) in reversed(made.items())
            if all(w in letters_of(title) or w in letters_of("".join(said)) for w in words)
        ]

    words = [word for word in map(letters_of, q.split()) if word]
    whole = holding([letters_of(q)])
    if whole or len(words) < 2:
        return whole, False
    return holding(words), bool(holding(words))


def test_search_agrees_with_reading_everything(connection: Connection) -> None:
    """Of hundreds of made-up transcripts it finds what a reader of all of them would find."""
    chance = random.Random(3)  # noqa: S311 - not for secrets
    made = {}
    for _ in range(200):
        title, said = made_up(chance)
        made[put(connection, *said, title=title)] = (title, said)
    for _ in range(300):
        q = "".join(
            chance.choices(
                ["해", "지 ", "환", "급", " 금", "보험", "a", "7"], k=chance.randint(1, 6)
            )
        )
        result = asked(connection, q, per_page=1000)
        found = [each.key for each in result.found]
        assert (found, result.split_search) == found_naively(made, q), q
        assert result.total == len(found)
        if not result.split_search:
            counts = [letters_of("".join(made[key][1])).count(letters_of(q)) for key in found]
            assert [each.hit_count for each in result.found] == counts


def test_many_candidates_are_found_as_few_are(connection: Connection) -> None:
    """A phrase of all of 700 transcripts, and one of every second, far apart in keys or not."""
    for number in range(700):
        put(
            connection, "지금부터 상담을 시작합니다." if number % 2 else "지금부터 상담을 마칩니다."
        )
    assert asked(connection, "지금부터 상담을").total == 700
    assert asked(connection, "상담을 마칩니다").total == 350
    for number in range(30):
        put(connection, "여기까지 상담을 시작합니다.", key=10_000 + 70 * number)
    assert asked(connection, "까지 상담을 시작").total == 30
    assert asked(connection, "시작").total == 380


@pytest.mark.parametrize(
    "filters",
    [
        Filters(),
        Filters(state="done", language="ko", verdict="review", since=date(2026, 1, 1)),
        Filters("지"),
        Filters("해지환급"),
        Filters("해지 상담", state="done", until=date(2026, 2, 1)),
    ],
)
def test_no_table_is_read_from_end_to_end(connection: Connection, filters: Filters) -> None:
    """Every statement of a search finds its rows by an index, or reads nothing but one."""
    for _ in range(3):
        put(connection, "해지환급금이요.", "상담", language="ko", verdict="review")
    asked_for: list[tuple[str, Any]] = []
    event.listen(
        connection,
        "after_cursor_execute",
        lambda _, __, statement, parameters, ___, ____: asked_for.append((statement, parameters)),
    )
    search(connection, filters, 1, 20)
    for statement, parameters in asked_for.copy():
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters).all()
        steps = [row[3] for row in plan if re.match(r"SCAN (search|segments|transcripts)", row[3])]
        assert [step for step in steps if "COVERING INDEX" not in step] == [], statement
