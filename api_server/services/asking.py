"""Asking the LLM about a whole call: in parts that fit its context, within one deadline."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from api_server.services import agent_prompts
from api_server.services.agent_types import (
    Agent,
    Answer,
    Ask,
    ConnectionFailed,
    RequestFailed,
    Target,
)
from api_server.services.conversation import Conversation, Line

MAX_PARTS = 40
# Parts are cut between turns, so few are full to the brim.
WELL_FILLED_PARTS = 0.6 * MAX_PARTS
AT_ONCE = 3
# What is assumed of a server that does not tell.
UNKNOWN_CONTEXT_TOKENS = 4096
GRACE_SECONDS = 0.25
TOO_LONG = f"too_long_for_llm: the call makes more than {MAX_PARTS} parts"
Question: TypeAlias = Callable[[tuple[Line, ...]], Ask]


@dataclass(frozen=True, slots=True)
class Asking:
    """Whom to ask, and until when: `ends` is a time of `time.monotonic`."""

    agent: Agent
    target: Target
    ends: float

    @classmethod
    def within(cls, agent: Agent, target: Target, seconds: float) -> Asking:
        return cls(agent, target, time.monotonic() + seconds)

    @property
    def seconds_left(self) -> float:
        return self.ends - time.monotonic()

    async def about(self, conversation: Conversation, question: Question) -> list[Answer]:
        """The answers to a question about each part of a call, in order.

        Raises `AgentFailure` where one part has no answer: half a call is no call.
        """
        return [answer for _, answer in await self.each(conversation, question)]

    async def each(
        self, conversation: Conversation, question: Question, answer_share: float = 0.0
    ) -> list[tuple[tuple[Line, ...], Answer]]:
        """The same, each answer with the lines it is about.

        answer_share: how much longer an answer grows with each token of the call.
        """
        context = self.agent.state.context_tokens or UNKNOWN_CONTEXT_TOKENS
        enough = agent_prompts.cost(conversation.lines) / WELL_FILLED_PARTS
        room = agent_prompts.room(context, question(()), answer_share, enough)
        pieces = agent_prompts.pieces(conversation.lines, room)
        if len(pieces) > MAX_PARTS:
            raise RequestFailed(TOO_LONG)
        answers = await self.all([question(piece) for piece in pieces])
        return list(zip(pieces, answers, strict=True))

    async def all(self, asks: Sequence[Ask]) -> list[Answer]:
        """The answers in order, a few asked at a time. Raises the first `AgentFailure`."""
        limit = asyncio.Semaphore(AT_ONCE)

        async def one(ask: Ask) -> Answer:
            async with limit:
                return await self.agent.ask(ask, self.target, self.seconds_left)

        tasks = [asyncio.ensure_future(one(ask)) for ask in asks]
        try:
            # The agent keeps the deadline itself, and must be the one to notice it.
            async with asyncio.timeout(max(self.seconds_left, 0) + GRACE_SECONDS):
                return list(await asyncio.gather(*tasks))
        except TimeoutError:
            raise ConnectionFailed("no answer in time") from None
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
