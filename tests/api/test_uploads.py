"""Uploads: bounded, on disk as they arrive, and gone afterwards."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from starlette.requests import Request
from starlette.types import Message

from serving.errors import UploadStalled
from serving.settings import MIB
from serving.uploads import PACE_SECONDS, chunks
from stt_errors import QueueFull
from tests.api.harness import WAV, client_of
from tests.api.warped_loop import run_warped
from tests.fakes import FakeEngine

pytestmark = pytest.mark.anyio

BOUNDARY = "xyz"
HEADERS = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}


def part(name: str, content: bytes, filename: str | None = None) -> bytes:
    disposition = f'form-data; name="{name}"' + (f'; filename="{filename}"' if filename else "")
    head = f"--{BOUNDARY}\r\nContent-Disposition: {disposition}\r\n\r\n".encode()
    return head + content + b"\r\n"


END = f"--{BOUNDARY}--\r\n".encode()


async def test_fields_may_stand_on_either_side_of_the_file() -> None:
    """The order of the parts does not matter."""
    fields = part("language", b"ko"), part("beam_size", b"2")
    for parts in ([*fields, part("file", b"x", "a.wav")], [part("file", b"x", "a.wav"), *fields]):
        engine = FakeEngine()
        async with client_of(engine) as client:
            body = b"".join(parts) + END
            response = await client.post("/transcribe", content=body, headers=HEADERS)
        assert response.status_code == 200
        assert engine.options is not None
        assert (engine.options.language, engine.options.beam_size) == ("ko", 2)


async def test_a_body_cut_anywhere_is_read_the_same() -> None:
    """However the network cuts the body, the same file comes out."""
    content = b"\r\n--xy" * 50 + bytes(range(256))
    body = part("language", b"ko") + part("file", content, "a.wav") + END

    async def pieces(size: int) -> AsyncIterator[bytes]:
        for start in range(0, len(body), size):
            yield body[start : start + size]

    for size in (1, 2, 3, 7, 64, 1000):
        engine = FakeEngine()
        async with client_of(engine) as client:
            await client.post("/transcribe", content=pieces(size), headers=HEADERS)
        assert engine.content == content


async def test_large_file_arrives_whole() -> None:
    """A file of many writes is what was sent."""
    content = bytes(range(256)) * 4096 * 5
    engine = FakeEngine()
    async with client_of(engine) as client:
        await client.post("/transcribe", files={"file": ("a.wav", content)})
    assert engine.content == content


async def test_file_part_needs_no_filename() -> None:
    """What is called `file` is the file, whether or not it was given a name."""
    engine = FakeEngine()
    async with client_of(engine) as client:
        body = part("file", b"sound") + END
        response = await client.post("/transcribe", content=body, headers=HEADERS)
    assert response.status_code == 200
    assert engine.content == b"sound"


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("/etc/passwd", "passwd"),
        ("..\\..\\call.wav", "call.wav"),
        ("통화 1.wav", "통화 1.wav"),
        ("a\x1b[31m.wav", "a[31m.wav"),
        ("n" * 500, "n" * 100),
    ],
)
async def test_filename_is_made_harmless(given: str, shown: str) -> None:
    """A name loses directories, control characters and excess; letters stay."""
    engine = FakeEngine()
    async with client_of(engine) as client:
        body = part("file", b"sound", given) + END
        await client.post("/transcribe", content=body, headers=HEADERS)
    assert engine.source is not None
    assert engine.source.name == shown


async def test_declared_length_is_refused_before_the_body() -> None:
    """An upload that says it is too large is not read at all."""
    read = 0

    async def body() -> AsyncIterator[bytes]:
        nonlocal read
        for _ in range(1000):
            read += 1
            await asyncio.sleep(0)
            yield b"x"

    headers = {**HEADERS, "Content-Length": str(100 * MIB)}
    async with client_of(stt_max_upload_mb=1) as client:
        response = await client.post("/transcribe", content=body(), headers=headers)
    assert response.status_code == 413
    assert "1 MB" in response.json()["error_reason"]
    assert response.headers["connection"] == "close"


async def test_undeclared_length_is_refused_when_the_limit_is_passed() -> None:
    """Of a stream without a length, no more is read than the limit and a little."""
    sent = 0

    async def body() -> AsyncIterator[bytes]:
        nonlocal sent
        yield part("file", b"", "a.wav")[:-2]
        for _ in range(64):
            sent += MIB
            yield bytes(MIB)

    engine = FakeEngine()
    async with client_of(engine, stt_max_upload_mb=2) as client:
        response = await client.post("/transcribe", content=body(), headers=HEADERS)
    assert response.status_code == 413
    assert engine.source is None


async def test_full_queue_is_said_before_the_body_is_read() -> None:
    """429 comes at once; the upload is not waited for."""
    parsed = asyncio.Event()

    async def body() -> AsyncIterator[bytes]:
        yield part("file", b"x", "a.wav")
        await asyncio.sleep(10)
        parsed.set()

    async with client_of(FakeEngine(full=QueueFull(1, 1, 3))) as client:
        response = await asyncio.wait_for(
            client.post("/transcribe", content=body(), headers=HEADERS), 5
        )
    assert response.status_code == 429
    assert response.headers["connection"] == "close"
    assert not parsed.is_set()


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (part("language", b"ko") + END, "file: a recording is needed"),
        (part("file", b"x", "a") + part("file", b"y", "b") + END, "file: given more than once"),
        (part("language", b"ko") * 2 + part("file", b"x", "a") + END, "language: given more"),
        (part("audio", b"x", "a.wav") + END, "audio: unknown; send the recording as file"),
        (part("initial_prompt", b"x" * 20_000) + END, "initial_prompt: longer than 16384 bytes"),
        (part("hotwords", b"\xff\xfe") + part("file", b"x") + END, "hotwords: not UTF-8"),
        (part("file", b"x", "a.wav"), "ends before its last boundary"),
        (b"not multipart at all", "cannot be read"),
        (b"", "ends before its last boundary"),
        (b"".join(part(f"f{i}", b"") for i in range(70)) + END, "too many"),
        (part("file", b"x") + part("file_path", b"a.wav") + END, "either file or file_path"),
        (part("", b"x") + END, "no name"),
    ],
)
async def test_bad_form_is_refused(body: bytes, says: str) -> None:
    """A form that cannot be used is a 422 that says what is wrong with it."""
    async with client_of() as client:
        response = await client.post("/transcribe", content=body, headers=HEADERS)
    assert response.status_code == 422
    assert says in response.json()["error_reason"]


@pytest.mark.parametrize("kind", ["application/json", "audio/wav", ""])
async def test_other_bodies_are_415(kind: str) -> None:
    """Only forms are read."""
    headers = {"Content-Type": kind} if kind else {}
    async with client_of() as client:
        response = await client.post("/transcribe", content=b"{}", headers=headers)
    assert response.status_code == 415


async def test_multipart_without_boundary_is_refused() -> None:
    """A multipart type that names no boundary cannot be read."""
    async with client_of() as client:
        response = await client.post(
            "/transcribe", content=b"x", headers={"Content-Type": "multipart/form-data"}
        )
    assert response.status_code == 422


async def test_url_encoded_form_takes_a_file_path(tmp_path: Path) -> None:
    """A file_path can be sent as a plain form."""
    (tmp_path / "통화.wav").write_bytes(b"sound")
    engine = FakeEngine()
    async with client_of(engine, stt_audio_roots=(tmp_path,)) as client:
        form = {"file_path": str(tmp_path / "통화.wav"), "language": "ko"}
        response = await client.post("/transcribe", data=form)
    assert response.status_code == 200
    assert engine.content == b"sound"
    assert engine.source is not None
    assert engine.source.name == "통화.wav"
    assert engine.source.file.closed


async def test_long_url_encoded_form_is_refused() -> None:
    """A plain form is short."""
    async with client_of() as client:
        response = await client.post("/transcribe", data={"initial_prompt": "x" * 100_000})
    assert response.status_code == 422


@pytest.mark.parametrize("script", [None, [ValueError("broken")]])
async def test_nothing_is_left_behind(tmp_path: Path, script: list[Exception] | None) -> None:
    """After a request, good or bad, the upload directory is empty and the file closed."""
    engine = FakeEngine(script=script) if script else FakeEngine()
    async with client_of(engine, stt_upload_dir=tmp_path) as client:
        await client.post("/transcribe", files={"file": ("a.wav", bytes(3 * MIB))})
    assert list(tmp_path.iterdir()) == []
    assert engine.source is not None
    assert engine.source.file.closed


async def test_upload_that_cannot_be_stored_is_507(tmp_path: Path) -> None:
    """A directory that cannot be written is the server's fault, and is said without its name."""
    async with client_of(stt_upload_dir=tmp_path / "absent") as client:
        response = await client.post("/transcribe", files={"file": WAV})
    assert response.status_code == 507
    assert str(tmp_path) not in response.text


async def test_stalled_upload_is_given_up() -> None:
    """Who stops sending is not waited for."""

    async def receive() -> Message:
        await asyncio.sleep(60)
        raise AssertionError

    request = Request({"type": "http", "headers": [], "method": "POST"}, receive)
    with pytest.raises(UploadStalled, match=r"0\.05 s"):
        [chunk async for chunk in chunks(request, patience=0.05)]


async def drops(pieces: int, size: int, seconds: float) -> AsyncIterator[bytes]:
    yield part("file", b"", "a.wav")[:-2]
    for _ in range(pieces):
        await asyncio.sleep(seconds)
        yield bytes(size)
    yield b"\r\n" + END


async def sent_in(path: str, body: AsyncIterator[bytes]) -> httpx.Response:
    async with client_of() as client:
        return await client.post(path, content=body, headers=HEADERS)


@pytest.mark.parametrize("path", ["/transcribe", "/detect-language"])
def test_upload_that_trickles_is_given_up(path: str) -> None:
    """A byte every 59 s is never silence for long enough, and ends all the same."""
    response, took = run_warped(sent_in(path, drops(1000, 1, 59.0)))
    assert (response.status_code, response.json()["error_code"]) == (408, "upload_stalled")
    assert "120 KiB" in response.json()["error_reason"]
    assert took == pytest.approx(PACE_SECONDS, abs=1.0)


def test_upload_that_began_fast_may_not_end_in_a_trickle() -> None:
    """What came at first buys no more than its own stretch."""

    async def body() -> AsyncIterator[bytes]:
        yield part("file", bytes(8 * MIB), "a.wav")[:-2]
        async for piece in drops(1000, 1, 59.0):
            yield piece

    response, took = run_warped(sent_in("/transcribe", body()))
    assert response.status_code == 408
    assert took < 2 * PACE_SECONDS


def test_slow_upload_is_waited_for() -> None:
    """2 KiB a second, for an hour, with pauses of half a minute."""
    response, took = run_warped(sent_in("/transcribe", drops(120, 60 * 1024, 30.0)))
    assert response.status_code == 200
    assert took == pytest.approx(3600, abs=1.0)
