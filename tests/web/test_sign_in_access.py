"""Programs with keys, foreign pages, where one lands, and what is on record of it."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
from starlette.types import Message, Receive, Scope, Send

from tests.web.sign_in_harness import KEY, KIM, Site, cookies_of, site_of
from web_ui.auth.middleware import SignIn
from web_ui.store.database import Database

pytestmark = pytest.mark.anyio

WRONG = (KIM[0], "not the password")


@pytest.mark.parametrize("origin", ["https://evil.example", "null"])
async def test_foreign_pages_sign_nobody_in_or_out(origin: str, tmp_path: Path) -> None:
    """Neither into an account of theirs, nor out of one's own."""
    async with site_of(tmp_path) as site:
        headers = {"Origin": origin}
        form = {"name": KIM[0], "password": KIM[1]}
        refused = await site.client.post("/sign-in", data=form, headers=headers)
        assert (refused.status_code, cookies_of(refused)) == (403, [])
        await site.sign_in()
        assert (await site.client.post("/sign-out", headers=headers)).status_code == 403
        assert await site.visitor() == "kim"


@pytest.mark.parametrize(
    "page",
    [
        "//evil.example", "https://evil.example", "/\\evil.example", "\\\\evil.example",
        "/\t/evil.example", "/\n/evil.example", "javascript:alert(1)", "evil.example", "",
        "/ /evil.example", "/\x00", "/sign-in?next=/", "/sign-out", "/" + "x" * 2000, "///evil",
        "/\u2028/evil.example", "http:/evil.example", "/%0d%0aSet-Cookie:x\r\n",
    ],
)  # fmt: skip
async def test_signing_in_leads_nowhere_else(page: str, tmp_path: Path) -> None:
    """Whatever `next` says, one stays on this service."""
    async with site_of(tmp_path) as site:
        form = await site.client.get("/sign-in", params={"next": page})
        assert 'name="next" value="/"' in form.text
        answer = await site.sign_in(next=page)
        assert (answer.status_code, answer.headers["location"]) == (303, "/")


@pytest.mark.parametrize("page", ["/", "/transcripts/x?q=a%20b&page=2", "/?next=//evil.example"])
async def test_signing_in_leads_to_pages_of_this_service(page: str, tmp_path: Path) -> None:
    """A path, with a query or without."""
    async with site_of(tmp_path) as site:
        assert (await site.sign_in(next=page)).headers["location"] == page


@pytest.mark.parametrize("scheme", ["Bearer", "bearer"])
async def test_a_program_comes_in_with_its_key(scheme: str, tmp_path: Path) -> None:
    """To /api alone, under a name that tells its key from others and not what it is."""
    async with site_of(tmp_path) as site:
        headers = {"Authorization": f"{scheme} {KEY}"}
        answer = await site.client.get("/api/transcripts", headers=headers)
        assert (answer.status_code, answer.text) == (200, "api:729d221b")
        other = {"Authorization": f"{scheme} another-key"}
        assert (await site.client.get("/api/transcripts", headers=other)).text != answer.text
        assert (await site.client.get("/", headers=headers)).status_code == 303
        assert (await site.client.get("/transcripts/x", headers=headers)).status_code == 303


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer ", "Bearer wrong", f"Basic {KEY}", KEY, f"Bearer {KEY}x",
               "Bearer a-key-of-a-program,another-key"],
)  # fmt: skip
async def test_without_a_right_key_the_api_is_closed(header: str, tmp_path: Path) -> None:
    """401 with a code, for whatever stands in the header; a session opens it too."""
    async with site_of(tmp_path) as site:
        headers = {"Authorization": header} if header else {}
        for path in ("/api/transcripts", "/api", "/api/nothing"):
            answer = await site.client.get(path, headers=headers)
            assert (answer.status_code, answer.json()["error_code"]) == (401, "not_signed_in")
            assert answer.headers["www-authenticate"] == "Bearer"
        assert (await site.client.post("/api/transcripts", headers=headers)).status_code == 401
        await site.sign_in()
        assert (await site.client.get("/api/transcripts", headers=headers)).text == "kim"


async def test_a_web_socket_needs_a_session_too(tmp_path: Path) -> None:
    """It is closed before it opens, unless a session or, under /api, a key comes with it."""
    async with site_of(tmp_path) as site:
        await site.sign_in()
        session = f"stt_session={site.client.cookies['stt_session']}".encode()
        key = (b"authorization", f"Bearer {KEY}".encode())
        asked = [
            ("/ws", []), ("/api/ws", []), ("/ws", [key]), ("/api/ws", [key]),
            ("/ws", [(b"cookie", session)]),
        ]  # fmt: skip
        answers = [await opened(site, path, headers) for path, headers in asked]
    assert answers == ["closed", "closed", "closed", "api:729d221b", "kim"]


async def opened(site: Site, path: str, headers: list[tuple[bytes, bytes]]) -> str:
    """Whom a web socket's handler sees; `closed` where it is never asked."""
    sent: list[Message] = []
    scope = {"type": "websocket", "path": path, "headers": headers, "scheme": "ws",
             "query_string": b""}  # fmt: skip

    async def handler(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "websocket.accept", "name": scope["state"]["visitor"].name})

    async def receive() -> Message:
        return {"type": "websocket.connect"}

    async def send(message: Message) -> None:
        sent.append(message)

    await SignIn(handler, site.auth)(scope, receive, send)
    return "closed" if sent[0]["type"] == "websocket.close" else str(sent[0]["name"])


async def test_signing_in_and_out_is_on_record(tmp_path: Path) -> None:
    """Who, from where, in which request; of a failure only the name of a user, never another
    word that was typed, and the log has no name at all."""
    async with site_of(tmp_path) as site:
        await site.sign_in(("my-secret-password", "x"))
        await site.sign_in(WRONG)
        signed = await site.sign_in(KIM)
        await site.client.post("/sign-out")
        entries = await site.audited()
    assert [(entry.action, entry.who) for entry in entries] == [
        ("sign_in_failed", ""), ("sign_in_failed", "kim"), ("sign_in", "kim"), ("sign_out", "kim"),
    ]  # fmt: skip
    assert {entry.address for entry in entries} == {"127.0.0.1"}
    assert entries[2].request_id == signed.headers["x-request-id"]
    assert [dict(entry.detail) for entry in entries] == [{}] * 4
    assert "secret" not in repr(entries)


async def test_the_log_has_no_names(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """One line for each sign-in, failure and sign-out, with the request's id."""
    with caplog.at_level(logging.INFO, "web.sign_in"):
        async with site_of(tmp_path) as site:
            for who in (("my-secret-password", "x"), WRONG, KIM):
                await site.sign_in(who)
            await site.client.post("/sign-out")
    told = [record.getMessage() for record in caplog.records if record.name == "web.sign_in"]
    assert [line.split(" ")[1] for line in told] == [
        "sign_in_failed", "sign_in_failed", "sign_in", "sign_out",
    ]  # fmt: skip
    assert "kim" not in "".join(told)
    assert "secret" not in caplog.text


async def test_a_sign_in_that_cannot_be_recorded_is_none(tmp_path: Path) -> None:
    """Without the audit table nobody comes in; the page says that something is wrong."""
    async with site_of(tmp_path) as site:
        working, site.database = site.database, Database(f"sqlite:///{tmp_path}/none/none.db")
        answer = await site.sign_in()
        assert (answer.status_code, cookies_of(answer)) == (503, [])
        assert await site.visitor() is None
        site.database = working
