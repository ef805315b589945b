"""A call in a few sentences: the LLM's, or sentences of the call itself."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from api_server.services import agent_prompts, extractive
from api_server.services.agent_types import Ask, RequestFailed
from api_server.services.asking import Asking
from api_server.services.conversation import Conversation, Line
from api_server.services.results import Summary
from stt_threads import in_thread

ANSWER_TOKENS = 500
MAX_CHARS = 2000
NOTHING = "nothing was said that could be summarised"
SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {"summary": {"type": "string", "minLength": 1, "maxLength": MAX_CHARS}},
    "required": ["summary"],
}


async def by_llm(conversation: Conversation, asking: Asking) -> Summary:
    """Each part summarised, and the summaries of the parts into one. Raises `AgentFailure`."""
    answers = await asking.about(conversation, _question)
    texts = [_text(answer.value) for answer in answers]
    if len(texts) > 1:
        (joined,) = await asking.all([_joining(texts)])
        texts = [_text(joined.value)]
    return Summary(texts[0], "llm")


async def by_extraction(conversation: Conversation, reason: str) -> Summary:
    """Sentences of the call; `reason` tells why the LLM wrote none."""
    text = await in_thread(lambda: extractive.extract(conversation))
    if text is None:
        return Summary(None, None, is_dummy=True, error_reason=f"{NOTHING}; {reason}")
    return Summary(text, "extractive", error_reason=reason)


def _text(value: dict[str, Any]) -> str:
    text = str(value["summary"]).strip()
    if not text:
        raise RequestFailed("empty answer")
    return text


def _question(lines: tuple[Line, ...]) -> Ask:
    instructions, data = agent_prompts.load("summarize"), agent_prompts.transcript(lines)
    return Ask("summarize", instructions, data, SCHEMA, ANSWER_TOKENS)


def _joining(texts: Sequence[str]) -> Ask:
    rows = [json.dumps({"part": n, "summary": text}, ensure_ascii=False)
            for n, text in enumerate(texts, start=1)]  # fmt: skip
    data = "\n".join([agent_prompts.BEGIN, *rows, agent_prompts.END])
    instructions = agent_prompts.load("summarize_parts")
    return Ask("summarize_parts", instructions, data, SCHEMA, ANSWER_TOKENS)
