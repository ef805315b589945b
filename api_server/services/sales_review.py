"""What the LLM may add to the rules' report, and what it may not.

It may fill an element the rules left unclear, and it may object to what they decided; an
objection is shown beside the rules' word and asks for a person's, it never takes its place.
Every quote must be in the call, character by character, must be about the element, and must have
been said by the one who had to say it. A call that speaks to the machine ("ignore the rules")
gets no help from it.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from api_server.services import agent_prompts
from api_server.services.agent_types import Ask
from api_server.services.asking import Asking
from api_server.services.conversation import Conversation, Line
from api_server.services.korean_modality import is_question
from api_server.services.korean_search import Search
from api_server.services.korean_text import sounds_of
from api_server.services.results import Element, Evidence, Objection, SalesReport, Status
from api_server.services.sales_evidence import located
from api_server.services.sales_pack import Rule

NOT_FOUND = "evidence_not_found"
NOT_ABOUT_IT = "evidence_not_relevant"
WRONG_SPEAKER = "evidence_wrong_speaker"
ADDRESSED = "the call holds text that is addressed to the machine; the LLM's view was not used"
MAX_CONFIDENCE = 0.7
ANSWER_TOKENS = 1200
# As many opinions, and as long quotes, as surely fit into the answer.
MOST_OPINIONS, MOST_QUOTE_CHARS = 8, 60
# Somebody speaks to the machine that listens, not to a person.
ORDERS = re.compile(
    r"(?:규칙|지시|지침|명령|프롬프트|룰|설정)\S{0,4}\s?(?:따위\S*\s?)?(?:모두\s?|전부\s?|다\s?)?"
    r"(?:무시|잊어|따르지|어기)|시스템\s?프롬프트|"
    r"(?:모든|전부|전체)\s?(?:항목|요소|판정|결과)\S{0,3}\s?.{0,12}?(?:충족|완료|통과|정상|met|complete|완전)|"
    r"(?:완전\s?판매|충족|정상|통과|complete|met|컴플리트|위반이?\s?없)\S{0,6}?\s?(?:라고|다고|으로|로)\s?(?:만\s?)?"
    r"(?:답(?:하|해)|응답|출력|판정(?:하라|해)|처리하[세라]|기록하[세라]|표시하[세라]|대답|평가하[세라])|"
    r"(?:분석|판정|평가|채점)\S{0,4}\s?(?:하는\s?)?(?:ai|에이아이|인공지능|모델|기계)|"
    r"(?:인공지능|에이아이|\bai)(?:님|야|은|는)?\s?.{0,16}?(?:답해|출력|판정해|판정하|무시|잊)|"
    r"위반\s?(?:항목|사항|내용)?\S{0,2}\s?(?:빼|제외|지워|지우|삭제)\s?(?:주|줘|하|해|라)|"
    r"(?:ignore|disregard|forget|override)\s+(?:\w+\s+){0,3}(?:rules?|instructions?|prompts?|above)|"
    r"(?:mark|set|answer|respond|reply|output|return|classify)\s+(?:\w+\s+){0,4}[\"']?"
    r"(?:complete|met|missing|compliant)\b|system\s?prompt|you\s+are\s+(?:now|an?\s+ai)",
    re.IGNORECASE,
)
UNSEEN = re.compile(r"[\u00ad\u200b-\u200f\u2060-\u2064\ufeff]")


@dataclass(frozen=True, slots=True)
class Opinion:
    """What the LLM says of one element."""

    status: Status
    evidence: tuple[Evidence, ...]
    reason: str
    problem: str | None = None


async def review(
    report: SalesReport, rules: Mapping[str, Rule], conversation: Conversation, asking: Asking
) -> SalesReport:
    """Ask the LLM for its opinion on each element. Raises `AgentFailure`."""
    said = UNSEEN.sub("", unicodedata.normalize("NFKC", conversation.text.replace("\n", " ")))
    if ORDERS.search(said):
        return replace(report, warnings=(*report.warnings, f"incomplete_sales: {ADDRESSED}"))
    answers = await asking.about(
        conversation, lambda lines: _question(lines, report.elements, rules)
    )
    items = (item for answer in answers for item in answer.value["elements"])
    opinions = _strongest(items, rules, conversation)
    whole = len(answers) == 1
    elements = tuple(
        _settled(element, opinions.get(element.id), whole=whole) for element in report.elements
    )
    return replace(report, elements=elements)


def _strongest(
    items: Iterable[Mapping[str, Any]], rules: Mapping[str, Rule], conversation: Conversation
) -> dict[str, Opinion]:
    """One opinion an element: of several parts', the one with the best quote."""
    best: dict[str, Opinion] = {}
    for item in items:
        rule = rules.get(item["id"])
        if rule is not None and item["status"] in _possible(rule):
            opinion = _opinion(item, rule, conversation)
            if rule.id not in best or _rank(opinion) > _rank(best[rule.id]):
                best[rule.id] = opinion
    return best


def _question(
    lines: tuple[Line, ...], elements: Iterable[Element], rules: Mapping[str, Rule]
) -> Ask:
    listed = [
        {
            "id": e.id,
            "kind": rules[e.id].kind,
            "content": f"{e.name}: {rules[e.id].description}",
            "status": e.status,
        }
        for e in elements
        if e.status != "not_applicable" or rules[e.id].kind == "forbidden"
    ]
    asked = "\n".join(json.dumps(entry, ensure_ascii=False) for entry in listed)
    return Ask(
        name="sales_check",
        instructions=agent_prompts.load("sales_check").replace("{elements}", asked),
        data=agent_prompts.transcript(lines),
        schema=schema([entry["id"] for entry in listed]),
        max_tokens=ANSWER_TOKENS,
    )


def schema(ids: Sequence[str]) -> dict[str, Any]:
    """The shape of an answer: only what was found, each with its quote."""
    item = {
        "type": "object",
        "properties": {
            "id": {"type": "string", "enum": list(ids)},
            "status": {"type": "string", "enum": ["met", "violated", "missing"]},
            "quote": {"type": "string", "maxLength": MOST_QUOTE_CHARS},
        },
        "required": ["id", "status", "quote"],
        "additionalProperties": False,
    }
    listed = {"type": "array", "items": item, "maxItems": min(MOST_OPINIONS, max(1, len(ids)))}
    return {
        "type": "object",
        "properties": {"elements": listed},
        "required": ["elements"],
        "additionalProperties": False,
    }


def _opinion(item: Mapping[str, Any], rule: Rule, conversation: Conversation) -> Opinion:
    """An answer's item, with its quote checked."""
    status: Status = item["status"]
    speaker = None if rule.speaker == "any" else rule.speaker
    evidence = located(item["quote"], conversation, speaker)
    if status == "missing":
        return Opinion("missing", evidence, "the LLM finds no such statement")
    problem = _problem(evidence, rule)
    reason = "the LLM reads the quote otherwise than the rules"
    return Opinion(status, () if problem else evidence, reason, problem)


def _problem(evidence: tuple[Evidence, ...], rule: Rule) -> str | None:
    if not evidence:
        return NOT_FOUND
    said = " ".join(quote.quote for quote in evidence)
    speakers = {quote.speaker for quote in evidence} - {rule.speaker, None}
    if rule.speaker != "any" and speakers:
        return WRONG_SPEAKER
    if rule.kind == "consent" and is_question(said):
        return WRONG_SPEAKER
    search = Search(sounds_of(said))
    if rule.topic and not any(search.find(word) for word in rule.topic):
        return NOT_ABOUT_IT
    return None


def _possible(rule: Rule) -> tuple[str, str]:
    """What an element can be said to be: a prohibition is broken or not, never fulfilled."""
    return ("violated", "missing") if rule.kind == "forbidden" else ("met", "missing")


def _rank(opinion: Opinion) -> int:
    """One with a good quote before one with a bad one, before one with none."""
    if opinion.status == "missing":
        return 0
    return 1 if opinion.problem else 2


def _settled(element: Element, opinion: Opinion | None, *, whole: bool) -> Element:
    """whole: the LLM saw the whole call at once, so it can say that something is not in it."""
    if opinion is None or opinion.status == element.status:
        return element
    if element.status == "unclear":
        return _filled(element, opinion)
    if opinion.problem is not None or element.status == "not_applicable" == opinion.status:
        return element
    if opinion.status == "missing" and not _is_argued(element, opinion, whole=whole):
        return element
    objection = Objection(opinion.status, opinion.reason, opinion.evidence)
    return replace(element, objection=objection)


def _is_argued(element: Element, opinion: Opinion, *, whole: bool) -> bool:
    """Against what the rules quote, a bare no is no argument: a violation is disputed by its own
    words, a statement by one who saw all of the call."""
    if element.status == "met":
        return whole
    disputed = {quote.segment_id for quote in opinion.evidence}
    return element.status == "violated" and bool(
        disputed & {quote.segment_id for quote in element.evidence}
    )


def _filled(element: Element, opinion: Opinion) -> Element:
    """An element the rules left open; without a good quote it stays open, and says why."""
    if opinion.problem is not None:
        return replace(element, error_reason=opinion.problem)
    if opinion.status == "missing":
        return element
    return replace(
        element,
        status=opinion.status,
        method="llm",
        confidence=MAX_CONFIDENCE,
        evidence=opinion.evidence,
        error_reason=None,
    )
