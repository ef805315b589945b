"""The agent against a real LLM server. Its words are its own: only their form is asserted."""

from __future__ import annotations

import asyncio

import pytest

from api_server.services.agent_backend import AgentBackend
from api_server.services.agent_types import AgentFailure, Ask, ConnectionFailed, RequestFailed
from tests.agent.stopwatch import stopwatch

pytestmark = pytest.mark.anyio

SCHEMA = {
    "type": "object",
    "properties": {
        "label": {"type": "string", "enum": ["complaint", "question", "praise"]},
        "sure": {"type": "boolean"},
    },
    "required": ["label", "sure"],
    "additionalProperties": False,
}
STORY = Ask("story", "Write a very long story, in many chapters.", "About a road.", None, 1500)


async def test_call_is_answered(real_llm: str) -> None:
    """With or without /v1 in the URL."""
    for url in (real_llm, real_llm.removesuffix("/v1")):
        result = await AgentBackend(url).call("Say hello.", timeout=60)
        assert not result.is_dummy, result.error_reason
        assert result.response
        assert (result.success, result.error_reason, result.agent_type) == (True, None, "vllm")
        assert result.model


async def test_plain_answer(real_llm: str) -> None:
    """Cut at so many tokens, and marked as such."""
    async with AgentBackend(real_llm) as backend:
        ask = Ask("story", STORY.instructions, STORY.data, None, 8)
        answer = await backend.ask(ask, timeout=60)
        assert answer.text
        assert (answer.value, answer.finish_reason) == (None, "length")
        assert backend.state.available
        assert backend.state.context_tokens


async def test_answer_fits_its_schema(real_llm: str) -> None:
    """The label is one of the set, as the server's grammar has it."""
    ask = Ask("label", "Classify what the customer says.", "Where is my parcel?", SCHEMA, 64)
    async with AgentBackend(real_llm) as backend:
        answer = await backend.ask(ask, timeout=60)
    assert answer.value["label"] in ("complaint", "question", "praise")
    assert isinstance(answer.value["sure"], bool)


async def test_schema_that_is_cut_is_a_failure(real_llm: str) -> None:
    """Three tokens are no JSON object."""
    ask = Ask("label", "Classify what the customer says.", "Where is my parcel?", SCHEMA, 3)
    with pytest.raises(RequestFailed, match="answer cut at max_tokens"):
        await AgentBackend(real_llm).ask(ask, timeout=60)


async def test_time_is_up_before_the_answer_is(real_llm: str) -> None:
    """The question ends on time, and the server is free for the next."""
    async with AgentBackend(real_llm) as backend:
        async with stopwatch() as watch:
            with pytest.raises(ConnectionFailed, match="no answer within"):
                await backend.ask(STORY, timeout=0.5)
            assert watch.seconds < 0.6
        assert not (await backend.call("Say hello.", timeout=60)).is_dummy


async def test_questions_at_once(real_llm: str) -> None:
    """More than the server takes at a time, all answered."""
    ask = Ask("hello", "Answer briefly.", "Hello!", None, 8)
    async with AgentBackend(real_llm) as backend:
        answers = await asyncio.gather(*(backend.ask(ask, timeout=60) for _ in range(6)))
    assert all(answer.text for answer in answers)


async def test_text_that_is_too_long_is_refused(real_llm: str) -> None:
    """A bad request, in one line, and no sign of a broken server."""
    with pytest.raises(AgentFailure, match="HTTP 400: ") as caught:
        await AgentBackend(real_llm).ask(Ask("x", "Count.", "word " * 20_000), timeout=60)
    assert not caught.value.outage
