"""A request's head is bounded in size and time, in both services, and nothing else is."""

from __future__ import annotations

import http.client
import socket
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import httpx
import pytest
import uvicorn

from api_server.app import create_app
from api_server.settings import Settings
from serving.head_guard import HeadGuard
from serving.settings import MIB
from tests.api.harness import WAV, serving_process, wait_until
from tests.fakes import FakeEngine
from tests.web.harness import answers
from tests.web.harness import serving_process as web_ui_process

LIMIT = HeadGuard.max_head_bytes
HASTE = 0.4


class Hasty(HeadGuard):
    head_seconds = HASTE


@contextmanager
def guarded(engine: FakeEngine | None = None) -> Iterator[socket.socket]:
    """A connection to a server that waits for a head less long than the services do."""
    listener = socket.create_server(("127.0.0.1", 0))
    app = create_app(Settings(), engine or FakeEngine())
    server = uvicorn.Server(
        uvicorn.Config(app, log_config=None, access_log=False, ws="none", http=Hasty,
                       timeout_graceful_shutdown=1)
    )  # fmt: skip
    thread = threading.Thread(target=server.run, args=([listener],))
    thread.start()
    try:
        wait_until(lambda: server.started)
        with socket.create_connection(listener.getsockname(), 5) as client:
            yield client
    finally:
        server.should_exit = True
        thread.join(10)
        listener.close()


@pytest.fixture(name="address", scope="module", params=["stt-api", "web-ui"])
def _address(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """Both services, as they are started."""
    if request.param == "stt-api":
        with serving_process(0) as (address, _):
            yield address
        return
    directory = tmp_path_factory.mktemp("web-ui")
    places = {"WEB_UI_DATA": str(directory / "data"), "WEB_UI_LOGS": str(directory / "logs")}
    with web_ui_process(**places) as (address, _):
        wait_until(lambda: answers(address))
        yield address


def connect(address: str) -> socket.socket:
    parts = urlsplit(address)
    return socket.create_connection((parts.hostname or "", parts.port or 80), 5)


def everything(client: socket.socket) -> bytes:
    return b"".join(iter(lambda: client.recv(65536), b""))


def is_cut_off(client: socket.socket, pieces: Iterable[bytes]) -> bool:
    """Whether the other side closes before all of it is sent."""
    try:
        for piece in pieces:
            client.sendall(piece)
            time.sleep(0.02)
    except OSError:
        return True
    return False


def head(*lines: str) -> bytes:
    return "\r\n".join(["GET /health HTTP/1.1", "Host: x", *lines, "", ""]).encode()


@pytest.mark.parametrize(
    "sent",
    [
        head("X: " + "a" * LIMIT),
        head("X: " + "a" * LIMIT)[:-2],
        head(*(f"X-{number}: {'a' * 100}" for number in range(LIMIT // 100))),
        head().replace(b"/health", b"/health?" + b"a" * LIMIT),
        b"GET /" + b"a" * 2 * LIMIT,
    ],
    ids=["whole", "unfinished", "many", "address", "unfinished address"],
)
def test_long_head_is_431(address: str, sent: bytes) -> None:
    """Whether it ends or not, in one line or in many: an answer, and the connection is closed."""
    with connect(address) as client:
        client.sendall(sent)
        answer = everything(client)
    assert answer.startswith(b"HTTP/1.1 431 ")
    assert b"connection: close" in answer


def test_head_just_below_the_limit_is_read(address: str) -> None:
    """Cookies and tokens of a reasonable size are nobody's attack."""
    with httpx.Client() as client:
        answer = client.get(f"{address}/health", headers={"X": "a" * (LIMIT - 1024)})
    assert answer.status_code == 200


def test_endless_head_is_not_kept(address: str) -> None:
    """Whoever goes on sending is cut off; nobody gets to 256 MiB."""
    flood = [b"a" * MIB for _ in range(256)]
    with connect(address) as client:
        assert is_cut_off(client, [b"GET / HTTP/1.1\r\nX: ", *flood])


def test_head_answers_without_a_body(address: str) -> None:
    """HEAD of a probe has the status of GET, its headers, and nothing else."""
    parts = urlsplit(address)
    for path in ("/health", "/ready"):
        client = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=5)
        client.request("HEAD", path)
        response = client.getresponse()
        assert response.status == 200
        assert int(response.headers["content-length"]) > 0
        assert response.read() == b""
        client.request("GET", path)  # the connection is still in step
        assert client.getresponse().status == 200
        client.close()


@pytest.mark.parametrize(
    "sent", [b"", b"GET / HT", b"\r\n", head()[:-2]], ids=["nothing", "line", "blank", "headers"]
)
def test_head_that_does_not_end_is_not_waited_for(sent: bytes) -> None:
    """Who opens a connection and says nothing, or half of it, is gone after the time given."""
    with guarded() as client:
        began = time.monotonic()
        client.sendall(sent)
        assert everything(client) == b""
        assert HASTE * 0.8 < time.monotonic() - began < HASTE + 2


def test_dripping_buys_no_time() -> None:
    """The time counts from the first byte, not from the last."""
    with guarded() as client:
        assert is_cut_off(client, (bytes([byte]) for byte in head("X: " + "a" * 500)))


def test_second_request_is_held_to_it_as_well() -> None:
    """Also on a connection that is kept."""
    with guarded() as client:
        client.sendall(head())
        assert client.recv(65536).startswith(b"HTTP/1.1 200")
        client.sendall(b"GET / HT")
        began = time.monotonic()
        assert everything(client) == b""
        assert time.monotonic() - began < HASTE + 2


def test_kept_connection_may_rest() -> None:
    """Between two requests nothing hurries: that is for the keep-alive time to end."""
    with guarded() as client:
        for _ in range(2):
            client.sendall(head())
            assert client.recv(65536).startswith(b"HTTP/1.1 200")
            time.sleep(HASTE * 2)


def test_body_and_answer_may_take_their_time() -> None:
    """The limit is the head's: a slow upload and a long transcription are not hurried, nor is a
    client that sends a stray line end while it waits."""
    content = (
        b'--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\nx\r\n--b--\r\n'
    )
    lines = [
        "POST /transcribe HTTP/1.1",
        "Host: x",
        "Content-Type: multipart/form-data; boundary=b",
    ]
    lines.append(f"Content-Length: {len(content)}")
    engine = FakeEngine(script=[HASTE * 2, *FakeEngine().script])
    with guarded(engine) as client:
        client.sendall("\r\n".join([*lines, "", ""]).encode())
        for half in (content[:20], content[20:] + b"\r\n"):
            time.sleep(HASTE * 1.5)
            client.sendall(half)
        assert client.recv(65536).startswith(b"HTTP/1.1 200")


def test_trailers_are_bounded() -> None:
    """A chunked body may bring headers after it; they are headers."""
    start = b"POST /classify HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    with guarded() as client:
        client.sendall(start + b"Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n0\r\n")
        assert is_cut_off(client, (b"X: " + b"a" * MIB + b"\r\n" for _ in range(256)))


def test_many_small_requests_in_one_piece_are_answered() -> None:
    """Pipelined requests are many heads, none of them long."""
    with guarded() as client:
        client.sendall(head() * 2000)
        seen = b""
        while seen.count(b"HTTP/1.1 200") < 2000:
            piece = client.recv(1 << 20)
            assert piece
            seen += piece


def test_upload_of_many_pieces_is_not_taken_for_a_head() -> None:
    """A body is as long as it may be."""
    engine = FakeEngine()
    with guarded(engine) as client:
        host, port = client.getpeername()
        files = {"file": (WAV[0], bytes(8 * MIB))}
        assert httpx.post(f"http://{host}:{port}/transcribe", files=files).status_code == 200
    assert len(engine.content or b"") == 8 * MIB
