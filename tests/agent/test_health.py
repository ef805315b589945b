"""Coming and going: what the state says, how soon, and what a dead server costs."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from api_server.services.agent_backend import AgentBackend
from api_server.services.agent_circuit import Circuit
from api_server.services.agent_servers import MOST_NAMED, Servers
from api_server.services.agent_targets import Targets
from api_server.services.agent_types import (
    AgentReason,
    Ask,
    ConnectionFailed,
    RequestFailed,
    Target,
)
from api_server.services.agent_watch import Pace
from tests.agent.faulty_server import FaultyServer, error, hangs_up, http, says, silent
from tests.agent.stopwatch import stopwatch

pytestmark = pytest.mark.anyio

PLAIN = Ask("translate", "Translate.", "그는 걸어갔다")
QUICK = Pace(eager=0.02, idle=0.1, limit=0.2)
SELDOM = Pace(eager=60, idle=60, limit=1)


@asynccontextmanager
async def watching(url: str, pace: Pace = QUICK, **settings: Any) -> AsyncIterator[AgentBackend]:
    async with AgentBackend(url, pace=pace, **settings) as backend:
        yield backend


async def until_available(backend: AgentBackend, available: bool = True) -> None:
    async with asyncio.timeout(5):
        while backend.state.available != available:  # noqa: ASYNC110 - the state has no event
            await asyncio.sleep(0.001)


async def fail(backend: AgentBackend, times: int = 1) -> None:
    for _ in range(times):
        with pytest.raises((ConnectionFailed, RequestFailed)):
            await backend.ask(PLAIN, timeout=0.5)


def test_pace_meets_the_promises() -> None:
    """Back within 15 seconds of its return, found missing within 30."""
    pace = Pace()
    assert pace.eager + pace.limit < 15
    assert pace.idle + pace.limit <= 30
    assert pace.limit <= 3


async def test_start_does_not_wait_for_the_server() -> None:
    """A server that says nothing holds nothing up, starting or stopping."""
    async with FaultyServer(silent, silent) as server:
        backend = AgentBackend(server.url)
        async with stopwatch() as watch:
            await backend.start()
            assert watch.seconds < 0.05
        await server.until(lambda: bool(server.gets))
        async with stopwatch() as watch:
            await backend.stop()
            assert watch.seconds < 0.5


async def test_server_is_found_before_it_is_asked(llm_log: pytest.LogCaptureFixture) -> None:
    """Idle, the state is known all the same."""
    async with FaultyServer(says("hello")) as server, watching(server.url) as backend:
        await until_available(backend)
        assert (backend.state.model, backend.state.context_tokens) == ("tiny", 2048)
        assert not server.posts
    assert f"[AGENT] vLLM is available: {server.url}" in llm_log.messages


async def test_death_of_an_idle_server_is_noticed(llm_log: pytest.LogCaptureFixture) -> None:
    """And its return, both logged once."""
    async with FaultyServer(says("hello")) as server, watching(server.url) as backend:
        await until_available(backend)
        await server.die()
        await until_available(backend, available=False)
        assert backend.state.error_reason == "connection refused"
        await asyncio.sleep(0.2)  # time enough for ten more probes
        await server.listen()
        await until_available(backend)
        assert (await backend.call("hi")).response == "hello"
    gone = [line for line in llm_log.messages if "is not available" in line]
    assert gone == [f"[AGENT] vLLM is not available: {server.url}: connection refused"]
    assert len([line for line in llm_log.messages if "is available" in line]) == 2


async def test_first_failed_question_is_known_at_once() -> None:
    """Long before the next probe."""
    async with (
        FaultyServer([error(500, "died")]) as server,
        watching(server.url, SELDOM) as backend,
    ):
        await until_available(backend)
        await fail(backend)
        assert not backend.state.available
        assert backend.state.error_reason == "HTTP 500: died"


async def test_failed_question_brings_the_next_probe_forward() -> None:
    """Once away, a server is looked for at the eager pace, however long the idle one is."""
    pace = Pace(eager=0.02, idle=60, limit=1)
    async with (
        FaultyServer([error(500, "died"), says("ok")]) as server,
        watching(server.url, pace) as backend,
    ):
        await until_available(backend)
        await fail(backend)
        await until_available(backend)


async def test_questions_put_probes_off() -> None:
    """A server that answers questions is known to be there."""
    pace = Pace(eager=60, idle=0.5, limit=1)
    async with FaultyServer(says("ok")) as server, watching(server.url, pace) as backend:
        await until_available(backend)
        for _ in range(20):
            await backend.call("hi")
            await asyncio.sleep(0.05)
        assert len(server.gets) <= 2
        await server.until(lambda: len(server.gets) > 2)


@pytest.mark.parametrize("fault", ["refuse", "silent", "500"])
async def test_open_circuit_refuses_at_once(fault: str, llm_log: pytest.LogCaptureFixture) -> None:
    """After three failures a question costs nothing; the log says so once, the counter always."""
    counted: list[AgentReason] = []
    chat = silent if fault == "silent" else error(500, "died")
    async with FaultyServer(chat) as server:
        if fault == "refuse":
            await server.die()
        backend = AgentBackend(server.url, on_dummy=counted.append, timeout=0.2)
        for _ in range(3):
            await backend.call("hi")
        asked = len(server.posts)
        async with stopwatch() as watch:
            for _ in range(100):
                result = await backend.call("hi")
            assert watch.seconds / 100 < 0.005
        assert len(server.posts) == asked
        assert result.is_dummy
        assert result.error_reason is not None
        assert result.error_reason.startswith("left alone for a moment: ")
    warned = [r.getMessage() for r in llm_log.records if r.levelno >= logging.WARNING]
    assert len([line for line in warned if "left alone" in line]) == 1
    assert len([line for line in warned if "Using dummy response" in line]) == 4
    assert len(counted) == 103


async def test_useless_answers_do_not_open_it() -> None:
    """A server that answers is there: our bad questions and its bad answers are no outage."""
    for chat in (error(400, "bad"), error(429, "slow"), http("<html>"), says("")):
        async with FaultyServer(chat) as server:
            await fail(AgentBackend(server.url), times=5)
            assert len(server.posts) == 5


async def test_circuit_closes_by_itself_when_the_server_is_back() -> None:
    """Without a question having been risked."""
    async with FaultyServer(says("hello")) as server, watching(server.url) as backend:
        await until_available(backend)
        await server.die()
        await fail(backend, times=3)
        with pytest.raises(ConnectionFailed, match="left alone"):
            await backend.ask(PLAIN)
        await server.listen()
        await until_available(backend)
        assert (await backend.ask(PLAIN)).text == "hello"


async def test_probed_server_is_tried_by_no_question() -> None:
    """While a watched server is away its clients are never made to wait for it."""
    pace = Pace(eager=60, idle=60, limit=1)
    async with FaultyServer(says("hello")) as server, watching(server.url, pace) as backend:
        await until_available(backend)
        await server.die()
        await fail(backend, times=3)
        circuit = backend._servers.configured
        assert circuit is not None
        circuit.circuit.cooldown = 0.0
        await server.listen()
        with pytest.raises(ConnectionFailed, match="left alone"):
            await backend.ask(PLAIN)


async def test_unwatched_server_is_tried_after_a_while() -> None:
    """Without a watch one question at a time finds out."""
    async with FaultyServer([hangs_up, hangs_up, hangs_up, says("hello")]) as server:
        backend = AgentBackend(server.url, model="tiny")
        await fail(backend, times=3)
        with pytest.raises(ConnectionFailed, match="left alone"):
            await backend.ask(PLAIN)
        known = backend._servers.configured
        assert known is not None
        known.circuit.cooldown = 0.0
        assert (await backend.ask(PLAIN)).text == "hello"
        assert not known.circuit.is_open


async def test_cancelled_trial_does_not_close_the_server_off_for_ever() -> None:
    """A client that leaves during the trial makes room for the next one."""
    async with FaultyServer([hangs_up, hangs_up, hangs_up, silent, says("hello")]) as server:
        backend = AgentBackend(server.url, model="tiny")
        await fail(backend, times=3)
        known = backend._servers.configured
        assert known is not None
        known.circuit.cooldown = 0.0
        trial = asyncio.create_task(backend.call("hi"))
        await server.until(lambda: len(server.posts) == 4)
        trial.cancel()
        with pytest.raises(asyncio.CancelledError):
            await trial
        assert (await backend.ask(PLAIN)).text == "hello"


@pytest.mark.parametrize("status", [401, 403])
async def test_refused_key_is_the_settings_fault(status: int) -> None:
    """The server is there, but not for us; the circuit has nothing to do with it."""
    async with (
        FaultyServer(says("hello"), http('{"error":"Unauthorized"}', status)) as server,
        watching(server.url, api_key="sk-wrong") as backend,
    ):
        await server.until(lambda: len(server.gets) > 5)
        assert not backend.state.available
        assert backend.state.error_reason == f"configuration: key refused (HTTP {status})"
        with pytest.raises(RequestFailed, match="key refused"):
            await backend.ask(PLAIN)


async def test_model_that_is_not_served_stays_known() -> None:
    """A list of models that answers does not hide that the one asked for is missing."""
    gone = error(404, "The model `big` does not exist.", param="model")
    async with FaultyServer(gone) as server, watching(server.url, model="big") as backend:
        await until_available(backend)
        await fail(backend)
        probes = len(server.gets)
        await server.until(lambda: len(server.gets) > probes + 3)
        assert not backend.state.available
        assert backend.state.error_reason == "configuration: the model asked for is not served"


@pytest.mark.parametrize("answer", [http(""), http("", 405), http("", 500), error(503, "x")])
async def test_text_agent_is_there_if_anything_answers(answer: bytes) -> None:
    """It has no list of models to read."""
    async with (
        FaultyServer(http('{"response": "hello"}'), head=answer) as server,
        watching(f"{server.url}/agent", request_format="text_only") as backend,
    ):
        await until_available(backend)
        assert server.seen[0].path == "/agent"
        await server.die()
        await until_available(backend, available=False)


@pytest.mark.parametrize("models", [http("<html>It works!</html>"), error(503, "Loading"), silent])
async def test_what_is_no_llm_is_not_taken_for_one(models: Any) -> None:
    """A port that answers is not enough."""
    async with FaultyServer(says("x"), models) as server, watching(server.url) as backend:
        await server.until(lambda: len(server.gets) > 3)
        assert not backend.state.available


async def test_server_without_a_list_is_there_once_it_has_answered() -> None:
    """Gateways without /v1/models are judged by their answers, and stay known."""
    missing = http('{"detail":"Not Found"}', 404)
    async with FaultyServer(says("hello"), missing) as server, watching(server.url) as backend:
        await server.until(lambda: len(server.gets) > 1)
        assert not backend.state.available
        await backend.call("hi")
        probes = len(server.gets)
        await server.until(lambda: len(server.gets) > probes + 2)
        assert backend.state.available


async def test_watch_survives_surprises(
    monkeypatch: pytest.MonkeyPatch, llm_log: pytest.LogCaptureFixture
) -> None:
    """An error nobody thought of does not end the probing."""
    surprises = iter([ValueError("secret"), ValueError("secret")])

    def answered(self: Circuit) -> None:
        for surprise in surprises:
            raise surprise

    monkeypatch.setattr(Circuit, "probe_answered", answered)
    async with FaultyServer(says("x")) as server, watching(server.url) as backend:
        await until_available(backend)
    assert "[AGENT] unexpected ValueError in a probe" in llm_log.messages
    assert "secret" not in llm_log.text


async def test_named_servers_have_circuits_of_their_own() -> None:
    """One that fails, at whatever path, closes off neither the configured one nor others."""
    async with FaultyServer(hangs_up) as bad, FaultyServer(says("hello")) as good:
        backend = AgentBackend(good.url, allowed_urls=f"{bad.url},{good.url}", model="tiny")
        for path in ("/a", "/b", "/c"):
            with pytest.raises(RequestFailed):
                await backend.ask(PLAIN, Target(bad.url + path))
        with pytest.raises(ConnectionFailed, match="left alone"):
            await backend.ask(PLAIN, Target(f"{bad.url}/d"))
        assert (await backend.ask(PLAIN)).text == "hello"
        good._chat = [hangs_up, hangs_up, hangs_up, says("hello")]
        for _ in range(3):
            with pytest.raises(RequestFailed):
                await backend.ask(PLAIN, Target(f"{good.url}/elsewhere"))
        assert (await backend.ask(PLAIN)).text == "hello"
        assert (await backend.ask(PLAIN, Target(good.url))).text == "hello"


def test_known_servers_are_bounded() -> None:
    """However many are named, the latest are kept, and the configured one always."""
    targets = Targets("http://llm", "prompt_based", "")
    servers = Servers(targets.configured(), "")
    first = servers.at(targets.stand_in(Target("http://h0")))
    for number in range(1, 2 * MOST_NAMED):
        servers.at(targets.stand_in(Target(f"http://h{number}")))
    assert servers.at(targets.stand_in(Target("http://h0"))) is not first
    assert len(servers._named) == MOST_NAMED
    assert servers.at(targets.configured()) is servers.configured
