"""Questions that several tests put, and what becomes of them."""

from __future__ import annotations

from typing import Any

import pytest

from api_server.services.agent_backend import AgentBackend
from api_server.services.agent_types import AgentFailure, Ask
from tests.agent.faulty_server import Answer, FaultyServer
from tests.agent.stopwatch import stopwatch

SAID = "홍길동 고객님의 계좌번호는 4417-8821 입니다"
SCHEMA = {
    "type": "object",
    "properties": {"label": {"enum": ["complaint", "question"]}},
    "required": ["label"],
}
PLAIN = Ask("translate", "Translate what follows.", SAID)
ASK = Ask("label", "Classify what follows.", SAID, SCHEMA, 64)


async def failure_of(
    chat: Answer | list[Answer], ask: Ask = PLAIN, seconds: float = 5.0, **settings: Any
) -> tuple[AgentFailure, FaultyServer, AgentBackend]:
    async with FaultyServer(chat) as server:
        backend = AgentBackend(server.url, **settings)
        async with stopwatch() as watch:
            with pytest.raises(AgentFailure) as caught:
                await backend.ask(ask, timeout=seconds)
            assert watch.seconds < seconds
    return caught.value, server, backend
