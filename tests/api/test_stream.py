"""stream=true: events as they come, errors in their place."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace

import pytest
from starlette.types import Message, Scope

from api_server import event_stream
from api_server.event_stream import EventStreamResponse, beating, peeked
from api_server.record import RequestRecord
from api_server.services.analysis import Analyses
from api_server.transcript_work import Finished, WorkEvent
from serving.errors import ClientGone
from stt_errors import AudioError, InferenceError, QueueFull
from stt_types import (
    AudioSource,
    Coverage,
    Gap,
    Progress,
    Suppressed,
    TranscribeOptions,
    Transcript,
    Word,
)
from tests.api.harness import WAV, client_of, events_of
from tests.fakes import DUMMY, SEGMENT, TRANSCRIPT, FakeEngine

pytestmark = pytest.mark.anyio

STREAM = {"stream": "true"}
FINISHED = Finished(TRANSCRIPT, Analyses())


async def test_events_come_in_the_engines_order() -> None:
    """Progress, segments, then one result: the answer that would have come whole."""
    async with client_of() as client:
        streamed = await client.post("/transcribe", files={"file": WAV}, data=STREAM)
        whole = (await client.post("/transcribe", files={"file": WAV})).json()
    events = events_of(streamed.text)
    assert [name for name, _ in events] == ["progress", "segment", "result"]
    assert events[0][1] == {
        "seconds_done": 1.0, "seconds_total": 3.89, "language": None, "language_probability": 0.0,
        "speech_seconds": 0.0, "transcribed_seconds": 0.0, "suppressed": [], "gaps": [],
    }  # fmt: skip
    assert events[1][1] == whole["segments"][0]
    whole["request_id"] = streamed.headers["x-request-id"]
    assert events[2][1] == whole


async def test_progress_tells_what_the_result_would() -> None:
    """Language, withheld text and gaps as the answer has them, and parts of seconds so exact that
    they add up."""
    withheld = Suppressed(1.0, 2.0, "감사합니다", "no_speech")
    told = Progress(2.0, 3.89, "ko", 0.98, 1.0 / 3, 0.25, (withheld,), (Gap(1.0, 1.5, 1),))
    transcript = replace(
        TRANSCRIPT, suppressed=told.suppressed, coverage=Coverage(3.89, 3.4, 3.4, told.gaps)
    )
    async with client_of(FakeEngine(script=[told, transcript])) as client:
        response = await client.post("/transcribe", files={"file": WAV}, data=STREAM)
    (_, progress), (_, result) = events_of(response.text)
    assert progress["suppressed"] == result["suppressed"]
    assert progress["gaps"] == result["coverage"]["gaps"]
    assert (progress["language"], progress["language_probability"]) == ("ko", 0.98)
    assert (progress["speech_seconds"], progress["transcribed_seconds"]) == (0.333333, 0.25)


async def test_words_come_with_their_segment() -> None:
    """With `word_timestamps`, whoever resumes has the words of what came before."""
    spoken = replace(SEGMENT, words=(Word(0.0, 3.4, "안녕하세요.", 0.9),))
    engine = FakeEngine(script=[spoken, replace(TRANSCRIPT, segments=(spoken,))])
    data = {**STREAM, "word_timestamps": "true"}
    async with client_of(engine) as client:
        response = await client.post("/transcribe", files={"file": WAV}, data=data)
    (_, segment), (_, result) = events_of(response.text)
    assert engine.options is not None
    assert engine.options.word_timestamps
    assert segment["words"] == [
        {"start": 0.0, "end": 3.4, "word": "안녕하세요.", "probability": 0.9}
    ]
    assert segment == result["segments"][0]


async def test_withheld_text_is_masked_in_the_stream() -> None:
    """MASK_PII holds for what a progress tells as for the rest."""
    told = Progress(2.0, 3.89, suppressed=(Suppressed(1.0, 2.0, "010-1234-5678", "no_speech"),))
    async with client_of(FakeEngine(script=[told, TRANSCRIPT]), mask_pii=True) as client:
        response = await client.post("/transcribe", files={"file": WAV}, data=STREAM)
    assert events_of(response.text)[0][1]["suppressed"][0]["text"] == "***-****-****"
    assert "1234" not in response.text


async def test_headers_keep_proxies_from_holding_events_back() -> None:
    """Neither buffered nor compressed, whatever the client accepts."""
    async with client_of(FakeEngine(script=[SEGMENT] * 200 + [TRANSCRIPT])) as client:
        response = await client.post("/transcribe", files={"file": WAV}, data=STREAM)
    assert response.headers["content-type"].startswith("text/event-stream")
    assert response.headers["x-accel-buffering"] == "no"
    assert response.headers["cache-control"] == "no-store"
    assert "content-encoding" not in response.headers
    assert "content-length" not in response.headers


@pytest.mark.parametrize(
    ("error", "status"),
    [(QueueFull(1, 1, 2), 429), (AudioError("empty", "empty"), 422), (InferenceError("x"), 503)],
)
async def test_error_before_the_first_event_is_a_status(error: Exception, status: int) -> None:
    """Nothing was said yet, so the error can be an ordinary one."""
    async with client_of(FakeEngine(script=[error])) as client:
        response = await client.post("/transcribe", files={"file": WAV}, data=STREAM)
    assert response.status_code == status
    assert response.json()["success"] is False


async def test_error_after_the_first_event_is_an_event() -> None:
    """A status was sent already, so the error comes as an event in the one shape."""
    engine = FakeEngine(script=[SEGMENT, InferenceError("out of memory")])
    async with client_of(engine) as client:
        response = await client.post("/transcribe", files={"file": WAV}, data=STREAM)
    events = events_of(response.text)
    assert [name for name, _ in events] == ["segment", "error"]
    assert events[1][1] == {
        "success": False,
        "error_code": "transcription_failed",
        "error_reason": "out of memory",
        "request_id": response.headers["x-request-id"],
    }


async def test_dummy_is_marked_in_the_header_and_the_result() -> None:
    """A dummy known before the first byte is in the header too."""
    async with client_of(FakeEngine(script=[DUMMY])) as client:
        response = await client.post("/transcribe", files={"file": WAV}, data=STREAM)
    assert response.headers["x-dummy"] == "stt"
    assert events_of(response.text)[-1][1]["is_dummy"] is True


async def test_text_formats_do_not_stream() -> None:
    """Events are JSON; a text format cannot be streamed, and is refused unread."""
    data = {**STREAM, "response_format": "srt"}
    async with client_of() as client:
        response = await client.post("/transcribe", files={"file": WAV}, data=data)
    assert response.status_code == 422
    assert response.json()["error_reason"].startswith("stream: ")


async def test_file_stays_open_while_it_is_streamed() -> None:
    """The recording is closed after the last event, not before the first."""
    engine = FakeEngine()
    async with client_of(engine) as client:
        await client.post("/transcribe", files={"file": WAV}, data=STREAM)
    assert engine.content == WAV[1]
    assert engine.source is not None
    assert engine.source.file.closed


async def test_silence_is_broken_by_beats() -> None:
    """Where no event comes for a while, None does; the events that follow are all there."""
    engine = FakeEngine(script=[SEGMENT, 0.25, TRANSCRIPT])
    seen = [event async for event in beating(_stream(engine), 0.1)]
    assert seen == [SEGMENT, None, None, FINISHED]


async def test_peek_does_not_outlast_a_beat() -> None:
    """A first event that is long in coming does not leave the client without an answer."""
    engine = FakeEngine(script=[0.2, TRANSCRIPT])
    first, rest = await peeked(beating(_stream(engine), 0.1))
    assert first is None
    assert event_stream.BEAT.startswith(b":")
    assert [event async for event in rest][-1] == FINISHED


async def test_closing_the_beats_closes_the_engines_stream() -> None:
    """Who stops reading stops the work."""
    engine = FakeEngine(script=[SEGMENT, 60.0, TRANSCRIPT])
    events = beating(_stream(engine))
    assert await anext(events) == SEGMENT
    await events.aclose()
    assert engine.cancelled == 1


async def test_cancelled_peek_closes_the_engines_stream() -> None:
    """A client that hangs up before the first event stops the work as well."""
    engine = FakeEngine(script=[60.0, TRANSCRIPT])
    peek = asyncio.ensure_future(peeked(beating(_stream(engine))))
    await asyncio.sleep(0.05)
    peek.cancel()
    with pytest.raises(asyncio.CancelledError):
        await peek
    assert engine.cancelled == 1


async def test_slow_reader_slows_the_work() -> None:
    """No more than a few events are made ahead of who reads them."""
    engine = FakeEngine(script=[Progress(float(i), 100.0) for i in range(100)])
    events = beating(_stream(engine))
    await anext(events)
    await asyncio.sleep(0.05)
    assert engine.finished == 0
    await events.aclose()


async def test_client_that_stops_reading_is_given_up() -> None:
    """A send that does not come through in time ends the work."""
    engine = FakeEngine(script=[SEGMENT, 60.0, TRANSCRIPT])
    first, rest = await peeked(beating(_stream(engine)))

    async def to_frame(event: WorkEvent) -> bytes:
        return b"frame"

    async def blocked(message: Message) -> None:
        if message["type"] == "http.response.body":
            await asyncio.sleep(60)

    response = EventStreamResponse(first, rest, to_frame, patience=0.05)
    scope: Scope = {"type": "http", "state": {"record": RequestRecord("id", "POST")}}
    with pytest.raises(ClientGone):
        await response(scope, _never, blocked)
    assert engine.cancelled == 1


async def _never() -> Message:
    return await asyncio.get_running_loop().create_future()  # type: ignore[no-any-return]


async def _stream(engine: FakeEngine) -> AsyncGenerator[WorkEvent, None]:
    events = engine.stream(AudioSource(io.BytesIO(b""), "a.wav"), TranscribeOptions())
    async with aclosing(events):
        async for event in events:
            yield FINISHED if isinstance(event, Transcript) else event
