"""What is the call about? The LLM says; when it is away, the rules."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from api_server.services import agent_prompts
from api_server.services.agent_types import Answer, Ask
from api_server.services.asking import Asking
from api_server.services.conversation import Conversation, Line
from api_server.services.label_rules import Labels
from api_server.services.results import Classification
from api_server.services.sales_evidence import located

ANSWER_TOKENS = 200


async def by_llm(conversation: Conversation, labels: Labels, asking: Asking) -> Classification:
    """Ask the LLM about every part; the label with the most confidence in all wins. Raises
    `AgentFailure`."""
    answers = await asking.about(conversation, lambda lines: _question(lines, labels))
    return _merged([_value(answer) for answer in answers], conversation)


def in_place_of_llm(ruled: Classification | None, reason: str) -> Classification:
    """The rules' label, or a marked dummy where there is none; `reason` tells why the LLM gave
    none."""
    if ruled is None:
        return Classification(None, 0.0, "dummy", is_dummy=True, error_reason=reason)
    return replace(ruled, error_reason=reason)


def _question(lines: tuple[Line, ...], labels: Labels) -> Ask:
    listed = "\n".join(f"- {name}: {labels.description(name)}" for name in labels.names)
    return Ask(
        name="classify",
        instructions=agent_prompts.load("classify").replace("{labels}", listed),
        data=agent_prompts.transcript(lines),
        schema=_schema(labels.names),
        max_tokens=ANSWER_TOKENS,
    )


def _schema(names: Sequence[str]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {
            "label": {"type": "string", "enum": list(names)},
            "confidence": {"type": "number", "minimum": 0, "maximum": 1},
            "quote": {"type": "string", "maxLength": 200},
        },
        "required": ["label", "confidence"],
    }


def _value(answer: Answer) -> Mapping[str, Any]:
    value: Mapping[str, Any] = answer.value
    return value


def _merged(values: Sequence[Mapping[str, Any]], conversation: Conversation) -> Classification:
    votes: Counter[str] = Counter()
    for value in values:
        votes[value["label"]] += value["confidence"]
    label = max(votes, key=lambda name: votes[name])
    quoted = [value.get("quote", "") for value in values if value["label"] == label]
    evidence = tuple(piece for quote in quoted for piece in located(quote, conversation))
    return Classification(label, round(votes[label] / len(values), 3), "llm", evidence[:4])
