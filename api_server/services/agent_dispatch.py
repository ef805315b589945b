"""Sends questions to servers: past their circuits, through the slots, within their time."""

from __future__ import annotations

import asyncio
import logging
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from api_server.services.agent_circuit import Permit
from api_server.services.agent_resolver import Lookup, Resolver
from api_server.services.agent_servers import Server, Servers
from api_server.services.agent_targets import Endpoint
from api_server.services.agent_types import (
    AgentFailure,
    Answer,
    Ask,
    ConnectionFailed,
    RequestFailed,
)
from api_server.services.agent_watch import Pace, Watch

if TYPE_CHECKING:
    from api_server.services.agent_session import Session

log = logging.getLogger("api.agent")


@dataclass(frozen=True, slots=True)
class Question:
    """A question, and what it takes to put it. seconds: for all of it, retries and waiting."""

    ask: Ask
    endpoint: Endpoint
    key: str
    seconds: float


class Dispatcher:
    """Started, it keeps connections and looks after the configured server; not started, it
    keeps nothing between questions. It serves one event loop at a time.

    key: for the probes of the configured server.
    """

    def __init__(
        self,
        servers: Servers,
        key: str,
        *,
        concurrency: int,
        waiting: int,
        pace: Pace,
        lookup: Lookup,
    ) -> None:
        self._servers = servers
        self._key = key
        self._concurrency = concurrency
        self._waiting = waiting
        self._pace = pace
        self._resolver = Resolver(lookup)
        self._session: Session | None = None
        self._watch: Watch | None = None
        self._task: asyncio.Task[None] | None = None
        self._state: Literal["new", "started", "stopped"] = "new"

    async def start(self) -> None:
        """Returns at once."""
        if self._state == "started":
            return
        self._state, self._session = "started", None
        if (server := self._servers.configured) is not None:
            self._watch = Watch(server, lambda: self._probe(server), self._pace)
            self._task = asyncio.create_task(_look_after(self._watch))

    async def stop(self) -> None:
        """Ends what is being asked and closes what is open, within a second or two."""
        self._state = "stopped"
        task, self._task, self._watch = self._task, None, None
        if task is not None:
            task.cancel()
            await asyncio.wait({task})
        session, self._session = self._session, None
        if session is not None:
            await session.aclose()

    async def answer(self, question: Question) -> Answer:
        """Raises `AgentFailure`, when the question's seconds have passed at the latest."""
        if self._state == "stopped":
            raise ConnectionFailed("the agent was stopped")
        server = self._servers.at(question.endpoint)
        watched = self._watch is not None and server is self._servers.configured
        permit = server.circuit.admit(time.monotonic(), trials=not watched)
        if permit is None:
            raise server.refusal()
        try:
            answer = await self._converse(question, server, permit)
        except AgentFailure as failure:
            _learn(server, permit, failure)
            raise
        except BaseException:
            server.circuit.abandoned(permit)
            raise
        finally:
            if watched and self._watch is not None:
                self._watch.heard()
        server.circuit.succeeded()
        server.answered()
        return answer

    async def _converse(self, question: Question, server: Server, permit: Permit) -> Answer:
        # Late, as these load the HTTP library: a service that is just starting has no time.
        from api_server.services.agent_dialogue import Line, put, understood

        began = time.perf_counter()
        endpoint, session = question.endpoint, self._session_here()
        async with session.within(question.seconds) as stage, session.slot():
            if server.circuit.is_open and permit == "free":
                raise server.refusal()  # others found out while this one waited
            log.info("[AGENT] Processing with %s", server.name)
            stage.phase = "connection"
            line = Line(session.connections.pool(endpoint), endpoint, question.key, stage)
            reply, model = await put(question.ask, line, server)
            text, value = await understood(reply, question.ask)
        took = time.perf_counter() - began
        return Answer(text, value, endpoint.agent_type, model, took, reply.finish_reason)

    async def _probe(self, server: Server) -> None:
        from api_server.services.agent_dialogue import Line, knock, models_of

        session, endpoint = self._session_here(), server.endpoint
        try:
            async with session.within(self._pace.limit) as stage:
                line = Line(session.connections.pool(endpoint), endpoint, self._key, stage)
                if endpoint.request_format == "text_only":
                    await knock(line)
                    models = None
                else:
                    models = await models_of(line)
        except AgentFailure as failure:
            if failure.outage:
                server.circuit.probe_failed(time.monotonic())
            server.probe_failed(failure)
        else:
            server.circuit.probe_answered()
            server.probed(models, endpoint.models_url)

    def _session_here(self) -> Session:
        from api_server.services.agent_session import Session

        # A script may run one event loop after another; connections belong to the first.
        if self._session is None or self._session.loop is not asyncio.get_running_loop():
            self._session = Session(
                self._resolver,
                concurrency=self._concurrency,
                waiting=self._waiting,
                keep=self._state == "started",
            )
        return self._session


async def _look_after(watch: Watch) -> None:
    await asyncio.to_thread(_load)
    await watch.run()


def _load() -> None:
    """Everything that is slow to import, before the first question needs it."""
    import json_repair
    import jsonschema

    from api_server.services import agent_dialogue, agent_session

    log.debug("loaded %s", (agent_dialogue, agent_session, json_repair, jsonschema))


def _learn(server: Server, permit: Permit, failure: AgentFailure) -> None:
    """What a failed question tells of its server."""
    if failure.outage:
        server.circuit.failed(time.monotonic(), permit)
    elif isinstance(failure, RequestFailed):
        server.circuit.succeeded()  # useless, but an answer
    else:
        server.circuit.abandoned(permit)
    server.failed(failure)
