"""An LLM server made of raw sockets, so that each of its faults is exact to the byte."""

from __future__ import annotations

import asyncio
import contextlib
import json
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, TypeAlias

MODEL = "tiny"
MODELS = {"object": "list", "data": [{"id": MODEL, "object": "model", "max_model_len": 2048}]}


@dataclass(frozen=True)
class Seen:
    """A request as it arrived."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Peer:
    """The client's end of one connection, as a behaviour sees it."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    hung_up: asyncio.Event

    async def send(self, raw: bytes) -> None:
        self.writer.write(raw)
        await self.writer.drain()

    async def until_hung_up(self) -> None:
        while await self.reader.read(65536):
            pass
        self.hung_up.set()

    def close(self) -> None:
        self.writer.close()


Behaviour: TypeAlias = Callable[[Peer], Awaitable[None]]
Answer: TypeAlias = bytes | Behaviour


@dataclass
class FaultyServer:
    """Answers questions with what it was given, in turn, and the last for ever after.

    chat, models, head: bytes to send, or something to do, for POST, GET and HEAD.
    port: 0 takes a free one. tls: speak it, with this certificate.
    """

    chat: Answer | list[Answer] = b""
    models: Answer = field(default_factory=lambda: http(json.dumps(MODELS)))
    head: Answer = field(default_factory=lambda: http(""))
    port: int = 0
    tls: ssl.SSLContext | None = None
    seen: list[Seen] = field(default_factory=list)
    connections: int = 0
    open: int = 0
    most_open: int = 0

    async def __aenter__(self) -> FaultyServer:
        self.hung_up = asyncio.Event()
        self.asked = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._chat = list(self.chat) if isinstance(self.chat, list) else [self.chat]
        await self.listen()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.die()

    async def listen(self) -> None:
        """Start, or start again at the same port."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port, ssl=self.tls)
        self.port = self._server.sockets[0].getsockname()[1]

    async def die(self) -> None:
        """As a killed process does: what listens and what is connected goes at once."""
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._server.wait_closed()

    @property
    def url(self) -> str:
        return f"http{'s' if self.tls else ''}://127.0.0.1:{self.port}"

    @property
    def posts(self) -> list[Seen]:
        return [seen for seen in self.seen if seen.method == "POST"]

    @property
    def gets(self) -> list[Seen]:
        return [seen for seen in self.seen if seen.method == "GET"]

    async def until(self, holds: Callable[[], bool]) -> None:
        """Wait for what is about to happen; fail when it does not within five seconds."""
        async with asyncio.timeout(5):
            while not holds():  # noqa: ASYNC110 - whatever the test likes, not one event
                await asyncio.sleep(0.001)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self.connections += 1
        self.open += 1
        self.most_open = max(self.most_open, self.open)
        peer = Peer(reader, writer, self.hung_up)
        # A client that hangs up ends its connection, no more; anything else is a defect of a test.
        hung_up = contextlib.suppress(ConnectionError, asyncio.IncompleteReadError)
        try:
            with hung_up:
                while not writer.is_closing() and (request := await _request(reader)):
                    self.seen.append(request)
                    await self._answer(request, peer)
        finally:
            self._tasks.discard(task)
            self.open -= 1
            writer.close()

    async def _answer(self, request: Seen, peer: Peer) -> None:
        answer = {"GET": self.models, "HEAD": self.head}.get(request.method)
        if answer is None:
            self.asked.set()
            answer = self._chat.pop(0) if len(self._chat) > 1 else self._chat[0]
        if isinstance(answer, bytes):
            await peer.send(answer)
        else:
            await answer(peer)


async def _request(reader: asyncio.StreamReader) -> Seen | None:
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return None
    first, *lines = head.decode("latin-1").strip().split("\r\n")
    method, path, _ = first.split(" ")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
    body = await reader.readexactly(int(headers.get("content-length", 0)))
    return Seen(method, path, headers, body)


def http(
    body: str | bytes,
    status: int = 200,
    kind: str = "application/json",
    *headers: str,
) -> bytes:
    """A whole answer."""
    content = body if isinstance(body, bytes) else body.encode()
    lines = [
        f"HTTP/1.1 {status} Because",
        f"Content-Type: {kind}",
        f"Content-Length: {len(content)}",
    ]
    return "\r\n".join([*lines, *headers, "", ""]).encode() + content


def error(status: int, message: str, *headers: str, **more: object) -> bytes:
    body = {"error": {"message": message, "type": "E", "param": None, "code": status, **more}}
    return http(json.dumps(body), status, "application/json", *headers)


def chunk(raw: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(raw), raw)


def stream_head(kind: str = "text/event-stream; charset=utf-8") -> bytes:
    lines = ["HTTP/1.1 200 OK", f"Content-Type: {kind}", "Transfer-Encoding: chunked"]
    return "\r\n".join([*lines, "", ""]).encode()


def event(found: object) -> bytes:
    text = found if isinstance(found, str) else json.dumps(found, ensure_ascii=False)
    return f"data: {text}\n\n".encode()


def delta(text: str | None = None, finish: str | None = None, **more: object) -> bytes:
    """One event of a streamed answer."""
    content = {"content": text} if text is not None else {}
    choice = {"index": 0, "delta": {**content, **more}, "finish_reason": finish}
    return event({"object": "chat.completion.chunk", "choices": [choice]})


def streamed(*events: bytes) -> bytes:
    """A whole stream, ended as it should be."""
    body = b"".join(chunk(each) for each in events)
    return stream_head() + body + chunk(event("[DONE]")) + b"0\r\n\r\n"


def says(text: str, finish: str | None = "stop") -> bytes:
    """A good streamed answer: a role first, then the text in two pieces, then the end."""
    half = len(text) // 2
    return streamed(
        delta("", role="assistant"), delta(text[:half]), delta(text[half:]), delta("", finish)
    )


def whole(message: dict[str, object], finish: str = "stop") -> bytes:
    """An answer of a server that does not stream."""
    choice = {"index": 0, "message": {"role": "assistant", **message}, "finish_reason": finish}
    return http(json.dumps({"object": "chat.completion", "choices": [choice]}))


async def silent(peer: Peer) -> None:
    """Accepts the question and says nothing."""
    await peer.until_hung_up()


async def hangs_up(peer: Peer) -> None:
    """Closes the connection without a byte."""
    peer.close()


def then_silent(raw: bytes) -> Behaviour:
    """Sends something, then leaves the socket open."""

    async def behave(peer: Peer) -> None:
        await peer.send(raw)
        await peer.until_hung_up()

    return behave


def then_closed(raw: bytes) -> Behaviour:
    """Sends something, then closes the connection."""

    async def behave(peer: Peer) -> None:
        await peer.send(raw)
        peer.close()

    return behave


def drips(raw: bytes, pause: float) -> Behaviour:
    """Sends a byte at a time."""

    async def behave(peer: Peer) -> None:
        for at in range(len(raw)):
            await peer.send(raw[at : at + 1])
            await asyncio.sleep(pause)

    return behave


def endless(head: bytes, piece: bytes) -> Behaviour:
    """Sends the same piece until nobody listens."""

    async def behave(peer: Peer) -> None:
        await peer.send(head)
        while not peer.writer.is_closing():
            await peer.send(piece)
            await asyncio.sleep(0)

    return behave


def after(seconds: float, raw: bytes) -> Behaviour:
    """Thinks for a while."""

    async def behave(peer: Peer) -> None:
        await asyncio.sleep(seconds)
        await peer.send(raw)

    return behave
