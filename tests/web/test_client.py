"""The client before the real stt-api, and before one that fails in every way httpx knows."""

from __future__ import annotations

import io
import json
import socket
from collections.abc import Iterator

import httpx
import pytest

from stt_errors import AudioError, QueueFull
from tests.fakes import DUMMY, FakeEngine
from tests.web.fakes import TRANSCRIPT as PAGES_TRANSCRIPT
from tests.web.harness import real_stt_api
from web_ui.client import Recording, SttApi
from web_ui.engine_answers import Transcript
from web_ui.errors import EngineAway, EngineBroken, EngineError, EngineRefused, EngineSilent
from web_ui.settings import Settings

pytestmark = pytest.mark.anyio


def recording() -> Recording:
    return Recording(io.BytesIO(b"RIFF not really"), "통화 1.wav")


async def transcribed(client: SttApi, **options: str) -> Transcript:
    try:
        return await client.transcribe(recording(), options, "r-1")
    finally:
        await client.close()


def before(answer: httpx.Response | Exception) -> SttApi:
    """The client before a server that gives one answer, or fails."""

    def handle(_: httpx.Request) -> httpx.Response:
        if isinstance(answer, Exception):
            raise answer
        return answer

    return SttApi(Settings(), httpx.MockTransport(handle))


async def test_recording_and_options_arrive() -> None:
    """stt-api gets the bytes, the name and the options, and its answer is understood."""
    engine = FakeEngine()
    transcript = await transcribed(real_stt_api(engine), language="ko", quality="fast")
    assert engine.content == b"RIFF not really"
    assert engine.source is not None
    assert engine.source.name == "통화 1.wav"
    assert engine.options is not None
    assert (engine.options.language, engine.options.quality) == ("ko", "fast")
    assert (transcript.text, transcript.model) == ("안녕하세요.", "base")
    assert [segment.end for segment in transcript.segments] == [3.4]


async def test_dummy_is_told() -> None:
    """The mark and the reason survive the way."""
    transcript = await transcribed(real_stt_api(FakeEngine(script=[DUMMY])))
    assert (transcript.is_dummy, transcript.error_reason) == (True, "no model named base")


async def test_health_is_understood() -> None:
    """stt-api's own words become the state."""
    client = real_stt_api(FakeEngine())
    state = await client.health()
    await client.close()
    assert (state.reachable, state.status, state.model) == (True, "healthy", "base")


async def test_key_is_sent() -> None:
    """Where stt-api wants a key, ours opens."""
    client = real_stt_api(FakeEngine(), key="one", stt_api_keys="one")
    assert (await transcribed(client)).text
    with pytest.raises(EngineRefused) as caught:
        await transcribed(real_stt_api(FakeEngine(), stt_api_keys="one"))
    assert (caught.value.status, caught.value.code) == (401, "unauthorized")


async def test_refusals_keep_status_code_and_retry_after() -> None:
    """A full queue and a file that is no recording."""
    with pytest.raises(EngineRefused) as full:
        await transcribed(real_stt_api(FakeEngine(full=QueueFull(9, 9, 7))))
    assert (full.value.status, full.value.code, full.value.retry_after) == (429, "queue_full", "7")
    broken = FakeEngine(script=[AudioError("not_audio", "not a recording")])
    with pytest.raises(EngineRefused, match="not a recording") as audio:
        await transcribed(real_stt_api(broken))
    assert (audio.value.status, audio.value.code) == (422, "invalid_audio")


@pytest.mark.parametrize("status", [200, 404, 500, 502])
@pytest.mark.parametrize("content", [b"", b"<html>", b"{}", b"[1]", b'{"text": 1}', b"\xff"])
async def test_other_servers_answers_are_broken(status: int, content: bytes) -> None:
    """A proxy's page, or another service behind the address, is never taken for an answer."""
    for client in (before(httpx.Response(status, content=content)) for _ in range(2)):
        with pytest.raises(EngineBroken):
            await transcribed(client)


FIGURES = [
    ("duration",), ("processing_time_seconds",), ("segments", 0, "start"), ("segments", 0, "end"),
    ("suppressed", 0, "start"), ("suppressed", 0, "end"), ("coverage", "gaps", 0, "start"),
    ("coverage", "gaps", 0, "end"),
]  # fmt: skip


@pytest.mark.parametrize("figure", ["-1", "1e400", "-1e400", "NaN", "Infinity"])
@pytest.mark.parametrize("place", FIGURES, ids=str)
async def test_impossible_figures_are_broken(place: tuple[str | int, ...], figure: str) -> None:
    """A time before the recording, or one that is no number, reaches no page."""
    answer = json.loads(PAGES_TRANSCRIPT.model_dump_json())
    part = answer
    for key in place[:-1]:
        part = part[key]
    part[place[-1]] = "FIGURE"
    content = json.dumps(answer).replace('"FIGURE"', figure)
    with pytest.raises(EngineBroken):
        await transcribed(before(httpx.Response(200, content=content)))


async def test_possible_figures_are_not() -> None:
    """The answer that the test above spoils is good in itself."""
    good = before(httpx.Response(200, content=PAGES_TRANSCRIPT.model_dump_json()))
    assert await transcribed(good) == PAGES_TRANSCRIPT


def httpx_errors() -> Iterator[type[Exception]]:
    """Every error that httpx may raise from a request."""
    pending: list[type[Exception]] = [httpx.HTTPError, httpx.StreamError]
    while pending:
        kind = pending.pop()
        pending += kind.__subclasses__()
        yield kind
    yield from (httpx.InvalidURL, httpx.CookieConflict)


@pytest.mark.parametrize("kind", list(httpx_errors()), ids=lambda kind: kind.__name__)
async def test_every_error_of_httpx_becomes_ours(kind: type[Exception]) -> None:
    """None reaches a handler."""
    error = kind.__new__(kind)
    Exception.__init__(error, "x")
    with pytest.raises(EngineError):
        await transcribed(before(error))


@pytest.mark.parametrize(
    ("error", "ours"),
    [(httpx.ConnectError, EngineAway), (httpx.ConnectTimeout, EngineAway),
     (httpx.ReadTimeout, EngineSilent), (httpx.WriteTimeout, EngineSilent),
     (httpx.ReadError, EngineAway), (httpx.DecodingError, EngineBroken)],
)  # fmt: skip
async def test_what_happened_is_told_apart(
    error: type[httpx.RequestError], ours: type[EngineError]
) -> None:
    """Away, silent and broken mean different things to a visitor."""
    with pytest.raises(ours):
        await transcribed(before(error("x")))


async def test_closed_port_is_away() -> None:
    """The real thing: nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    client = SttApi(Settings(stt_api_url=f"http://127.0.0.1:{port}"))
    with pytest.raises(EngineAway):
        await transcribed(client)
