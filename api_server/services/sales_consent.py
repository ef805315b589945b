"""The customer's consent: an answer to the seller's question, or a word said unasked.

The question is never the consent, a `네` in the middle of an explanation is none, and a yes to
something else (a recording, a letter, a call back) is none to the contract.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from api_server.services.call_text import CallText, Sentence
from api_server.services.sales_findings import EXACT, INFERRED_ROLE, Finding
from api_server.services.sales_pack import Rule
from api_server.services.sales_patterns import Match, Pattern, find, modality

# How many sentences after a question an answer is looked for, and before a word its occasion.
ANSWER_SENTENCES = 4
OCCASION_SENTENCES = 3
SHORT_CHARS = 12
# 예산, 네이버: no yes.
OTHER_WORD = re.compile(r"(?:네|예|응)(?=[가-힣])(?![네예응요에])")
TOLD = re.compile(r"(?:드립니다|드릴게요|드리겠습니다|드릴\s?거\S*|됩니다)\W*$")
CONTRACT = re.compile(r"가입|신청|계약|진행|청약|개설")
OFFER = re.compile(r"(?:까요|게요|겠습니다|겠어요|죠|나요|습니까|니까|\?)\W*$")


@dataclass(frozen=True, slots=True)
class _Words:
    """Sentences by what is said in them."""

    yes: dict[int, Match]
    no: frozenset[int]
    other: frozenset[int]
    asked: dict[int, Match]

    @classmethod
    def of(cls, rule: Rule, call: CallText) -> _Words:
        return cls(
            yes=_sentences_with(rule.agreed, call),
            no=frozenset(_sentences_with(rule.refused, call)),
            other=(
                frozenset(_sentences_with(rule.not_about, call))
                - frozenset(_sentences_with(rule.unless, call))
            )
            | frozenset(_sentences_with(rule.never_about, call)),
            asked=_sentences_with(rule.questions, call),
        )


def consents(rule: Rule, call: CallText) -> Iterator[Finding]:
    """Every word of consent in the call."""
    words = _Words.of(rule, call)
    for index in words.asked:
        if call.sentences[index].speaker != "customer" and _is_question(index, words, call):
            answer = _answer(index, words, call)
            if answer is not None:
                yield _consent(answer, call)
    for pattern in rule.volunteered:
        for match in find(pattern, call):
            if _is_volunteered(match, words, call):
                yield _consent(match, call)


def _is_question(index: int, words: _Words, call: CallText) -> bool:
    """Whether the seller asks for the customer's word, and not for something else or later."""
    sentence = call.sentences[index]
    told = TOLD.search(call.text[sentence.start : sentence.end]) is not None
    return index not in words.other and not told


def _sentences_with(patterns: tuple[Pattern, ...], call: CallText) -> dict[int, Match]:
    return {match.sentence: match for pattern in patterns for match in find(pattern, call)}


def _answer(question: int, words: _Words, call: CallText) -> Match | None:
    """The customer's yes to a question, unless a no or a maybe comes with it."""
    agreed: Match | None = None
    for index in call.after(question, ANSWER_SENTENCES):
        sentence = call.sentences[index]
        if sentence.speaker == "agent":
            if agreed is not None or not _is_short(sentence):
                return agreed
            continue
        if index in words.no:
            return None
        if agreed is None and index in words.yes and _is_yes(words.yes[index], call):
            agreed = words.yes[index]
    return agreed


def _is_yes(match: Match, call: CallText) -> bool:
    sentence = call.sentences[match.sentence]
    meant = modality(match, call)
    whole = OTHER_WORD.match(call.text[sentence.start : sentence.end]) is None
    return whole and not (meant.asked or meant.negated)


def _is_short(sentence: Sentence) -> bool:
    return sentence.end - sentence.start <= SHORT_CHARS


def _is_volunteered(match: Match, words: _Words, call: CallText) -> bool:
    if call.sentences[match.sentence].speaker != "customer" or match.sentence in words.no:
        return False
    meant = modality(match, call)
    if meant.asked or meant.negated or meant.conditional:
        return False
    sentence = call.sentences[match.sentence]
    names_it = CONTRACT.search(call.text[sentence.start : sentence.end]) is not None
    return names_it or not _is_about_else(match, words, call)


def _is_about_else(match: Match, words: _Words, call: CallText) -> bool:
    """Whether the seller has just asked for, or offered, something else than the contract."""
    for index in call.before(match.sentence, OCCASION_SENTENCES):
        sentence = call.sentences[index]
        if sentence.speaker == "customer":
            return False
        if OFFER.search(call.text[sentence.start : sentence.end]):
            return index in words.other
    return False


def _consent(match: Match, call: CallText) -> Finding:
    """Nobody can tell from words alone who said yes: an inferred role is not enough."""
    answer = call.sentences[match.sentence]
    known = answer.speaker == "customer" and not (answer.inferred and call.roles != "channels")
    confidence = EXACT * (INFERRED_ROLE if answer.inferred else 1)
    return Finding((match,), known, confidence)
