"""stt-api over HTTP. httpx's errors and answers end here: out come our own."""

from __future__ import annotations

import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import BinaryIO, Protocol, TypeVar

import httpx
from pydantic import BaseModel, ValidationError

from web_ui.engine_answers import EngineState, ErrorAnswer, HealthAnswer, Transcript
from web_ui.errors import EngineAway, EngineBroken, EngineRefused, EngineSilent
from web_ui.settings import Settings

CONNECT_SECONDS = 3.0
# Between two pieces of an upload: stt-api writes them to its disk as they arrive.
WRITE_SECONDS = 60.0

Kind = TypeVar("Kind", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Recording:
    """An open file, at its beginning, and the name it was sent with."""

    file: BinaryIO
    name: str


class EngineClient(Protocol):
    """Whatever makes transcripts: stt-api, or a test's fake. Raises `EngineError`."""

    async def health(self) -> EngineState: ...

    async def transcribe(
        self, recording: Recording, options: Mapping[str, str], request_id: str
    ) -> Transcript: ...

    async def close(self) -> None: ...


class SttApi:
    """The real one."""

    def __init__(
        self, settings: Settings, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        timeout = httpx.Timeout(
            settings.stt_api_timeout, connect=CONNECT_SECONDS, write=WRITE_SECONDS
        )
        self._http = httpx.AsyncClient(
            base_url=settings.stt_api_url,
            headers={"Authorization": f"Bearer {settings.api_key}"} if settings.api_key else {},
            timeout=timeout,
            # Each is a visitor's request; how many there may be is not decided here.
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

    async def transcribe(
        self, recording: Recording, options: Mapping[str, str], request_id: str
    ) -> Transcript:
        with _translated():
            response = await self._http.post(
                "/transcribe",
                files={"file": (recording.name, recording.file, "application/octet-stream")},
                data=options,
                headers={"X-Request-ID": request_id},
            )
        return _read(Transcript, response)

    async def close(self) -> None:
        await self._http.aclose()


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
    try:
        if response.is_success:
            return kind.model_validate_json(response.content)
        told = ErrorAnswer.model_validate_json(response.content)
    except ValidationError:
        raise EngineBroken(
            f"stt-api's answer of status {response.status_code} cannot be used"
        ) from None
    retry_after = response.headers.get("retry-after")
    raise EngineRefused(response.status_code, told.error_code, told.error_reason, retry_after)
