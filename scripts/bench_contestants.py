"""Who is measured: processes that transcribe, each behind the same two methods."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Protocol

import httpx
from bench_clips import Clip

ROOT = Path(__file__).resolve().parent.parent
START_SECONDS = 300
LONGEST_SECONDS = 6 * 3600


class BenchError(Exception):
    """A contestant failed, so there is nothing to measure; the message is one line."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What was heard, and how long it took whoever asked, in seconds of wall time.

    engine_seconds: the part that the service's answer says was the engine's.
    """

    text: str
    seconds: float
    engine_seconds: float | None = None


class Contestant(Protocol):
    """`pid`: of the process whose tree does all the work."""

    @property
    def name(self) -> str: ...
    @property
    def pid(self) -> int: ...
    def hear(self, clip: Clip) -> Heard: ...


class Worker:
    """A process that runs bench_worker.py. Raises BenchError when it cannot."""

    def __init__(self, kind: str, model: Path) -> None:
        self._kind = kind
        self._process = subprocess.Popen(
            [sys.executable, str(ROOT / "scripts" / "bench_worker.py"), kind, str(model.resolve())],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"},
        )
        self.versions: dict[str, str] = self._read()["ready"]

    @property
    def pid(self) -> int:
        return self._process.pid

    def ask(self, clip: Clip, quality: str) -> Heard:
        assert self._process.stdin is not None  # noqa: S101 - asked for above
        question = {"file": str(clip.path), "language": clip.language, "quality": quality}
        print(json.dumps(question), file=self._process.stdin, flush=True)
        return Heard(**self._read())

    def close(self) -> None:
        if self._process.stdin is not None:
            self._process.stdin.close()  # it leaves when its input ends
        stop(self._process)

    def _read(self) -> dict[str, Any]:
        assert self._process.stdout is not None  # noqa: S101 - asked for above
        line = self._process.stdout.readline()
        if not line:
            raise BenchError(f"the contestant {self._kind} ended; its words are above")
        answer: dict[str, Any] = json.loads(line)
        return answer


@dataclass(frozen=True, slots=True)
class InProcess:
    """A worker asked for one quality; several may share a worker."""

    name: str
    worker: Worker
    quality: str = "balanced"

    @property
    def pid(self) -> int:
        return self.worker.pid

    def hear(self, clip: Clip) -> Heard:
        return self.worker.ask(clip, self.quality)


class Service:
    """stt-api on a free port, asked by upload over one kept-alive connection."""

    name = "stt-api over HTTP"

    def __init__(self, model: Path, log: IO[str], settings: Mapping[str, str]) -> None:
        self._port = _free_port()
        self.url = f"http://127.0.0.1:{self._port}"
        self._process = subprocess.Popen(
            [sys.executable, "-m", "api_server.app"],
            cwd=ROOT,
            env=_service_environment(model, self._port) | dict(settings),
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        self.client = self.new_client()

    @property
    def pid(self) -> int:
        return self._process.pid

    def new_client(self) -> httpx.Client:
        timeout = httpx.Timeout(LONGEST_SECONDS, connect=5.0)
        return httpx.Client(base_url=self.url, timeout=timeout, trust_env=False)

    def hear(self, clip: Clip) -> Heard:
        return post(self.client, clip)

    def wait_until_ready(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                raise BenchError(f"stt-api ended with exit code {self._process.returncode}")
            with suppress(httpx.TransportError):
                if self.client.get("/ready").status_code == 200:
                    return
            time.sleep(0.2)
        raise BenchError(f"stt-api was not ready after {START_SECONDS} s")

    def close(self) -> None:
        self.client.close()
        self._process.terminate()
        stop(self._process)


def post(client: httpx.Client, clip: Clip) -> Heard:
    """Uploads a clip and reads the whole answer. A dummy is an error here."""
    with clip.path.open("rb") as file:
        began = time.perf_counter()
        answer = client.post(
            "/transcribe", data={"language": clip.language}, files={"file": (clip.path.name, file)}
        )
        seconds = time.perf_counter() - began
    body = answer.json()
    if answer.status_code != 200 or body["is_dummy"]:
        raise BenchError(f"stt-api answered {answer.status_code}: {body['error_reason']}")
    return Heard(body["text"], seconds, body["processing_time_seconds"])


@contextmanager
def working_service(model: Path, **settings: str) -> Iterator[Service]:
    """A service that is ready; its log is shown when something goes wrong. `settings` are
    environment variables beside the usual ones."""
    with tempfile.TemporaryFile("w+", encoding="utf-8") as log:
        service = Service(model, log, settings)
        try:
            service.wait_until_ready()
            yield service
        except (BenchError, httpx.HTTPError):
            log.seek(0)
            print(log.read()[-4000:], file=sys.stderr)
            raise
        finally:
            service.close()


@contextmanager
def worker(kind: str, model: Path) -> Iterator[Worker]:
    one = Worker(kind, model)
    try:
        yield one
    finally:
        one.close()


def stop(process: subprocess.Popen[Any], patience: float = 40) -> None:
    try:
        process.wait(patience)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _service_environment(model: Path, port: int) -> dict[str, str]:
    """As a user has it, but for what would make the comparison unfair or a dummy possible."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("STT_", "AGENT_")) and name not in {"HOST", "PORT"}
    }
    return kept | {
        "HOST": "127.0.0.1",
        "PORT": str(port),
        "STT_MODEL": str(model.resolve()),
        "STT_BACKEND": "faster-whisper",
        "STT_DEVICE": "cpu",
        "STT_COMPUTE_TYPE": "int8",
        "STT_FALLBACK": "error",
    }


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])
