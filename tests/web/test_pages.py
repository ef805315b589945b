"""`/`: the form, the transcript, and what is said when there is none."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from serving.settings import MIB
from tests.api.harness import wait_until
from tests.api.warped_loop import run_warped
from tests.web.fakes import DUMMY, DUMMY_STATE, NO_MODEL, TRANSCRIPT, FakeSttApi
from tests.web.harness import ENGLISH, KOREAN, WAV, Page, client_of
from web_ui.engine_answers import Coverage, EngineState, Segment, Transcript
from web_ui.errors import EngineAway, EngineBroken, EngineError, EngineRefused, EngineSilent
from web_ui.rendering import HERE
from web_ui.upload_places import MAX_UPLOADS

pytestmark = pytest.mark.anyio
HOSTILE = '<script>alert("1")</script>&amp;'


async def posted(
    engine: FakeSttApi, data: Path, files: object = None, **fields: str
) -> httpx.Response:
    async with client_of(engine, data) as client:
        sent = {"file": WAV} if files is None else files
        return await client.post("/", files=sent, data=fields, headers=ENGLISH)  # type: ignore[arg-type]


def without_text(**changes: object) -> Transcript:
    return TRANSCRIPT.model_copy(update={"text": "", "segments": (), **changes})


@pytest.mark.parametrize(
    ("headers", "language", "word"),
    [(KOREAN, "ko", "녹음 올리기"), (ENGLISH, "en", "Upload a recording"),
     ({"Accept-Language": "fr"}, "ko", "녹음 올리기"), ({}, "ko", "녹음 올리기"),
     ({"Accept-Language": "fr, en;q=0.4, ko;q=0"}, "en", "Upload a recording")],
)  # fmt: skip
async def test_page_speaks_the_browsers_language(
    headers: dict[str, str], language: str, word: str, tmp_path: Path
) -> None:
    """Korean or English, as the browser prefers; Korean where it names neither."""
    async with client_of(FakeSttApi(), tmp_path) as client:
        response = await client.get("/", headers=headers)
    page = Page(response.text)
    assert response.status_code == 200
    assert page.all("html") == [{"lang": language}]
    assert word in page.text
    assert response.headers["content-language"] == language


async def test_language_of_the_address_overrides(tmp_path: Path) -> None:
    """`?lang=` wins over the browser, stays with the form, and is ignored when unknown."""
    async with client_of(FakeSttApi(), tmp_path) as client:
        english = Page((await client.get("/?lang=en", headers=KOREAN)).text)
        unknown = Page((await client.get("/?lang=xx", headers=KOREAN)).text)
    assert english.all("form")[0]["action"] == "/?lang=en"
    assert unknown.all("html") == [{"lang": "ko"}]


async def test_every_field_has_a_label(tmp_path: Path) -> None:
    """What can be filled in can be named by a screen reader."""
    async with client_of(FakeSttApi(), tmp_path) as client:
        page = Page((await client.get("/")).text)
    fields = [each["id"] for tag in ("input", "select") for each in page.all(tag)]
    assert sorted(fields) == ["file", "language", "quality"]
    assert sorted(label["for"] for label in page.all("label")) == sorted(fields)


async def test_upload_shows_the_text(tmp_path: Path) -> None:
    """The text, its passages with their times, and the figures; the choices stay chosen."""
    engine = FakeSttApi()
    response = await posted(engine, tmp_path, language="ko", quality="accurate")
    page = Page(response.text)
    assert response.status_code == 200
    assert "안녕하세요. 반갑습니다." in page.text
    assert "00:00–00:03" in page.text
    assert "1:01:01–1:01:03" in page.text
    assert "0.6 s" in page.text
    assert (engine.content, engine.name) == (WAV[1], "call.wav")
    assert engine.options == {"language": "ko", "quality": "accurate"}
    assert engine.request_id == response.headers["x-request-id"]
    chosen = [option["value"] for option in page.all("option") if "selected" in option]
    assert chosen == ["ko", "accurate"]


async def test_detecting_the_language_names_none(tmp_path: Path) -> None:
    """`auto` is the page's word, not stt-api's."""
    engine = FakeSttApi()
    await posted(engine, tmp_path, language="auto")
    assert engine.options == {"quality": "balanced"}


async def test_withheld_text_is_marked(tmp_path: Path) -> None:
    """What was withheld stands at its time, struck out, with the reason in words."""
    page = Page((await posted(FakeSttApi(), tmp_path)).text)
    assert "Withheld a phrase the model is known to invent 구독 부탁" in page.text
    assert "01:20–01:22 Speech was heard here but brought no text" in page.text
    kinds = [each["class"] for each in page.with_class("passage")]
    assert kinds == [f"passage passage-{kind}" for kind in ("said", "withheld", "gap", "said")]


async def test_silence_is_said(tmp_path: Path) -> None:
    """No speech is a result, not an empty page."""
    silent = without_text(suppressed=(), coverage=Coverage())
    page = Page((await posted(FakeSttApi(silent), tmp_path)).text)
    assert "No speech was heard" in page.text
    assert not page.with_class("passage")


@pytest.mark.parametrize(
    "kept_back",
    [{}, {"suppressed": ()}, {"coverage": Coverage()}],
    ids=["withheld and gap", "gap", "withheld"],
)
async def test_speech_without_text_is_not_called_silence(
    kept_back: dict[str, object], tmp_path: Path
) -> None:
    """Where something was heard and nothing kept, the page says that, and shows where."""
    page = Page((await posted(FakeSttApi(without_text(**kept_back)), tmp_path)).text)
    assert "No speech was heard" not in page.text
    assert "none of it could be kept as text" in page.text
    assert page.with_class("passage")


async def test_dummy_is_loud(tmp_path: Path) -> None:
    """Nobody takes a dummy for a transcript: an alert, a mark on the text, and the reason."""
    response = await posted(FakeSttApi(DUMMY, DUMMY_STATE), tmp_path)
    page = Page(response.text)
    assert any(each.get("role") == "alert" for each in page.with_class("notice-dummy"))
    assert "This is not a transcript" in page.text
    assert "Dummy [Dummy] Transcription of call.wav" in page.text
    assert "The files of the speech model were not found." in page.text
    assert page.with_class("transcript") == page.with_class("transcript-dummy")
    assert not page.with_class("passage")
    assert page.title == "This is not a transcript – Speech to text"
    assert response.headers["x-dummy"] == "stt"


async def test_real_text_is_marked_nowhere(tmp_path: Path) -> None:
    """The mark of a dummy means something because nothing else has it."""
    response = await posted(FakeSttApi(), tmp_path)
    page = Page(response.text)
    assert page.title == "Transcript – Speech to text"
    assert "x-dummy" not in response.headers
    assert not page.with_class("transcript-dummy")


async def test_dummy_engine_is_announced_before_the_upload(tmp_path: Path) -> None:
    """The first page says what an upload would bring, and why."""
    async with client_of(FakeSttApi(state=DUMMY_STATE), tmp_path) as client:
        page = Page((await client.get("/", headers=ENGLISH)).text)
    assert "Nothing is really transcribed at the moment" in page.text
    assert NO_MODEL in page.text


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (FakeSttApi().state, "Ready model base"),
        (EngineState(True, "loading"), "The model is loading"),
        (EngineState(True, "degraded", is_dummy=False), "Speech cannot be recognised"),
        (EngineAway("gone"), "The speech engine cannot be reached"),
    ],
)
async def test_strip_tells_how_the_engine_is(
    state: EngineState | Exception, words: str, tmp_path: Path
) -> None:
    """Ready, loading, without a model or away: the page stands in any case."""
    async with client_of(FakeSttApi(state=state), tmp_path) as client:
        response = await client.get("/", headers=ENGLISH)
    assert response.status_code == 200
    assert words in Page(response.text).text


@pytest.mark.parametrize(
    ("error", "status", "words"),
    [
        (EngineAway("x"), 503, "cannot be reached"),
        (EngineSilent("x"), 504, "did not answer in time"),
        (EngineBroken("x"), 502, "cannot be read"),
        (EngineRefused(429, "queue_full", "x", "7"), 429, "try again in about 7 s"),
        (EngineRefused(422, "invalid_audio", "no audio track", None), 422, "no audio track"),
        (EngineRefused(422, "audio_too_long", "the limit of 9 s", None), 422, "limit of 9 s"),
        (EngineRefused(413, "upload_too_large", "limit of 9 MB", None), 413, "limit of 9 MB"),
        (EngineRefused(503, "model_unavailable", "x", None), 503, "model cannot be used"),
        (EngineRefused(503, "draining", "x", "5"), 503, "restarting"),
        (EngineRefused(401, "unauthorized", "x", None), 502, "refuses our requests"),
        (EngineRefused(500, "internal_error", "x", None), 502, "refuses our requests"),
        (EngineRefused(422, "new_in_2030", "x", None), 422, "Something unexpected"),
    ],
)
async def test_failure_is_explained_and_the_form_stays(
    error: EngineError, status: int, words: str, tmp_path: Path
) -> None:
    """Each failure has its status and its words, and the visitor's choices are kept."""
    response = await posted(FakeSttApi(error), tmp_path, language="ja", quality="fast")
    page = Page(response.text)
    assert response.status_code == status
    assert words in page.text
    assert "There is no transcript" in page.text
    chosen = [option["value"] for option in page.all("option") if "selected" in option]
    assert chosen == ["ja", "fast"]
    assert (response.headers["x-request-id"] in page.text) == (status >= 500)
    assert response.headers.get("retry-after") == getattr(error, "retry_after", None) or (
        isinstance(error, EngineAway) and response.headers["retry-after"] == "5"
    )


@pytest.mark.parametrize(
    ("files", "fields", "words"),
    [
        ({"file": ("", b"")}, {}, "choose a recording"),
        ({"other": (None, "x")}, {}, "value cannot be used"),
        (None, {"language": "klingon"}, "value cannot be used"),
        (None, {"quality": "best"}, "value cannot be used"),
        (None, {"surprise": "1"}, "value cannot be used"),
    ],
)
async def test_form_that_cannot_be_served_asks_nothing_of_the_engine(
    files: object, fields: dict[str, str], words: str, tmp_path: Path
) -> None:
    """A form without a file, or with a value that it does not offer, is 422."""
    engine = FakeSttApi()
    response = await posted(engine, tmp_path, files, **fields)
    assert response.status_code == 422
    assert words in Page(response.text).text
    assert engine.request_id == ""


async def test_oversize_names_the_limit(tmp_path: Path) -> None:
    """413, with the limit in words; the engine never hears of it."""
    engine = FakeSttApi()
    async with client_of(engine, tmp_path, stt_max_upload_mb=1) as client:
        for size in (MIB + 1, 4 * MIB):
            files = {"file": ("a.wav", bytes(size))}
            response = await client.post("/", files=files, headers=ENGLISH)
            assert response.status_code == 413
            assert "up to 1 MB can be uploaded" in Page(response.text).text
    assert engine.request_id == ""


async def test_full_disk_is_explained(tmp_path: Path) -> None:
    """Where uploads cannot be stored, the page says so with 507."""
    (tmp_path / "file").write_text("no directory")
    response = await posted(FakeSttApi(), tmp_path / "file")
    assert response.status_code == 507
    assert "no room to store" in Page(response.text).text


@pytest.mark.parametrize(
    "answer",
    [TRANSCRIPT, DUMMY, EngineRefused(422, "invalid_audio", "x", None), ValueError("bug")],
    ids=["success", "dummy", "refusal", "bug"],
)
async def test_nothing_is_left_of_an_upload(answer: Transcript | Exception, tmp_path: Path) -> None:
    """The recording is gone when the page is made, whatever the page says."""
    engine = FakeSttApi(answer)
    await posted(engine, tmp_path)
    assert list(tmp_path.iterdir()) == []
    assert engine.file is not None
    assert engine.file.closed


async def test_nothing_is_left_of_a_cancelled_upload(tmp_path: Path) -> None:
    """A visitor who leaves takes the recording along."""
    engine = FakeSttApi(60.0)
    visit = asyncio.create_task(posted(engine, tmp_path))
    await asyncio.to_thread(wait_until, lambda: engine.file is not None)
    visit.cancel()
    await asyncio.wait({visit})
    assert engine.cancelled == 1
    await asyncio.to_thread(wait_until, lambda: engine.file is not None and engine.file.closed)


class Body:
    """A form's body that does not end before it is released."""

    def __init__(self) -> None:
        self.begun = False
        self.released = asyncio.Event()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        self.begun = True
        yield b'--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\nx'
        await self.released.wait()
        yield b"\r\n--b--\r\n"


FORM = {**ENGLISH, "Content-Type": "multipart/form-data; boundary=b"}


async def test_upload_is_not_waited_for_when_the_engine_is_away(tmp_path: Path) -> None:
    """Half a gigabyte is not taken to say that it was for nothing."""
    async with client_of(FakeSttApi(state=EngineAway("refused")), tmp_path) as client:
        response = await asyncio.wait_for(client.post("/", content=Body(), headers=FORM), 5)
    assert (response.status_code, response.headers["retry-after"]) == (503, "5")
    assert "cannot be reached" in Page(response.text).text


async def test_uploads_are_bounded(tmp_path: Path) -> None:
    """As many as there are places; the next is told at once to come back, and can."""
    bodies = [Body() for _ in range(MAX_UPLOADS)]
    async with client_of(FakeSttApi(), tmp_path) as client:
        posts = [client.post("/", content=body, headers=FORM) for body in bodies]
        visits = [asyncio.create_task(post) for post in posts]
        await asyncio.to_thread(wait_until, lambda: all(body.begun for body in bodies))
        refused = await asyncio.wait_for(client.post("/", content=Body(), headers=FORM), 5)
        for body in bodies:
            body.released.set()
        served = await asyncio.gather(*visits)
        again = await client.post("/", files={"file": WAV}, headers=ENGLISH)
    assert refused.status_code == 429
    assert int(refused.headers["retry-after"]) > 0
    assert "Too many recordings are being uploaded" in Page(refused.text).text
    assert [response.status_code for response in [*served, again]] == [200] * (MAX_UPLOADS + 1)


def test_upload_that_trickles_is_given_up(tmp_path: Path) -> None:
    """A byte every 59 s holds its place for two minutes, not for ever."""

    async def trickle() -> AsyncIterator[bytes]:
        yield b'--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
        for _ in range(1000):
            await asyncio.sleep(59)
            yield b"x"

    async def visit() -> httpx.Response:
        async with client_of(FakeSttApi(), tmp_path) as client:
            return await client.post("/", content=trickle(), headers=FORM)

    response, took = run_warped(visit())
    assert response.status_code == 408
    assert "too slow" in Page(response.text).text
    assert took < 180


async def test_languages_do_not_take_the_transcript_away(tmp_path: Path) -> None:
    """Another language opens beside a transcript, which is said; elsewhere in its place."""
    page = Page((await posted(FakeSttApi(), tmp_path)).text)
    links = [each for each in page.all("a") if "lang=" in each["href"] and "lang" in each]
    assert [(each["target"], each["rel"]) for each in links] == [("_blank", "noopener")] * 2
    assert page.text.count("(opens in a new tab)") == 2
    async with client_of(FakeSttApi(), tmp_path) as client:
        plain = Page((await client.get("/", headers=ENGLISH)).text)
    assert not any("target" in each for each in plain.all("a"))
    assert "new tab" not in plain.text


async def test_each_text_says_its_language(tmp_path: Path) -> None:
    """What was said, and what was withheld, is read aloud in its own language, not the page's;
    the passages are a list although they have no markers."""
    response = await posted(FakeSttApi(), tmp_path)
    page = Page(response.text)
    assert response.text.count('<span lang="ko">') == 2
    assert page.all("s") == [{"lang": "ko"}]
    assert [each["role"] for each in page.all("ol")] == ["list"]


@pytest.mark.parametrize(
    "engine",
    [FakeSttApi(DUMMY), FakeSttApi(state=DUMMY_STATE),
     FakeSttApi(EngineRefused(422, "invalid_audio", "no audio track", None))],
    ids=["dummy", "state", "refusal"],
)  # fmt: skip
async def test_engines_words_are_english_on_a_korean_page(
    engine: FakeSttApi, tmp_path: Path
) -> None:
    """A screen reader does not read English as if it were Korean."""
    async with client_of(engine, tmp_path) as client:
        page = Page((await client.post("/", files={"file": WAV}, headers=KOREAN)).text)
    assert page.all("code")
    assert all(each == {"lang": "en"} for each in page.all("code"))


def test_busy_region_exists_before_it_speaks() -> None:
    """A live region that is not displayed is not announced when it is filled."""
    css = (HERE / "static" / "css" / "form.css").read_text(encoding="utf-8")
    assert not re.search(r"form-busy[^}]*display:\s*none", css)


async def test_hostile_names_and_texts_are_only_text(tmp_path: Path) -> None:
    """A name or a transcript that is markup is shown, never run."""
    hostile = TRANSCRIPT.model_copy(
        update={
            "text": HOSTILE,
            "segments": (Segment(start=0, end=1, text=HOSTILE),),
            "language": f'x"{HOSTILE}',
            "model": HOSTILE,
        }
    )
    answers: list[object] = [hostile, DUMMY.model_copy(update={"error_reason": HOSTILE})]
    answers.append(EngineRefused(422, "invalid_audio", HOSTILE, None))
    for answer in answers:
        engine = FakeSttApi(answer, DUMMY_STATE)  # type: ignore[arg-type]
        files = {"file": (f"{HOSTILE}.wav", b"x")}
        response = await posted(engine, tmp_path, files)
        page = Page(response.text)
        assert "<script>alert" not in response.text
        assert HOSTILE in page.text
        assert all(script.get("nonce") for script in page.all("script"))


async def test_unknown_page_is_a_page(tmp_path: Path) -> None:
    """404 and 405 look like the rest, in the visitor's language."""
    async with client_of(FakeSttApi(), tmp_path) as client:
        missing = await client.get("/nothing", headers=ENGLISH)
        refused = await client.delete("/", headers=ENGLISH)
    assert (missing.status_code, refused.status_code) == (404, 405)
    assert "There is no such page." in Page(missing.text).text


async def test_unexpected_error_is_a_page_with_its_id(tmp_path: Path) -> None:
    """A bug is answered with 500 and the id that finds it in the log."""
    response = await posted(FakeSttApi(ValueError("bug")), tmp_path)
    assert response.status_code == 500
    assert response.headers["x-request-id"] in Page(response.text).text
    assert "bug" not in response.text
