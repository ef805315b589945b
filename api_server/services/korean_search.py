"""Finds words in a text by their sounds: exactly, or with one sound misheard."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

from api_server.services.korean_text import BREAK, CONSONANTS, Chain, Sounds, sounds_of

# A shorter word is easily another one as soon as a sound differs (원금, 연금): only where it is
# marked with MISHEARD may it be misheard.
NEAR_SYLLABLES = 4
SHORT_SYLLABLES = 2
MISHEARD = "*"
# In a short word, a space is another word (고 지금 is no 고지), but where it is marked so.
SPACED = "_"
# From so many on, any one sound may differ; below, only to one that is easily misheard.
FREE_SYLLABLES = 5
ALIKE_VOWELS = "ㅓㅕ ㅏㅑ ㅗㅛ ㅜㅠ ㅓㅗ ㅡㅜ ㅡㅓ ㅘㅏ ㅝㅓ ㅟㅣ ㅘㅗ ㅔㅣ ㅡㅣ ㅔㅓ"
ALIKE_CONSONANTS = "ㄱㅋ ㄷㅌ ㅂㅍ ㅈㅊ ㄴㆁ ㅁㆁ ㄴㅁ ㄹㄴ ㅂㅁ ㅂㄱ ㄱㄷ ㄷㅅ ㅅㅈ"
ALIKE = frozenset(f"{ALIKE_VOWELS} {ALIKE_CONSONANTS}".split())
CONFUSABLE = ALIKE | {pair[::-1] for pair in ALIKE}
# A key tells at once that a word is not in a text: its first jamo as they are spelled, its first
# sounds, or, where it may be misheard, some sounds of either half.
SPELLED_KEY = 4
HEARD_KEY = 3
AS_SPELLED, AS_HEARD, ANYWHERE = "=", "~", "*"
NUMBER = re.compile(r"\d+(?:\.\d+)?")


@dataclass(frozen=True, slots=True)
class Occurrence:
    """Where a word stands: the first and last unit of the text it covers."""

    first: int
    last: int
    exact: bool = True


@dataclass(frozen=True, slots=True)
class Word:
    """A word to look for; near: it may be misheard by one sound; heard: by its sounds at
    all; spaced: there may be a space in it; head, tail: the halves of the chain, without a
    first ㅎ, which is not heard after a vowel; keys: one of them is in every text that holds
    the word (see Search.keys)."""

    text: str
    chain: str
    syllables: int
    near: bool
    heard: bool
    spaced: bool
    head: str
    tail: str
    keys: tuple[str, ...]

    @classmethod
    def of(cls, text: str) -> Word:
        plain = text.removesuffix(MISHEARD).replace(SPACED, "")
        sounds = sounds_of(plain, literal=True)
        syllables = len(sounds.units)
        marked = text.endswith(MISHEARD)
        near = syllables >= NEAR_SYLLABLES or (marked and syllables > SHORT_SYLLABLES)
        heard = syllables > SHORT_SYLLABLES or marked
        chain = sounds.heard.text if heard else sounds.spelled.text
        spaced = SPACED in text or text[0].isdigit()
        half = chain.removeprefix("ㅎ")
        head, tail = half[: len(half) // 2], half[len(half) // 2 :]
        keys = _keys(chain, half, head, tail, near=near, heard=heard)
        return cls(text, chain, syllables, near, heard, spaced, head, tail, keys)


def _keys(
    chain: str, half: str, head: str, tail: str, *, near: bool, heard: bool
) -> tuple[str, ...]:
    if not heard:
        return (AS_SPELLED + chain[:SPELLED_KEY],)
    if near and head:
        return tuple(ANYWHERE + end[:HEARD_KEY] for end in (head, tail))
    return tuple({AS_HEARD + start[:HEARD_KEY] for start in (chain, half)})


@dataclass
class Search:
    """Searches one text; what was found once is remembered."""

    sounds: Sounds
    _found: dict[str, tuple[Occurrence, ...]] = field(default_factory=dict)

    def find(self, word: Word) -> tuple[Occurrence, ...]:
        """All places of a word, in order."""
        found = self._found.get(word.text)
        if found is None:
            found = tuple(self._search(word)) if self._may_hold(word) else ()
            self._found[word.text] = found
        return found

    @cached_property
    def keys(self) -> frozenset[str]:
        """What begins where in the text; a word none of whose keys is here is not in it."""
        heard, spelled = self.sounds.heard, self.sounds.spelled
        most = len(heard.text)
        return frozenset(
            itertools.chain(
                (
                    AS_SPELLED + spelled.text[i : i + n]
                    for i in spelled.starts
                    for n in (2, 3, SPELLED_KEY)
                ),
                (AS_HEARD + heard.text[i : i + n] for i in heard.starts for n in (2, HEARD_KEY)),
                (ANYWHERE + heard.text[i : i + n] for i in range(most) for n in (2, HEARD_KEY)),
            )
        )

    def _may_hold(self, word: Word) -> bool:
        """Whether the word's sounds are there, or of one that may be misheard either half."""
        if not word.heard:
            return word.chain in self.sounds.spelled.text
        text = self.sounds.heard.text
        if word.near:
            return word.head in text or word.tail in text
        return word.head + word.tail in text

    def numbers(self) -> tuple[Occurrence, ...]:
        """All numbers, in order."""
        if "" not in self._found:
            chain = self.sounds.spelled
            places = (match.span() for match in NUMBER.finditer(chain.text))
            self._found[""] = tuple(_occurrence(chain, start, end, True) for start, end in places)
        return self._found[""]

    def _search(self, word: Word) -> Iterator[Occurrence]:
        if not word.heard:
            yield from self._spelled(word)
            return
        found: dict[int, Occurrence] = {}
        for begin, end, exact in self._heard(word):
            if self.sounds.heard.starts_unit(begin):
                found.setdefault(begin, _occurrence(self.sounds.heard, begin, end, exact))
        yield from sorted(found.values(), key=lambda place: place.first)

    def _spelled(self, word: Word) -> Iterator[Occurrence]:
        """Syllable by syllable, the last one in any ending (되 in 된다)."""
        chain, units = self.sounds.spelled, self.sounds.units
        for start in _places(word.chain, chain.text):
            if not chain.starts_unit(start):
                continue
            place = _occurrence(chain, start, start + len(word.chain), True)
            covered = units[place.first : place.last + 1]
            spaced = any(a.end < b.start for a, b in itertools.pairwise(covered))
            if len(covered) == word.syllables and (not spaced or word.spaced):
                yield place

    def _heard(self, word: Word) -> Iterator[tuple[int, int, bool]]:
        """Begin and end of each place in the chain of sounds; the exact ones first."""
        text, soft = self.sounds.heard.text, word.chain[0] == "ㅎ"
        for start in _places(word.chain, text):
            yield start, start + len(word.chain), True
        if soft and len(word.chain) > 1:
            for start in _places(word.chain[1:], text):
                if start in self.sounds.softened:
                    yield start, start + len(word.chain) - 1, True
        if word.near:
            for start, end in self._near(word):
                yield (start - 1 if soft and text[start - 1 : start] == "ㅎ" else start), end, False

    def _near(self, word: Word) -> Iterator[tuple[int, int]]:
        """One half must be there exactly; the other may have one sound wrong."""
        text, head, tail = self.sounds.heard.text, word.head, word.tail
        free = word.syllables >= FREE_SYLLABLES
        for start in _places(head, text):
            length = _length_with_one_error(text, start + len(head), tail, free=free)
            if length is not None:
                yield start, start + len(head) + length
        for start in _places(tail, text):
            before = text[max(0, start - len(head) - 1) : start][::-1]
            length = _length_with_one_error(before, 0, head[::-1], free=free)
            if length is not None:
                yield start - length, start + len(tail)


def _occurrence(chain: Chain, start: int, end: int, exact: bool) -> Occurrence:
    return Occurrence(chain.unit_at(start), chain.unit_at(end - 1), exact)


def _places(chain: str, text: str) -> Iterator[int]:
    start = text.find(chain)
    while start >= 0:
        yield start
        start = text.find(chain, start + 1)


def _length_with_one_error(text: str, start: int, wanted: str, *, free: bool) -> int | None:
    """How much of `text` from `start` on is `wanted`, with at most one sound wrong or lost."""
    same = 0
    while same < len(wanted) and text[start + same : start + same + 1] == wanted[same]:
        same += 1
    if same == len(wanted):
        return same
    here = start + same
    heard = text[here : here + 1]
    if heard in {"", BREAK}:
        return None
    if text.startswith(wanted[same + 1 :], here + 1) and _alike(heard, wanted[same], free=free):
        return len(wanted)
    if (free or wanted[same] in CONSONANTS) and text.startswith(wanted[same + 1 :], here):
        return len(wanted) - 1 if same + 1 < len(wanted) else None
    if (free or heard in CONSONANTS) and text.startswith(wanted[same:], here + 1):
        return len(wanted) + 1
    return None


def _alike(heard: str, wanted: str, *, free: bool) -> bool:
    return heard + wanted in CONFUSABLE or (free and heard.isalpha() and wanted.isalpha())
