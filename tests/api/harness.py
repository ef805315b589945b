"""Ways to run the service in a test: in process, in a thread, as a process of its own."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any, TypeAlias

import httpx
import uvicorn

from api_server.app import create_app
from api_server.engine import SpeechEngine
from api_server.services.agent_types import Agent
from api_server.settings import Settings
from tests.fakes import FakeEngine

Process: TypeAlias = subprocess.Popen[str]
ROOT = Path(__file__).parents[2]
WAV = ("call.wav", b"RIFF not really")


@asynccontextmanager
async def client_of(
    engine: SpeechEngine | None = None, agent: Agent | None = None, **settings: Any
) -> AsyncIterator[httpx.AsyncClient]:
    """A client of an application in this process, without a socket."""
    app = create_app(Settings(**settings), engine or FakeEngine(), agent)
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://stt") as client:
        yield client


@contextmanager
def serving(engine: SpeechEngine, **settings: Any) -> Iterator[str]:
    """The address of a real server in a thread of its own."""
    listener = socket.create_server(("127.0.0.1", 0))
    app = create_app(Settings(**settings), engine)
    config = uvicorn.Config(
        app, log_config=None, access_log=False, ws="none", timeout_graceful_shutdown=1
    )
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


@contextmanager
def serving_process(
    seconds: float, **environment: str
) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """A process that serves a fake engine, whose transcripts take `seconds`."""
    command = [sys.executable, "-m", "tests.api.serve_fake", str(seconds)]
    env = {**os.environ, "PORT": "0", **environment}
    process = subprocess.Popen(command, cwd=ROOT, env=env, stderr=subprocess.PIPE, text=True)
    try:
        yield f"http://127.0.0.1:{_port(process)}", process
    finally:
        process.kill()
        process.communicate()


def wait_until(condition: Any, seconds: float = 5.0) -> None:
    """Poll until `condition()` holds; fail when it does not in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "the condition did not come about in time"
        time.sleep(0.01)


def events_of(text: str) -> list[tuple[str, dict[str, Any]]]:
    """The events of a stream, comments left out."""
    found = re.findall(r"^event: (\w+)\ndata: (.*)\n\n", text, re.MULTILINE)
    return [(name, json.loads(data)) for name, data in found]


def _port(process: Process) -> int:
    assert process.stderr is not None
    seen = ""
    for line in process.stderr:
        seen += line
        if found := re.search(r"running on http://[^:]+:(\d+)", line):
            return int(found[1])
    raise AssertionError(f"the service did not start:\n{seen}")
