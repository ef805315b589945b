"""Korean made comparable: sounds, spelling, numbers, near misses."""

from __future__ import annotations

from itertools import pairwise

import pytest

from api_server.services.korean_search import Search, Word
from api_server.services.korean_text import sounds_of


def heard(text: str) -> str:
    return sounds_of(text).heard.text


def found(word: str, text: str) -> list[str]:
    search = Search(sounds_of(text))
    units = search.sounds.units
    return [text[units[o.first].start : units[o.last].end] for o in search.find(Word.of(word))]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("손시리", "손실이"),
        ("청약 철해", "청약철회"),
        ("예금자 보오법", "예금자보호법"),
        ("함니다", "합니다"),
        ("업슴니다", "없습니다"),
        ("십오 일", "15일"),
        ("보름 안에", "15일 안에"),
        ("영점 오 프로", "0.5%"),
        ("일억 원", "1억원"),
        ("5천만 원", "오천만 원"),
        ("삼십일 이내", "30일이내"),
        ("연 사 점 오 퍼센트", "연 4.5%"),
        ("어 수수료는 음 없어요", "수수료는 없어요"),
    ],
)
def test_what_sounds_alike_is_alike(written: str, meant: str) -> None:
    """Whisper's spelling, spacing, spoken numbers and fillers make no difference."""
    assert heard(written) == heard(meant)


@pytest.mark.parametrize(
    ("word", "text", "expected"),
    [
        ("해지환급금", "중도해지 한급금이나 해지 환금금은", ["해지 한급금", "해지 환금금"]),
        ("사업비*", "사엽비 사업자 사업부", ["사엽비"]),
        ("예금자보호", "예금자 보오법과 예금자부호", ["예금자 보오", "예금자부호"]),
        ("되", "보장됩니다 된다 떼고 데려", ["됩", "된"]),
        ("깨", "네 개요 깨시면", ["깨"]),
        ("고지", "되시고 지금 고지 의무", ["고지"]),
        ("해_주", "그렇게 해 주세요 해주시면", ["해 주", "해주"]),
        ("현금", "연금을 현금으로", ["현금"]),
        ("원금", "연금 원금 언금", ["원금"]),
        ("15일", "115일 십오 일", ["십오 일"]),
    ],
)
def test_words_are_found_as_far_as_they_may_be_misheard(
    word: str, text: str, expected: list[str]
) -> None:
    """Long words bear one wrong sound; short ones are taken as they are spelled."""
    assert found(word, text) == expected


@pytest.mark.parametrize("text", ["이 상품은", "만족하세요", "이 점 이해하셨죠", "일단", "원금"])
def test_words_that_look_like_numbers_stay_words(text: str) -> None:
    """A numeral needs its unit, or a point between its parts."""
    assert not any(letter.isdigit() for letter in heard(text))


def test_units_point_at_the_original_text() -> None:
    """Every unit covers its own piece of the text, in order."""
    text = "음 십오 일 안에 철회, 0.5퍼센트!"
    units = sounds_of(text).units
    assert [text[u.start : u.end] for u in units if text[u.start].isdigit()] == ["0.5"]
    assert all(a.end <= b.start for a, b in pairwise(units))


def test_any_text_can_be_read() -> None:
    """Nothing that a transcript may hold breaks the reading of it."""
    for text in (
        "",
        "\n",
        "😀 ㅋㅋ ㅎㅎㅎ",
        "ABC abc 1,234.5.6",
        "\u1100\u1161",
        "%%%",
        "점",
        "억만",
    ):
        sounds = sounds_of(text)
        assert len(sounds.units) == len(sounds.heard.starts) == len(sounds.spelled.starts)
