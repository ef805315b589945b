"""POST /transcribe and /detect-language: what goes in, what comes out."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from api_server.schemas import TranscribeResponse
from stt_errors import (
    AudioError,
    AudioTooLong,
    InferenceError,
    ModelLoadError,
    QueueFull,
    STTError,
    WorkerLost,
)
from stt_types import Gap, TranscribeOptions, VadOptions
from tests.api.harness import WAV, client_of
from tests.fakes import DUMMY, SEGMENT, TRANSCRIPT, FakeEngine

pytestmark = pytest.mark.anyio


async def test_answer_has_the_contracts_fields() -> None:
    """A transcript is answered with every field of the contract, and no null where it has one."""
    async with client_of() as client:
        response = await client.post("/transcribe", files={"file": WAV})
    assert response.status_code == 200
    body = response.json()
    assert set(body) == set(TranscribeResponse.model_fields)
    assert body["text"] == "안녕하세요."
    assert body["component_status"] == {"stt": True, "classification": True, "vllm": False}
    assert body["timings"]["inference"] == 0.58
    assert body["request_id"] == response.headers["x-request-id"]
    assert "x-dummy" not in response.headers


async def test_engine_gets_the_file_and_its_name() -> None:
    """The engine reads what was sent, from the beginning, under the name it was sent with."""
    engine = FakeEngine()
    async with client_of(engine) as client:
        await client.post("/transcribe", files={"file": WAV})
    assert engine.content == WAV[1]
    assert engine.source is not None
    assert engine.source.name == "call.wav"
    assert engine.source.file.closed


async def test_every_option_reaches_the_engine() -> None:
    """Each field of the form becomes the engine's option of that name."""
    engine = FakeEngine()
    fields = {
        "language": "ko", "task": "translate", "word_timestamps": "true", "vad_filter": "false",
        "initial_prompt": "상담", "hotwords": "해지", "beam_size": "3", "temperature": "0.2",
        "quality": "accurate", "channels": "split", "start_seconds": "12.5",
        "vad_threshold": "0.3", "vad_min_silence_ms": "400", "vad_min_speech_ms": "90",
        "vad_speech_pad_ms": "300", "vad_max_chunk_seconds": "15",
    }  # fmt: skip
    async with client_of(engine) as client:
        response = await client.post("/transcribe", files={"file": WAV}, data=fields)
    assert response.status_code == 200
    assert engine.options == TranscribeOptions(
        language="ko", task="translate", word_timestamps=True, vad_filter=False,
        vad=VadOptions(0.3, 400, 90, 300, 15.0), initial_prompt="상담", hotwords="해지",
        beam_size=3, temperature=0.2, quality="accurate", channels="split", start_seconds=12.5,
    )  # fmt: skip


async def test_absent_and_empty_options_take_the_engines_defaults() -> None:
    """An empty field, as forms of browsers send them, is an absent one."""
    engine = FakeEngine()
    fields = {"language": "", "beam_size": "", "initial_prompt": ""}
    async with client_of(engine) as client:
        response = await client.post("/transcribe", files={"file": WAV}, data=fields)
    assert response.status_code == 200
    assert engine.options == TranscribeOptions()


@pytest.mark.parametrize(
    ("name", "value", "limit"),
    [
        ("language", "xx", "en, ko"),
        ("task", "summarise", "'transcribe' or 'translate'"),
        ("word_timestamps", "maybe", "boolean"),
        ("beam_size", "0", "1"),
        ("beam_size", "11", "10"),
        ("beam_size", "many", "integer"),
        ("temperature", "1.1", "1"),
        ("temperature", "nan", "finite"),
        ("initial_prompt", "a" * 2001, "2000"),
        ("hotwords", "a" * 2001, "2000"),
        ("start_seconds", "-1", "0"),
        ("start_seconds", "inf", "finite"),
        ("vad_threshold", "1.5", "0.99"),
        ("vad_max_chunk_seconds", "27", "26"),
        ("response_format", "docx", "srt"),
        ("quality", "best", "accurate"),
        ("channels", "left", "split"),
        ("request_format", "xml", "text_only"),
        ("langauge", "ko", "unknown field"),
    ],
)
async def test_bad_option_is_refused_by_name(name: str, value: str, limit: str) -> None:
    """A value out of bounds, and a field nobody knows, is a 422 that names it and the limit."""
    async with client_of() as client:
        response = await client.post("/transcribe", files={"file": WAV}, data={name: value})
    assert response.status_code == 422
    assert response.json()["error_code"] == "invalid_option"
    assert response.json()["error_reason"].startswith(f"{name}: ")
    assert limit in response.json()["error_reason"]


async def test_option_in_the_query_is_refused() -> None:
    """An option in the query would be ignored, so it is an error."""
    async with client_of() as client:
        response = await client.post("/transcribe?language=ko", files={"file": WAV})
    assert response.status_code == 422
    assert response.json()["error_reason"].startswith("language: ")


@pytest.mark.parametrize(
    ("name", "media_type", "beginning"),
    [
        ("text", "text/plain; charset=utf-8", "안녕하세요."),
        ("srt", "application/x-subrip; charset=utf-8", "1\n00:00:00,000 --> 00:00:03,400\n"),
        ("vtt", "text/vtt; charset=utf-8", "WEBVTT\n"),
        ("tsv", "text/tab-separated-values; charset=utf-8", "start\tend"),
    ],
)
async def test_text_formats(name: str, media_type: str, beginning: str) -> None:
    """Each format has its media type and its own first line."""
    async with client_of() as client:
        response = await client.post(
            "/transcribe", files={"file": WAV}, data={"response_format": name}
        )
    assert response.headers["content-type"] == media_type
    assert response.text.startswith(beginning)
    assert response.headers["server-timing"].startswith("decode;dur=10.0, vad;dur=20.0")


async def test_verbose_json_adds_the_task() -> None:
    """verbose_json is json with the task."""
    data = {"response_format": "verbose_json", "task": "translate"}
    async with client_of() as client:
        response = await client.post("/transcribe", files={"file": WAV}, data=data)
    assert set(response.json()) == {*TranscribeResponse.model_fields, "task"}
    assert response.json()["task"] == "translate"


@pytest.mark.parametrize("name", ["json", "text", "srt", "vtt", "tsv"])
async def test_dummy_is_marked_in_every_format(name: str) -> None:
    """A dummy is a 200 that nobody can mistake for a result."""
    async with client_of(FakeEngine(script=[DUMMY])) as client:
        response = await client.post(
            "/transcribe", files={"file": WAV}, data={"response_format": name}
        )
        metrics = (await client.get("/metrics")).text
    assert response.status_code == 200
    assert response.headers["x-dummy"] == "stt"
    assert "[Dummy]" in response.text
    reason = 'stt_dummy_responses_total{component="stt",reason="model_load_failed"} 1.0'
    assert reason in metrics


async def test_dummy_says_why() -> None:
    """In json a dummy carries its flag, its reason and a status that is false."""
    async with client_of(FakeEngine(script=[DUMMY])) as client:
        body = (await client.post("/transcribe", files={"file": WAV})).json()
    assert body["success"] is True
    assert body["is_dummy"] is True
    assert body["error_reason"] == "no model named base"
    assert body["component_status"]["stt"] is False


async def test_gaps_and_warnings_are_shown() -> None:
    """Speech that brought no text, and what was done otherwise than asked, is in the answer."""
    transcript = replace(
        TRANSCRIPT,
        coverage=replace(TRANSCRIPT.coverage, gaps=(Gap(1.0, 2.0, 1),)),
        warnings=("segment times only",),
    )
    async with client_of(FakeEngine(script=[transcript])) as client:
        body = (await client.post("/transcribe", files={"file": WAV})).json()
    assert body["coverage"]["gaps"] == [{"start": 1.0, "end": 2.0, "channel": 1}]
    assert body["warnings"] == ["segment times only"]


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (AudioError("empty", "the file is empty"), 422, "invalid_audio"),
        (AudioTooLong(14400), 422, "audio_too_long"),
        (ModelLoadError("no model named base"), 503, "model_unavailable"),
        (InferenceError("out of memory"), 503, "transcription_failed"),
        (WorkerLost("the worker died"), 503, "transcription_failed"),
        (QueueFull(8000, 7200, 42), 429, "queue_full"),
        (STTError("something else"), 500, "internal_error"),
        (ValueError("/secret/name.wav"), 500, "internal_error"),
    ],
)
async def test_engine_errors_become_the_one_shape(error: Exception, status: int, code: str) -> None:
    """Each error of the engine has its status; an unforeseen one tells nothing of itself."""
    async with client_of(FakeEngine(script=[error])) as client:
        response = await client.post("/transcribe", files={"file": WAV})
    body = response.json()
    assert response.status_code == status
    assert set(body) == {"success", "error_code", "error_reason", "request_id"}
    assert body["error_code"] == code
    assert body["request_id"] == response.headers["x-request-id"]
    assert "name.wav" not in response.text


async def test_full_queue_says_when_to_come_back() -> None:
    """429 carries the engine's guess."""
    async with client_of(FakeEngine(full=QueueFull(8000, 7200, 42))) as client:
        response = await client.post("/transcribe", files={"file": WAV})
    assert response.status_code == 429
    assert response.headers["retry-after"] == "42"


async def test_detect_language() -> None:
    """The language and its probability come back."""
    async with client_of() as client:
        body = (await client.post("/detect-language", files={"file": WAV})).json()
    assert (body["language"], body["language_probability"]) == ("ko", 0.98)
    assert body["is_dummy"] is False


@pytest.mark.parametrize(
    ("engine", "reason"),
    [
        (FakeEngine(language=ModelLoadError("no model")), "model_load_failed"),
        (FakeEngine(language=AudioError("empty", "empty")), "invalid_audio"),
        (FakeEngine(language=WorkerLost("died")), "transcription_failed"),
        (FakeEngine(is_dummy=True, error_reason="no model", state="dummy"), "model_load_failed"),
    ],
)
async def test_detect_language_of_a_dummy_is_null(engine: FakeEngine, reason: str) -> None:
    """A dummy names no language, and is counted and marked."""
    async with client_of(engine) as client:
        response = await client.post("/detect-language", files={"file": WAV})
        metrics = (await client.get("/metrics")).text
    assert response.json()["language"] is None
    assert response.json()["is_dummy"] is True
    assert response.headers["x-dummy"] == "stt"
    assert f'reason="{reason}"}} 1.0' in metrics


async def test_detect_language_fails_where_the_fallback_is_error() -> None:
    """With STT_FALLBACK=error there is no dummy."""
    engine = FakeEngine(language=ModelLoadError("no model"))
    async with client_of(engine, stt_fallback="error") as client:
        response = await client.post("/detect-language", files={"file": WAV})
    assert response.status_code == 503


async def test_detect_language_takes_no_other_field() -> None:
    """A field that would be ignored is refused."""
    async with client_of() as client:
        response = await client.post(
            "/detect-language", files={"file": WAV}, data={"language": "ko"}
        )
    assert response.status_code == 422


async def test_long_transcripts_are_compressed_for_who_asks() -> None:
    """A long answer is gzipped, a short one is not worth it."""
    long = replace(TRANSCRIPT, segments=tuple(replace(SEGMENT, id=i) for i in range(100)))
    async with client_of(FakeEngine(script=[long])) as client:
        packed = await client.post("/transcribe", files={"file": WAV})
        plain = await client.post(
            "/transcribe", files={"file": WAV}, headers={"Accept-Encoding": "identity"}
        )
    assert packed.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    segments: list[Any] = packed.json()["segments"]
    assert len(segments) == 100
