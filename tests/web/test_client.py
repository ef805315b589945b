"""The client before the real stt-api, and before one that fails in every way httpx knows."""

from __future__ import annotations

import asyncio
import io
import json
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing
from typing import Any

import httpx
import pytest

from stt_errors import AudioError, QueueFull
from stt_types import Gap, Progress, Suppressed, Word
from tests.fakes import DUMMY, SEGMENT, TRANSCRIPT, FakeEngine
from tests.web.harness import real_stt_api
from web_ui.client import MultipartUpload, Recording, SttApi
from web_ui.engine_answers import ProgressAnswer, ResultAnswer, SegmentAnswer, StreamAnswer
from web_ui.errors import (
    EngineAway,
    EngineBroken,
    EngineError,
    EngineRefused,
    EngineSilent,
    RecordingMissing,
)
from web_ui.settings import Settings

pytestmark = pytest.mark.anyio
CONTENT = b"RIFF not really"


def recording(name: str = "통화 1.wav", content: bytes = CONTENT) -> Recording:
    return Recording(io.BytesIO(content), len(content), name)


async def streamed(client: SttApi, **options: str) -> list[StreamAnswer]:
    try:
        async with aclosing(client.stream(recording(), options, "r-1")) as answers:
            return [answer async for answer in answers]
    finally:
        await client.close()


async def transcribed(client: SttApi, **options: str) -> ResultAnswer:
    end = (await streamed(client, **options))[-1]
    assert isinstance(end, ResultAnswer)
    return end


def before(answer: httpx.Response | Exception) -> SttApi:
    """The client before a server that gives one answer, or fails."""

    def handle(_: httpx.Request) -> httpx.Response:
        if isinstance(answer, Exception):
            raise answer
        return answer

    return SttApi(Settings(), httpx.MockTransport(handle))


def event_stream(*events: tuple[str, Any]) -> httpx.Response:
    text = "".join(f"event: {name}\ndata: {json.dumps(data)}\n\n" for name, data in events)
    return httpx.Response(200, text=text, headers={"Content-Type": "text/event-stream"})


async def test_recording_and_options_arrive() -> None:
    """stt-api gets the bytes, the name and the options, and what it says is understood."""
    engine = FakeEngine()
    answers = await streamed(real_stt_api(engine), language="ko", quality="fast")
    assert engine.content == CONTENT
    assert engine.source is not None
    assert engine.source.name == "통화 1.wav"
    assert engine.options is not None
    assert (engine.options.language, engine.options.quality) == ("ko", "fast")
    end = answers[-1]
    assert isinstance(end, ResultAnswer)
    assert (end.text, end.model) == ("안녕하세요.", "base")
    assert [type(answer) for answer in answers] == [ProgressAnswer, SegmentAnswer, ResultAnswer]


async def test_every_detail_of_the_stream_is_understood() -> None:
    """Words with their probability, what was withheld, gaps, and the language so far."""
    word = Word(0.5, 1.0, "안녕", 0.75)
    segment = type(SEGMENT)(0, 0.0, 3.4, "안녕", words=(word,))
    progress = Progress(
        3.4, 3.89, language="ko", language_probability=0.9, speech_seconds=3.0,
        transcribed_seconds=2.5, suppressed=(Suppressed(1.0, 2.0, "구독", "repetition"),),
        gaps=(Gap(2.0, 2.5),),
    )  # fmt: skip
    said, settled, _ = await streamed(real_stt_api(FakeEngine([segment, progress, TRANSCRIPT])))
    assert isinstance(said, SegmentAnswer)
    assert said.words is not None
    assert (said.words[0].word, said.words[0].probability) == ("안녕", 0.75)
    assert isinstance(settled, ProgressAnswer)
    assert (settled.language, settled.transcribed_seconds) == ("ko", 2.5)
    assert (settled.suppressed[0].reason, settled.gaps[0].end) == ("repetition", 2.5)


@pytest.mark.parametrize("name", ['a"; filename="b.wav', "a\r\nX-Evil: 1\r\n\r\n.wav", "--.wav"])
async def test_name_cannot_end_its_header(name: str) -> None:
    """Whatever a recording is called, it stays one file of one form."""
    engine = FakeEngine()
    client = real_stt_api(engine)
    async with aclosing(client.stream(recording(name), {"quality": "fast"}, "r-1")) as answers:
        assert [answer async for answer in answers]
    await client.close()
    assert engine.content == CONTENT
    assert engine.options is not None
    assert engine.options.quality == "fast"


async def test_recording_that_shrank_is_missing() -> None:
    """A file that is shorter than announced is no recording; the request does not hang."""
    upload = MultipartUpload(Recording(io.BytesIO(b"ab"), 9, "a.wav"), {})
    with pytest.raises(RecordingMissing):
        async for _ in upload.body():
            pass


async def test_dummy_is_told() -> None:
    """The mark and the reason survive the way."""
    end = await transcribed(real_stt_api(FakeEngine(script=[DUMMY])))
    assert (end.is_dummy, end.error_reason) == (True, "no model named base")


async def test_health_is_understood() -> None:
    """stt-api's own words become the state."""
    client = real_stt_api(FakeEngine())
    state = await client.health()
    products = await client.products()
    await client.close()
    assert (state.reachable, state.status, state.model) == (True, "healthy", "base")
    assert "변액" in products


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


async def test_error_in_the_stream_is_a_refusal() -> None:
    """What failed after the first word has its code and reason all the same."""
    engine = FakeEngine(script=[SEGMENT, AudioError("truncated", "the recording breaks off")])
    with pytest.raises(EngineRefused, match="breaks off") as caught:
        await transcribed(real_stt_api(engine))
    assert caught.value.code == "invalid_audio"


async def test_stream_without_an_end_is_away() -> None:
    """A connection that ends before the result did not bring a transcript."""
    progress = {"seconds_done": 1.0, "seconds_total": 2.0}
    with pytest.raises(EngineAway, match="broke off"):
        await streamed(before(event_stream(("progress", progress))))


async def test_analyses_are_asked_with_the_text() -> None:
    """A route of stt-api answers, and what concerns the request alone is left out."""
    client = real_stt_api(FakeEngine())
    call = {"segments": [{"id": 0, "start": 0, "end": 1, "text": "해지해 주세요"}]}
    answer = await client.analyse("/classify", call, "r-1")
    with pytest.raises(EngineRefused) as refused:
        await client.analyse("/classify", {"segments": []}, "r-1")
    await client.close()
    assert {"label", "confidence", "method", "is_dummy"} <= set(answer.result())
    assert "request_id" not in answer.result()
    assert refused.value.status == 422


@pytest.mark.parametrize("status", [200, 404, 500, 502])
@pytest.mark.parametrize("content", [b"", b"<html>", b"{}", b"[1]", b'{"text": 1}', b"\xff"])
async def test_other_servers_answers_are_broken(status: int, content: bytes) -> None:
    """A proxy's page, or another service behind the address, is never taken for an answer."""
    with pytest.raises(EngineBroken):
        await transcribed(before(httpx.Response(status, content=content)))


SOUND: dict[str, Any] = {
    "segment": {"start": 0, "end": 1, "text": "a"},
    "progress": {
        "seconds_done": 1, "seconds_total": 2, "gaps": [{"start": 0, "end": 1}],
        "suppressed": [{"start": 0, "end": 1, "text": "b", "reason": "repetition"}],
    },
    "result": {
        "text": "a", "language": "ko", "duration": 2, "backend": "b", "model": "m",
        "is_dummy": False, "error_reason": None,
    },
}  # fmt: skip
FIGURES: list[tuple[str | int, ...]] = [
    ("segment", "start"), ("segment", "end"), ("progress", "seconds_done"),
    ("progress", "seconds_total"), ("progress", "gaps", 0, "end"),
    ("progress", "suppressed", 0, "start"), ("result", "duration"),
]  # fmt: skip


@pytest.mark.parametrize("figure", ["-1", "1e400", "-1e400", "NaN", "Infinity"])
@pytest.mark.parametrize("place", FIGURES, ids=str)
async def test_impossible_figures_are_broken(place: tuple[str | int, ...], figure: str) -> None:
    """A time before the recording, or one that is no number, is never stored."""
    told = json.loads(json.dumps(SOUND))
    part = told
    for key in place[:-1]:
        part = part[key]
    part[place[-1]] = "FIGURE"
    response = event_stream(*told.items())
    content = response.text.replace('"FIGURE"', figure)
    spoilt = httpx.Response(200, text=content, headers={"Content-Type": "text/event-stream"})
    with pytest.raises(EngineBroken):
        await streamed(before(spoilt))


async def test_possible_figures_are_not() -> None:
    """The answer that the test above spoils is good in itself."""
    assert len(await streamed(before(event_stream(*SOUND.items())))) == 3


async def test_separators_inside_texts_are_text() -> None:
    """Characters that Python takes for line ends do not end an event."""
    odd = "한 줄\u2028두 줄\x85세 줄"
    data = json.dumps({"start": 0, "end": 1, "text": odd}, ensure_ascii=False)
    text = f"event: segment\ndata: {data}\n\nevent: result\ndata: {json.dumps(SOUND['result'])}\n\n"
    response = httpx.Response(200, text=text, headers={"Content-Type": "text/event-stream"})
    said = (await streamed(before(response)))[0]
    assert isinstance(said, SegmentAnswer)
    assert said.text == odd


async def test_silence_in_the_stream_ends_it() -> None:
    """A request that takes longer than it may is given up, to be taken up anew."""

    async def dripping() -> AsyncIterator[bytes]:
        while True:
            await asyncio.sleep(0.01)
            yield b": still working\n\n"

    response = httpx.Response(
        200, content=dripping(), headers={"Content-Type": "text/event-stream"}
    )

    async def handle(_: httpx.Request) -> httpx.Response:
        return response

    client = SttApi(Settings(stt_api_timeout=0.05), httpx.MockTransport(handle))
    with pytest.raises(EngineSilent, match="no transcript within"):
        await streamed(client)


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
