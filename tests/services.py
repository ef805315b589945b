"""Both services as processes of their own, to be stopped and started again at the same address."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx

from api_server.settings import Settings as SttApiSettings
from web_ui.settings import Settings as WebUiSettings

ROOT = Path(__file__).parents[1]
START_SECONDS = 60.0
OURS = SttApiSettings.model_fields.keys() | WebUiSettings.model_fields.keys()


def is_ours(name: str) -> bool:
    """Whether an environment variable is a setting of one of the services."""
    return name.removesuffix("_FILE").lower() in OURS


class Service:
    """A service that can be killed at any moment."""

    def __init__(self, module: str, log: Path, **environment: str) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self._port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self._port}"
        self._command = [sys.executable, "-m", module]
        kept = {name: value for name, value in os.environ.items() if not is_ours(name)}
        self._environment = {**kept, "PORT": str(self._port), **environment}
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command,
                cwd=ROOT,
                env=self._environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def kill(self) -> None:
        """`kill -9`, of the worker processes as well."""
        if self._process is not None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._process = None

    def wait_until_ready(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                if httpx.get(f"{self.url}/ready", timeout=2).status_code == 200:
                    return
            except httpx.TransportError:
                pass  # not there yet
            assert time.monotonic() < deadline, self._log.read_text()[-4000:]
            time.sleep(0.1)
