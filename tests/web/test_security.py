"""The pages run nothing but their own scripts, and take changes from nobody else's pages."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.api.harness import wait_until
from tests.web.fakes import FakeSttApi
from tests.web.harness import ENGLISH, WAV, Page, answers, client_of, serving_process
from web_ui.rendering import HERE

pytestmark = pytest.mark.anyio


async def test_nonce_is_the_pages_and_new_each_time(tmp_path: Path) -> None:
    """Every script and style sheet carries the nonce of the policy; no two answers share one."""
    nonces = set()
    async with client_of(FakeSttApi(), tmp_path) as client:
        for _ in range(2):
            response = await client.get("/")
            policy = response.headers["content-security-policy"]
            found = re.search(r"script-src 'nonce-([\w-]+)'", policy)
            assert found is not None
            nonces.add(found[1])
            page = Page(response.text)
            sheets = [each for each in page.all("link") if each["rel"] == "stylesheet"]
            assert {each["nonce"] for each in page.all("script") + sheets} == {found[1]}
            assert page.all("script")
    assert len(nonces) == 2


async def test_policy_allows_nothing_else(tmp_path: Path) -> None:
    """No framing, no foreign form target, no inline style or handler, on any answer."""
    async with client_of(FakeSttApi(), tmp_path) as client:
        answers = [
            await client.get("/"),
            await client.get("/nothing"),
            await client.get("/health"),
            await client.get("/static/css/base.css"),
            await client.post("/", headers={"Origin": "https://evil.example"}),
        ]
        html = answers[0].text
    for answer in answers:
        policy = answer.headers["content-security-policy"]
        for part in ("default-src 'none'", "frame-ancestors 'none'", "form-action 'self'",
                     "base-uri 'none'"):  # fmt: skip
            assert part in policy
        assert "unsafe" not in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "same-origin"
    assert not re.search(r"\s(style|on\w+)=", html)


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"}, {"Origin": "null"}, {"Origin": "http://web:8101"},
        {"Origin": "http://web.evil.example"}, {"Origin": "http://["}, {"Origin": "http://web]"},
        {"Origin": ""}, {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "cross-site", "Origin": "http://web"},
    ],
)  # fmt: skip
async def test_foreign_forms_are_refused(headers: dict[str, str], tmp_path: Path) -> None:
    """403 before a byte is read, whichever header tells."""
    engine = FakeSttApi()
    async with client_of(engine, tmp_path) as client:
        response = await client.post("/", files={"file": WAV}, headers={**ENGLISH, **headers})
    assert response.status_code == 403
    assert "Another site sent this request" in Page(response.text).text
    assert engine.streams == []


@pytest.mark.parametrize(
    "headers",
    [
        {}, {"Origin": "http://web"}, {"Sec-Fetch-Site": "same-origin"}, {"Sec-Fetch-Site": "none"},
        # A proxy that renames the host; the browser itself vouches for the page.
        {"Origin": "https://pages.example", "Sec-Fetch-Site": "same-origin"},
    ],
)  # fmt: skip
async def test_own_forms_and_programs_pass(headers: dict[str, str], tmp_path: Path) -> None:
    """Our own page, and a program, which sends neither header."""
    async with client_of(FakeSttApi(), tmp_path) as client:
        response = await client.post("/", files={"file": WAV}, headers=headers)
    assert response.status_code == 303


async def test_reading_is_free(tmp_path: Path) -> None:
    """A link from another site opens the page."""
    async with client_of(FakeSttApi(), tmp_path) as client:
        response = await client.get("/", headers={"Sec-Fetch-Site": "cross-site"})
    assert response.status_code == 200


async def test_static_files_are_kept_and_pages_are_not(tmp_path: Path) -> None:
    """A transcript stays in no cache; every asset a page names is there."""
    async with client_of(FakeSttApi(), tmp_path) as client:
        sent = await client.post("/", files={"file": WAV})
        response = await client.get(sent.headers["location"])
        assert response.headers["cache-control"] == "no-store"
        page = Page(response.text)
        for address in [each["href"] for each in page.all("link")] + [
            each["src"] for each in page.all("script")
        ]:
            asset = await client.get(address)
            assert asset.status_code == 200
            assert "immutable" in asset.headers["cache-control"]
        assert (await client.get("/static/")).status_code == 404


@pytest.mark.parametrize(
    "path",
    [
        "/static/../settings.py", "/static/js/../../settings.py", "/static/%2e%2e/settings.py",
        "/static/..%2fsettings.py", "/static//../settings.py", "/static/..%5csettings.py",
        f"/static/{(HERE / 'settings.py').as_posix()}", "/static/%00", "/static/js",
    ],
)  # fmt: skip
def test_nothing_beside_the_static_files_is_given_out(address: str, path: str) -> None:
    """As it stands on the wire: a client that tidies the path up would prove nothing."""
    with socket.create_connection(("127.0.0.1", urlsplit(address).port or 0), 5) as client:
        client.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
        answer = b"".join(iter(lambda: client.recv(65536), b""))
    assert answer.startswith(b"HTTP/1.1 404 ")
    assert b"stt_api_key" not in answer


@pytest.fixture(name="address", scope="module")
def _address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    directory = tmp_path_factory.mktemp("web-ui")
    places = {"WEB_UI_DATA": str(directory / "data"), "WEB_UI_LOGS": str(directory / "logs")}
    with serving_process(**places) as (address, _):
        wait_until(lambda: answers(address))
        yield address
