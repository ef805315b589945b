"""Bodies on their way to disk: nothing that arrived is lost, nothing that failed is kept."""

from __future__ import annotations

import asyncio
import errno
import io
import os
import socket
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import httpx
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Message

from serving.errors import (
    InvalidOption,
    MalformedBody,
    ServiceError,
    StorageFull,
    UnsupportedBody,
    UploadStalled,
    UploadTooLarge,
)
from serving.settings import MIB
from serving.uploads import WRITE_BYTES
from tests.api.harness import wait_until
from tests.api.warped_loop import run_warped
from web_ui.errors import NoRecording, RecordingMissing, UploadConflict, fault_of
from web_ui.recordings.files import RESERVE_BYTES, Recordings, open_part
from web_ui.recordings.receive import ReceivedRecording, receive, receive_form

pytestmark = pytest.mark.anyio

ID = "0123456789abcdef0123456789abcdef"
BOUNDARY = "xyz"
FORM = f"multipart/form-data; boundary={BOUNDARY}"
END = f"--{BOUNDARY}--\r\n".encode()
# Every piece of it differs from every other.
SOUND = b"".join(number.to_bytes(4, "little") for number in range(3 * WRITE_BYTES // 4 + 77))


class Client:
    """Sends pieces of a body, then does as `then` says: ends, hangs up, or falls silent."""

    def __init__(self, pieces: list[bytes], then: str = "end") -> None:
        self.pieces = pieces
        self.then = then
        self.is_read = asyncio.Event()

    async def receive(self) -> Message:
        if self.pieces:
            return {"type": "http.request", "body": self.pieces.pop(0), "more_body": True}
        self.is_read.set()
        if self.then == "hang up":
            return {"type": "http.disconnect"}
        if self.then == "fall silent":
            await asyncio.get_running_loop().create_future()
        return {"type": "http.request", "body": b"", "more_body": False}

    def request(self, **headers: str) -> Request:
        raw = [(n.replace("_", "-").encode(), v.encode()) for n, v in headers.items()]
        return Request({"type": "http", "method": "POST", "headers": raw}, self.receive)


def pieces_of(body: bytes, size: int = 60_000) -> list[bytes]:
    return [body[start : start + size] for start in range(0, len(body), size)]


def begun(directory: Path, open_file: Callable[[Path], BinaryIO] = open_part) -> Recordings:
    recordings = Recordings(directory, open_file)
    recordings.begin(ID)
    return recordings


def content_of(recordings: Recordings) -> bytes:
    if recordings.state_of(ID) == "part":
        recordings.finish(ID)
    with recordings.open(ID) as file:
        return file.read()


async def test_body_is_added_where_the_upload_stands(tmp_path: Path) -> None:
    """Two bodies, one after the other, are one recording."""
    recordings = begun(tmp_path)
    half = len(SOUND) // 2
    client = Client(pieces_of(SOUND[:half]))
    assert await receive(client.request(), recordings, ID, 0, len(SOUND)) == half
    client = Client(pieces_of(SOUND[half:]))
    assert await receive(client.request(), recordings, ID, half, len(SOUND)) == len(SOUND)
    assert content_of(recordings) == SOUND


async def test_who_hangs_up_loses_nothing(tmp_path: Path) -> None:
    """Every byte that arrived is on disk, whether or not it was enough for a write."""
    recordings = begun(tmp_path)
    stands = 0
    for share in (10, WRITE_BYTES - 1, WRITE_BYTES + 1, 1):
        client = Client(pieces_of(SOUND[stands : stands + share]), "hang up")
        with pytest.raises(ClientDisconnect):
            await receive(client.request(), recordings, ID, stands, len(SOUND))
        stands += share
        assert recordings.size(ID) == stands
    client = Client(pieces_of(SOUND[stands:]))
    assert await receive(client.request(), recordings, ID, stands, len(SOUND)) == len(SOUND)
    assert content_of(recordings) == SOUND


async def test_cancelled_request_loses_nothing(tmp_path: Path) -> None:
    """Also where the service goes down while a client is still sending."""
    recordings = begun(tmp_path)
    sent = WRITE_BYTES + 1000
    client = Client(pieces_of(SOUND[:sent]), "fall silent")
    work = asyncio.create_task(receive(client.request(), recordings, ID, 0, len(SOUND)))
    await client.is_read.wait()
    work.cancel()
    with pytest.raises(asyncio.CancelledError):
        await work
    assert recordings.size(ID) == sent
    with recordings.held(ID):
        pass


async def test_request_cancelled_in_the_middle_of_a_write(tmp_path: Path) -> None:
    """The write ends, what waited follows it, and only then may the next one write; however
    often the request is cancelled."""
    is_writing, may_write = threading.Event(), threading.Event()

    def slow(path: Path) -> BinaryIO:
        is_writing.set()
        may_write.wait(10)
        return open_part(path)

    recordings = begun(tmp_path, slow)
    client = Client(pieces_of(SOUND[: WRITE_BYTES + 10], WRITE_BYTES), "fall silent")
    work = asyncio.create_task(receive(client.request(), recordings, ID, 0, len(SOUND)))
    await asyncio.to_thread(is_writing.wait, 10)
    for _ in range(3):
        work.cancel()
        await asyncio.sleep(0.01)
    assert work.done()
    second = Client([])
    with pytest.raises(UploadConflict, match="being received"):
        await receive(second.request(), recordings, ID, 0, len(SOUND))
    may_write.set()
    await asyncio.to_thread(wait_until, lambda: not recordings._held)
    assert recordings.size(ID) == WRITE_BYTES
    client = Client(pieces_of(SOUND[WRITE_BYTES:]))
    assert await receive(client.request(), recordings, ID, WRITE_BYTES, len(SOUND)) == len(SOUND)
    assert content_of(recordings) == SOUND


def test_who_falls_silent_loses_nothing(tmp_path: Path) -> None:
    """A client that stalls is given up after a minute; what it sent stays."""

    async def stall() -> None:
        client = Client([b"sound"], "fall silent")
        with pytest.raises(UploadStalled):
            await receive(client.request(), recordings, ID, 0, 100)

    recordings = begun(tmp_path)
    _, took = run_warped(stall())
    assert took == pytest.approx(60, abs=1)
    assert recordings.size(ID) == 5


async def test_two_at_once_are_one_too_many(tmp_path: Path) -> None:
    """While one body is being received, another is refused, and disturbs nothing."""
    recordings = begun(tmp_path)
    first = Client([b"first"], "fall silent")
    work = asyncio.create_task(receive(first.request(), recordings, ID, 0, 100))
    await first.is_read.wait()
    with pytest.raises(UploadConflict, match="being received") as caught:
        await receive(Client([b"second"]).request(), recordings, ID, 0, 100)
    assert fault_of(caught.value).status == 409
    work.cancel()
    await asyncio.wait({work})
    assert await receive(Client([b"second"]).request(), recordings, ID, 5, 100) == 11
    assert content_of(recordings) == b"firstsecond"


async def test_wrong_offset_is_refused_before_the_body(tmp_path: Path) -> None:
    """A client that does not know where its upload stands must ask."""
    recordings = begun(tmp_path)
    client = Client([b"sound"])
    with pytest.raises(UploadConflict, match="stands at 0, not at 3"):
        await receive(client.request(), recordings, ID, 3, 100)
    assert client.pieces
    recordings.delete(ID)
    with pytest.raises(RecordingMissing):
        await receive(client.request(), recordings, ID, 0, 100)
    with recordings.held(ID):
        pass


async def test_body_past_the_end_is_refused(tmp_path: Path) -> None:
    """An upload never grows past what was announced."""
    recordings = begun(tmp_path)
    with pytest.raises(UploadTooLarge):
        await receive(Client([b"12345", b"678"]).request(), recordings, ID, 0, 7)
    assert recordings.size(ID) == 5


async def test_deleted_upload_takes_no_more(tmp_path: Path) -> None:
    """Whoever deletes an upload ends it, also while it is being received."""
    recordings = begun(tmp_path)
    client = Client(pieces_of(SOUND), "fall silent")
    work = asyncio.create_task(receive(client.request(), recordings, ID, 0, len(SOUND)))
    await client.is_read.wait()
    recordings.delete(ID)
    work.cancel()
    with pytest.raises(RecordingMissing):
        await work
    assert recordings.state_of(ID) == "none"


class FullDisk(io.FileIO):
    """Takes a megabyte, and no more."""

    def write(self, data: object) -> int:
        if self.tell() >= MIB:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return super().write(data)  # type: ignore[arg-type]


def full_disk(path: Path) -> BinaryIO:
    return FullDisk(path, "r+")


async def test_full_disk_is_told_and_goes_on_later(tmp_path: Path) -> None:
    """507; what came before it stays, and the upload goes on once there is room."""
    recordings = begun(tmp_path, full_disk)
    client = Client(pieces_of(SOUND, WRITE_BYTES))
    with pytest.raises(StorageFull):
        await receive(client.request(), recordings, ID, 0, len(SOUND))
    stands = recordings.size(ID)
    assert stands == MIB
    with_room = Recordings(tmp_path)
    client = Client(pieces_of(SOUND[stands:]))
    await receive(client.request(), with_room, ID, stands, len(SOUND))
    assert content_of(with_room) == SOUND


# -- a real server ------------------------------------------------------------------------


@contextmanager
def serving(recordings: Recordings) -> Iterator[str]:
    """The address of a real server that takes pieces of one upload."""

    async def patch(request: Request) -> Response:
        offset = int(request.headers["upload-offset"])
        try:
            end = await receive(request, recordings, ID, offset, len(SOUND))
        except (ServiceError, ClientDisconnect) as error:
            return Response(status_code=fault_of(error).status)
        return Response(status_code=204, headers={"Upload-Offset": str(end)})

    listener = socket.create_server(("127.0.0.1", 0))
    app = Starlette(routes=[Route("/", patch, methods=["PATCH"])])
    config = uvicorn.Config(app, log_config=None, lifespan="off", timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, args=([listener],))
    thread.start()
    try:
        wait_until(lambda: server.started)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(10)
        listener.close()


def test_torn_connection_goes_on_where_it_stopped(tmp_path: Path) -> None:
    """A client whose network fails three times asks where it stands, sends the rest, and has
    sent nothing twice."""
    recordings = begun(tmp_path)
    with serving(recordings) as address:
        port = int(address.rpartition(":")[2])
        stands = 0
        for share in (WRITE_BYTES + 4321, 100_000, WRITE_BYTES):
            head = (
                f"PATCH / HTTP/1.1\r\nHost: x\r\nUpload-Offset: {stands}\r\n"
                f"Content-Length: {len(SOUND) - stands}\r\n\r\n"
            )
            with socket.create_connection(("127.0.0.1", port), 5) as client:
                client.sendall(head.encode() + SOUND[stands : stands + share])
                wait_until(lambda: bool(recordings._held))
                time.sleep(0.2)  # what the server has not read when the line breaks is lost
            wait_until(lambda: not recordings._held)
            assert stands < recordings.size(ID) <= stands + share
            stands = recordings.size(ID)
        headers = {"Upload-Offset": str(stands)}
        response = httpx.patch(address, content=SOUND[stands:], headers=headers)
    assert response.status_code == 204
    assert response.headers["upload-offset"] == str(len(SOUND))
    assert content_of(recordings) == SOUND


# -- forms --------------------------------------------------------------------------------


def part(name: str, content: bytes, filename: str | None = None) -> bytes:
    disposition = f'form-data; name="{name}"' + (f'; filename="{filename}"' if filename else "")
    head = f"--{BOUNDARY}\r\nContent-Disposition: {disposition}\r\n\r\n".encode()
    return head + content + b"\r\n"


def form(*parts: bytes) -> Request:
    return Client(pieces_of(b"".join(parts) + END)).request(content_type=FORM)


async def test_form_brings_fields_and_a_recording(tmp_path: Path) -> None:
    """The file goes straight to the upload; its name is made harmless and kept apart."""
    recordings = Recordings(tmp_path)
    fields = part("language", b"ko"), part("title", "통화".encode())
    request = form(fields[0], part("file", SOUND, "../../통화.wav"), fields[1])
    received = await receive_form(request, recordings, ID, 2 * MIB)
    expected = {"language": "ko", "title": "통화"}
    assert received == ReceivedRecording(expected, "통화.wav", len(SOUND))
    assert recordings.state_of(ID) == "part"
    assert content_of(recordings) == SOUND
    assert not [path for path in tmp_path.rglob("*") if "통화" in path.name]


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (part("language", b"ko"), NoRecording),
        (part("file", b"", ""), NoRecording),
        (part("file", bytes(2 * MIB), "a.wav"), UploadTooLarge),
        (part("file", b"x", "a") + part("file", b"y", "b"), InvalidOption),
        (part("file", SOUND[: MIB - 1], "a.wav")[:-9], MalformedBody),
    ],
)
async def test_bad_form_leaves_nothing(
    body: bytes, error: type[ServiceError], tmp_path: Path
) -> None:
    """Neither the bytes that came first, nor the upload itself."""
    recordings = Recordings(tmp_path)
    with pytest.raises(error):
        await receive_form(form(body), recordings, ID, MIB)
    assert recordings.state_of(ID) == "none"
    with recordings.held(ID):
        pass


async def test_form_that_breaks_off_leaves_nothing(tmp_path: Path) -> None:
    """A form cannot go on where it stopped, so nothing is kept of one that did not end."""
    recordings = Recordings(tmp_path)
    body = part("file", SOUND, "a.wav")
    client = Client(pieces_of(body), "hang up")
    with pytest.raises(ClientDisconnect):
        await receive_form(client.request(content_type=FORM), recordings, ID, 2 * MIB)
    assert recordings.state_of(ID) == "none"
    client = Client(pieces_of(body), "fall silent")
    work = asyncio.create_task(
        receive_form(client.request(content_type=FORM), recordings, ID, 2 * MIB)
    )
    await client.is_read.wait()
    assert recordings.state_of(ID) == "part"
    work.cancel()
    await asyncio.wait({work})
    assert recordings.state_of(ID) == "none"


async def test_form_is_refused_before_it_is_read(tmp_path: Path) -> None:
    """By its kind, its declared length, the room on the disk, or an id that is taken."""
    room = [RESERVE_BYTES + MIB]
    recordings = Recordings(tmp_path, free=lambda _: room[0])
    client = Client([b"x"])
    ask: Callable[..., Awaitable[object]] = receive_form
    with pytest.raises(UnsupportedBody):
        await ask(client.request(content_type="text/html"), recordings, ID, MIB)
    large = client.request(content_type=FORM, content_length=str(3 * MIB))
    with pytest.raises(UploadTooLarge):
        await ask(large, recordings, ID, MIB)
    with pytest.raises(StorageFull):
        await ask(large, recordings, ID, 4 * MIB)
    assert recordings.state_of(ID) == "none"
    recordings.begin(ID)
    with pytest.raises(UploadConflict):
        await ask(client.request(content_type=FORM), recordings, ID, MIB)
    assert recordings.state_of(ID) == "part"
    assert client.pieces


async def test_full_disk_ends_a_form(tmp_path: Path) -> None:
    """Nothing half received stays on a disk that has no room."""
    recordings = Recordings(tmp_path, full_disk)
    with pytest.raises(StorageFull):
        await receive_form(form(part("file", SOUND, "a.wav")), recordings, ID, 2 * MIB)
    assert recordings.state_of(ID) == "none"
