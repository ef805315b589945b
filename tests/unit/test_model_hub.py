"""Downloads from a hub of our own on the loopback: the client is the real one."""

from __future__ import annotations

import hashlib
import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
REPO = "Systran/faster-whisper-small"
COMMIT = "c0ffee" + "0" * 34
FILES = {
    "config.json": b"{}",
    "tokenizer.json": b"{}",
    "vocabulary.txt": b"a\n",
    "model.bin": b"weights" * 1000,
    "README.md": b"not wanted",
}


class HubHandler(BaseHTTPRequestHandler):
    """As much of the hub's interface as a download needs."""

    def do_GET(self) -> None:
        self._answer(body=True)

    def do_HEAD(self) -> None:
        self._answer(body=False)

    def _answer(self, *, body: bool) -> None:
        path = self.path.split("?")[0]
        name = path.rsplit("/", 1)[-1]
        if path.startswith(f"/api/models/{REPO}/tree/"):
            tree = [
                {"type": "file", "path": n, "size": len(c), "oid": hashlib.sha1(c).hexdigest()}  # noqa: S324 - git's own
                for n, c in FILES.items()
            ]
            self._send(json.dumps(tree).encode(), "application/json", body=body)
        elif path.startswith(f"/api/models/{REPO}"):
            siblings = [{"rfilename": n, "size": len(c)} for n, c in FILES.items()]
            about = {"id": REPO, "modelId": REPO, "sha": COMMIT, "siblings": siblings}
            self._send(json.dumps(about).encode(), "application/json", body=body)
        elif path == f"/{REPO}/resolve/{COMMIT}/{name}" and name in FILES:
            self._send(FILES[name], "application/octet-stream", body=body)
        else:
            self.send_error(404)

    def _send(self, content: bytes, kind: str, *, body: bool) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("ETag", f'"{hashlib.sha1(content).hexdigest()}"')  # noqa: S324 - an ETag
        self.send_header("X-Repo-Commit", COMMIT)
        self.end_headers()
        if body:
            self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing: pytest shows what matters."""


@contextmanager
def hub() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), HubHandler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def fetch(endpoint: str, repo: str, scratch: Path) -> tuple[str, Path]:
    """What `Hub.fetch` says, and the directory it filled; in a process, as it reads the
    environment when it is imported."""
    code = (
        "import sys; from pathlib import Path; from model_sources import *\n"
        "staging, downloads = Path(sys.argv[2]), Path(sys.argv[3])\n"
        "staging.mkdir(exist_ok=True); downloads.mkdir(exist_ok=True)\n"
        "try: print(Hub(sys.argv[1]).fetch(staging, downloads))\n"
        "except Unavailable as error: print('unavailable:', error)\n"
    )
    # A proxy of the machine would answer for a hub on the loopback.
    kept = {name: value for name, value in os.environ.items() if "proxy" not in name.lower()}
    kept.pop("HF_HUB_OFFLINE", None)
    environment = kept | {
        "HF_ENDPOINT": endpoint,
        "HF_HOME": str(scratch / "home"),
        "PYTHONPATH": str(ROOT / "scripts"),
        "HF_HUB_DISABLE_TELEMETRY": "1",
    }
    command = [sys.executable, "-c", code, repo, str(scratch / "s"), str(scratch / "d")]
    done = subprocess.run(
        command, env=environment, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return done.stdout, scratch / "s"


def test_a_repository_is_downloaded(tmp_path: Path) -> None:
    """The files of a converted model arrive whole, the others are left; the commit is kept."""
    with hub() as endpoint:
        said, staging = fetch(endpoint, REPO, tmp_path)
    assert COMMIT in said
    found = {path.name: path.read_bytes() for path in staging.iterdir()}
    assert found == {name: content for name, content in FILES.items() if name != "README.md"}


def test_an_unknown_repository_is_told_from_an_unreachable_hub(tmp_path: Path) -> None:
    """404 is the hub's word; a refused connection is none."""
    with hub() as endpoint:
        said, _ = fetch(endpoint, "nobody/nothing", tmp_path)
    assert "unavailable:" in said
    assert "cannot be reached" not in said
    said, _ = fetch(endpoint, REPO, tmp_path)  # its port is closed now
    assert "unavailable: cannot be reached" in said


def test_a_silent_hub_is_given_up_within_seconds(tmp_path: Path) -> None:
    """A hub that takes the connection and says nothing costs seconds, not minutes."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        begin = time.monotonic()
        said, _ = fetch(f"http://127.0.0.1:{silent.getsockname()[1]}", REPO, tmp_path)
    assert "unavailable: cannot be reached" in said
    assert time.monotonic() - begin < 20


@pytest.mark.parametrize("value", ["1", "true", "ON"])
def test_the_hub_is_left_alone_when_told_so(
    value: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """HF_HUB_OFFLINE keeps the preparation off the network."""
    from model_sources import Hub
    from model_store import Unavailable

    monkeypatch.setenv("HF_HUB_OFFLINE", value)
    with pytest.raises(Unavailable, match="HF_HUB_OFFLINE"):
        Hub(REPO).fetch(tmp_path, tmp_path)
