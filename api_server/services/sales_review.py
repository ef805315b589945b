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
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from api_server.services import agent_prompts
from api_server.services.agent_types import Ask
from api_server.services.asking import Asking
from api_server.services.conversation import Conversation, Line
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
# Somebody speaks to the machine that listens.
ORDERS = re.compile(
    r"(?:규칙|지시|지침|명령|프롬프트|앞의?\s?내용|위\s?내용|판정|기준)\S{0,3}\s?(?:은|는|을|를|들을|모두|전부)?\s?"
    r"(?:모두\s?|전부\s?|다\s?)?(?:무시|잊|따르지|어기)|"
    r"ignore\s+(?:all\s+|any\s+|the\s+|previous\s+|above\s+)*(?:rules?|instructions?|prompts?)|"
    r"(?:complete|met|완전|충족|통과|정상)(?:라고|이라고|으로|로)\s?(?:만\s?)?(?:답|응답|출력|판정|표시|대답|평가)|"
    r"(?:answer|respond|reply|output|return)\s+(?:with\s+|only\s+)*[\"']?(?:complete|met)\b|"
    r"system\s?prompt|시스템\s?(?:프롬프트|메시지)|당신은\s?(?:이제|지금부터)|you\s+are\s+(?:now|an?\s+ai)|"
    r"(?:인공지능|에이아이|ai|모델|챗봇)(?:은|는|야|아|에게)\s?.{0,20}(?:답|출력|판정|무시)",
    re.IGNORECASE,
)


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
    if ORDERS.search(conversation.text.replace("\n", " ")):
        return replace(report, warnings=(*report.warnings, f"incomplete_sales: {ADDRESSED}"))
    answers = await asking.about(
        conversation, lambda lines: _question(lines, report.elements, rules)
    )
    items = (item for answer in answers for item in answer.value["elements"])
    opinions = _strongest(items, rules, conversation)
    elements = tuple(_settled(element, opinions.get(element.id)) for element in report.elements)
    return replace(report, elements=elements)


def _strongest(
    items: Iterable[Mapping[str, Any]], rules: Mapping[str, Rule], conversation: Conversation
) -> dict[str, Opinion]:
    """One opinion an element: of several parts', the one with the best quote."""
    best: dict[str, Opinion] = {}
    for item in items:
        rule = rules.get(item["id"])
        if rule is not None:
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
    if status == "missing":
        return Opinion("missing", (), "the LLM finds no such statement")
    evidence = located(item["quote"], conversation)
    problem = _problem(evidence, rule)
    reason = "the LLM reads the quote otherwise than the rules"
    return Opinion(status, () if problem else evidence, reason, problem)


def _problem(evidence: tuple[Evidence, ...], rule: Rule) -> str | None:
    if not evidence:
        return NOT_FOUND
    if any(
        quote.speaker not in {None, rule.speaker} for quote in evidence if rule.speaker != "any"
    ):
        return WRONG_SPEAKER
    search = Search(sounds_of(" ".join(quote.quote for quote in evidence)))
    if rule.topic and not any(search.find(word) for word in rule.topic):
        return NOT_ABOUT_IT
    return None


def _rank(opinion: Opinion) -> int:
    """One with a good quote before one with a bad one, before one with none."""
    if opinion.status == "missing":
        return 0
    return 1 if opinion.problem else 2


def _settled(element: Element, opinion: Opinion | None) -> Element:
    if opinion is None or opinion.status == element.status:
        return element
    if element.status == "unclear":
        return _filled(element, opinion)
    if opinion.problem is not None or _contradicts_nothing(element, opinion):
        return element
    objection = Objection(opinion.status, opinion.reason, opinion.evidence)
    return replace(element, objection=objection)


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


def _contradicts_nothing(element: Element, opinion: Opinion) -> bool:
    """`met` of a prohibition is no objection to its not having been broken."""
    return element.status == "not_applicable" and opinion.status != "violated"
