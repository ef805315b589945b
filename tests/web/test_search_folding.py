"""What counts in a text that is searched, and how it is packed."""

from __future__ import annotations

import random
import sys
import unicodedata

import pytest

from web_ui.search.folding import fold, fold_with_places, joins
from web_ui.search.packing import BORDER, count, pack, unpack

ZWJ_FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467"


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("해지 환급금", "해지환급금"),
        ("  해지,\n환급금?! ", "해지환급금"),
        ("4.5%", "45"),
        ("010-1234-5678", "01012345678"),
        ("KB국민 Card", "kb국민card"),
        ("Straße ΣΊΣΥΦΟΣ", "strasseσίσυφοσ"),
        ("İstanbul", "istanbul"),
        ("ＡＢＣ１２３", "abc123"),
        ("㈜한울 ㎏", "주한울kg"),
        (unicodedata.normalize("NFD", "해지 환급금"), "해지환급금"),
        ("ﾎｹﾝ ｶﾞｯｺｳ", "ホケンガッコウ"),
        ("cafe\u0301", "café"),
        ("हिन्दी", "हिन्दी"),
        ("ที่นี่", "ทีนี"),
        ("שָׁלוֹם", "שלום"),
        ("네❤\ufe0f 감사합니다👍🏽", "네감사합니다"),
        (ZWJ_FAMILY, ""),
        ("…!? \u200b\u00ad\t", ""),
        ("", ""),
    ],
)
def test_letters_and_digits_are_what_counts(text: str, folded: str) -> None:
    """Spaces, punctuation, case, width and form do not; signs that spell a word do."""
    assert fold(text) == folded


def any_text(chance: random.Random, length: int) -> str:
    """Characters of all kinds, those that join their neighbours more often than they come."""
    kinds = (
        "가힣해지",
        "각ㄱㅏㄳᅠ",
        " .,-%",
        "aZé9²½ﬁ",
        "\u0301\u0327\u0345\u3099\uff9e",
        "ｶﾊㅎ",
        "👍🏽❤\ufe0f",
    )
    return "".join(
        chance.choice(chance.choice(kinds)) if chance.random() < 0.8 else any_character(chance)
        for _ in range(length)
    )


def any_character(chance: random.Random) -> str:
    while unicodedata.category(char := chr(chance.randrange(sys.maxunicode))) == "Cs":
        pass
    return char


def test_folding_with_places_folds_the_same() -> None:
    """Each folded character knows the piece it was made of, and pieces follow one another."""
    chance = random.Random(5)  # noqa: S311 - not for secrets
    for _ in range(3000):
        text = any_text(chance, chance.randrange(12))
        folded = fold_with_places(text)
        assert folded.text == fold(text), ascii(text)
        assert len(folded.spans) == len(folded.text)
        assert list(folded.spans) == sorted(folded.spans)
        assert all(0 <= begin < end <= len(text) for begin, end in folded.spans)


def test_texts_fold_apart_as_they_fold_together() -> None:
    """What a segment begins with never changes what the one before ends with."""
    chance = random.Random(6)  # noqa: S311 - not for secrets
    for _ in range(1000):
        one, other = any_text(chance, 5), any_text(chance, 5)
        assert fold(f"{one} {other}") == fold(one) + fold(other), ascii((one, other))


def test_places_lead_back_to_what_was_written() -> None:
    """Of a match, its punctuation and spacing inside are the original's."""
    folded = fold_with_places("저기, 해지 환-급금을 (꼭) 주세요.")
    begin = folded.text.index("해지환급금")
    assert slice_of(folded.original, folded.span(begin, begin + 5)) == "해지 환-급금"
    decomposed = unicodedata.normalize("NFD", "네 해지요")
    folded = fold_with_places(decomposed)
    assert slice_of(decomposed, folded.span(1, 3)) == unicodedata.normalize("NFD", "해지")


def slice_of(text: str, span: tuple[int, int]) -> str:
    return text[span[0] : span[1]]


def test_every_character_that_composes_joins_what_is_before_it() -> None:
    """No character of Unicode that becomes one with its neighbour is folded apart from it."""
    seconds = set()
    for code in range(sys.maxunicode + 1):
        parts = unicodedata.decomposition(chr(code)).split()
        if len(parts) == 2 and not parts[0].startswith("<"):
            seconds.add(chr(int(parts[1], 16)))
    assert len(seconds) > 60
    assert [ascii(char) for char in seconds if not joins(char)] == []
    assert all(joins(chr(code)) for code in (*range(0x1161, 0x1176), *range(0x11A8, 0x11C3)))


def test_packed_text_comes_back() -> None:
    """Every character, alone and beside others; a syllable takes two bytes, a digit one."""
    every = [chr(code) for code in range(sys.maxunicode + 1) if not 0xD800 <= code < 0xE000]
    whole = "".join(every)
    assert unpack(pack(whole)) == whole
    assert count(pack(whole)) == len(every)
    assert len({pack(char) for char in every}) == len(every)
    assert [len(pack(char)) for char in "0z해ก한漢\uc000👍"] == [1, 1, 2, 3, 2, 3, 2, 4]


def test_bytes_are_found_where_characters_are() -> None:
    """No packed text holds another but where its characters do."""
    chance = random.Random(7)  # noqa: S311 - not for secrets
    alphabet = "가각힣해0z\u0000\u0080\u3fff\u4000\ubfff\uf900\U0001f44d\U0010ffff"
    for _ in range(3000):
        text, other = ("".join(chance.choices(alphabet, k=20)) for _ in "ab")
        part = "".join(chance.choices(alphabet, k=chance.randint(1, 3)))
        at = pack(text).find(pack(part))
        assert (at < 0) == (part not in text)
        assert at < 0 or count(pack(text)[:at]) == text.index(part)
        both = pack(text) + BORDER + pack(other)
        assert (pack(part) in both) == (part in text or part in other)
