"""Every way in which a server can fail an agent, and what each is called."""

from __future__ import annotations

import asyncio
import gzip
import socket
import ssl
from pathlib import Path

import pytest

from api_server.services.agent_backend import AgentBackend
from api_server.services.agent_types import (
    AgentReason,
    ConnectionFailed,
    RequestFailed,
)
from tests.agent.faulty_server import (
    Answer,
    FaultyServer,
    Peer,
    chunk,
    delta,
    drips,
    endless,
    error,
    event,
    hangs_up,
    http,
    says,
    silent,
    stream_head,
    streamed,
    then_closed,
    then_silent,
    whole,
)
from tests.agent.questions import ASK, PLAIN, failure_of
from tests.agent.stopwatch import stopwatch

pytestmark = pytest.mark.anyio

GOOD = '{"label": "complaint"}'
HALF = stream_head() + chunk(delta("Once upon"))
BOMB = gzip.compress(bytes(50_000_000))


def server_context(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


@pytest.mark.parametrize(
    ("chat", "reason", "outage"),
    [
        (hangs_up, "the connection was closed without an answer", True),
        (then_closed(b"HTTP/1.1 200 OK\r\nContent-"), "closed without an answer", True),
        (then_closed(b"\x15\x03\x01\x00\x02\x02\x50"), "the answer is not HTTP", True),
        (then_silent(b"SSH-2.0-OpenSSH_9.2\r\n\r\n"), "the answer is not HTTP", True),
        (http("<html>It works!</html>", kind="text/html"), "the answer is not JSON", False),
        (http(""), "the answer is not JSON", False),
        (http("{}"), "the answer has no choices", False),
        (http('{"error": {"message": "overloaded", "code": 500}}'), "error: overloaded", True),
        (http('{"error": "Unauthorized"}'), "error: Unauthorized", True),
        (http("", 204), "the answer is not JSON", False),
        (whole({"content": None}), "empty answer", False),
        (says(""), "empty answer", False),
        (says("", "length"), "answer cut at max_tokens", False),
        (streamed(delta(None, "stop", reasoning_content="hm")), "empty answer", False),
        (says("", "abort"), "the server broke off the answer: abort", False),
        (then_closed(HALF), "the answer was broken off", True),
        (then_closed(HALF + b"0\r\n\r\n"), "the answer was broken off", True),
        (then_closed(HALF + b"5\r\ndat"), "the answer was broken off", True),
        (then_closed(HALF + b"zz\r\n"), "the answer was broken off", True),
        (
            streamed(delta("Once"), event({"error": {"message": "died", "code": 500}})),
            "the server reports an error: died",
            True,
        ),
        (http("", 301, "text/html", "Location: http://127.0.0.1:1/"), "redirect refused", False),
        (http('{"detail":"Not Found"}', 404), "HTTP 404: Not Found", False),
        (http('{"detail":"Method Not Allowed"}', 405), "HTTP 405: Method Not Allowed", False),
        (http('{"error":"Unauthorized"}', 401), "configuration: key refused (HTTP 401)", False),
        (http("", 403), "configuration: key refused (HTTP 403)", False),
        (error(400, "prompt too long", param="input_tokens"), "HTTP 400: prompt too long", False),
        (error(429, "slow down"), "HTTP 429: slow down", False),
        (error(500, "engine died"), "HTTP 500: engine died", True),
        (error(503, "Loading model"), "HTTP 503: Loading model", True),
        (http("<h1>Bad Gateway</h1>", 502, "text/html"), "HTTP 502", True),
        (http(BOMB, 200, "application/json", "Content-Encoding: gzip"), "compressed", False),
        (http(BOMB, 500, "application/json", "Content-Encoding: gzip"), "HTTP 500", True),
        (endless(b"HTTP/1.1 200 OK\r\n", b"X-More: 1\r\n" * 100), "not HTTP", True),
        (endless(b"HTTP/1.1 200 OK\r\nX-More: ", b"1" * 1000), "not HTTP", True),
        (endless(stream_head(), chunk(delta("x" * 9000))), "answer too large", False),
        (endless(stream_head(), chunk(b"data: " + b"x" * 9000)), "answer too large", False),
        (endless(stream_head("text/html"), chunk(b"<p>" * 3000)), "answer too large", False),
        (endless(b"HTTP/1.1 500 Sorry\r\n\r\n", b"x" * 9000), "HTTP 500", True),
    ],
)
async def test_fault_has_a_name(chat: Answer, reason: str, outage: bool) -> None:
    """One line that says what happened, and whether it is the server that is in trouble."""
    failure, server, _ = await failure_of(chat)
    assert isinstance(failure, RequestFailed)
    assert reason in str(failure)
    assert failure.outage == outage
    assert str(failure).isprintable()
    assert len(server.posts) == 1


@pytest.mark.parametrize(
    "chat",
    [
        says(GOOD),
        says(f"```json\n{GOOD}\n```"),
        says(f"<think>hm</think>{GOOD}"),
        says('{"label": "Complaint."}'),
        says(GOOD + " " * 100, "length"),
        whole({"content": None, "reasoning_content": GOOD}),
        streamed(delta(None, reasoning=GOOD), delta("", "stop")),
        then_silent(stream_head() + chunk(delta(GOOD, "stop"))),
        then_closed(stream_head() + chunk(delta(GOOD, "stop"))),
        then_closed(stream_head() + chunk(delta(GOOD)) + chunk(event("[DONE]"))),
        endless(stream_head() + chunk(delta(GOOD)), chunk(delta(" " * 50))),
        then_silent(b"HTTP/1.1 100 Continue\r\n\r\n" + says(GOOD)),
        drips(says(GOOD), 0.0),
    ],
)
async def test_answer_is_read_whatever_surrounds_it(chat: Answer) -> None:
    """A value that fits is used, and nobody waits for a connection to end."""
    async with FaultyServer(chat) as server, stopwatch() as watch:
        answer = await AgentBackend(server.url).ask(ASK, timeout=5)
        assert watch.seconds < 2.0
    assert answer.value == {"label": "complaint"}


@pytest.mark.parametrize(
    ("chat", "reason"),
    [
        (says('{"label": "com', "length"), "answer cut at max_tokens"),
        (endless(stream_head(), chunk(delta("\n" * 50))), "endless white space in the answer"),
        (endless(stream_head() + chunk(delta("{")), chunk(delta("\t"))), "endless white space"),
        (says('{"label": "refund"}'), "answer does not fit the schema: $.label"),
        (says("{}"), "answer does not fit the schema: $"),
        (says("no idea"), "answer is not JSON"),
        (streamed(delta(None, "stop", reasoning_content="hm")), "empty answer"),
        (says("[" * 50_000), "answer is not JSON"),
    ],
)
async def test_answer_that_does_not_fit_is_a_failure(chat: Answer, reason: str) -> None:
    """Never a value of another shape, and no sign of a broken server."""
    failure, _, backend = await failure_of(chat, ASK)
    assert reason in str(failure)
    assert not failure.outage
    with pytest.raises(ConnectionFailed, match="refused"):
        await backend.ask(ASK)


async def test_nobody_listens() -> None:
    """Refused, after a few tries within half a second."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    backend = AgentBackend(f"http://127.0.0.1:{port}")
    async with stopwatch() as watch:
        with pytest.raises(ConnectionFailed, match="connection refused") as caught:
            await backend.ask(PLAIN)
        assert watch.seconds < 1.0
    assert caught.value.outage
    assert (backend.state.available, backend.state.error_reason) == (False, "connection refused")


async def test_unknown_name() -> None:
    """DNS has a name of its own among the failures."""

    def lookup(host: str, port: int) -> list[str]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    with pytest.raises(ConnectionFailed, match="DNS: the name is not known"):
        await AgentBackend("http://llm.invalid", lookup=lookup).ask(PLAIN)


async def test_untrusted_certificate(certificate: Path) -> None:
    """TLS is verified; the failure says what is wrong with the certificate, and is final."""
    lookups: list[str] = []

    def lookup(host: str, port: int) -> list[str]:
        lookups.append(host)
        return ["127.0.0.1"]

    async with FaultyServer(says("hello"), tls=server_context(certificate)) as server:
        url = server.url.replace("127.0.0.1", "llm.example")
        with pytest.raises(ConnectionFailed, match="TLS: the certificate is not trusted"):
            await AgentBackend(url, lookup=lookup).ask(PLAIN)
    assert (lookups, server.seen) == (["llm.example"], [])


async def test_private_authority_is_trusted_where_the_environment_names_it(
    certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SSL_CERT_FILE makes a private certificate good, for the name it was given to."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    async with FaultyServer(says("hello"), tls=server_context(certificate)) as server:
        async with AgentBackend(server.url) as backend:
            assert (await backend.call("hi")).response == "hello"
        url = server.url.replace("127.0.0.1", "llm.example")
        backend = AgentBackend(url, lookup=lambda host, port: ["127.0.0.1"])
        with pytest.raises(ConnectionFailed, match="TLS: the certificate is not trusted"):
            await backend.ask(PLAIN)


async def test_authority_that_cannot_be_read_is_a_setting_at_fault(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Not a crash, and only where TLS is used at all."""
    monkeypatch.setenv("SSL_CERT_FILE", "/nowhere/ca.pem")
    result = await AgentBackend("https://127.0.0.1:9").call("hi")
    assert result.error_reason is not None
    assert result.error_reason.startswith("SSL_CERT_FILE")
    async with FaultyServer(says("hello")) as server:
        assert (await AgentBackend(server.url).call("hi")).response == "hello"


async def test_speaking_tls_to_a_server_that_does_not() -> None:
    """https where http is spoken."""

    async def complain(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(http("", 400))
        writer.close()

    server = await asyncio.start_server(complain, "127.0.0.1", 0)
    async with server:
        url = f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        with pytest.raises(ConnectionFailed, match="TLS: the server does not speak it"):
            await AgentBackend(url).ask(PLAIN)


async def test_redirect_is_not_followed() -> None:
    """Whoever may be asked is decided by the settings, not by whoever is asked."""
    async with FaultyServer(says("stolen")) as other:
        for status in (301, 302, 307, 308):
            moved = http("", status, "text/plain", f"Location: {other.url}/v1/chat/completions")
            failure, _, _ = await failure_of(moved, api_key="sk-secret")
            assert str(failure) == "redirect refused"
        assert other.connections == 0


async def test_redirected_list_of_models_is_not_followed() -> None:
    """Nor there."""
    async with FaultyServer(says("stolen")) as other:
        moved = http("", 307, "text/plain", f"Location: {other.url}/v1/models")
        async with FaultyServer(says("x"), moved) as server:
            with pytest.raises(RequestFailed, match="redirect refused"):
                await AgentBackend(server.url).ask(PLAIN)
        assert other.connections == 0


@pytest.mark.parametrize("status", [429, 503])
async def test_server_that_says_when_to_come_back_is_asked_again(status: int) -> None:
    """429 and 503 with Retry-After: nothing was done, so the question is put again."""
    busy = error(status, "busy", "Retry-After: 0")
    async with FaultyServer([busy, busy, says("hello")]) as server:
        assert (await AgentBackend(server.url).call("hi")).response == "hello"
    assert len(server.posts) == 3


async def test_patience_ends() -> None:
    """Three tries; and none at all where the time to come back is past the deadline."""
    failure, server, _ = await failure_of(error(429, "busy", "Retry-After: 0"))
    assert (str(failure), len(server.posts)) == ("HTTP 429: busy", 3)
    failure, server, _ = await failure_of(error(503, "busy", "Retry-After: 60"), seconds=2.0)
    assert (str(failure), len(server.posts)) == ("HTTP 503: busy", 1)
    date = "Retry-After: Wed, 21 Oct 2099 07:28:00 GMT"
    failure, server, _ = await failure_of(error(503, "busy", date), seconds=2.0)
    assert len(server.posts) == 1
    failure, server, _ = await failure_of(error(503, "busy", "Retry-After: soon"))
    assert len(server.posts) == 1


async def test_kept_connection_that_is_gone_is_replaced() -> None:
    """A server that closes an idle connection as it is used never saw the question."""

    async def once(peer: Peer) -> None:
        await peer.send(says("first"))
        # The next question is read, and the connection closed without a byte.
        await peer.reader.readuntil(b"\r\n\r\n")
        peer.close()

    async with FaultyServer([once, says("second")]) as server, AgentBackend(server.url) as backend:
        assert (await backend.call("hi")).response == "first"
        assert (await backend.call("hi")).response == "second"


async def test_connections_closed_meanwhile_are_not_used() -> None:
    """A server that closes idle connections, as vLLM does after 5 s, costs nothing."""
    async with (
        FaultyServer(then_closed(says("hello"))) as server,
        AgentBackend(server.url) as backend,
    ):
        for _ in range(5):
            assert (await backend.call("hi")).response == "hello"
    assert len(server.posts) == 5


async def test_part_of_an_answer_is_never_asked_for_again() -> None:
    """What was begun may have been done."""
    failure, server, _ = await failure_of([then_closed(HALF), says("hello")])
    assert "broken off" in str(failure)
    assert len(server.posts) == 1


async def test_every_failure_is_counted_once() -> None:
    """By its reason, whether asked or called."""
    counted: list[AgentReason] = []
    async with FaultyServer([error(500, "x"), hangs_up, silent, says("ok")]) as server:
        backend = AgentBackend(server.url, on_dummy=counted.append)
        await backend.call("hi")
        with pytest.raises(RequestFailed):
            await backend.ask(PLAIN)
        await backend.call("hi", timeout=0.1)
    assert counted == ["request_failed", "request_failed", "connection_failed"]
