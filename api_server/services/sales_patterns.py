"""The language in which packs say what was said: words in order, by sound, within a sentence.

    원금 손실|손해 나|발생 {yes}

Words stand for any of their endings and spacings; `|` separates wordings; between two words there
may be up to eight syllables, with `~` thirty, with `+` before the second none. `{num}`,
`{percent}`, `{decimal}`, `{money}`, `{days}`, `{period}`, `{term}` and `{years}` stand for a number
and its unit, `{person}` for somebody's own name. `^` asks that the first word begins the sentence.
At the end `{yes}` asks that the clause is not denied, `{no}` that it is, `{any}` that it does not
matter. rules/README.md tells more.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from operator import attrgetter
from typing import Literal, TypeAlias, cast

from api_server.services.call_text import CallText
from api_server.services.korean_modality import CLAUSE, Modality, modality_of
from api_server.services.korean_numbers import NATIVE, WORDS
from api_server.services.korean_search import Occurrence, Word

GAP, WIDE_GAP, NO_GAP = 8, 30, 1
# Words that stand further apart than over one clause boundary do not belong together.
MOST_BOUNDARIES = 1
WIDE = "~"
MAX_PATTERN_CHARS = 800
UNIT_OF_NUMBER = {
    "{num}": re.compile(r""),
    "{percent}": re.compile(r" ?(%|퍼센트|퍼센|프로)"),
    "{money}": re.compile(r"[ ,\d십백천만억]{0,12}(원|억|만(?![기족큼]))"),
    "{period}": re.compile(r" ?(영업 ?일|일|개월|달|년|주|시간)"),
    "{days}": re.compile(r" ?(영업 ?일|일|주|시간)"),
    "{term}": re.compile(r" ?(개월|달|년)"),
    "{years}": re.compile(r" ?(년|세)"),
    "{decimal}": re.compile(r"(?! ?배)"),
}
Polarity: TypeAlias = Literal["yes", "no", "any"]
POLARITIES: dict[str, Polarity] = {"{yes}": "yes", "{no}": "no", "{any}": "any"}
PERSON = "{person}"
YEAR_DIGITS = 4
# Who says who they are: a name before 입니다, with or without a position; not a position alone.
POSITION = (
    r"(?:상담[원사역]?|설계사|매니저|팀장|과장|대리|계장|주임|실장|차장|부장|지점장|이사|컨설턴트|플래너|담당자?|"
    r"프라이빗뱅커|뱅커|직원|행원|사원)"
)
NAME = re.compile(
    rf"(?<![가-힣])(?!{POSITION})([가-힣]{{2,4}}?)(?: ?{POSITION})?(?:님)?"
    r" ?(?:입니다|이에요|예요|에요|이고요|이구요|라고 ?[하합해]|이라고 ?[하합해]|인데요|이야)"
)
KINDS = (*UNIT_OF_NUMBER, PERSON)
NO_NAME = re.compile(
    r".*(?:은행|증권|생명|화재|보험|센터|창구|지점|콜센터|상품|부서|본부|영업점|손보|캐피탈|금고|고객|상담|담당|쪽|곳|거|형|료|득|고|안내|전화|내일|달|원|기|팀|년|일|금|제|용)$"
)


@dataclass(frozen=True, slots=True)
class Step:
    """One word of a pattern, or a kind of number, at most `gap` units after the last; by_key:
    the words by the keys that tell whether they can be in a text."""

    text: str
    words: tuple[Word, ...]
    numbers: tuple[str, ...]
    gap: int
    by_key: dict[str, tuple[Word, ...]]
    keys: frozenset[str]


@dataclass(frozen=True, slots=True)
class Pattern:
    """A compiled pattern."""

    text: str
    steps: tuple[Step, ...]
    polarity: Polarity | None
    begins: bool = False


@dataclass(frozen=True, slots=True)
class Match:
    """Where a pattern was found: `start` to `end` in the call's text, within one sentence."""

    sentence: int
    start: int
    end: int
    exact: bool
    polarity: Polarity | None = None
    numbered: bool = False


def compile_pattern(text: str) -> Pattern:
    """Read a pattern. Raises `ValueError`, which says what is wrong with it."""
    if len(text) > MAX_PATTERN_CHARS:
        raise ValueError(f"a pattern has at most {MAX_PATTERN_CHARS} characters")
    tokens = text.removeprefix("^").split()
    polarity: Polarity | None = None
    if tokens and tokens[-1] in POLARITIES:
        polarity = POLARITIES[tokens.pop()]
    steps: list[Step] = []
    gap = GAP
    for part in tokens:
        if part == WIDE:
            gap = WIDE_GAP
            continue
        steps.append(_step(part.removeprefix("+"), NO_GAP if part[0] == "+" else gap))
        gap = GAP
    if not steps or gap == WIDE_GAP:
        raise ValueError("a pattern needs words, and one after each `~`")
    return Pattern(text, tuple(steps), polarity, begins=text.startswith("^"))


def _step(token: str, gap: int) -> Step:
    wordings = [wording for wording in token.split("|") if wording]
    numbers = tuple(wording for wording in wordings if wording in KINDS)
    words = tuple(Word.of(wording) for wording in wordings if wording not in KINDS)
    for word in words:
        if "{" in word.text or "}" in word.text:
            kinds = ", ".join([*KINDS, *(f"{name} (last)" for name in POLARITIES)])
            raise ValueError(f"unknown {word.text}; known are {kinds}")
    if not wordings or not all(word.chain for word in words):
        raise ValueError(f"no word in {token!r}")
    by_key: dict[str, tuple[Word, ...]] = {}
    for word in words:
        for key in word.keys:
            by_key[key] = (*by_key.get(key, ()), word)
    return Step(token, words, numbers, gap, by_key, frozenset(by_key))


def find(pattern: Pattern, call: CallText) -> tuple[Match, ...]:
    """Every place where a pattern is said, whatever is meant by it but for its polarity."""
    known = call.found.get(pattern.text)
    if known is None:
        there = all(_may_be_there(step, call) for step in pattern.steps)
        known = call.found[pattern.text] = tuple(_find(pattern, call)) if there else ()
    return cast("tuple[Match, ...]", known)


def _may_be_there(step: Step, call: CallText) -> bool:
    """Of hundreds of patterns few are in a call; one look at its keys passes over the rest."""
    return bool(step.numbers) or not step.keys.isdisjoint(call.search.keys)


def sentences_with(pattern: Pattern, call: CallText) -> frozenset[int]:
    """The sentences in which a pattern is said."""
    return frozenset(match.sentence for match in find(pattern, call))


def _find(pattern: Pattern, call: CallText) -> Iterator[Match]:
    units = call.search.sounds.units
    numbered = any(step.numbers for step in pattern.steps)
    last_end = -1
    for chain in _chains(pattern.steps, call):
        start, end = units[chain[0].first].start, units[chain[-1].last].end
        if start < last_end:
            continue
        if len(CLAUSE.findall(call.text, start, end)) > MOST_BOUNDARIES:
            continue
        exact = all(item.exact for item in chain)
        sentence = call.index_at(start)
        match = Match(sentence, start, end, exact, pattern.polarity, numbered)
        if pattern.begins and not _begins(chain[0].first, sentence, call):
            continue
        if pattern.polarity in {None, "any"} or _polarity(match, call) == pattern.polarity:
            last_end = end
            yield match


def modality(match: Match, call: CallText) -> Modality:
    """How a match is meant where it stands."""
    sentence = call.sentences[match.sentence]
    text = call.text[sentence.start : sentence.end]
    return modality_of(
        text, match.start - sentence.start, match.end - sentence.start, next_of(match, call)
    )


def next_of(match: Match, call: CallText) -> str:
    """The next sentence of the same voice."""
    following = match.sentence + 1
    if following >= len(call.sentences):
        return ""
    sentence, here = call.sentences[following], call.sentences[match.sentence]
    same = sentence.speaker == here.speaker or sentence.speaker is None
    return call.text[sentence.start : sentence.end] if same else ""


def _begins(first: int, sentence: int, call: CallText) -> bool:
    """Whether nothing but fillers, which are no units, stands before a unit in its sentence."""
    units = call.search.sounds.units
    return first == 0 or units[first - 1].start < call.sentences[sentence].start


def _polarity(match: Match, call: CallText) -> Polarity:
    return "no" if modality(match, call).negated else "yes"


def _chains(steps: tuple[Step, ...], call: CallText) -> Iterator[tuple[Occurrence, ...]]:
    places = []
    for step in steps:
        found = _places(step, call)
        if not found:
            return
        places.append((found, [place.first for place in found]))
    for first in places[0][0]:
        chain = _continued((first,), 1, steps, places, call)
        if chain is not None:
            yield chain


def _continued(
    chain: tuple[Occurrence, ...],
    index: int,
    steps: tuple[Step, ...],
    places: list[tuple[list[Occurrence], list[int]]],
    call: CallText,
) -> tuple[Occurrence, ...] | None:
    """The chain with the next words behind it, as near as they are."""
    if index == len(steps):
        return chain
    found, firsts = places[index]
    last = chain[-1].last
    for number in range(bisect_right(firsts, last), len(found)):
        place = found[number]
        if place.first - last - 1 > steps[index].gap:
            return None
        if _same_sentence(chain[0], place, call):
            whole = _continued((*chain, place), index + 1, steps, places, call)
            if whole is not None:
                return whole
    return None


def _same_sentence(first: Occurrence, last: Occurrence, call: CallText) -> bool:
    units = call.search.sounds.units
    return call.index_at(units[first.first].start) == call.index_at(units[last.last].start)


def _places(step: Step, call: CallText) -> list[Occurrence]:
    """Where a step's words and numbers are, in order; many patterns share a step."""
    known = call.places.get(step.text)
    if known is None:
        known = call.places[step.text] = _all_places(step, call)
    return known


def _all_places(step: Step, call: CallText) -> list[Occurrence]:
    there = step.keys & call.search.keys
    words = {word.text: word for key in there for word in step.by_key[key]}
    found = [place for word in words.values() for place in call.search.find(word)]
    for kind in step.numbers:
        if kind == PERSON:
            found.extend(_persons(call))
        else:
            found.extend(place for place in call.search.numbers() if _is_kind(kind, place, call))
    if len(words) + len(step.numbers) > 1:
        found.sort(key=attrgetter("first", "last"))
    return found


def _persons(call: CallText) -> Iterator[Occurrence]:
    starts = [unit.start for unit in call.search.sounds.units]
    for match in NAME.finditer(call.text):
        if not NO_NAME.match(match[1]):
            first = bisect_left(starts, match.start(1))
            yield Occurrence(first, max(first, bisect_left(starts, match.end()) - 1))


def _is_kind(kind: str, number: Occurrence, call: CallText) -> bool:
    units = call.search.sounds.units
    start, end = units[number.first].start, units[number.last].end
    return _has_unit(kind, call.text, start, end)


def _has_unit(kind: str, text: str, start: int, end: int) -> bool:
    """Whether a number is of this kind: by what follows, or by what it holds (`보름`, `삼만`)."""
    number = text[start:end]
    if kind == "{decimal}" and "점" not in number and "." not in number:
        return False
    if kind in {"{term}", "{years}"} and len(number) >= YEAR_DIGITS and number.isdigit():
        return False  # a year of the calendar
    if UNIT_OF_NUMBER[kind].match(text, end):
        return True
    if kind == "{money}":
        return any(scale in number for scale in "만억")
    return (kind in {"{period}", "{days}"} and number in WORDS) or (
        kind in {"{period}", "{term}"} and NATIVE.fullmatch(number) is not None
    )
