"""Recordings as answers: in the ranges that players ask for, and never as anything that runs."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from tests.web.sounds import speech, wav
from web_ui.errors import RecordingMissing
from web_ui.recordings.media_types import sniff
from web_ui.recordings.serve import audio_response
from web_ui.security import ContentPolicy

pytestmark = pytest.mark.anyio

SOUND = wav(speech(5.0))
SIZE = len(SOUND)


@asynccontextmanager
async def client_of(
    path: Path, media_type: str | None = "audio/wav", download_name: str | None = None
) -> AsyncIterator[httpx.AsyncClient]:
    """A client of one recording, behind what stands before every page."""

    async def audio(request: Request) -> Response:
        return await audio_response(request, path, media_type, download_name)

    async def page(request: Request) -> Response:
        return PlainTextResponse("page")

    app = Starlette(
        routes=[Route("/audio", audio), Route("/page", page)],
        middleware=[Middleware(ContentPolicy), Middleware(GZipMiddleware, minimum_size=100)],
    )
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://web") as client:
        yield client


@pytest.fixture(name="recording")
def _recording(tmp_path: Path) -> Path:
    path = tmp_path / "0123456789abcdef"
    path.write_bytes(SOUND)
    return path


async def test_whole_recording(recording: Path) -> None:
    """All of it, as what it is, with all that keeps a browser from making anything else of it."""
    async with client_of(recording) as client:
        response = await client.get("/audio")
    assert response.status_code == 200
    assert response.content == SOUND
    headers = response.headers
    assert headers["content-type"] == "audio/wav"
    assert headers["content-length"] == str(SIZE)
    assert headers["accept-ranges"] == "bytes"
    assert headers["cache-control"] == "private, no-cache"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["content-security-policy"] == (
        "default-src 'none'; sandbox; frame-ancestors 'none'"
    )
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert re.fullmatch(r'"[0-9a-f]{32}"', headers["etag"])
    assert "content-disposition" not in headers
    assert "content-encoding" not in headers


@pytest.mark.parametrize(
    ("asked", "first", "last"),
    [
        ("bytes=0-0", 0, 0),
        ("bytes=0-", 0, SIZE - 1),
        ("bytes=100-199", 100, 199),
        ("Bytes=100-199", 100, 199),
        (f"bytes={SIZE - 1}-", SIZE - 1, SIZE - 1),
        (f"bytes=100-{SIZE + 1000}", 100, SIZE - 1),
        ("bytes=-100", SIZE - 100, SIZE - 1),
        (f"bytes=-{SIZE + 100}", 0, SIZE - 1),
        ("bytes=70000-140000", 70000, 140000),
    ],
)
async def test_range(asked: str, first: int, last: int, recording: Path) -> None:
    """The part that was asked for, and which part it is."""
    async with client_of(recording) as client:
        response = await client.get("/audio", headers={"Range": asked})
    assert response.status_code == 206
    assert response.content == SOUND[first : last + 1]
    assert response.headers["content-range"] == f"bytes {first}-{last}/{SIZE}"
    assert response.headers["content-length"] == str(last + 1 - first)
    assert response.headers["content-type"] == "audio/wav"
    assert "sandbox" in response.headers["content-security-policy"]


@pytest.mark.parametrize("asked", [f"bytes={SIZE}-", "bytes=-0", f"bytes={SIZE + 5}-{SIZE + 9}"])
async def test_range_past_the_end(asked: str, recording: Path) -> None:
    """416, which says how much there is."""
    async with client_of(recording) as client:
        response = await client.get("/audio", headers={"Range": asked})
    assert response.status_code == 416
    assert response.headers["content-range"] == f"bytes */{SIZE}"


@pytest.mark.parametrize(
    "asked",
    [
        "items=0-1",
        "bytes=5-1",
        "bytes=-",
        "bytes=",
        "bytes",
        "bytes=a-b",
        "bytes=+1-2",
        "bytes=0-1,4-5",
        f"bytes=0-1,{SIZE}-",
        "bytes=" + "9" * 5000 + "-",
        "bytes=\u0661-".encode().decode("latin-1"),
    ],
)
async def test_range_that_is_not_understood(asked: str, recording: Path) -> None:
    """The whole recording, as if no range had been asked for; several ranges as well."""
    async with client_of(recording) as client:
        headers = [(b"range", asked.encode("latin-1"))]
        response = await client.get("/audio", headers=headers)
    assert response.status_code == 200
    assert response.content == SOUND


async def test_head_says_what_get_would(recording: Path) -> None:
    """Without a body, and without a look at the range."""
    async with client_of(recording) as client:
        whole = await client.get("/audio")
        for headers in ({}, {"Range": "bytes=0-9"}, {"Range": f"bytes={SIZE}-"}):
            response = await client.head("/audio", headers=headers)
            assert response.status_code == 200
            assert response.content == b""
            assert response.headers == whole.headers


async def test_range_of_what_is_still_the_same(recording: Path) -> None:
    """A player that goes on gets its part only of the recording it began with."""
    async with client_of(recording) as client:
        etag = (await client.get("/audio")).headers["etag"]
        for value, status in ((etag, 206), ('"other"', 200), (f"W/{etag}", 200)):
            headers = {"Range": "bytes=0-9", "If-Range": value}
            assert (await client.get("/audio", headers=headers)).status_code == status
        past = {"Range": f"bytes={SIZE}-", "If-Range": '"other"'}
        assert (await client.get("/audio", headers=past)).status_code == 200


async def test_what_is_known_is_not_sent_again(recording: Path) -> None:
    """304 for who has it; another file, or a changed one, is another recording."""
    async with client_of(recording) as client:
        etag = (await client.get("/audio")).headers["etag"]
        for value in (etag, f"W/{etag}", f'"x", {etag}', "*"):
            response = await client.get("/audio", headers={"If-None-Match": value})
            assert (response.status_code, response.content) == (304, b"")
            assert response.headers["etag"] == etag
        recording.write_bytes(SOUND + b"more")
        response = await client.get("/audio", headers={"If-None-Match": etag})
        assert (response.status_code, len(response.content)) == (200, SIZE + 4)
    other = recording.with_name("fedcba9876543210")
    recording.rename(other)
    async with client_of(other) as client:
        assert (await client.get("/audio")).headers["etag"] != response.headers["etag"]


async def test_empty_file(recording: Path) -> None:
    """Nothing is served as nothing; there is no part of it."""
    recording.write_bytes(b"")
    async with client_of(recording, None) as client:
        assert (await client.get("/audio")).content == b""
        for asked in ("bytes=0-", "bytes=-5"):
            response = await client.get("/audio", headers={"Range": asked})
            assert response.status_code == 416


@pytest.mark.parametrize(
    "content", [b"<script>alert(1)</script>", b"%PDF-1.7", b"<svg onload='alert(1)'/>"]
)
async def test_what_is_no_sound_is_bytes_to_be_saved(content: bytes, recording: Path) -> None:
    """Whatever somebody uploaded, no browser opens it here."""
    recording.write_bytes(content)
    async with client_of(recording, sniff(content)) as client:
        response = await client.get("/audio")
    assert response.headers["content-type"] == "application/octet-stream"
    assert response.headers["content-disposition"] == "attachment; filename*=UTF-8''recording"
    assert response.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("media_type", ["text/html", "image/svg+xml", "audio/wav\r\nX: y"])
async def test_no_other_type_is_ever_told(media_type: str, recording: Path) -> None:
    """Whoever says so: only the types of sound and video that are listed."""
    async with client_of(recording, media_type) as client:
        response = await client.get("/audio")
    assert response.headers["content-type"] == "application/octet-stream"


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("통화 1.wav", "%ED%86%B5%ED%99%94%201.wav"),
        ('a"; filename=evil.html', "a%22%3B%20filename%3Devil.html"),
        ("a\r\nSet-Cookie: x", "a%0D%0ASet-Cookie%3A%20x"),
    ],
)
async def test_download_has_its_name(name: str, told: str, recording: Path) -> None:
    """Whatever is in a name, it stays in its header."""
    async with client_of(recording, download_name=name) as client:
        response = await client.get("/audio", headers={"Range": "bytes=0-9"})
    assert response.status_code == 206
    assert response.headers["content-disposition"] == f"attachment; filename*=UTF-8''{told}"
    assert "set-cookie" not in response.headers


async def test_recording_that_is_gone(tmp_path: Path) -> None:
    """Missing, a directory or a link elsewhere: there is no recording."""
    (tmp_path / "link").symlink_to("/etc/passwd")
    request = Request({"type": "http", "method": "GET", "headers": []})
    for path in (tmp_path / "absent", tmp_path, tmp_path / "link"):
        with pytest.raises(RecordingMissing):
            await audio_response(request, path, "audio/wav")


async def test_pages_keep_their_policy(recording: Path) -> None:
    """An answer that brings a policy keeps it; every other one gets the pages'."""
    async with client_of(recording) as client:
        policy = (await client.get("/page")).headers["content-security-policy"]
        own = (await client.get("/audio")).headers.get_list("content-security-policy")
    assert "script-src 'nonce-" in policy
    assert len(own) == 1
    assert "script-src" not in own[0]
