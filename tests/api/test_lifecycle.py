"""What only a real server shows: hanging up, draining, starting, the first segment."""

from __future__ import annotations

import signal
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import httpx
import pytest

from serving.drain import LAST_WORDS_SECONDS, Drain
from serving.settings import MIB
from stt_errors import QueueFull
from stt_types import Progress
from tests.api.harness import ROOT, WAV, events_of, serving, serving_process, wait_until
from tests.fakes import SEGMENT, TRANSCRIPT, FakeEngine

STREAM = {"stream": "true"}
LONG = 60.0


def connect(address: str) -> socket.socket:
    parts = urlsplit(address)
    assert parts.hostname is not None
    return socket.create_connection((parts.hostname, parts.port or 80), 5)


def form(content: bytes, fields: str = "") -> bytes:
    head = '--b\r\nContent-Disposition: form-data; name="file"; filename="a.wav"\r\n\r\n'
    return fields.encode() + head.encode() + content + b"\r\n--b--\r\n"


def head_of(length: int) -> bytes:
    lines = (
        "POST /transcribe HTTP/1.1",
        "Host: stt",
        "Content-Type: multipart/form-data; boundary=b",
    )
    return ("\r\n".join(lines) + f"\r\nContent-Length: {length}\r\n\r\n").encode()


def test_hanging_up_cancels_within_a_second() -> None:
    """A client that closes its socket while its recording is transcribed stops the work."""
    engine = FakeEngine(script=[LONG, TRANSCRIPT])
    with serving(engine) as address:
        with connect(address) as client:
            body = form(b"sound")
            client.sendall(head_of(len(body)) + body)
            wait_until(lambda: engine.source is not None)
        hung_up = time.monotonic()
        wait_until(lambda: engine.cancelled == 1, 1.0)
        assert time.monotonic() - hung_up < 1.0
        assert engine.source is not None
        source = engine.source
        wait_until(lambda: source.file.closed)


def test_hanging_up_cancels_a_stream() -> None:
    """The same for events."""
    engine = FakeEngine(script=[SEGMENT, LONG, TRANSCRIPT])
    with serving(engine) as address:
        with httpx.stream("POST", f"{address}/transcribe", files={"file": WAV}, data=STREAM) as r:
            assert next(r.iter_text()).startswith("event: segment")
        wait_until(lambda: engine.cancelled == 1, 1.0)


def test_hanging_up_during_the_upload_starts_nothing() -> None:
    """A client that leaves in the middle of its upload is forgotten."""
    engine = FakeEngine()
    with serving(engine) as address:
        with connect(address) as client:
            client.sendall(head_of(10 * MIB) + form(b"")[:-9] + bytes(MIB))
        line = 'stt_http_requests_total{method="POST",route="/transcribe",status="499"} 1.0'
        wait_until(lambda: line in httpx.get(f"{address}/metrics").text)
        assert engine.source is None
        assert "stt_http_requests_in_flight 1.0" in httpx.get(f"{address}/metrics").text


def test_finished_requests_are_not_taken_for_hung_up_ones() -> None:
    """Many requests over one connection all end as what they are."""
    engine = FakeEngine()
    with serving(engine) as address, httpx.Client(base_url=address) as client:
        for _ in range(50):
            assert client.post("/transcribe", files={"file": WAV}).status_code == 200
            assert client.post("/transcribe", files={"file": WAV}, data=STREAM).status_code == 200
        counted = 'route="/transcribe",status="200"} 100.0'
        wait_until(lambda: counted in client.get("/metrics").text)
        assert 'status="499"' not in client.get("/metrics").text
    assert (engine.finished, engine.cancelled) == (100, 0)


def test_first_segment_does_not_wait_for_the_rest() -> None:
    """A segment is delivered when it is there, however long the others take."""
    with serving(FakeEngine(script=[SEGMENT, LONG, TRANSCRIPT])) as address:
        began = time.monotonic()
        with httpx.stream("POST", f"{address}/transcribe", files={"file": WAV}, data=STREAM) as r:
            first = next(r.iter_text())
        assert first.startswith("event: segment")
        assert time.monotonic() - began < 1.0


@pytest.mark.parametrize(
    ("engine", "settings", "status"),
    [
        (FakeEngine(full=QueueFull(9, 9, 7)), {}, b"429"),
        (FakeEngine(), {"stt_max_upload_mb": 1}, b"413"),
        (FakeEngine(), {"stt_api_keys": "k"}, b"401"),
    ],
)
def test_refusal_reaches_a_client_that_is_still_sending(
    engine: FakeEngine, settings: dict[str, object], status: bytes
) -> None:
    """An answer before the body's end is not lost to a reset, and the connection is closed."""
    with serving(engine, **settings) as address, connect(address) as client:
        client.sendall(head_of(8 * MIB))
        for _ in range(8 * 16):
            client.sendall(bytes(MIB // 16))
        answer = b"".join(iter(lambda: client.recv(65536), b""))
    assert answer.split(b" ")[1] == status
    assert b"connection: close" in answer.lower()
    assert answer.endswith(b"}")


def test_health_answers_in_milliseconds_beside_uploads() -> None:
    """Large uploads do not hold the event loop."""
    content = bytes(64 * MIB)
    with serving(FakeEngine()) as address, ThreadPoolExecutor(2) as pool:
        uploads = [
            pool.submit(httpx.post, f"{address}/transcribe", files={"file": ("a", content)})
            for _ in range(2)
        ]
        times = []
        with httpx.Client(base_url=address) as client:
            while not all(upload.done() for upload in uploads):
                began = time.perf_counter()
                assert client.get("/health").status_code == 200
                times.append(time.perf_counter() - began)
        assert [upload.result().status_code for upload in uploads] == [200, 200]
    assert statistics.median(times) < 0.1


def terminate(process: subprocess.Popen[str]) -> float:
    process.send_signal(signal.SIGTERM)
    return time.monotonic()


def test_idle_service_ends_within_a_second() -> None:
    """With nothing to finish, SIGTERM ends the process at once, also with a connection open."""
    with serving_process(0) as (address, process), httpx.Client(base_url=address) as client:
        assert client.post("/transcribe", files={"file": WAV}).status_code == 200
        told = terminate(process)
        assert process.wait(5) == 0
        assert time.monotonic() - told < 1.0


def refused(address: str) -> Callable[[], bool]:
    return lambda: httpx.get(f"{address}/ready").status_code == 503


def test_running_work_is_finished_and_new_work_refused() -> None:
    """While it drains, the service finishes what runs, refuses the rest and is not ready."""
    with serving_process(1.5) as (address, process), ThreadPoolExecutor(1) as pool:
        running = pool.submit(httpx.post, f"{address}/transcribe", files={"file": WAV})
        busy = "stt_http_requests_in_flight 2.0"
        wait_until(lambda: busy in httpx.get(f"{address}/metrics").text)
        terminate(process)
        wait_until(refused(address), 1.0)
        new = httpx.post(f"{address}/transcribe", files={"file": WAV})
        assert httpx.get(f"{address}/health").status_code == 200
        assert running.result().json()["text"] == "안녕하세요."
        assert process.wait(3) == 0
    assert (new.status_code, new.json()["error_code"]) == (503, "draining")
    assert new.headers["retry-after"] == "5"


def test_work_past_the_limit_is_told_why() -> None:
    """What lasts longer than the drain's limit gets a 503, or an error event, and the process
    ends."""
    with (
        serving_process(LONG, STT_DRAIN_SECONDS="0.5") as (address, process),
        ThreadPoolExecutor(2) as pool,
    ):
        url, files = f"{address}/transcribe", {"file": WAV}
        whole = pool.submit(httpx.post, url, files=files)
        streamed = pool.submit(httpx.post, url, files=files, data=STREAM)
        busy = "stt_http_requests_in_flight 3.0"
        wait_until(lambda: busy in httpx.get(f"{address}/metrics").text)
        told = terminate(process)
        assert process.wait(5) == 0
        assert time.monotonic() - told < 2.0
        assert whole.result().status_code == 503
        assert whole.result().json()["error_code"] == "draining"
        name, event = events_of(streamed.result().text)[-1]
    assert (name, event["error_code"]) == ("error", "draining")


def test_health_answers_soon_after_the_start() -> None:
    """From the start of the process to the first answer of /health takes at most 1.5 s."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    began = time.monotonic()
    command = [sys.executable, "-m", "tests.api.serve_fake", "0"]
    with subprocess.Popen(command, cwd=ROOT, env={"PORT": str(port)}, stderr=-3) as process:
        try:
            wait_until(lambda: answers(port))
            took = time.monotonic() - began
        finally:
            process.terminate()
    assert took < 1.5


def answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), 5) as client:
            client.sendall(b"GET /health HTTP/1.1\r\nHost: stt\r\n\r\n")
            return client.recv(100).startswith(b"HTTP/1.1 200")
    except OSError:
        return False


def test_drain_waits_no_longer_than_its_limit() -> None:
    """The drain's own clockwork: running work holds it, the limit expires it, then it is over."""
    drain = Drain(10.0)
    with drain.working():
        assert not drain.over(0.0)
        drain.begin()
        assert not drain.over(100.0)
        assert not drain.over(109.9)
        assert not drain.expired.is_set()
        assert not drain.over(110.0)
        assert drain.expired.is_set()
        assert drain.over(110.0 + LAST_WORDS_SECONDS)
    assert drain.over(111.0)


def test_drain_asked_twice_waits_for_nothing() -> None:
    """A second signal is impatient."""
    drain = Drain(10.0)
    with drain.working():
        drain.begin()
        drain.begin()
        assert drain.over(100.0)
        assert drain.expired.is_set()


def test_progress_alone_is_enough_to_begin_a_stream() -> None:
    """The first event need not be a segment."""
    with serving(FakeEngine(script=[Progress(1, 9), 0.1, TRANSCRIPT])) as address:
        response = httpx.post(f"{address}/transcribe", files={"file": WAV}, data=STREAM)
    assert [name for name, _ in events_of(response.text)] == ["progress", "result"]
