"""The index holds what transcripts say now: no more, no less, and rewritten no more than needed."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, event, func, select
from sqlalchemy.engine import make_url

from tests.web.searching import asked, keys, opened, put, spoken
from web_ui.search.grams import Members, bit_of, block_of, grams_of, longest_grams
from web_ui.search.index import drop_transcript, index_transcript, joining
from web_ui.store.tables import SEARCH_GRAMS, SEARCH_TEXTS


@pytest.fixture(name="connection")
def _connection(tmp_path: Path) -> Iterator[Connection]:
    with opened(tmp_path) as connection:
        yield connection


def rows(connection: Connection) -> set[tuple[int, int, int]]:
    return {tuple(row) for row in connection.execute(select(SEARCH_GRAMS))}


def texts(connection: Connection) -> int:
    return connection.execute(select(func.count()).select_from(SEARCH_TEXTS)).scalar_one()


class Written:
    """How many rows of the index statements wrote meanwhile."""

    def __init__(self, connection: Connection) -> None:
        self.grams = 0
        self.texts = 0
        event.listen(connection, "after_cursor_execute", self._count)

    def _count(self, _: Any, __: Any, statement: str, parameters: Any, *rest: Any) -> None:
        if not statement.startswith("SELECT"):
            many = len(parameters) if isinstance(parameters, list) else 1
            self.grams += many * ("search_grams" in statement)
            self.texts += many * ("search_texts" in statement)


def long_call() -> list[str]:
    chance = random.Random(2)  # noqa: S311 - not for secrets
    return ["".join(chance.choices("가나다라마바사아자차카타파하 ", k=40)) for _ in range(100)]


def test_edit_writes_what_is_different(connection: Connection) -> None:
    """One word of a long call: its old grams go, its new ones come, the others are not touched."""
    said = long_call()
    key = put(connection, *said)
    size = len(rows(connection))
    written = Written(connection)
    segments = spoken(*said)
    segments[50] = replace(segments[50], text=said[50] + " 해지환급금")
    index_transcript(connection, key, "", segments)
    assert keys(connection, "해지환급금") == [key]
    assert written.texts == 1
    assert 18 <= written.grams <= 24 < size / 50
    index_transcript(connection, key, "", spoken(*said))
    assert keys(connection, "해지환급금") == []
    assert len(rows(connection)) == size


def test_indexing_again_writes_nothing(connection: Connection) -> None:
    """Where title and text are the same."""
    key = put(connection, "안녕하세요.", title="인사")
    before, written = rows(connection), Written(connection)
    index_transcript(connection, key, "인사", spoken("안녕하세요."))
    assert (written.grams, written.texts) == (0, 0)
    assert rows(connection) == before


def test_segments_that_move_keep_their_grams(connection: Connection) -> None:
    """What begins elsewhere is noted; the words, being the same, are not written again."""
    key = put(connection, "안녕", "하세요")
    written = Written(connection)
    index_transcript(connection, key, "", spoken("안", "녕하세요"))
    assert (written.grams, written.texts) == (0, 1)


def test_title_is_indexed_like_the_text(connection: Connection) -> None:
    """A new title is found, the old one is not."""
    key = put(connection, "네.", title="첫째 이름")
    index_transcript(connection, key, "둘째", spoken("네."))
    assert (keys(connection, "둘째"), keys(connection, "첫째")) == ([key], [])
    assert keys(connection, "네") == [key]


def test_dropping_leaves_nothing(connection: Connection) -> None:
    """No text and no gram of it stays, and those of others are as they were."""
    other = put(connection, "해지 환급금이요.", "네.")
    before = rows(connection)
    for number in range(70):
        key = put(connection, "해지 상담이요.", f"{number}번", title="네")
        drop_transcript(connection, key)
        assert rows(connection) == before
    assert (keys(connection, "해지"), texts(connection)) == ([other], 1)
    drop_transcript(connection, other)
    assert (rows(connection), texts(connection)) == (set(), 0)


def test_dropping_what_is_not_there_changes_nothing(connection: Connection) -> None:
    """A transcript that was never indexed can be deleted like any other."""
    put(connection, "네.")
    before = rows(connection)
    drop_transcript(connection, 12345)
    assert rows(connection) == before


def test_index_is_what_the_texts_say_after_any_changes(connection: Connection) -> None:
    """Whatever was edited, renamed, dropped and indexed anew, in blocks of 64 and beyond."""
    chance = random.Random(4)  # noqa: S311 - not for secrets
    said: dict[int, tuple[str, str]] = {}
    for _ in range(100):
        said[put(connection)] = ("", "")
    for _ in range(600):
        key = chance.choice(list(said))
        if chance.random() < 0.2:
            drop_transcript(connection, key)
            said[key] = ("", "")
        else:
            title, text = ("".join(chance.choices("해지환급금", k=3)) for _ in "ab")
            index_transcript(connection, key, title, spoken(text))
            said[key] = (title, text)
    held: dict[tuple[int, int], int] = {}
    for key, both in said.items():
        for gram in {gram for text in both for gram in grams_of(text)}:
            place = (block_of(key), gram)
            held[place] = held.get(place, 0) | bit_of(key)
    assert rows(connection) == {(*place, bits) for place, bits in held.items()}


def test_every_place_in_a_block_has_its_bit() -> None:
    """64 transcripts fit into a signed integer, each by itself and all together."""
    bits = [bit_of(key) for key in range(128, 192)]
    assert all(-(2**63) <= bit < 2**63 for bit in bits)
    assert sum(bits) == -1
    for key, bit in zip(range(128, 192), bits, strict=True):
        alone, others = Members({2: bit}), Members({2: -1 & ~bit})
        assert (list(alone), len(alone), key in alone) == ([key], 1, True)
        assert (len(others), key in others, key + 64 in alone) == (63, False, False)


def test_members_are_kept_as_bits_and_come_back_as_keys() -> None:
    """Keys in, keys out; those of both; and the blocks that they lie in."""
    members = Members.of([300, 5, 63, 64, 5])
    assert (sorted(members), len(members), members.range) == ([5, 63, 64, 300], 4, (0, 319))
    assert sorted(members & Members.of([5, 64, 999])) == [5, 64]
    assert not members & Members.of([6, 299])


def test_grams_are_numbers_a_database_holds() -> None:
    """Up to the last character of Unicode they are different, positive, and fit into 63 bits."""
    last = "\U0010ffff\U0010fffe\U0010ffff"
    assert len(grams_of(last)) == 2 + 2 + 1
    assert all(0 < gram < 2**63 for gram in grams_of(last))
    assert not grams_of("가") & longest_grams("가가") | grams_of("가가") & longest_grams("가가가")
    assert grams_of("") == longest_grams("") == set()


def test_long_transcripts_are_found_to_their_end(connection: Connection) -> None:
    """5,000 segments: the last one is found, at its second."""
    key = put(connection, *[f"{number}번 고객님" for number in range(5000)], "마지막입니다")
    (found,) = asked(connection, "마지막").found
    assert (found.key, found.hits[0].segment, found.hits[0].start) == (key, 5000, 50_000.0)
    (found,) = asked(connection, "4999번 고객").found
    assert found.hits[0].match == "4999번 고객"
    assert asked(connection, "고객님").found[0].hit_count == 5000


def test_postgresql_adds_members_in_one_statement(connection: Connection) -> None:
    """It is told to add bits to a row that is there already, as SQLite is."""
    told = str(joining("postgresql").compile(dialect=make_url("postgresql://").get_dialect()()))
    assert "ON CONFLICT (block, gram) DO UPDATE" in told
    assert "search_grams.members | excluded.members" in told
