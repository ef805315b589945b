"""The pages without script: forms in, pages out, and what is said when something goes wrong."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from serving.settings import MIB
from tests.api.warped_loop import run_warped
from tests.web.calls import ended, sent, shown
from tests.web.fakes import (
    CALL,
    DUMMY,
    DUMMY_STATE,
    LABEL,
    NO_MODEL,
    SALES,
    SUMMARY,
    FakeSttApi,
    said,
)
from tests.web.harness import ENGLISH, KOREAN, Page, client_of
from web_ui.engine_answers import EngineState, SuppressedAnswer
from web_ui.errors import EngineAway

pytestmark = pytest.mark.anyio
HOSTILE = '<script>alert("1")</script>&amp;'
ANALYSES: dict[str, dict[str, Any] | Exception] = {
    "/classify": LABEL, "/validate/incomplete-sales": SALES, "/summarize": SUMMARY,
}  # fmt: skip
ALL = {"classify": "true", "validate_sales": "true", "summarize": "true"}


async def page_of(client: httpx.AsyncClient, id: str, **headers: str) -> Page:
    response = await client.get(f"/transcripts/{id}", headers=headers or ENGLISH)
    assert response.status_code == 200, response.text
    return Page(response.text)


@pytest.mark.parametrize(
    ("headers", "language"),
    [(KOREAN, "ko"), (ENGLISH, "en"), ({"Accept-Language": "fr"}, "ko"), ({}, "ko"),
     ({"Accept-Language": "fr, en;q=0.4, ko;q=0"}, "en")],
)  # fmt: skip
async def test_page_speaks_the_browsers_language(
    headers: dict[str, str], language: str, tmp_path: Path
) -> None:
    """Korean or English, as the browser prefers; Korean where it names neither."""
    async with client_of(FakeSttApi(), tmp_path) as client:
        response = await client.get("/", headers=headers)
    assert Page(response.text).all("html")[0]["lang"] == language
    assert response.headers["content-language"] == language


async def test_language_once_chosen_stays(tmp_path: Path) -> None:
    """`?lang=` wins over the browser, and is remembered; an unknown one changes nothing."""
    async with client_of(FakeSttApi(), tmp_path) as client:
        unknown = Page((await client.get("/?lang=xx", headers=KOREAN)).text)
        await client.get("/?lang=en", headers=KOREAN)
        later = Page((await client.get("/", headers=KOREAN)).text)
    assert unknown.all("html")[0]["lang"] == "ko"
    assert later.all("html")[0]["lang"] == "en"


async def test_theme_once_chosen_is_the_pages(tmp_path: Path) -> None:
    """From the first byte on, so that nothing flashes; what is no theme is the system's."""
    async with client_of(FakeSttApi(), tmp_path) as client:
        themes = []
        for theme in ("dark", "light", '"><b>'):
            response = await client.get("/", headers={"Cookie": f"theme={theme}"})
            themes.append(Page(response.text).all("html")[0].get("data-theme"))
    assert themes == ["dark", "light", None]


async def test_upload_leads_to_its_page(tmp_path: Path) -> None:
    """303 to the transcript, where the text grows; the form's choices are kept."""
    engine = FakeSttApi()
    async with client_of(engine, tmp_path) as client:
        files = {"file": ("통화 1.wav", b"RIFF")}
        response = await client.post("/", files=files, data={"language": "ko"})
        id = response.headers["location"].removeprefix("/transcripts/")
        await ended(client, id)
        page = await page_of(client, id)
        home = Page((await client.get("/", headers=ENGLISH)).text)
    assert response.status_code == 303
    assert engine.streams[0]["language"] == "ko"
    assert "통화 1.wav" in page.text
    for segment in CALL:
        assert segment.text in page.text
    assert "통화 1.wav" in home.text
    assert f"/transcripts/{id}" in {link.get("href") for link in home.all("a")}


async def test_engine_that_is_away_keeps_nobody_from_uploading(tmp_path: Path) -> None:
    """The recording waits with the reason; the page says that the engine is away."""
    engine = FakeSttApi(state=EngineAway("refused"), breaks={0: [EngineAway("refused")] * 99})
    async with client_of(engine, tmp_path) as client:
        home = Page((await client.get("/", headers=ENGLISH)).text)
        id = await sent(client)
        call = await ended(client, id, "queued")
    assert "cannot be reached" in home.text
    assert call["state"] == "queued"


@pytest.mark.parametrize("state", [DUMMY_STATE, EngineState(True, "degraded", is_dummy=True)])
async def test_dummy_engine_is_announced_before_the_upload(
    state: EngineState, tmp_path: Path
) -> None:
    """Nobody uploads without knowing that only a dummy would come of it."""
    async with client_of(FakeSttApi(state=state), tmp_path) as client:
        page = Page((await client.get("/", headers=ENGLISH)).text)
    assert "Nothing is really transcribed" in page.text
    assert page.with_class("notice-dummy")


async def test_dummy_is_loud(tmp_path: Path) -> None:
    """A banner with the reason in words, a mark at the text, and the header."""
    engine = FakeSttApi(segments=(), ends_with=DUMMY)
    async with client_of(engine, tmp_path) as client:
        id = await sent(client)
        await ended(client, id)
        response = await client.get(f"/transcripts/{id}", headers=ENGLISH)
        home = Page((await client.get("/", headers=ENGLISH)).text)
    page = Page(response.text)
    assert response.headers["x-dummy"] == "stt"
    assert page.with_class("notice-dummy")
    assert "The files of the speech model were not found." in page.text
    assert NO_MODEL in page.text
    assert "[Dummy]" in page.text
    assert "Dummy" in home.text


async def test_withheld_text_is_marked(tmp_path: Path) -> None:
    """What the engine withheld stands in its place, with the reason, and is not the text's."""
    withheld = SuppressedAnswer(start=9, end=9.5, text="구독 부탁", reason="known_phrase")
    async with client_of(FakeSttApi(withheld={0: (withheld,)}), tmp_path) as client:
        id = await sent(client)
        call = await ended(client, id)
        page = await page_of(client, id)
    assert "구독 부탁" not in call["text"]
    assert "a phrase the model is known to invent" in page.text


async def test_doubtful_words_are_marked(tmp_path: Path) -> None:
    """The words that the model was unsure of, and no others."""
    (word, *rest) = said(0, "안녕하세요 고객님").words or ()
    doubtful = word.model_copy(update={"probability": 0.2})
    segment = said(0, "안녕하세요 고객님").model_copy(update={"words": (doubtful, *rest)})
    async with client_of(FakeSttApi(segments=(segment,)), tmp_path) as client:
        id = await sent(client)
        await ended(client, id)
        html = (await client.get(f"/transcripts/{id}")).text
    assert re.findall(r"<mark[^>]*>([^<]*)</mark>", html).count("안녕하세요") == 1
    assert "고객님</mark>" not in html


async def test_analyses_stand_beside_the_text(tmp_path: Path) -> None:
    """Label, summary, and each element of the check with its quote."""
    async with client_of(FakeSttApi(analyses=ANALYSES), tmp_path) as client:
        id = await sent(client, **ALL)
        await ended(client, id)
        page = await page_of(client, id)
        report = await client.get(f"/transcripts/{id}/report", headers=ENGLISH)
    for words in ("해지", str(SUMMARY["text"]), "원금손실 가능성 설명", "해지 환급금을 안내해"):
        assert words in page.text
        assert words in report.text or words == SUMMARY["text"]


async def test_everything_can_be_changed_without_script(tmp_path: Path) -> None:
    """Title, speakers, a segment and its original, a verdict: each form leads back to the page."""
    async with client_of(FakeSttApi(analyses=ANALYSES), tmp_path) as client:
        id = await sent(client, **ALL)
        await ended(client, id)
        posts = [
            ("title", {"title": "새 제목"}),
            ("speakers", {"name_new": "김상담", "role_new": "agent"}),
            ("segments/0", {"text": "고친 말", "speaker": "s1"}),
            ("segments/1", {"text": "또 고친 말"}),
            ("segments/1", {"restore": "1"}),
            ("overrides", {"element_id": "principal_loss", "status": "met", "reason": "들음",
                           "who": "박검토"}),
            ("analyse", {}),
        ]  # fmt: skip
        for path, fields in posts:
            response = await client.post(f"/transcripts/{id}/{path}", data=fields)
            assert response.status_code == 303, (path, response.text)
            assert response.headers["location"].startswith(f"/transcripts/{id}")
        call = await ended(client, id)
    assert call["title"] == "새 제목"
    assert call["speakers"] == [{"label": "s1", "name": "김상담", "role": "agent"}]
    first, second = call["segments"][:2]
    assert (first["text"], first["speaker"]) == ("고친 말", "s1")
    assert (second["text"], second["original_text"]) == (CALL[1].text, None)
    assert call["overrides"][0]["who"] == "박검토"


@pytest.mark.parametrize("action", ["cancel", "retry", "delete"])
async def test_actions_work_without_script(action: str, tmp_path: Path) -> None:
    """A button is a form of its own."""
    engine = FakeSttApi(hold={0: asyncio.Event()})
    async with client_of(engine, tmp_path) as client:
        id = await sent(client)
        if action == "retry":
            await client.post(f"/transcripts/{id}/cancel")
        response = await client.post(f"/transcripts/{id}/{action}")
        after = await client.get(f"/api/transcripts/{id}")
    assert response.status_code == 303
    assert response.headers["location"] == ("/" if action == "delete" else f"/transcripts/{id}")
    states = {"cancel": "cancelled", "retry": "queued", "delete": None}
    told = after.json().get("state")
    assert told == states[action] or (action == "retry" and told == "running")


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("title", {"title": ""}),
        ("segments/0", {"text": "x" * 20_001}),
        ("segments/0", {"text": "b", "was": "c"}),
        ("overrides", {"element_id": "", "status": "complete", "reason": "x"}),
        ("cancel", {}),
        ("speakers", {"name_new": "x" * 101}),
    ],
)
async def test_form_that_cannot_be_served_is_explained_on_the_page(
    path: str, fields: dict[str, str], tmp_path: Path
) -> None:
    """The page with an alert, and nothing changed."""
    async with client_of(FakeSttApi(analyses=ANALYSES), tmp_path) as client:
        id = await sent(client, **ALL)
        before = await ended(client, id)
        response = await client.post(f"/transcripts/{id}/{path}", data=fields, headers=ENGLISH)
        after = await shown(client, id)
    assert response.status_code in (409, 422)
    assert [each for _, each in Page(response.text).elements if each.get("role") == "alert"]
    assert after == before


async def test_oversize_names_the_limit(tmp_path: Path) -> None:
    """413, before and while the file comes, with the limit in megabytes; nothing is kept."""
    async with client_of(FakeSttApi(), tmp_path, stt_max_upload_mb=1) as client:
        files = {"file": ("a.wav", bytes(MIB + 1))}
        response = await client.post("/", files=files, headers=ENGLISH)
        listed = (await client.get("/api/transcripts")).json()
    assert response.status_code == 413
    assert "up to 1 MB" in Page(response.text).text
    assert listed["total"] == 0
    assert not [path for path in tmp_path.rglob("*") if path.suffix == ".part"]


class Body:
    """A form of which nothing more comes."""

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield b"--x\r\n"
        await asyncio.Event().wait()


def test_upload_that_stands_still_is_given_up(tmp_path: Path) -> None:
    """After a minute without a byte: 408, and nothing of it is kept."""

    async def posted() -> httpx.Response:
        async with client_of(FakeSttApi(), tmp_path) as client:
            kind = {"Content-Type": "multipart/form-data; boundary=x", **ENGLISH}
            return await client.post("/", content=Body(), headers=kind)

    response, _ = run_warped(posted())
    assert response.status_code == 408
    assert not list(tmp_path.rglob("*.part"))


async def test_hostile_names_and_texts_are_only_text(tmp_path: Path) -> None:
    """Nothing that a file is called, that is said or searched becomes markup."""
    engine = FakeSttApi(segments=(said(0, HOSTILE),), analyses={"/summarize": {
        **SUMMARY, "text": HOSTILE,
    }})  # fmt: skip
    async with client_of(engine, tmp_path) as client:
        id = await sent(client, (HOSTILE, b"RIFF"), summarize="true")
        await ended(client, id)
        await client.patch(f"/api/transcripts/{id}", json={"title": HOSTILE})
        speakers = {"speakers": [{"label": "s1", "name": HOSTILE}]}
        await client.patch(f"/api/transcripts/{id}", json=speakers)
        pages = [
            (await client.get(address)).text
            for address in ("/", f"/transcripts/{id}", f"/transcripts/{id}/report",
                            f"/?q={HOSTILE}", f"/transcripts/{id}?edit=0&t=%22%3E%3Cb%3E")
        ]  # fmt: skip
    for html in pages:
        assert "<script>alert" not in html
        assert '"><b>' not in html
    assert "&lt;script&gt;alert" in pages[1]


async def test_unknown_page_is_a_page(tmp_path: Path) -> None:
    """404 with a way back, in the visitor's language."""
    async with client_of(FakeSttApi(), tmp_path) as client:
        for address in ("/nothing", f"/transcripts/{'0' * 32}"):
            response = await client.get(address, headers=ENGLISH)
            page = Page(response.text)
            assert response.status_code == 404
            assert "There is no such page." in page.text
            assert "/" in {link.get("href") for link in page.all("a")}


async def test_nothing_is_said_inline(tmp_path: Path) -> None:
    """No handler, no style and no script of a page's own: the policy would stop them."""
    async with client_of(FakeSttApi(analyses=ANALYSES), tmp_path) as client:
        id = await sent(client, **ALL)
        await ended(client, id)
        for address in ("/", f"/transcripts/{id}", f"/transcripts/{id}/report", "/nothing"):
            page = Page((await client.get(address)).text)
            for tag, attributes in page.elements:
                assert "style" not in attributes, (address, tag)
                assert not [name for name in attributes if name.startswith("on")], (address, tag)
            assert all("src" in script or script.get("type") == "application/json"
                       for script in page.all("script"))  # fmt: skip
