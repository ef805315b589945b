"""What must not leave: the key, what was said, and a connection to where nobody may ask."""

from __future__ import annotations

import logging

import pytest

from api_server.services.agent_backend import AgentBackend
from api_server.services.agent_types import ConfigurationInvalid, Target
from tests.agent.faulty_server import (
    Answer,
    FaultyServer,
    error,
    event,
    http,
    says,
    streamed,
)
from tests.agent.questions import ASK, PLAIN, SAID, failure_of

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    "chat",
    [
        error(400, f"invalid input: {SAID}"),
        error(400, "validation error: {'input': '고객님의'}"),
        error(500, "failed on 'Translate what follows.'"),
        http(f'{{"detail": "no route for {SAID}"}}', 404),
        streamed(event({"error": {"message": f"bad token in {SAID}", "code": 500}})),
        http(f'{{"error": "cannot parse {SAID}"}}'),
        error(400, "your key sk-secret-0123 is odd"),
        error(401, "Incorrect API key provided: sk-s***123"),
        says("홍길동님은 4417-8821", "abort"),
        says('{"label": "홍길동"}'),
    ],
)
async def test_nothing_that_was_said_is_logged(
    chat: Answer, llm_log: pytest.LogCaptureFixture
) -> None:
    """Neither the key, nor the question, nor the answer: at no level, from no library."""
    llm_log.set_level(logging.DEBUG)
    _, server, backend = await failure_of(chat, ASK, api_key="sk-secret-0123")
    result = await backend.call(SAID)
    assert server.posts[0].headers["authorization"] == "Bearer sk-secret-0123"
    shown = llm_log.text + str(result.error_reason) + str(backend.state)
    for secret in ("sk-s", "secret", "홍길동", "고객", "4417", "8821", "what follows"):
        assert secret not in shown


async def test_good_answers_are_not_logged_either(llm_log: pytest.LogCaptureFixture) -> None:
    """Not even at the most talkative level."""
    llm_log.set_level(logging.DEBUG)
    async with (
        FaultyServer(says(SAID)) as server,
        AgentBackend(server.url, api_key="sk-secret-0123") as backend,
    ):
        assert (await backend.call(SAID)).response == SAID
    assert "[AGENT] Success" in llm_log.text
    for secret in ("sk-secret", "홍길동", "8821", "helpful assistant"):
        assert secret not in llm_log.text


async def test_key_goes_to_its_own_origin_alone() -> None:
    """To every path and format there, to no other port, name or scheme."""
    async with FaultyServer(says("ok")) as own, FaultyServer(says("ok")) as other:
        localhost = own.url.replace("127.0.0.1", "localhost")
        allowed = f"{own.url},{other.url},{localhost}"
        async with AgentBackend(own.url, api_key="sk-secret", allowed_urls=allowed) as backend:
            await backend.call("hi")
            await backend.call("hi", f"{own.url}/other")
            own_headers = [seen.headers.get("authorization") for seen in own.seen]
            await backend.call("hi", other.url)
            await backend.call("hi", localhost)
    assert set(own_headers) == {"Bearer sk-secret"}
    others = [*other.seen, *own.seen[len(own_headers) :]]
    assert len(others) >= 4
    assert not [seen for seen in others if "authorization" in seen.headers]


@pytest.mark.parametrize("address", ["169.254.169.254", "fe80::1", "fd00:ec2::254"])
async def test_allowed_name_that_leads_to_a_metadata_service_is_refused(address: str) -> None:
    """Checked where the connection is made, so that a second answer of DNS gains nothing."""
    async with FaultyServer(http('{"response": "hello"}')) as server:
        answers = iter([["127.0.0.1"], [address], ["127.0.0.1", address]])

        def lookup(host: str, port: int) -> list[str]:
            assert host == "llm.example"
            return next(answers)

        url = f"http://llm.example:{server.port}"
        backend = AgentBackend(allowed_urls=url, lookup=lookup)
        assert (await backend.ask(PLAIN, Target(url, "text_only"))).text == "hello"
        for _ in range(2):
            with pytest.raises(ConfigurationInvalid, match="agent_url: this server may not be"):
                await backend.ask(PLAIN, Target(url, "text_only"))
    assert len(server.posts) == 1
