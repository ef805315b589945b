"""/api: what programs and the pages' scripts use."""

from __future__ import annotations

import asyncio
import base64
import json
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import Connection, select

from tests.web.calls import ended, sent, shown, texts
from tests.web.fakes import CALL, SALES, FakeSttApi
from tests.web.harness import WAV, client_and_app, client_of
from web_ui.store.tables import AUDIT
from web_ui.upload_places import MAX_UPLOADS

pytestmark = pytest.mark.anyio
CHECKED = {"/validate/incomplete-sales": SALES}
TUS = {"Tus-Resumable": "1.0.0"}
LENGTH = {**TUS, "Upload-Length": "5"}


def metadata(**fields: str) -> str:
    pairs = (
        f"{name} {base64.b64encode(value.encode()).decode()}" for name, value in fields.items()
    )
    return ",".join(pairs)


async def begun(client: httpx.AsyncClient, length: int, **fields: str) -> str:
    """The address of an upload that has begun."""
    headers = {**TUS, "Upload-Length": str(length), "Upload-Metadata": metadata(**fields)}
    response = await client.post("/api/uploads", headers=headers)
    assert response.status_code == 201, response.text
    return str(response.headers["location"])


async def added(client: httpx.AsyncClient, address: str, offset: int, data: bytes) -> Any:
    headers = {
        **TUS, "Upload-Offset": str(offset), "Content-Type": "application/offset+octet-stream",
    }  # fmt: skip
    return await client.patch(address, content=data, headers=headers)


async def test_upload_comes_in_pieces(tmp_path: Path) -> None:
    """It goes on where it stopped, is `uploading` until its last byte, and then is transcribed."""
    engine = FakeSttApi()
    content = bytes(range(256)) * 8
    async with client_of(engine, tmp_path) as client:
        address = await begun(client, len(content), filename="통화.wav", language="ko")
        id = address.rsplit("/", 1)[-1]
        await added(client, address, 0, content[:1000])
        part = await shown(client, id)
        astray = await added(client, address, 5, content[5:])
        where = await client.head(address, headers=TUS)
        last = await added(client, address, 1000, content[1000:])
        call = await ended(client, id)
    assert (part["state"], part["uploaded_bytes"]) == ("uploading", 1000)
    assert (astray.status_code, astray.headers["tus-resumable"]) == (409, "1.0.0")
    assert where.headers["upload-offset"] == "1000"
    assert (last.status_code, last.headers["upload-offset"]) == (204, str(len(content)))
    assert (call["state"], call["title"]) == ("done", "통화.wav")
    assert engine.contents == [content]


async def test_upload_survives_a_restart(tmp_path: Path) -> None:
    """The bytes that came before it are there after it."""
    async with client_of(FakeSttApi(), tmp_path) as client:
        address = await begun(client, 6, filename="a.wav")
        await added(client, address, 0, b"RIFF")
    engine = FakeSttApi()
    async with client_of(engine, tmp_path) as client:
        where = await client.head(address, headers=TUS)
        await added(client, address, int(where.headers["upload-offset"]), b"xx")
        await ended(client, address.rsplit("/", 1)[-1])
    assert engine.contents == [b"RIFFxx"]


async def test_upload_whose_last_byte_came_before_a_crash_is_accepted(tmp_path: Path) -> None:
    """The service had no time to say so; the next start does."""
    async with client_of(FakeSttApi(), tmp_path) as client:
        address = await begun(client, 4, filename="a.wav")
    id = address.rsplit("/", 1)[-1]
    (part,) = tmp_path.rglob(f"{id}.part")
    part.write_bytes(b"RIFF")
    async with client_of(FakeSttApi(), tmp_path) as client:
        assert (await ended(client, id))["state"] == "done"


async def test_upload_given_up_leaves_nothing(tmp_path: Path) -> None:
    """Neither a file nor a line in the list."""
    async with client_of(FakeSttApi(), tmp_path) as client:
        address = await begun(client, 6, filename="a.wav")
        await added(client, address, 0, b"RIFF")
        gone = await client.delete(address, headers=TUS)
        listed = (await client.get("/api/transcripts")).json()
    assert gone.status_code == 204
    assert listed["total"] == 0
    assert not list(tmp_path.rglob("*.part"))


@pytest.mark.parametrize(
    ("headers", "status", "told"),
    [
        ({"Upload-Length": "5"}, 412, "Tus-Resumable"),
        ({**TUS}, 422, "Upload-Length"),
        ({**TUS, "Upload-Length": "99999999999"}, 413, "512 MB"),
        (
            {**TUS, "Upload-Length": "5", "Upload-Metadata": metadata(language="xx")},
            422,
            "language",
        ),
        ({**TUS, "Upload-Length": "5", "Upload-Metadata": metadata(nonsense="1")}, 422, "nonsense"),
    ],
)
async def test_upload_that_cannot_be_taken_is_refused_at_once(
    headers: dict[str, str], status: int, told: str, tmp_path: Path
) -> None:
    """Before a byte is sent, with the field and the limit."""
    async with client_of(FakeSttApi(), tmp_path) as client:
        response = await client.post("/api/uploads", headers=headers)
        listed = (await client.get("/api/transcripts")).json()
    assert response.status_code == status
    assert told in response.json()["error_reason"]
    assert listed["total"] == 0


@pytest.mark.parametrize("how", ["form", "pieces"])
async def test_empty_recording_is_refused_at_once(how: str, tmp_path: Path) -> None:
    """There is nothing to wait for, and nothing is kept."""
    async with client_of(FakeSttApi(), tmp_path) as client:
        if how == "form":
            response = await client.post("/api/transcripts", files={"file": ("a.wav", b"")})
        else:
            headers = {**TUS, "Upload-Length": "0", "Upload-Metadata": metadata(filename="a.wav")}
            response = await client.post("/api/uploads", headers=headers)
        listed = (await client.get("/api/transcripts")).json()
    assert response.status_code == 422
    assert response.json()["error_code"] in ("no_recording", "invalid_option")
    assert listed["total"] == 0
    assert not list(tmp_path.rglob("*.part"))


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"language": "klingon"}, "language"),
        ({"quality": "best"}, "quality"),
        ({"channels": "three"}, "channels"),
        ({"classify": "maybe"}, "classify"),
        ({"translate_to": "klingon"}, "translate_to"),
        ({"product": "x" * 101}, "product"),
        ({"colour": "red"}, "colour"),
    ],
)
async def test_form_with_a_bad_field_names_it(
    fields: dict[str, str], named: str, tmp_path: Path
) -> None:
    """And nothing of the recording is kept."""
    async with client_of(FakeSttApi(), tmp_path) as client:
        response = await client.post("/api/transcripts", files={"file": WAV}, data=fields)
    told = response.json()
    assert (response.status_code, told["error_code"]) == (422, "invalid_option")
    assert told["error_reason"].startswith(f"{named}: ")
    assert told["request_id"] == response.headers["x-request-id"]
    kept = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert not [path for path in kept if path.read_bytes() == WAV[1]]


async def test_list_is_newest_first_in_pages(tmp_path: Path) -> None:
    """With the total, and as many items as were asked for."""
    async with client_of(FakeSttApi(), tmp_path) as client:
        ids = [await sent(client, (f"{n}.wav", b"RIFF")) for n in range(5)]
        for id in ids:
            await ended(client, id)
        first = (await client.get("/api/transcripts?per_page=2")).json()
        last = (await client.get("/api/transcripts?per_page=2&page=3")).json()
    assert [item["id"] for item in first["items"]] == ids[:2:-1]
    assert (first["total"], first["pages"], first["page"]) == (5, 3, 1)
    assert [item["id"] for item in last["items"]] == ids[:1]


async def test_search_finds_inside_compounds_whatever_the_spacing(tmp_path: Path) -> None:
    """Two syllables are enough; the hit stands in its words, with its second."""
    async with client_of(FakeSttApi(), tmp_path) as client:
        await ended(client, await sent(client))
        found = [
            (await client.get("/api/transcripts", params={"q": q})).json()
            for q in ("해지", "해지환급금", "보험해지 환급", "없는말")
        ]
    assert [answer["total"] for answer in found] == [1, 1, 1, 0]
    (hit,) = found[1]["items"][0]["hits"]
    assert (hit["segment"], hit["start"], hit["match"]) == (1, 11.0, "해지 환급금")


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ("state=gone", "state"), ("verdict=guilty", "verdict"), ("since=yesterday", "since"),
        ("page=0", "page"), ("page=x", "page"), ("per_page=1000", "per_page"),
    ],
)  # fmt: skip
async def test_bad_filter_names_itself(query: str, named: str, tmp_path: Path) -> None:
    """A filter that cannot be is 422, not everything."""
    async with client_of(FakeSttApi(), tmp_path) as client:
        response = await client.get(f"/api/transcripts?{query}")
    assert response.status_code == 422
    assert response.json()["error_reason"].startswith(f"{named}: ")


async def test_filters_narrow_the_list(tmp_path: Path) -> None:
    """By state, verdict, language and day."""
    engine = FakeSttApi(analyses=CHECKED)
    async with client_of(engine, tmp_path) as client:
        id = await sent(client, validate_sales="true")
        await ended(client, id)
        engine.language = "en"
        await ended(client, await sent(client))
        totals = {
            query: (await client.get(f"/api/transcripts?{query}")).json()["total"]
            for query in (
                "state=done", "state=failed", "verdict=incomplete", "language=en",
                "since=2020-01-01", "until=2020-01-01", "verdict=incomplete&q=해지",
            )
        }  # fmt: skip
    assert list(totals.values()) == [2, 0, 1, 1, 2, 0, 1]


async def test_title_and_speakers_are_changed(tmp_path: Path) -> None:
    """The new title is found; a channel's speaker has a name and a part."""
    engine = FakeSttApi(segments=tuple(s.model_copy(update={"channel": 0}) for s in CALL))
    async with client_of(engine, tmp_path) as client:
        id = await sent(client, channels="split")
        await ended(client, id)
        speakers = [
            {"label": "ch0", "name": "김상담", "role": "agent"}, {"label": "s1", "name": "이고객"},
        ]  # fmt: skip
        changed = await client.patch(
            f"/api/transcripts/{id}", json={"title": "변액 상담 3월", "speakers": speakers}
        )
        found = (await client.get("/api/transcripts", params={"q": "상담3월"})).json()
    told = changed.json()
    assert told["title"] == "변액 상담 3월"
    assert told["speakers"][0] == {"label": "ch0", "name": "김상담", "role": "agent"}
    assert told["speakers"][1]["role"] is None
    assert told["segments"][0]["speaker"] == "ch0"
    assert found["total"] == 1


async def test_edit_keeps_the_original_and_is_found(tmp_path: Path) -> None:
    """The engine's words stay on record, can be had back, and are searched no more."""
    async with client_of(FakeSttApi(), tmp_path) as client:
        id = await sent(client)
        await ended(client, id)
        address = f"/api/transcripts/{id}/segments/0"
        edited = await client.patch(address, json={"text": "여보세요 선생님.", "was": CALL[0].text})
        conflict = await client.patch(address, json={"text": "x", "was": CALL[0].text})
        found = (await client.get("/api/transcripts", params={"q": "여보세요"})).json()
        gone = (await client.get("/api/transcripts", params={"q": "안녕하세요"})).json()
        restored = await client.patch(address, json={"restore": True})
    assert edited.json()["text"] == "여보세요 선생님."
    assert edited.json()["original_text"] == CALL[0].text
    assert (conflict.status_code, conflict.json()["error_code"]) == (409, "wrong_state")
    assert (found["total"], gone["total"]) == (1, 0)
    assert (restored.json()["text"], restored.json()["original_text"]) == (CALL[0].text, None)


@pytest.mark.parametrize(
    ("method", "path", "body", "named"),
    [
        ("PATCH", "", {"title": ""}, "title"),
        ("PATCH", "", {"title": "x" * 201}, "title"),
        ("PATCH", "", {"colour": "red"}, "colour"),
        ("PATCH", "", {"speakers": [{"label": "<b>", "name": "x"}]}, "speakers.0.label"),
        ("PATCH", "", {"speakers": [{"label": "s1", "role": "judge"}]}, "speakers.0.role"),
        ("PATCH", "/segments/0", {"text": "x" * 20_001}, "text"),
        ("PATCH", "/segments/0", {"speaker": "s7"}, "speaker"),
        ("POST", "/overrides", {"element_id": "", "status": "complete", "reason": "x"}, "who"),
        ("POST", "/overrides", {"status": "fine", "reason": "x", "who": "a"}, "status"),
        ("POST", "/overrides", {"status": "complete", "reason": " ", "who": "a"}, "reason"),
        ("POST", "/overrides",
         {"element_id": "none", "status": "met", "reason": "x", "who": "a"}, "element_id"),
    ],
)  # fmt: skip
async def test_bad_change_names_its_field(
    method: str, path: str, body: dict[str, Any], named: str, tmp_path: Path
) -> None:
    """422, and nothing is changed."""
    async with client_of(FakeSttApi(analyses=CHECKED), tmp_path) as client:
        id = await sent(client, validate_sales="true")
        before = await ended(client, id)
        response = await client.request(method, f"/api/transcripts/{id}{path}", json=body)
        after = await shown(client, id)
    assert (response.status_code, response.json()["error_code"]) == (422, "invalid_field")
    assert response.json()["error_reason"].startswith(f"{named}: ")
    assert after == before


async def test_override_stands_beside_the_machines_verdict(tmp_path: Path) -> None:
    """Who, when and why stay on record; the list shows the verdict in force."""
    async with client_of(FakeSttApi(analyses=CHECKED), tmp_path) as client:
        id = await sent(client, validate_sales="true")
        await ended(client, id)
        for body in (
            {"element_id": "principal_loss", "status": "met", "reason": "12분에 설명함"},
            {"element_id": "", "status": "complete", "reason": "모두 확인함"},
            {"element_id": "", "status": "review", "reason": "다시 봐야 함"},
        ):
            response = await client.post(
                f"/api/transcripts/{id}/overrides", json={**body, "who": "박검토"}
            )
            assert response.status_code == 201
        call = await shown(client, id)
        listed = (await client.get("/api/transcripts?verdict=review")).json()
    check = call["incomplete_sales"]
    assert (check["verdict"], check["verdict_in_force"]) == ("incomplete", "review")
    element = next(each for each in check["elements"] if each["id"] == "principal_loss")
    assert (element["status"], element["status_in_force"]) == ("missing", "met")
    assert [(o["was"], o["status"], o["who"]) for o in call["overrides"]] == [
        ("complete", "review", "박검토"), ("incomplete", "complete", "박검토"),
        ("missing", "met", "박검토"),
    ]  # fmt: skip
    assert listed["total"] == 1


async def test_analysis_again_sees_the_text_as_it_is_now(tmp_path: Path) -> None:
    """An edited text makes the check stale until it is made again; a reviewer's verdict stands."""
    engine = FakeSttApi(analyses=CHECKED)
    async with client_of(engine, tmp_path) as client:
        id = await sent(client, validate_sales="true")
        await ended(client, id)
        override = {"status": "complete", "reason": "x", "who": "박검토"}
        await client.post(f"/api/transcripts/{id}/overrides", json=override)
        await client.patch(f"/api/transcripts/{id}/segments/0", json={"text": "바뀐 말"})
        stale = await shown(client, id)
        again = await client.post(f"/api/transcripts/{id}/analyse")
        call = await ended(client, id)
    assert stale["incomplete_sales"]["is_stale"]
    assert again.status_code == 202
    assert not call["incomplete_sales"]["is_stale"]
    assert call["verdict"] == "complete"
    assert engine.calls[-1][1]["segments"][0]["text"] == "바뀐 말"


async def test_unknown_transcript_is_404_everywhere(tmp_path: Path) -> None:
    """In the shape of every error."""
    id = "0" * 32
    async with client_of(FakeSttApi(), tmp_path) as client:
        answers = [
            await client.get(f"/api/transcripts/{id}"),
            await client.delete(f"/api/transcripts/{id}"),
            await client.patch(f"/api/transcripts/{id}", json={"title": "x"}),
            await client.post(f"/api/transcripts/{id}/cancel"),
            await client.post(f"/api/transcripts/{id}/retry"),
            await client.post(f"/api/transcripts/{id}/analyse"),
            await client.patch(f"/api/transcripts/{id}/segments/0", json={"text": "x"}),
            await client.get(f"/api/transcripts/{id}/events"),
            await client.get(f"/api/transcripts/{id}/export?format=txt"),
            await client.get(f"/api/transcripts/{id}/audio"),
            await client.get(f"/api/transcripts/{id}/peaks"),
            await client.head(f"/api/uploads/{id}", headers=TUS),
            await client.get("/api/nothing"),
        ]
    assert {answer.status_code for answer in answers} == {404}
    bodies = [answer.json() for answer in answers if answer.request.method != "HEAD"]
    assert {body["error_code"] for body in bodies} == {"not_found"}
    assert {tuple(body) for body in bodies} == {
        ("success", "error_code", "error_reason", "request_id")
    }


@pytest.mark.parametrize("format", ["txt", "srt", "vtt", "tsv", "json", "docx"])
async def test_export_is_a_download(format: str, tmp_path: Path) -> None:
    """Named after the call, of its own type, with the text as it is now."""
    async with client_of(FakeSttApi(), tmp_path) as client:
        id = await sent(client, ("통화 1.wav", b"RIFF"))
        await ended(client, id)
        response = await client.get(f"/api/transcripts/{id}/export?format={format}")
    assert response.status_code == 200
    disposition = response.headers["content-disposition"]
    assert disposition.startswith("attachment;")
    assert f".{format}" in disposition
    if format == "json":
        assert texts(json.loads(response.text)) == [segment.text for segment in CALL]
    elif format != "docx":
        assert CALL[1].text in response.text


async def test_every_change_is_in_the_audit(tmp_path: Path) -> None:
    """Who did what to which call, and nothing that was said."""
    app_data = tmp_path / "data"
    async with client_and_app(FakeSttApi(analyses=CHECKED), app_data) as (client, app):
        id = await sent(client, validate_sales="true")
        await ended(client, id)
        address = f"/api/transcripts/{id}"
        await client.patch(address, json={"title": "제목", "speakers": [{"label": "s1"}]})
        await client.patch(f"{address}/segments/0", json={"text": "고친 말"})
        override = {"status": "complete", "reason": "이유", "who": "박검토"}
        await client.post(f"{address}/overrides", json=override)
        await client.get(f"{address}/export?format=txt")
        await client.delete(address)
        audited = await app.state.services.database.read(_audit)
    assert [row["action"] for row in audited] == [
        "upload", "rename", "speaker", "edit", "override", "export", "delete",
    ]  # fmt: skip
    assert audited[4]["who"] == "박검토"
    assert "고친 말" not in json.dumps([dict(row) for row in audited], default=str)


def _audit(connection: Connection) -> list[Any]:
    return list(connection.execute(select(AUDIT).order_by(AUDIT.c.key)).mappings())


async def test_uploads_at_once_are_bounded(tmp_path: Path) -> None:
    """Whole forms hold a connection each: past a number of them, the answer is 429 at once."""

    begun = asyncio.Semaphore(0)

    async def endless() -> Any:
        yield b"--x\r\n"
        begun.release()
        await asyncio.Event().wait()

    async with client_of(FakeSttApi(), tmp_path) as client:
        headers = {"Content-Type": "multipart/form-data; boundary=x"}
        posts = [
            client.post("/api/transcripts", content=endless(), headers=headers)
            for _ in range(MAX_UPLOADS)
        ]
        tasks = [asyncio.create_task(post) for post in posts]
        for _ in tasks:
            await asyncio.wait_for(begun.acquire(), 5)
        refused = await client.post("/api/transcripts", files={"file": WAV})
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
        after = await client.post("/api/transcripts", files={"file": WAV})
    assert (refused.status_code, refused.json()["error_code"]) == (429, "too_many_uploads")
    assert refused.headers["retry-after"] == "10"
    assert after.status_code == 202
