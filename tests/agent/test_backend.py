"""The agent as a caller sees it, over a server that behaves, or is not there."""

from __future__ import annotations

import asyncio
import json
import logging
from dataclasses import fields
from typing import Any

import pytest
from pydantic import SecretStr

from api_server.services import agent_backend
from api_server.services.agent_backend import AgentBackend
from api_server.services.agent_types import (
    Agent,
    AgentFailure,
    AgentReason,
    AgentResult,
    AgentState,
    Ask,
    ConfigurationInvalid,
    ConnectionFailed,
    RequestFailed,
    Target,
)
from api_server.settings import Settings
from tests.agent.faulty_server import (
    Answer,
    FaultyServer,
    error,
    event,
    http,
    says,
    streamed,
    whole,
)

pytestmark = pytest.mark.anyio

SCHEMA = {
    "type": "object",
    "properties": {"label": {"enum": ["a", "b"]}},
    "required": ["label"],
    "additionalProperties": False,
}
ASK = Ask("label", "Classify.", "그는 걸어갔다", SCHEMA, 64)
PLAIN = Ask("translate", "Translate.", "그는 걸어갔다")


def agent_lines(log: pytest.LogCaptureFixture, least: int = logging.INFO) -> list[str]:
    found = [r for r in log.records if r.name == "api.agent" and r.levelno >= least]
    return [record.getMessage() for record in found]


async def test_call_answers_with_the_contracts_fields(llm_log: pytest.LogCaptureFixture) -> None:
    """A real answer says so, in the result and in the log."""
    async with FaultyServer(says("Hello there!")) as server:
        result = await AgentBackend(server.url).call("hi")
    assert dict(result) == {
        "success": True,
        "response": "Hello there!",
        "is_dummy": False,
        "error_reason": None,
        "agent_type": "vllm",
        "model": "tiny",
        "latency_seconds": result.latency_seconds,
    }
    assert 0 < result.latency_seconds < 5
    lines = agent_lines(llm_log)
    assert "[AGENT] Processing with vLLM" in lines
    assert "[AGENT] Success" in lines
    assert not [line for line in lines if "DUMMY" in line]


async def test_call_puts_the_text_to_the_model() -> None:
    """The text is the user's message; the model is the first that is served."""
    async with FaultyServer(says("ok")) as server:
        await AgentBackend(f"{server.url}/llm/").call("한국어 👍")
    (sent,) = server.posts
    assert sent.path == "/llm/v1/chat/completions"
    assert sent.json["messages"][-1] == {"role": "user", "content": "한국어 👍"}
    assert sent.json["model"] == "tiny"
    assert sent.headers["accept-encoding"] == "identity"
    assert sent.headers["host"] == f"127.0.0.1:{server.port}"
    assert server.gets[0].path == "/llm/v1/models"


async def test_text_only_agents_are_asked_their_way() -> None:
    """`{"text": …}` to the URL as given, `{"response": …}` back; no list of models is read."""
    async with FaultyServer(http('{"response": "hello"}')) as server:
        result = await AgentBackend(f"{server.url}/agent/", request_format="text_only").call("hi")
    assert (result.response, result.agent_type, result.model) == ("hello", "text_agent", None)
    (sent,) = server.seen
    assert (sent.path, sent.json) == ("/agent/", {"text": "hi"})


async def test_call_can_choose_format_and_time() -> None:
    """What a call says comes before what the settings say."""
    async with FaultyServer(http('{"response": "hello"}')) as server:
        backend = AgentBackend(server.url, timeout="soon", request_format="nonsense")
        result = await backend.call("hi", None, "text_only", 5)
        assert result.agent_type == "text_agent"
        other = await backend.call("hi", f"{server.url}/x", "text_only", "5")
    assert other.agent_type == "text_agent"
    assert server.posts[-1].path == "/x"


async def test_script_may_name_any_server_where_none_is_configured() -> None:
    """`AgentBackend().call(text, url)` works; a question from a request does not."""
    async with FaultyServer(says("hello")) as server:
        backend = AgentBackend(api_key="sk-secret")
        assert (await backend.call("hi", server.url)).response == "hello"
        with pytest.raises(ConfigurationInvalid, match="agent_url: "):
            await backend.ask(PLAIN, Target(server.url))
        assert (await AgentBackend("http://llm").call("hi", server.url)).is_dummy
        assert (await AgentBackend(allowed_urls="http://b").call("hi", server.url)).is_dummy
    assert "authorization" not in server.posts[0].headers


@pytest.mark.parametrize("text", ["", "hi", "가" * 80, "\ud800", "a\nb"])
async def test_dummy_is_a_function_of_its_request(text: str) -> None:
    """Its first fifty characters, behind a mark."""
    result = await AgentBackend().call(text)
    assert result == AgentResult(
        success=True,
        response=f"[Dummy] Processed: {text[:50]}",
        is_dummy=True,
        error_reason="AGENT_URL: not set",
        agent_type="dummy",
        model=None,
        latency_seconds=result.latency_seconds,
    )


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({}, "AGENT_URL: not set"),
        ({"url": "llm"}, "AGENT_URL: must be like"),
        ({"url": "http://u:p@llm"}, "AGENT_URL: must not hold a user name"),
        ({"url": "http://llm", "request_format": "x"}, "AGENT_REQUEST_FORMAT: one of"),
        ({"url": "http://llm", "timeout": "soon"}, "AGENT_TIMEOUT: must be a number"),
        ({"url": "http://llm", "timeout": "nan"}, "AGENT_TIMEOUT: must be a number"),
        ({"url": "http://llm", "timeout": "inf"}, "AGENT_TIMEOUT: must be a number"),
        ({"url": "http://llm", "timeout": "0"}, "AGENT_TIMEOUT: must be a number"),
        ({"url": "http://llm", "timeout": -1}, "AGENT_TIMEOUT: must be a number"),
        ({"url": "http://llm", "timeout": ""}, "AGENT_TIMEOUT: must be a number"),
        ({"url": "http://llm", "api_key": "clé"}, "AGENT_API_KEY: "),
        ({"url": "http://llm", "api_key": "a\r\nHost: b"}, "AGENT_API_KEY: "),
    ],
)
async def test_unusable_settings_become_marked_dummies(
    settings: dict[str, Any], reason: str, llm_log: pytest.LogCaptureFixture
) -> None:
    """Each says which setting it is; the state knows it without asking."""
    counted: list[AgentReason] = []
    backend = AgentBackend(**settings, on_dummy=counted.append)
    assert backend.state.error_reason is not None
    assert backend.state.error_reason.startswith(reason)
    assert backend.state.configured == bool(settings)
    async with backend:
        result = await backend.call("hi")
        with pytest.raises(ConfigurationInvalid):
            await backend.ask(PLAIN)
    assert result.is_dummy
    lines = agent_lines(llm_log)
    assert lines[0].startswith(f"[AGENT-DUMMY] Configuration invalid: {reason}")
    assert lines[1] == "[AGENT-DUMMY] Using dummy response"
    assert counted == ["configuration_invalid"] * 2


@pytest.mark.parametrize(
    ("given", "failure"),
    [
        ("soon", ConfigurationInvalid),
        (float("nan"), ConfigurationInvalid),
        (float("inf"), ConfigurationInvalid),
        (0, ConnectionFailed),
        (-1.0, ConnectionFailed),
    ],
)
async def test_unusable_times_become_failures(given: Any, failure: type[AgentFailure]) -> None:
    """A time that is no time is a mistake; one that has run out is a timeout."""
    with pytest.raises(failure, match="timeout: "):
        await AgentBackend("http://llm").ask(PLAIN, timeout=given)


async def test_long_times_are_bounded() -> None:
    """Nobody waits longer than ten minutes, and the limits say so."""
    assert AgentBackend("http://llm", timeout="86400").state.limits["timeout_seconds"] == 600


async def test_answer_fits_the_schema() -> None:
    """The value is what was asked for; the schema went along under the question's name."""
    async with FaultyServer(says('{"label": "a"}')) as server:
        answer = await AgentBackend(server.url).ask(ASK)
    assert (answer.value, answer.text) == ({"label": "a"}, '{"label": "a"}')
    assert (answer.finish_reason, answer.agent_type, answer.model) == ("stop", "vllm", "tiny")
    (sent,) = server.posts
    assert sent.json["response_format"]["json_schema"]["name"] == "label"
    assert sent.json["max_tokens"] == 64


async def test_plain_answer_that_was_cut_says_so() -> None:
    """The caller decides what half a text is worth."""
    async with FaultyServer(says("Once upon a", "length")) as server:
        answer = await AgentBackend(server.url).ask(PLAIN)
    assert (answer.text, answer.value, answer.finish_reason) == ("Once upon a", None, "length")


async def test_server_that_does_not_stream_is_understood() -> None:
    """Some ignore `stream`."""
    async with FaultyServer(whole({"content": "hello"})) as server:
        assert (await AgentBackend(server.url).call("hi")).response == "hello"


async def test_connections_are_reused_between_questions() -> None:
    """A started agent does not connect for every question, streamed as they are."""
    async with FaultyServer(says("hello")) as server, AgentBackend(server.url) as backend:
        for _ in range(5):
            await backend.call("hi")
    assert len(server.posts) == 5
    assert server.connections <= 2


async def test_script_leaves_nothing_open() -> None:
    """An agent that was not started closes each connection, and works in one event loop after
    another."""
    async with FaultyServer(says("hello")) as server:
        backend = AgentBackend(server.url)
        for _ in range(2):
            result = await asyncio.to_thread(asyncio.run, backend.call("hi"))
            assert result.response == "hello"
        await server.until(lambda: server.open == 0)


async def test_model_is_refreshed_when_it_is_gone() -> None:
    """A 404 for the model reads the list again, once; the question is then put anew."""
    lists = iter([b'{"data": [{"id": "old"}]}', b'{"data": [{"id": "new"}]}'])
    gone = error(404, "The model `old` does not exist.", param="model")

    async def models(peer: Any) -> None:
        await peer.send(http(next(lists)))

    async with FaultyServer([gone, says("hello")], models) as server:
        backend = AgentBackend(server.url)
        result = await backend.call("hi")
    assert (result.response, result.model) == ("hello", "new")
    assert [post.json["model"] for post in server.posts] == ["old", "new"]


async def test_model_is_looked_up_again_after_an_outage() -> None:
    """A server may come back with another one, or understand more than it did."""
    lists = iter([b'{"data": [{"id": "old"}]}', b'{"data": [{"id": "new"}]}'])

    async def models(peer: Any) -> None:
        await peer.send(http(next(lists)))

    no, died = error(400, "response_format is not supported"), error(500, "died")
    chat: list[Answer] = [no, says('{"label": "a"}'), died, says('{"label": "a"}')]
    async with FaultyServer(chat, models) as server:
        backend = AgentBackend(server.url)
        assert (await backend.ask(ASK)).model == "old"
        with pytest.raises(RequestFailed):
            await backend.ask(ASK)
        assert (await backend.ask(ASK)).model == "new"
    sent = ["response_format" in post.json for post in server.posts]
    assert sent == [True, False, False, True]


async def test_configured_model_that_is_not_served_is_a_failure() -> None:
    """Nobody is asked in its place, and the state says what is wrong."""
    gone = error(404, "The model `big` does not exist.", param="model")
    async with FaultyServer(gone) as server:
        backend = AgentBackend(server.url, model="big")
        with pytest.raises(RequestFailed, match="HTTP 404: The model `big` does not exist"):
            await backend.ask(PLAIN)
    assert len(server.posts) == 1
    assert not backend.state.available


async def test_named_servers_are_asked_for_models_of_their_own() -> None:
    """AGENT_MODEL is meant for AGENT_URL; elsewhere it is asked for only where it is listed."""
    both = http('{"data": [{"id": "first"}, {"id": "big"}]}')
    async with FaultyServer(says("ok")) as other, FaultyServer(says("ok"), both) as third:
        allowed = f"{other.url},{third.url}"
        backend = AgentBackend("http://llm:8001", model="big", allowed_urls=allowed)
        assert (await backend.ask(PLAIN, Target(other.url))).model == "tiny"
        assert (await backend.ask(PLAIN, Target(third.url))).model == "big"


async def test_server_without_a_list_is_asked_without_a_model() -> None:
    """It has one of its own."""
    async with FaultyServer(says("hello"), http('{"detail":"Not Found"}', 404)) as server:
        result = await AgentBackend(server.url).call("hi")
    assert (result.response, result.model) == ("hello", None)
    assert "model" not in server.posts[0].json


async def test_refused_schema_is_asked_for_in_words_and_remembered() -> None:
    """One 400, one repetition; after that the server is asked the way it understands."""
    no = error(400, "response_format is not supported")
    async with FaultyServer([no, says('Sure: {"label": "B"}')]) as server:
        backend = AgentBackend(server.url)
        for _ in range(2):
            assert (await backend.ask(ASK)).value == {"label": "b"}
    sent = [post.json for post in server.posts]
    assert ["response_format" in each for each in sent] == [True, False, False]
    assert json.dumps(SCHEMA) in sent[1]["messages"][0]["content"]


async def test_tokens_asked_for_do_not_exceed_the_context() -> None:
    """vLLM refuses more than the model has."""
    models = http('{"data": [{"id": "tiny", "max_model_len": 100}]}')
    async with FaultyServer(says("ok"), models) as server:
        await AgentBackend(server.url).call("hi")
    assert server.posts[0].json["max_tokens"] == 100


async def test_state_tells_what_was_found() -> None:
    """Configured, available, the model and its context; before that, that nothing is known."""
    async with FaultyServer(says("hello")) as server:
        backend = AgentBackend(server.url)
        before = backend.state
        assert (before.configured, before.available) == (True, False)
        assert before.error_reason == "not contacted yet"
        await backend.call("hi")
    state = backend.state
    assert state == AgentState(True, True, None, "vllm", "tiny", 2048, state.limits)
    assert set(state.limits) == {
        "timeout_seconds",
        "max_concurrency",
        "max_waiting",
        "max_answer_bytes",
    }


async def test_agent_is_what_the_service_expects() -> None:
    """It fits the protocol, and settings make one."""
    settings = Settings(
        agent_url="http://llm:8001", agent_timeout="7", agent_api_key=SecretStr("sk")
    )
    agent: Agent = agent_backend.build(settings)
    assert agent.state.configured
    assert agent.state.limits["timeout_seconds"] == 7
    assert {field.name for field in fields(AgentState)} >= {"configured", "available"}


async def test_stopped_agent_fails_at_once() -> None:
    """What runs when it is stopped ends, and what comes later is not begun."""
    async with FaultyServer(streamed(event({}))) as server:
        backend = AgentBackend(server.url)
        await backend.start()
        await backend.stop()
        with pytest.raises(ConnectionFailed, match="stopped"):
            await backend.ask(PLAIN)
        assert not server.posts
