# ruff: noqa: E501 - a pattern is easier to read in one line, and Hangul counts double
"""Korean as Whisper writes it, made comparable: by sound, without spaces, with numbers as digits.

A text becomes a chain of sounds (jamo). Whisper errs by ear: it writes 손시리 for 손실이, 철해
for 철회, 보오법 for 보호법. Written as sounds, silent ㅇ dropped and what sounds alike merged,
these are the same chain; spacing plays no part, and a stem is found in any of its endings
(되 in 됩니다, 된다). What still differs by one sound is found by korean_search. Short words
have too many that sound like them (떼, 되, 대): they are looked for as they are spelled.

A morphological analyser was tried in this place (Kiwi: 145 MB installed, 520 MB in memory, 2.7 s
to load): misheard words become unknown nouns to it, so it finds less, and costs more.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain

from api_server.services import korean_numbers as numbers

INITIALS = "ㄱㄱㄴㄷㄷㄹㅁㅂㅂㅅㅅ ㅈㅈㅊㅋㅌㅍㅎ"  # tense ones as plain, silent ㅇ as nothing
VOWELS = "ㅏㅔㅑㅔㅓㅔㅕㅔㅗㅘㅔㅔㅛㅜㅝㅔㅟㅠㅡㅣㅣ"  # ㅐㅔㅒㅖㅙㅚㅞ sound alike, ㅢ as ㅣ
FINALS = (
    "", "ㄱ", "ㄱ", "ㄱㅅ", "ㄴ", "ㄴㅈ", "ㄴ", "ㄷ", "ㄹ", "ㄹㄱ", "ㄹㅁ", "ㄹㅂ", "ㄹㅅ", "ㄹㅌ",
    "ㄹㅍ", "ㄹ", "ㅁ", "ㅂ", "ㅂㅅ", "ㅅ", "ㅅ", "ㆁ", "ㅈ", "ㅊ", "ㅋ", "ㅌ", "ㅍ", "",
)  # fmt: skip
SPELLED_INITIALS = "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ"
SPELLED_VOWELS = "ㅏㅐㅑㅒㅓㅔㅕㅖㅗㅘㅚㅚㅛㅜㅝㅞㅟㅠㅡㅢㅣ"  # 돼 as 되
SPELLED_FINALS = (
    "", "ㄱ", "ㄲ", "ㄱㅅ", "ㄴ", "ㄴㅈ", "ㄴㅎ", "ㄷ", "ㄹ", "ㄹㄱ", "ㄹㅁ", "ㄹㅂ", "ㄹㅅ", "ㄹㅌ",
    "ㄹㅍ", "ㄹㅎ", "ㅁ", "ㅂ", "ㅂㅅ", "ㅅ", "ㅆ", "ㆁ", "ㅈ", "ㅊ", "ㅋ", "ㅌ", "ㅍ", "ㅎ",
)  # fmt: skip
VOICED = frozenset("ㅏㅑㅓㅕㅗㅛㅜㅠㅡㅣㅔㅘㅝㅟㄴㄹㅁㆁ")
CONSONANTS = frozenset("ㄱㄴㄷㄹㅁㅂㅅㅈㅊㅋㅌㅍㅎㆁ")
BREAK = "\n"  # between sentences: nothing is found across it
FILLER_WORDS = "어 음 저기 에 아 뭐 막 이제 인제 그니까 그러니까"
FILLERS = frozenset(FILLER_WORDS.split())
MOST_DIGITS = 15  # a longer one is no sum of money
KEPT = frozenset({"%", BREAK})
WORD = re.compile(r"\n|[가-힣]+|\d[\d,]*(?:\.\d+)?|[A-Za-z]+|%|[^\s\w]|\S")
FIRST, LAST = ord("가"), ord("힣")


@dataclass(frozen=True, slots=True)
class Unit:
    """A syllable, a number or another letter, and where it stands in the original text."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Chain:
    """A text as a chain of jamo; starts[i]: where unit i begins in it."""

    text: str
    starts: tuple[int, ...]

    def unit_at(self, position: int) -> int:
        """The unit that holds a place of the chain (the later of two that share a sound)."""
        return bisect_right(self.starts, position) - 1

    def starts_unit(self, position: int) -> bool:
        index = bisect_left(self.starts, position)
        return index < len(self.starts) and self.starts[index] == position


@dataclass(frozen=True, slots=True)
class Sounds:
    """A text as it is heard and as it is spelled.

    units[i]: unit i's place in the original text; softened: where a unit begins in `heard`
    whose ㅎ is not heard.
    """

    heard: Chain
    spelled: Chain
    units: tuple[Unit, ...]
    softened: frozenset[int]


def sounds_of(text: str, *, literal: bool = False) -> Sounds:
    """Write `text` as sounds; fillers that stand alone are left out, spoken numbers are digits.

    literal: as it is written, digits aside: a word to look for is no filler and no number.
    """
    heard: list[str] = []
    starts: list[int] = []
    units: list[Unit] = []
    softened: set[int] = set()
    spelled: list[str] = []
    spelled_starts: list[int] = []
    for start, end, piece in _pieces(text, literal):
        sounds = _sounds(piece)
        first = len(heard)
        if heard and FIRST <= ord(piece[0]) <= LAST:
            if piece == "니" and heard[-1] == "ㅂ":
                heard[-1] = "ㅁ"
            if sounds[0] == "ㅎ" and heard[-1] in VOICED:
                sounds = sounds[1:]
                softened.add(first)
            elif sounds[0] == heard[-1] and sounds[0] in CONSONANTS:
                sounds = sounds[1:]
                first -= 1
        starts.append(first)
        units.append(Unit(start, end))
        heard.extend(sounds)
        spelled_starts.append(len(spelled))
        spelled.extend(_letters(piece))
    return Sounds(
        Chain("".join(heard), tuple(starts)),
        Chain("".join(spelled), tuple(spelled_starts)),
        tuple(units),
        frozenset(softened),
    )


@lru_cache(maxsize=12_000)
def _sounds_of_syllable(syllable: str) -> tuple[str, ...]:
    code = ord(syllable) - FIRST
    initial, vowel, final = code // 588, code % 588 // 28, code % 28
    return tuple((INITIALS[initial] + VOWELS[vowel] + FINALS[final]).replace(" ", ""))


def _sounds(piece: str) -> list[str]:
    if len(piece) == 1 and FIRST <= ord(piece) <= LAST:
        return list(_sounds_of_syllable(piece))
    if len(piece) == 1:
        return [piece.lower()]
    return [sound for letter in piece for sound in _sounds(letter)]


@lru_cache(maxsize=12_000)
def _letters(piece: str) -> tuple[str, ...]:
    """The jamo of a piece as it is spelled, 돼 as 되어 is."""
    if len(piece) > 1:
        return tuple(letter for part in piece for letter in _letters(part))
    if not FIRST <= ord(piece) <= LAST:
        return (piece.lower(),)
    code = ord(piece) - FIRST
    initial, vowel, final = code // 588, code % 588 // 28, code % 28
    return (SPELLED_INITIALS[initial], SPELLED_VOWELS[vowel], *SPELLED_FINALS[final])


def _pieces(text: str, literal: bool) -> Iterator[tuple[int, int, str]]:
    """Syllables, whole numbers and letters, each with its place."""
    done = 0
    for start, end, digits in _numbers(text, literal):
        yield from _words(text, done, start, literal)
        yield start, end, digits
        done = end
    yield from _words(text, done, len(text), literal)


def _words(text: str, start: int, end: int, literal: bool) -> Iterator[tuple[int, int, str]]:
    for word in WORD.finditer(text, start, end):
        piece = word.group()
        if not literal and piece in FILLERS and _stands_alone(text, word.start(), word.end()):
            continue
        if not piece[0].isalnum() and piece not in KEPT:
            continue
        for offset, letter in enumerate(piece):
            yield word.start() + offset, word.start() + offset + 1, letter


def _stands_alone(text: str, start: int, end: int) -> bool:
    before = start == 0 or not text[start - 1].isalnum()
    return before and (end == len(text) or not text[end].isalnum())


def _numbers(text: str, literal: bool) -> list[tuple[int, int, str]]:
    """Every number in the text with its digits; `%` for the word."""
    found = [(m.start(), m.end(), _digits(m)) for m in numbers.MIXED.finditer(text)]
    found += [(m.start(), m.end(), "%") for m in numbers.PERCENT.finditer(text)]
    if not literal:
        found += _spoken(text)
    return _without_overlaps(found)


def _spoken(text: str) -> Iterator[tuple[int, int, str]]:
    for match in numbers.WORD.finditer(text):
        yield match.start(), match.end(), numbers.WORDS[match.group()]
    for match in numbers.NATIVE.finditer(text):
        yield match.start(), match.end(), f"{numbers.COUNTS[match['count']]}개월"
    for match in chain(numbers.SPOKEN.finditer(text), numbers.DECIMAL.finditer(text)):
        value = numbers.value_of(match["number"])
        if value is not None:
            yield match.start(), match.end(), value


def _digits(match: re.Match[str]) -> str:
    plain = match["number"].replace(",", "")
    scale = match["scale"] if len(plain) <= MOST_DIGITS else None
    return str(int(float(plain) * numbers.SMALL[scale])) if scale else plain


def _without_overlaps(found: list[tuple[int, int, str]]) -> list[tuple[int, int, str]]:
    kept: list[tuple[int, int, str]] = []
    for item in sorted(found, key=lambda item: (item[0], -item[1])):
        if not kept or item[0] >= kept[-1][1]:
            kept.append(item)
    return kept
