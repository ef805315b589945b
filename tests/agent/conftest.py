"""What the agent's tests share."""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

START_SECONDS = 300


@pytest.fixture
def llm_log(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    """Everything that is logged, at any level, by anybody."""
    caplog.set_level("DEBUG")
    return caplog


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for 127.0.0.1 that only itself vouches for, and its key, in one file."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl, which makes the certificate, is not installed")
    path = tmp_path_factory.mktemp("tls") / "server.pem"
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2"
    names = ["-subj", "/CN=llm", "-addext", "subjectAltName=IP:127.0.0.1"]
    files = ["-keyout", f"{path}", "-out", f"{path}.crt"]
    subprocess.run([*command.split(), *names, *files], check=True, capture_output=True)
    path.write_text(path.read_text() + Path(f"{path}.crt").read_text())
    return path


@pytest.fixture(scope="session")
def real_llm() -> Iterator[str]:
    """The URL of a real LLM server, started once. TEST_LLM_UP is the command that starts it:
    with `small PORT` it prints the server's process id and its URL."""
    command = shlex.split(os.environ.get("TEST_LLM_UP", ""))
    if not command:
        pytest.skip("set TEST_LLM_UP to the command that starts a real LLM server")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    try:
        done = subprocess.run(
            [*command, "small", str(port)],
            capture_output=True,
            text=True,
            timeout=START_SECONDS,
            check=True,
        )
    except (OSError, subprocess.SubprocessError) as error:
        pytest.skip(f"the real LLM server did not start: {error}")
    pid, url = done.stdout.split()
    yield url
    with suppress(ProcessLookupError):
        os.kill(int(pid), signal.SIGTERM)
