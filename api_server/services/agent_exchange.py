"""One question and its answer over HTTP, asked again only where nothing can have been done.

httpcore's errors become ours here, and nowhere else.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import socket
import ssl
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any, Literal

import httpcore

from api_server.services.agent_connections import Forbidden
from api_server.services.agent_stream import Reader, Reply
from api_server.services.agent_targets import Origin
from api_server.services.agent_types import (
    AgentFailure,
    ConfigurationInvalid,
    ConnectionFailed,
    RequestFailed,
)
from api_server.services.agent_wire import Secrets, refusal

ATTEMPTS = 3
PAUSE_SECONDS = 0.1
CONNECT_SECONDS = 5.0
ERROR_BYTES = 64 * 1024
ERROR_SECONDS = 1.0
GRACE_SECONDS = 0.05
"""For the end of a stream whose answer is complete: read to its end, a connection can be used
again; but some servers never end it."""
ERRORS = (
    httpcore.NetworkError,
    httpcore.ProtocolError,
    httpcore.TimeoutException,
    OSError,
    Forbidden,
)


@dataclass(slots=True)
class Stage:
    """How far a question has come; what a timeout means depends on it.

    ends: when it has to be over, by the event loop's clock.
    fresh: it goes over a connection of its own, not over one that was kept.
    """

    ends: float
    phase: Literal["slot", "connection", "answer"] = "slot"
    fresh: bool = False
    answered: bool = False

    @property
    def left(self) -> float:
        return self.ends - asyncio.get_running_loop().time()

    async def trace(self, name: str, info: dict[str, Any]) -> None:
        """What httpcore tells of its progress."""
        if name == "connection.connect_tcp.started":
            self.phase, self.fresh = "connection", True
        elif name == "http11.send_request_headers.started":
            self.phase = "answer"
        elif name == "http11.receive_response_headers.complete":
            self.answered = True


@dataclass(frozen=True, slots=True)
class Message:
    """What is sent. key: empty where the server must not have it."""

    method: Literal["GET", "HEAD", "POST"]
    origin: Origin
    url: str
    body: bytes | None = None
    key: str = ""

    @property
    def headers(self) -> Mapping[bytes | str, bytes | str]:
        return {
            "Host": str(self.origin).partition("://")[2],
            "User-Agent": "stt-api",
            "Accept": "text/event-stream, application/json",
            # A compressed answer could be a thousand times larger than it looks.
            "Accept-Encoding": "identity",
            **({"Content-Type": "application/json"} if self.body is not None else {}),
            **({"Authorization": f"Bearer {self.key}"} if self.key else {}),
        }


class Again(Exception):
    """Nothing was done, so it is safe to ask again, after a pause."""

    def __init__(self, failure: AgentFailure, pause: float | None = None) -> None:
        super().__init__(str(failure))
        self.failure = failure
        self.pause = pause


async def exchange(
    pool: httpcore.AsyncConnectionPool,
    message: Message,
    reader: Reader,
    stage: Stage,
    secrets: Secrets,
) -> Reply:
    """Ask until answered, or until it is no longer safe or in time. Raises `AgentFailure`."""
    for attempt in range(1, ATTEMPTS + 1):
        try:
            return await _once(pool, message, reader, stage, secrets)
        except Again as again:
            pause = _pause(attempt) if again.pause is None else again.pause
            if attempt == ATTEMPTS or pause >= stage.left:
                raise again.failure from None
        await asyncio.sleep(pause)
    raise AssertionError("the last attempt answers or raises")


async def _once(
    pool: httpcore.AsyncConnectionPool,
    message: Message,
    reader: Reader,
    stage: Stage,
    secrets: Secrets,
) -> Reply:
    left = stage.left
    stage.fresh = stage.answered = False
    # Not the last word: the question as a whole has a deadline, which comes before these.
    limits = {"connect": min(CONNECT_SECONDS, left), "read": left + 1, "write": left + 1}
    try:
        async with pool.stream(
            message.method,
            message.url,
            headers=message.headers,
            content=message.body,
            extensions={"timeout": {**limits, "pool": left + 1}, "trace": stage.trace},
        ) as response:
            await _refuse(response, secrets)
            await _pump(response, reader)
            return reader.finish()
    except ERRORS as error:
        raise _translated(error, stage) from None


async def _pump(response: httpcore.Response, reader: Reader) -> None:
    chunks = response.aiter_stream()
    async for chunk in chunks:
        reader.feed(chunk)
        if reader.has_enough:
            break
    with contextlib.suppress(*ERRORS):
        async with asyncio.timeout(GRACE_SECONDS):
            async for _ in chunks:
                pass


async def _refuse(response: httpcore.Response, secrets: Secrets) -> None:
    """Raises for an answer that need not be read as one."""
    headers = {name.lower(): value for name, value in response.headers}
    status = response.status
    if not 200 <= status < 300:
        refused = refusal(status, await _error_body(response), secrets)
        pause = _retry_after(headers.get(b"retry-after", b"").decode("latin-1"))
        if status in (429, 503) and pause is not None:
            raise Again(refused, pause)
        raise refused
    if headers.get(b"content-encoding", b"identity").lower() != b"identity":
        raise RequestFailed("the answer is compressed, which was not asked for")


async def _error_body(response: httpcore.Response) -> bytes:
    """As much of an error's body as comes soon; its status is worth more than its words."""
    body = bytearray()
    with contextlib.suppress(*ERRORS):
        async with asyncio.timeout(ERROR_SECONDS):
            async for chunk in response.aiter_stream():
                body += chunk
                if len(body) >= ERROR_BYTES:
                    break
    return bytes(body[:ERROR_BYTES])


def _translated(error: Exception, stage: Stage) -> AgentFailure | Again:
    if isinstance(error, Forbidden):
        return ConfigurationInvalid("agent_url: this server may not be named")
    if isinstance(error, httpcore.TimeoutException):
        missing = "connection" if isinstance(error, httpcore.ConnectTimeout) else "answer"
        return ConnectionFailed(f"timeout: no {missing}", outage=True)
    if isinstance(error, httpcore.ConnectError):
        reason, final = _why(error)
        unconnected = ConnectionFailed(reason, outage=True)
        return unconnected if final else Again(unconnected)
    return _unanswered(error, stage)


def _unanswered(error: Exception, stage: Stage) -> AgentFailure | Again:
    if stage.answered:
        return RequestFailed("the answer was broken off", outage=True)
    if isinstance(error, httpcore.ProtocolError) and "disconnected" not in str(error):
        return RequestFailed("the answer is not HTTP", outage=True)
    closed = RequestFailed("the connection was closed without an answer", outage=True)
    # A kept connection that the server closes at that very moment: it never saw the question.
    return closed if stage.fresh else Again(closed)


def _why(error: BaseException) -> tuple[str, bool]:
    """Why there is no connection, and whether that is final."""
    for cause in _causes(error):
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"TLS: the certificate is not trusted ({cause.verify_message})", True
        if isinstance(cause, ssl.SSLError):
            return "TLS: the server does not speak it as expected", True
        if isinstance(cause, socket.gaierror | UnicodeError):
            return "DNS: the name is not known", False
        if isinstance(cause, ConnectionRefusedError):
            return "connection refused", False
        if isinstance(cause, OSError) and cause.strerror:
            return cause.strerror.lower(), False
    return "no connection", False


def _causes(error: BaseException) -> Iterator[BaseException]:
    seen: BaseException | None = error
    while seen is not None:
        yield seen
        if isinstance(seen, BaseExceptionGroup):
            yield from (each for part in seen.exceptions for each in _causes(part))
        seen = seen.__cause__ or seen.__context__


def _retry_after(text: str) -> float | None:
    """Seconds to wait, from a number or a date; None where the header says neither."""
    if text.strip().isdecimal():
        return float(text[:9])
    try:
        return max(parsedate_to_datetime(text).timestamp() - time.time(), 0.0)
    except (ValueError, TypeError, OverflowError):
        return None


def _pause(attempt: int) -> float:
    # Spread out, so that those whom one restart cut off do not all come back at once.
    return PAUSE_SECONDS * 2.0 ** (attempt - 1) * random.uniform(0.5, 1.5)  # noqa: S311
