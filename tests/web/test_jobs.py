"""The queue and its workers: what is accepted is transcribed, whatever happens meanwhile."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from tests.web.calls import ended, sent, shown, texts, until
from tests.web.fakes import CALL, DUMMY, LABEL, SALES, SUMMARY, FakeSttApi
from tests.web.harness import client_of
from web_ui.engine_answers import GapAnswer, SegmentAnswer, SuppressedAnswer
from web_ui.errors import EngineAway, EngineBroken, EngineRefused, EngineSilent
from web_ui.jobs.translation import paired
from web_ui.jobs.workers import SHORT_BYTES
from web_ui.records import Segment

pytestmark = pytest.mark.anyio
WHOLE = [segment.text for segment in CALL]


async def test_call_becomes_text(tmp_path: Path) -> None:
    """Every segment with its words, the language, the figures; the state says that it is done."""
    engine = FakeSttApi()
    async with client_of(engine, tmp_path) as client:
        call = await ended(client, await sent(client, language="ko", quality="fast"))
    assert (call["state"], call["progress"], call["language"]) == ("done", 1.0, "ko")
    assert texts(call) == WHOLE
    assert call["text"] == " ".join(WHOLE)
    assert call["segments"][0]["words"][0]["word"] == "안녕하세요"
    assert call["coverage"]["speech_seconds"] == 24.0
    assert engine.contents == [b"RIFF not really"]
    options = engine.streams[0]
    assert (options["language"], options["quality"]) == ("ko", "fast")
    assert options["word_timestamps"] == "true"


async def test_detecting_the_language_names_none(tmp_path: Path) -> None:
    """Where nobody chose a language, stt-api is asked to find it."""
    engine = FakeSttApi()
    async with client_of(engine, tmp_path) as client:
        await ended(client, await sent(client, language="auto"))
    assert "language" not in engine.streams[0]


@pytest.mark.parametrize(
    "error",
    [
        EngineAway("refused"),
        EngineSilent("too long"),
        EngineBroken("unreadable"),
        EngineRefused(429, "queue_full", "full", "1"),
        EngineRefused(503, "draining", "restarting", None),
        EngineRefused(500, "transcription_failed", "once", None),
    ],
    ids=lambda error: getattr(error, "code", type(error).__name__),
)
async def test_broken_stream_goes_on_where_it_stopped(error: Exception, tmp_path: Path) -> None:
    """What was settled is kept, what was not is asked for again: nothing is lost or repeated."""
    engine = FakeSttApi(
        breaks={1: [error]},
        withheld={0: (SuppressedAnswer(start=9, end=9.5, text="구독", reason="known_phrase"),)},
        gaps={2: (GapAnswer(start=29, end=29.9),)},
    )
    async with client_of(engine, tmp_path) as client:
        id = await sent(client)
        waiting = await until(client, id, lambda call: call["wait_code"] is not None)
        call = await ended(client, id)
    assert waiting["state"] == "queued"
    assert waiting["wait_reason"] == str(error)
    assert texts(waiting) == WHOLE[:1]
    assert texts(call) == WHOLE
    assert [options.get("start_seconds") for options in engine.streams] == [None, "10.0"]
    assert [passage["text"] for passage in call["suppressed"]] == ["구독"]
    assert len(call["coverage"]["gaps"]) == 1
    assert call["coverage"]["speech_seconds"] == 24.0
    assert call["wait_code"] is None


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (EngineRefused(422, "invalid_audio", "the file is not audio", None), "invalid_audio"),
        (EngineRefused(413, "upload_too_large", "too large", None), "engine_too_large"),
        (EngineRefused(415, "unsupported_body", "what is this", None), "unsupported_body"),
    ],
)
async def test_recording_that_cannot_be_read_fails_at_once(
    error: EngineRefused, code: str, tmp_path: Path
) -> None:
    """Another try would bring the same answer; the reason is kept."""
    engine = FakeSttApi(breaks={0: [error] * 9})
    async with client_of(engine, tmp_path) as client:
        call = await ended(client, await sent(client))
    assert (call["state"], call["error_code"], call["error_reason"]) == ("failed", code, str(error))
    assert len(engine.streams) == 1


async def test_dummy_is_never_done(tmp_path: Path) -> None:
    """A dummy's state, flag and text say what it is; nothing is analysed."""
    engine = FakeSttApi(segments=(), ends_with=DUMMY)
    async with client_of(engine, tmp_path) as client:
        call = await ended(client, await sent(client, classify="true"))
        exported = await client.get(f"/api/transcripts/{call['id']}/export?format=txt")
    assert (call["state"], call["is_dummy"], call["text"]) == ("dummy", True, DUMMY.text)
    assert call["error_reason"] == DUMMY.error_reason
    assert not engine.calls
    assert exported.text.startswith("[Dummy]")
    assert exported.headers["x-dummy"] == "stt"


async def test_dummy_is_tried_again_on_request(tmp_path: Path) -> None:
    """When the model is back, a retry brings the real text from where it stopped."""
    engine = FakeSttApi(segments=CALL[:1], ends_with=DUMMY)
    async with client_of(engine, tmp_path) as client:
        id = await sent(client)
        dummy = await ended(client, id)
        engine.segments, engine.ends_with = CALL, None
        again = await client.post(f"/api/transcripts/{id}/retry")
        call = await ended(client, id)
    assert (dummy["state"], texts(dummy)) == ("dummy", WHOLE[:1])
    assert (again.status_code, again.json()) == (202, {"id": id, "state": "queued"})
    assert (call["state"], call["is_dummy"], texts(call)) == ("done", False, WHOLE)
    assert engine.streams[1]["start_seconds"] == "10.0"


async def test_cancelled_call_stops_at_once_and_can_go_on(tmp_path: Path) -> None:
    """stt-api's work ends with the cancelling; what was stored stays, and a retry goes on."""
    held = asyncio.Event()
    engine = FakeSttApi(hold={1: held})
    async with client_of(engine, tmp_path) as client:
        id = await sent(client)
        await until(client, id, lambda call: len(call["segments"]) == 1)
        cancelled = await client.post(f"/api/transcripts/{id}/cancel")
        assert engine.cancelled == 1
        kept = await shown(client, id)
        held.set()
        await client.post(f"/api/transcripts/{id}/retry")
        call = await ended(client, id)
    assert cancelled.json()["state"] == "cancelled"
    assert (kept["state"], texts(kept)) == ("cancelled", WHOLE[:1])
    assert texts(call) == WHOLE


@pytest.mark.parametrize(
    ("state", "action"), [("done", "cancel"), ("done", "retry"), ("cancelled", "cancel")]
)
async def test_what_cannot_be_done_now_is_refused(state: str, action: str, tmp_path: Path) -> None:
    """An action that does not fit the state is 409, and changes nothing."""
    engine = FakeSttApi() if state == "done" else FakeSttApi(hold={0: asyncio.Event()})
    async with client_of(engine, tmp_path) as client:
        id = await sent(client)
        if state == "cancelled":
            await client.post(f"/api/transcripts/{id}/cancel")
        await ended(client, id)
        response = await client.post(f"/api/transcripts/{id}/{action}")
        call = await shown(client, id)
    assert (response.status_code, response.json()["error_code"]) == (409, "wrong_state")
    assert call["state"] == state


@pytest.mark.parametrize("stage", ["queued", "running", "done", "failed"])
async def test_deleted_call_really_goes(stage: str, tmp_path: Path) -> None:
    """At every stage: the recording, its text, and every trace of either on disk."""
    secret = "비밀스러운말씀"
    segment = SegmentAnswer(start=1, end=5, text=f"{secret} 입니다")
    engine = FakeSttApi(segments=(segment, *CALL))
    if stage in ("queued", "running"):
        engine.hold[1] = asyncio.Event()
    if stage == "failed":
        engine.breaks[1] = [EngineRefused(422, "invalid_audio", "no", None)]
    async with client_of(engine, tmp_path, web_ui_jobs=1) as client:
        first = await sent(client)
        id = await sent(client) if stage == "queued" else first
        if stage == "running":
            await until(client, id, lambda call: len(call["segments"]) == 1)
        elif stage != "queued":
            await ended(client, id)
        assert (await client.delete(f"/api/transcripts/{id}")).status_code == 204
        assert (await client.get(f"/api/transcripts/{id}")).status_code == 404
        if stage == "queued":
            await client.delete(f"/api/transcripts/{first}")
        files = [path for path in tmp_path.rglob("*") if path.is_file()]
        content = b"".join(path.read_bytes() for path in files)
    assert not [path for path in files if id in path.name]
    assert secret.encode() not in content


async def test_restart_takes_up_what_ran(tmp_path: Path) -> None:
    """A service that ends in the middle goes on at the last checkpoint when it is back."""
    engine = FakeSttApi(hold={1: asyncio.Event()})
    async with client_of(engine, tmp_path) as client:
        id = await sent(client)
        await until(client, id, lambda call: len(call["segments"]) == 1)
    back = FakeSttApi()
    async with client_of(back, tmp_path) as client:
        call = await ended(client, id)
    assert texts(call) == WHOLE
    assert back.streams[0]["start_seconds"] == "10.0"


async def test_short_call_does_not_wait_for_long_ones(tmp_path: Path) -> None:
    """However many long recordings wait, one worker is left for what is soon done."""
    held = asyncio.Event()
    engine = FakeSttApi(hold={0: held})
    long = ("long.wav", bytes(SHORT_BYTES + 1))
    async with client_of(engine, tmp_path, web_ui_jobs=2) as client:
        ids = [await sent(client, long) for _ in range(3)]
        await until(client, ids[0], lambda call: call["state"] == "running")
        engine.hold.clear()
        short = await ended(client, await sent(client))
        states = [(await shown(client, id))["state"] for id in ids]
        held.set()
        for id in ids:
            await ended(client, id)
    assert short["state"] == "done"
    assert states == ["running", "queued", "queued"]


async def test_recording_deleted_from_under_it(tmp_path: Path) -> None:
    """The call fails with a reason of its own; the others are unharmed."""
    held = asyncio.Event()
    engine = FakeSttApi(hold={0: held})
    async with client_of(engine, tmp_path, web_ui_jobs=1) as client:
        first, second = await sent(client), await sent(client)
        (path,) = tmp_path.rglob(second)
        path.unlink()
        held.set()
        calls = [await ended(client, id) for id in (first, second)]
        again = await client.post(f"/api/transcripts/{second}/retry")
    assert [call["state"] for call in calls] == ["done", "failed"]
    assert calls[1]["error_code"] == "recording_missing"
    assert (again.status_code, again.json()["error_code"]) == (410, "recording_missing")


async def test_analyses_are_kept(tmp_path: Path) -> None:
    """Label, verdict and summary come with the text they are of; the list shows the first two."""
    engine = FakeSttApi(
        analyses={"/classify": LABEL, "/validate/incomplete-sales": SALES, "/summarize": SUMMARY}
    )
    wanted = {"classify": "true", "validate_sales": "true", "summarize": "true", "product": "변액"}
    async with client_of(engine, tmp_path) as client:
        call = await ended(client, await sent(client, **wanted))
        (item,) = (await client.get("/api/transcripts")).json()["items"]
    assert call["state"] == "done"
    assert call["classification"]["label"] == item["label"] == "해지"
    assert call["incomplete_sales"]["verdict"] == item["verdict"] == "incomplete"
    assert call["summary"]["method"] == "extractive"
    asked = dict(engine.calls)
    assert asked["/validate/incomplete-sales"]["product"] == "변액"
    assert [line["text"] for line in asked["/classify"]["segments"]] == WHOLE


async def test_analysis_that_fails_fails_nothing_else(tmp_path: Path) -> None:
    """Its reason stands in its place; the text and the other analyses are there."""
    failed: dict[str, Any] = {
        "/classify": EngineRefused(502, "agent_failed", "the LLM is away", None),
        "/summarize": SUMMARY,
    }
    engine = FakeSttApi(analyses=failed)
    async with client_of(engine, tmp_path) as client:
        call = await ended(client, await sent(client, classify="true", summarize="true"))
    assert (call["state"], call["classification"]) == ("done", None)
    assert call["analysis_errors"] == {"classification": "the LLM is away"}
    assert call["summary"]["text"] == SUMMARY["text"]


async def test_llms_translation_is_kept_by_segment(tmp_path: Path) -> None:
    """Each segment has its own words in the other language."""
    lines = [{"segment_id": n, "text": f"line {n}"} for n in range(3)]
    answer = {
        "text": "line 0\nline 1\nline 2", "language": "ja", "method": "llm", "lines": lines,
        "is_dummy": False, "error_reason": None,
    }  # fmt: skip
    engine = FakeSttApi(analyses={"/translate": answer})
    async with client_of(engine, tmp_path) as client:
        call = await ended(client, await sent(client, translate_to="ja"))
    assert [segment["translation"] for segment in call["segments"]] == [
        "line 0", "line 1", "line 2",
    ]  # fmt: skip
    assert call["translation"]["method"] == "llm"


async def test_whisper_translates_where_no_llm_does(tmp_path: Path) -> None:
    """Into English it hears the recording again; what it writes goes with what it heard."""
    nothing = {
        "text": None, "language": "en", "method": None, "lines": None, "is_dummy": True,
        "error_reason": "no LLM is configured",
    }  # fmt: skip
    engine = FakeSttApi(analyses={"/translate": nothing})
    async with client_of(engine, tmp_path) as client:
        call = await ended(client, await sent(client, translate_to="en"))
    assert engine.streams[1]["task"] == "translate"
    assert call["translation"]["method"] == "whisper"
    assert [segment["translation"] for segment in call["segments"]] == WHOLE


async def test_no_translation_is_said(tmp_path: Path) -> None:
    """Where nobody can translate, the text is null and the reason is kept."""
    nothing = {
        "text": None, "language": "ja", "method": None, "lines": None, "is_dummy": True,
        "error_reason": "no LLM is configured",
    }  # fmt: skip
    engine = FakeSttApi(analyses={"/translate": nothing})
    async with client_of(engine, tmp_path) as client:
        call = await ended(client, await sent(client, translate_to="ja"))
    assert call["state"] == "done"
    assert (call["translation"]["text"], call["translation"]["is_dummy"]) == (None, True)
    assert {segment["translation"] for segment in call["segments"]} == {None}


@pytest.mark.parametrize(
    ("text", "pairs"),
    [
        ("One. Two. Three.", {0: "One.", 1: "Two.", 2: "Three."}),
        ("All of it at once.", {0: "All of it at once."}),
        ("One. Two.", {0: "One. Two."}),
    ],
)
def test_translated_pieces_go_with_what_they_translate(text: str, pairs: dict[int, str]) -> None:
    """Sentence by sentence where that fits, else with the first of the segments they span."""
    segments = [Segment(n, n * 2.0, n * 2.0 + 1.8, "말") for n in range(3)]
    assert paired(segments, [SegmentAnswer(start=0.1, end=5.8, text=text)]) == pairs


def test_translated_piece_beside_every_segment_is_kept() -> None:
    """It goes with the nearest: nothing that was translated is lost."""
    segments = [Segment(n, n * 10.0, n * 10.0 + 1.0, "말") for n in range(3)]
    assert paired(segments, [SegmentAnswer(start=12.0, end=13.0, text="x")]) == {1: "x"}
