"""The rules decide: each element of a pack against a call, with what proves it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from api_server.services import sales_evidence
from api_server.services.call_text import CallText
from api_server.services.korean_modality import Modality, undercut
from api_server.services.results import Element, Evidence, Status
from api_server.services.sales_consent import consents
from api_server.services.sales_findings import ABSENT, EXACT, INFERRED_ROLE, NEAR, Finding
from api_server.services.sales_pack import After, Each, Guarded, Rule, Statement, Together, When
from api_server.services.sales_patterns import (
    Match,
    Pattern,
    find,
    modality,
    next_of,
    sentences_with,
)

ROLE_UNCERTAIN = "role_uncertain"

# `손실이 나면 …`: what follows is about it, but it is not said.
HYPOTHESIS = re.compile(r"\S{0,2}면(?:은|요)?(?=[\s,.]|$)(?!\s?[되돼됩됐])")


def check(rule: Rule, call: CallText) -> Element:
    """What the rules say of one element."""
    if rule.when is not None and not _holds(rule.when, call):
        return _element(rule, "not_applicable", ABSENT)
    if rule.kind == "consent":
        found = list(consents(rule, call))
    else:
        found = [finding for statement in rule.says for finding in _said(statement, rule, call)]
    best = sorted(found, key=lambda finding: (not finding.certain, -finding.confidence))
    if not best:
        absent: Status = "not_applicable" if rule.kind == "forbidden" else "missing"
        return _element(rule, absent, ABSENT)
    matches = [match for finding in best for match in finding.matches]
    evidence = sales_evidence.quotes(matches, call)
    if not best[0].certain:
        return _element(rule, "unclear", 0.5, evidence, ROLE_UNCERTAIN)
    status: Status = "violated" if rule.kind == "forbidden" else "met"
    return _element(rule, status, best[0].confidence, evidence)


def _element(
    rule: Rule,
    status: Status,
    confidence: float,
    evidence: tuple[Evidence, ...] = (),
    error_reason: str | None = None,
) -> Element:
    return Element(
        id=rule.id,
        name=rule.name,
        principle=rule.principle,
        status=status,
        method="rules",
        confidence=round(confidence, 2),
        weight=rule.weight,
        evidence=evidence,
        error_reason=error_reason,
    )


def _holds(when: When, call: CallText) -> bool:
    for pattern in when.said:
        for match in find(pattern, call):
            speaker = call.sentences[match.sentence].speaker
            if when.by not in {"any", speaker} and speaker is not None:
                continue
            how = modality(match, call)
            denied = pattern.polarity is None and how.negated
            asked = how.asked and pattern.polarity != "any"
            if not (denied or asked) and not _excused(match, when.unless, call):
                return True
    return False


def _said(statement: Statement, rule: Rule, call: CallText) -> Iterator[Finding]:
    if isinstance(statement, Pattern):
        for match in find(statement, call):
            yield from _finding((match,), rule, call)
    elif isinstance(statement, Together):
        yield from _together(statement, rule, call)
    elif isinstance(statement, Guarded):
        for pattern in statement.any:
            for match in find(pattern, call):
                if not _excused(match, statement.unless, call):
                    yield from _finding((match,), rule, call)
    elif isinstance(statement, After):
        yield from _after(statement, rule, call)
    else:
        yield from _each(statement, rule, call)


def _finding(matches: tuple[Match, ...], rule: Rule, call: CallText) -> Iterator[Finding]:
    """The matches as a finding, if they are meant and the right one said them."""
    speakers = {call.sentences[match.sentence].speaker for match in matches}
    if rule.speaker != "any" and speakers - {rule.speaker, None}:
        return
    if not all(_is_meant(match, rule, call) for match in matches):
        return
    confidence = EXACT if all(match.exact for match in matches) else NEAR
    if any(call.sentences[match.sentence].inferred for match in matches):
        confidence *= INFERRED_ROLE
    yield Finding(matches, rule.speaker == "any" or None not in speakers, confidence)


def _is_meant(match: Match, rule: Rule, call: CallText) -> bool:
    if _excused(match, rule.unless, call):
        return False
    if rule.first_sentences is not None and call.place(match.sentence) >= rule.first_sentences:
        return False
    how = modality(match, call)
    if rule.kind == "forbidden":
        denied = match.polarity is None and how.negated
        return not (denied or how.asked or how.conditional or how.quoted)
    rest = call.text[match.end : call.sentences[match.sentence].end]
    return _is_stated(match, how, rule, rest) and not (
        rule.warning and undercut(rest, next_of(match, call))
    )


def _is_stated(match: Match, how: Modality, rule: Rule, rest: str) -> bool:
    """Whether a required statement is made here and now, about what is being sold."""
    if rule.form == "statement" and (how.asked or (how.deferred and not match.numbered)):
        return False
    if rule.warning and HYPOTHESIS.match(rest):
        return False
    return rule.elsewhere or not how.elsewhere


def _excused(match: Match, unless: tuple[Pattern, ...], call: CallText) -> bool:
    return any(match.sentence in sentences_with(pattern, call) for pattern in unless)


def _together(statement: Together, rule: Rule, call: CallText) -> Iterator[Finding]:
    first, *others = (tuple(find(pattern, call)) for pattern in statement.together)
    for match in first:
        near = [_nearest(match, matches, statement.sentences, call) for matches in others]
        if all(near):
            group = (match, *(other for other in near if other is not None))
            yield from _finding(group, rule, call)


def _nearest(
    match: Match, candidates: tuple[Match, ...], sentences: int, call: CallText
) -> Match | None:
    """The candidate nearest in sentences, if it is near enough and of the same voice."""
    speaker = call.sentences[match.sentence].speaker
    near = [
        other
        for other in candidates
        if abs(other.sentence - match.sentence) < sentences
        and call.sentences[other.sentence].speaker == speaker
    ]
    return min(near, key=lambda other: abs(other.start - match.start), default=None)


def _after(statement: After, rule: Rule, call: CallText) -> Iterator[Finding]:
    said: dict[int, list[Match]] = {}
    for match in (match for then in statement.says for match in find(then, call)):
        said.setdefault(match.sentence, []).append(match)
    for pattern in statement.after:
        for cause in find(pattern, call):
            speaker = call.sentences[cause.sentence].speaker
            if speaker not in {statement.by, None}:
                continue
            for index in call.after(cause.sentence, statement.sentences):
                for match in said.pop(index, ()):
                    yield from _finding((match,), rule, call)


def _each(statement: Each, rule: Rule, call: CallText) -> Iterator[Finding]:
    chosen: list[Finding] = []
    for group in statement.each:
        findings = [finding for member in group for finding in _said(member, rule, call)]
        if not findings:
            return
        chosen.append(max(findings, key=lambda found: (found.certain, found.confidence)))
    yield Finding(
        tuple(match for finding in chosen for match in finding.matches),
        all(finding.certain for finding in chosen),
        min(finding.confidence for finding in chosen),
    )
