"""Nobody waits longer than asked, for anything; and what is no longer wanted is dropped."""

from __future__ import annotations

import asyncio
import threading
import time

import pytest

from api_server.services.agent_backend import AgentBackend
from api_server.services.agent_types import AgentFailure, Ask, ConnectionFailed, RequestFailed
from tests.agent.faulty_server import (
    Answer,
    FaultyServer,
    Peer,
    after,
    chunk,
    delta,
    drips,
    endless,
    error,
    http,
    says,
    silent,
    stream_head,
    then_silent,
)
from tests.agent.stopwatch import stopwatch

pytestmark = pytest.mark.anyio

PLAIN = Ask("translate", "Translate.", "그는 걸어갔다")
LIMIT = 0.3
SLACK = 0.05


async def seconds_to_fail(backend: AgentBackend, reason: str) -> float:
    async with stopwatch() as watch:
        with pytest.raises(AgentFailure, match=reason):
            await backend.ask(PLAIN, timeout=LIMIT)
        return watch.seconds


@pytest.mark.parametrize(
    ("chat", "models"),
    [
        (silent, None),
        (says("x"), silent),
        (then_silent(b"HTTP/1.1 200 OK\r\n"), None),
        (then_silent(stream_head()), None),
        (then_silent(stream_head() + chunk(delta("Once upon"))), None),
        (drips(says("Once upon a time"), 0.02), None),
        (drips(http("{}" * 100), 0.02), None),
        (endless(stream_head(), chunk(b": ping\n\n")), None),
        (endless(b"", b"HTTP/1.1 100 Continue\r\n\r\n"), None),
        (then_silent(b"HTTP/1.1 500 Sorry\r\nContent-Length: 9\r\n\r\n"), None),
        (drips(b"HTTP/1.1 400 Bad\r\nContent-Length: 99\r\n\r\n" + b"x" * 99, 0.02), None),
    ],
)
async def test_deadline_holds_whatever_the_server_does(chat: Answer, models: Answer | None) -> None:
    """Silent, slow, or talking without end: the question ends in time, with its connection."""
    async with FaultyServer(chat) as server:
        server.models = models or server.models
        async with AgentBackend(server.url) as backend:
            began = time.perf_counter()
            took = await seconds_to_fail(backend, "timeout: no answer within 0.3 s")
            # Early is by the clock, late is less what this machine was busy with elsewhere.
            assert time.perf_counter() - began > LIMIT - SLACK
            assert took < LIMIT + SLACK
    await server.until(lambda: server.open == 0)


async def test_deadline_holds_while_connecting() -> None:
    """A host that drops every packet, and a listener whose queue is full."""
    backend = AgentBackend("http://llm.example", lookup=lambda host, port: ["192.0.2.1"])
    took = await seconds_to_fail(backend, r"timeout: no connection|unreachable|refused|permitted")
    assert took < LIMIT + SLACK


async def test_deadline_holds_while_a_name_is_looked_up() -> None:
    """A name server that does not answer holds one thread, and nobody else."""
    answer, lookups = threading.Event(), []

    def lookup(host: str, port: int) -> list[str]:
        lookups.append(host)
        answer.wait(10)
        return ["127.0.0.1"]

    backend = AgentBackend("http://llm.example", lookup=lookup)
    try:
        waiting = [seconds_to_fail(backend, "timeout: no connection") for _ in range(5)]
        times = await asyncio.gather(*waiting)
    finally:
        answer.set()
    assert max(times) < LIMIT + SLACK
    assert lookups == ["llm.example"]


async def test_deadline_holds_across_retries() -> None:
    """Each try starts with what time is left."""
    busy = after(0.2, error(503, "busy", "Retry-After: 0"))
    async with FaultyServer(busy) as server:
        took = await seconds_to_fail(AgentBackend(server.url, model="tiny"), "timeout|HTTP 503")
    assert took < LIMIT + SLACK
    assert len(server.posts) == 2


async def test_second_address_is_tried() -> None:
    """`localhost` is two addresses, and many a server listens at one."""
    async with FaultyServer(says("hello")) as server:
        url = server.url.replace("127.0.0.1", "llm.example")
        backend = AgentBackend(url, lookup=lambda host, port: ["::1", "127.0.0.1"])
        assert (await backend.ask(PLAIN)).text == "hello"


async def test_answer_in_time_is_not_cut_short() -> None:
    """The limit is for the answer, not for its pauses."""
    async with FaultyServer(after(0.2, says("hello"))) as server:
        assert (await AgentBackend(server.url).ask(PLAIN, timeout=2)).text == "hello"


async def test_questions_at_once_are_bounded() -> None:
    """Two at a time, the others in turn, all answered."""
    async with (
        FaultyServer(after(0.02, says("hello"))) as server,
        AgentBackend(server.url, model="tiny", max_concurrency=2) as backend,
    ):
        await server.until(lambda: bool(server.gets) and server.open == 1)
        results = await asyncio.gather(*(backend.call("hi") for _ in range(10)))
        assert {result.response for result in results} == {"hello"}
    assert server.most_open <= 3


async def test_waiting_for_a_turn_has_an_end() -> None:
    """It counts towards the question's time, and is not held against the server."""
    async with (
        FaultyServer(silent) as server,
        AgentBackend(server.url, model="tiny", max_concurrency=1) as backend,
    ):
        first = asyncio.create_task(backend.call("hi"))
        await server.asked.wait()
        for _ in range(3):
            assert await seconds_to_fail(backend, "timeout: busy for 0.3 s") < LIMIT + SLACK
        assert backend.state.available
        first.cancel()


async def test_too_many_waiting_are_refused_at_once() -> None:
    """A queue without end helps nobody."""
    async with (
        FaultyServer(silent) as server,
        AgentBackend(server.url, model="tiny", max_concurrency=1, max_waiting=2) as backend,
    ):
        tasks = [asyncio.create_task(backend.call("hi")) for _ in range(3)]
        await server.asked.wait()
        assert await seconds_to_fail(backend, "busy: too many questions wait") < SLACK
        for task in tasks:
            task.cancel()


async def test_those_who_wait_learn_that_the_server_is_gone() -> None:
    """When it is found dead, its queue fails at once instead of one timeout after another."""
    async with (
        FaultyServer(silent) as server,
        AgentBackend(server.url, model="tiny", max_concurrency=3, timeout=LIMIT) as backend,
    ):
        await server.until(lambda: bool(server.gets))
        asked = [backend.ask(PLAIN, timeout=1 if late else LIMIT) for late in [0] * 3 + [1] * 9]
        failures = await asyncio.gather(*asked, return_exceptions=True)
    told = [str(failure) for failure in failures]
    assert told[:3] == ["timeout: no answer within 0.3 s"] * 3
    # The first two of the three make room for one each before the third opens the circuit.
    assert len([text for text in told[3:] if text.startswith("left alone")]) >= 7


@pytest.mark.parametrize("chat", [silent, then_silent(stream_head() + chunk(delta("Once")))])
async def test_cancelled_question_frees_its_place_and_its_connection(chat: Answer) -> None:
    """The server sees the hang-up at once, and the next question is put."""
    async with (
        FaultyServer([chat, says("hello")]) as server,
        AgentBackend(server.url, model="tiny", max_concurrency=1) as backend,
    ):
        question = asyncio.create_task(backend.ask(PLAIN))
        await server.asked.wait()
        question.cancel()
        with pytest.raises(asyncio.CancelledError):
            await question
        async with asyncio.timeout(0.5):
            await server.hung_up.wait()
            assert (await backend.ask(PLAIN)).text == "hello"


async def test_cancelled_in_the_queue_leaves_it() -> None:
    """Nobody's turn is lost to one who left."""
    async with (
        FaultyServer([after(0.1, says("first")), says("second")]) as server,
        AgentBackend(server.url, model="tiny", max_concurrency=1, max_waiting=1) as backend,
    ):
        first = asyncio.create_task(backend.call("hi"))
        await server.asked.wait()
        waiting = asyncio.create_task(backend.call("hi"))
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.wait({waiting})
        second = await backend.call("hi")
        assert ((await first).response, second.response) == ("first", "second")


async def test_many_cancellations_use_nothing_up() -> None:
    """A thousand questions cancelled at every possible moment leave the agent as it was."""
    async with (
        FaultyServer(after(0.002, says("hello"))) as server,
        AgentBackend(server.url, model="tiny", max_concurrency=4) as backend,
    ):
        for number in range(1000):
            question = asyncio.create_task(backend.call("hi"))
            for _ in range(number % 40):
                await asyncio.sleep(0)
            question.cancel()
            await asyncio.wait({question})
        results = await asyncio.gather(*(backend.call("hi") for _ in range(20)))
        assert {result.response for result in results} == {"hello"}


async def test_stopping_ends_what_is_asked() -> None:
    """Within a moment, with a reason, and with every connection closed."""
    async with FaultyServer(silent) as server:
        backend = AgentBackend(server.url, model="tiny")
        await backend.start()
        questions = [asyncio.create_task(backend.ask(PLAIN)) for _ in range(12)]
        await server.until(lambda: len(server.posts) == 8)
        async with stopwatch() as watch:
            await backend.stop()
            failures = await asyncio.gather(*questions, return_exceptions=True)
            assert watch.seconds < 0.5
        assert {str(failure) for failure in failures} == {"the agent was stopped"}
        await server.until(lambda: server.open == 0)


async def test_agent_can_be_started_again() -> None:
    """Stopping is not the end."""
    async with FaultyServer(says("hello")) as server:
        backend = AgentBackend(server.url)
        for _ in range(2):
            async with backend:
                assert (await backend.ask(PLAIN)).text == "hello"


async def test_event_loop_is_not_held_up_by_a_hostile_answer() -> None:
    """An answer that takes long to judge is judged elsewhere, and the deadline holds."""
    schema = {"type": "object", "required": ["a"]}
    ask = Ask("x", "Do.", "it", schema)
    async with FaultyServer(says("[" + '"a" b ' * 2000)) as server:
        backend = AgentBackend(server.url)
        async with stopwatch() as watch:
            with pytest.raises((ConnectionFailed, RequestFailed)):
                await backend.ask(ask, timeout=1.0)
            assert watch.seconds < 1.0 + SLACK
        assert watch.longest_work < 0.1


async def test_kept_connections_close_before_vllm_closes_them() -> None:
    """A connection idle for four seconds is not used again: vLLM ends it after five."""
    from api_server.services.agent_connections import KEEP_ALIVE_SECONDS

    assert KEEP_ALIVE_SECONDS < 5

    async def once_only(peer: Peer) -> None:
        await peer.send(says("hello"))

    async with FaultyServer(once_only) as server, AgentBackend(server.url) as backend:
        await backend.call("hi")
        (pool,) = backend._dispatcher._session_here().connections._pools.values()
        assert pool._keepalive_expiry == KEEP_ALIVE_SECONDS
