"""stt-api over HTTP. httpx's errors and answers end here: out come our own."""

from __future__ import annotations

import asyncio
import secrets
import ssl
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Mapping
from contextlib import aclosing, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, BinaryIO, Protocol, TypeVar

import httpx
from pydantic import BaseModel, ValidationError

from web_ui.engine_answers import (
    STREAM,
    AnalysisAnswer,
    EngineState,
    ErrorAnswer,
    HealthAnswer,
    InfoAnswer,
    ResultAnswer,
    StreamAnswer,
)
from web_ui.errors import EngineAway, EngineBroken, EngineRefused, EngineSilent, RecordingMissing
from web_ui.event_reader import EventReader
from web_ui.settings import Settings

CONNECT_SECONDS = 3.0
# Between two pieces of an upload: stt-api writes them to its disk as they arrive.
WRITE_SECONDS = 60.0
# stt-api says something every 15 s while it works on a stream.
QUIET_SECONDS = 60.0
# An analysis may take the LLM's whole time, and a bit.
ANALYSIS_SECONDS = 300.0
READ_BYTES = 256 * 1024
EVENT_STREAM = "text/event-stream"
# Larger events are read on a thread: a result holds every word of hours of speech.
LARGE_EVENT_BYTES = 64 * 1024

Kind = TypeVar("Kind", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Recording:
    """An open file, its size in bytes, and the name it was sent with."""

    file: BinaryIO
    size: int
    name: str


class EngineClient(Protocol):
    """Whatever makes transcripts: stt-api, or a test's fake. Raises `EngineError`."""

    async def health(self) -> EngineState: ...

    async def products(self) -> tuple[str, ...]: ...

    def stream(
        self, recording: Recording, options: Mapping[str, str], request_id: str
    ) -> AsyncGenerator[StreamAnswer, None]: ...

    async def analyse(
        self, route: str, call: Mapping[str, Any], request_id: str
    ) -> AnalysisAnswer: ...

    async def close(self) -> None: ...


class SttApi:
    """The real one."""

    def __init__(
        self, settings: Settings, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        self._longest = settings.stt_api_timeout
        self._http = httpx.AsyncClient(
            base_url=settings.stt_api_url,
            headers={"Authorization": f"Bearer {settings.api_key}"} if settings.api_key else {},
            timeout=httpx.Timeout(QUIET_SECONDS, connect=CONNECT_SECONDS, write=WRITE_SECONDS),
            # The jobs decide how many there are at once.
            limits=httpx.Limits(max_connections=None, max_keepalive_connections=8),
            transport=transport,
            # The engine is a neighbour: no proxy of the environment belongs in between. The
            # system's certificates, or SSL_CERT_FILE's, vouch for it.
            trust_env=False,
            verify=ssl.create_default_context(),
        )

    async def health(self) -> EngineState:
        with _translated():
            response = await self._http.get("/health")
        return _read(HealthAnswer, response).state()

    async def products(self) -> tuple[str, ...]:
        """What `product` may be."""
        with _translated():
            response = await self._http.get("/info")
        return _read(InfoAnswer, response).products

    async def stream(
        self, recording: Recording, options: Mapping[str, str], request_id: str
    ) -> AsyncGenerator[StreamAnswer, None]:
        """The events of one request, the last of them a `ResultAnswer`. Raises `EngineError`,
        also for a stream that ends without one."""
        form = MultipartUpload(recording, {**options, "stream": "true"})
        try:
            async with (
                asyncio.timeout(self._longest),
                aclosing(self._send(form, request_id)) as sent,
            ):
                async for answer in sent:
                    yield answer
        except TimeoutError:
            raise EngineSilent(f"no transcript within {self._longest:g} s") from None

    async def _send(
        self, form: MultipartUpload, request_id: str
    ) -> AsyncGenerator[StreamAnswer, None]:
        headers = {**form.headers, "X-Request-ID": request_id}
        with _translated():
            async with self._http.stream(
                "POST", "/transcribe", content=form.body(), headers=headers
            ) as response:
                kind = response.headers.get("content-type", "")
                if not (response.is_success and kind.startswith(EVENT_STREAM)):
                    await response.aread()
                    raise _unusable(response) if response.is_success else _refused(response)
                reader = EventReader()
                async for data in response.aiter_bytes():
                    for name, payload in reader.feed(data):
                        answer = await _event(name, payload)
                        yield answer
                        if isinstance(answer, ResultAnswer):
                            return
        raise EngineAway("stt-api's answer broke off")

    async def analyse(self, route: str, call: Mapping[str, Any], request_id: str) -> AnalysisAnswer:
        """`route` is one of stt-api's for a call that is text already."""
        with _translated():
            response = await self._http.post(
                route,
                json=call,
                headers={"X-Request-ID": request_id},
                timeout=httpx.Timeout(ANALYSIS_SECONDS, connect=CONNECT_SECONDS),
            )
        return _read(AnalysisAnswer, response)

    async def close(self) -> None:
        await self._http.aclose()


class MultipartUpload:
    """A form with a file, read from the disk on a thread, a piece at a time (RFC 7578)."""

    def __init__(self, recording: Recording, fields: Mapping[str, str]) -> None:
        self._recording = recording
        boundary = secrets.token_hex(16)
        parts = [_part(boundary, f'name="{name}"', value) for name, value in fields.items()]
        named = f'name="file"; filename="{_quoted(recording.name)}"'
        parts.append(_part(boundary, named, "", "\r\nContent-Type: application/octet-stream"))
        self._head = "".join(parts).removesuffix("\r\n").encode()
        self._tail = f"\r\n--{boundary}--\r\n".encode()
        length = len(self._head) + recording.size + len(self._tail)
        self.headers = {
            "Content-Type": f"multipart/form-data; boundary={boundary}",
            "Content-Length": str(length),
        }

    async def body(self) -> AsyncIterator[bytes]:
        """Raises `RecordingMissing` where the file is shorter than it was."""
        yield self._head
        left = self._recording.size
        while left:
            piece = await asyncio.to_thread(self._recording.file.read, min(left, READ_BYTES))
            if not piece:
                raise RecordingMissing("the recording is shorter than it was")
            left -= len(piece)
            yield piece
        yield self._tail


def _part(boundary: str, disposition: str, value: str, more: str = "") -> str:
    head = f"--{boundary}\r\nContent-Disposition: form-data; {disposition}{more}"
    return f"{head}\r\n\r\n{value}\r\n"


def _quoted(name: str) -> str:
    """As browsers write it, so that a name cannot end its header."""
    return name.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")


async def _event(name: str, payload: bytes) -> StreamAnswer:
    if name == "error":
        told = _parsed(ErrorAnswer, payload)
        raise EngineRefused(500, told.error_code, told.error_reason, None)
    if name not in STREAM:
        raise EngineBroken("stt-api sent an event of a kind that is not known")
    if len(payload) < LARGE_EVENT_BYTES:
        return _parsed(STREAM[name], payload)
    return await asyncio.to_thread(partial(_parsed, STREAM[name], payload))


def _parsed(kind: type[Kind], payload: bytes) -> Kind:
    try:
        return kind.model_validate_json(payload)
    except ValidationError:
        raise EngineBroken("stt-api's event cannot be used") from None


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout):
        raise EngineAway("stt-api cannot be reached") from None
    except httpx.TimeoutException:
        raise EngineSilent("stt-api did not answer in time") from None
    except httpx.TransportError:
        raise EngineAway("the connection to stt-api broke") from None
    except (httpx.HTTPError, httpx.InvalidURL, httpx.CookieConflict, httpx.StreamError):
        raise EngineBroken("stt-api's answer cannot be read") from None


def _read(kind: type[Kind], response: httpx.Response) -> Kind:
    if not response.is_success:
        raise _refused(response)
    try:
        return kind.model_validate_json(response.content)
    except ValidationError:
        raise _unusable(response) from None


def _refused(response: httpx.Response) -> EngineRefused | EngineBroken:
    try:
        told = ErrorAnswer.model_validate_json(response.content)
    except ValidationError:
        return _unusable(response)
    retry_after = response.headers.get("retry-after")
    return EngineRefused(response.status_code, told.error_code, told.error_reason, retry_after)


def _unusable(response: httpx.Response) -> EngineBroken:
    return EngineBroken(f"stt-api's answer of status {response.status_code} cannot be used")
