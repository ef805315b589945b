"""The commands a person types, run as a person would, on a tree of their own."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = sorted((ROOT / "scripts").glob("*.sh"))
# A service with the routes that run_local.sh waits for, and nothing else.
STUB = """
import os, sys
from http.server import BaseHTTPRequestHandler, HTTPServer

class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
    def do_POST(self):
        os._exit(7)
    def log_message(self, *words):
        pass

HTTPServer((os.environ["HOST"], int(os.environ["PORT"])), Handler).serve_forever()
"""


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A checkout with the real scripts, two stub services and this test's own Python."""
    for name in ("requirements.txt", "requirements-dev.txt"):
        (tmp_path / ".venv" / "bin").mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
        shutil.copy(ROOT / name, tmp_path / ".venv" / name)
    shutil.copytree(ROOT / "scripts", tmp_path / "scripts")
    python = tmp_path / ".venv" / "bin" / "python"
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    python.chmod(0o755)
    for service in ("api_server", "web_ui"):
        (tmp_path / service).mkdir()
        (tmp_path / service / "app.py").write_text(STUB)
    return tmp_path


def settings(**changes: str) -> dict[str, str]:
    """The environment of a person who has set these variables and no others of ours."""
    ours = re.compile(r"^(STT_|AGENT_|HOST$|PORT$|WEB_UI_|CI$)")
    kept = {name: value for name, value in os.environ.items() if not ours.match(name)}
    return kept | {"STT_BACKEND": "dummy"} | changes


@contextmanager
def running(tree: Path, **changes: str) -> Iterator[tuple[subprocess.Popen[str], list[str]]]:
    """run_local.sh after it has announced itself, and the lines it wrote until then."""
    with subprocess.Popen(
        ["bash", "scripts/run_local.sh"],
        cwd=tree,
        env=settings(**changes),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            assert process.stdout is not None
            lines: list[str] = []
            for line in process.stdout:
                lines.append(line)
                if line.startswith("Ctrl-C"):
                    break
            yield process, lines
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)


def run(tree: Path, script: str, *words: str, **changes: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", f"scripts/{script}", *words],
        cwd=tree,
        env=settings(**changes),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def refuses_connections(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


@pytest.mark.parametrize(
    ("sent", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)], ids=["TERM", "INT"]
)
def test_run_local_starts_both_services_and_stops_both(
    tree: Path, sent: signal.Signals, code: int
) -> None:
    """It says where the services are, they are there, and a signal ends all of it."""
    api, web = free_port(), free_port()
    with running(tree, PORT=str(api), WEB_UI_PORT=str(web)) as (process, lines):
        said = "".join(lines)
        assert f"http://localhost:{api}/docs" in said
        assert f"http://localhost:{web}" in said
        assert f"curl -X POST http://localhost:{api}/transcribe -F file_path=" in said
        os.killpg(process.pid, sent)
        assert process.wait(timeout=20) == code
    assert refuses_connections(api)
    assert refuses_connections(web)


def test_run_local_names_the_service_that_died(tree: Path) -> None:
    """When one service dies the other is stopped, and the first one's name is said."""
    api, web = free_port(), free_port()
    with running(tree, PORT=str(api), WEB_UI_PORT=str(web)) as (process, _):
        deadly = urllib.request.Request(f"http://127.0.0.1:{web}/", data=b"")
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with pytest.raises(OSError, match=r"."):
            opener.open(deadly, timeout=5)
        assert process.stdout is not None
        said = process.stdout.read()
        assert process.wait(timeout=20) == 7
    assert "web-ui ended (exit code 7)" in said
    assert refuses_connections(api)


def test_run_local_starts_stt_api_alone_without_web_ui(tree: Path) -> None:
    """The pages are started as soon as they exist, and not before."""
    (tree / "web_ui" / "app.py").unlink()
    with running(tree, PORT=str(free_port())) as (process, lines):
        assert "pages" not in "".join(lines)
        process.terminate()
        assert process.wait(timeout=20) == 143


@pytest.mark.parametrize("setting", ["PORT", "WEB_UI_PORT"])
def test_a_busy_port_is_said_in_one_line(tree: Path, setting: str) -> None:
    """Nothing is started when a port is taken; the line names it and the setting."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ports = {"PORT": str(free_port()), "WEB_UI_PORT": str(free_port()), setting: str(port)}
        done = run(tree, "run_local.sh", **ports)
    assert (done.returncode, done.stdout) == (1, "")
    assert re.fullmatch(rf"Port {port} on 127\.0\.0\.1 .* set {setting}\.\n", done.stderr)


def test_an_old_python_is_refused_in_one_line(tree: Path, tmp_path: Path) -> None:
    """Where only an older Python is found, one line says which, and nothing is made."""
    shutil.rmtree(tree / ".venv")
    old = tmp_path / "old"
    old.mkdir()
    for tool in ("bash", "cat", "cmp", "dirname", "mkdir", "rm", "sleep"):
        (old / tool).symlink_to(shutil.which(tool) or tool)
    (old / "python3").write_text('#!/bin/sh\n[ "$1" = --version ] && echo Python 3.9.6\n')
    (old / "python3").chmod(0o755)
    done = run(tree, "prepare_model_local.sh", PATH=str(old))
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "3.11 or newer is needed; Python 3.9.6 was found" in done.stderr
    assert not (tree / ".venv").exists()
    assert not (tree / ".venv.lock").exists()


def test_a_model_without_a_source_says_what_to_do(tree: Path, tmp_path: Path) -> None:
    """Exit code 1, one paragraph on stderr, and nothing half made."""
    models = tmp_path / "none"
    offline = {"HF_HUB_OFFLINE": "1", "HF_HOME": str(tmp_path / "hf"), "STT_MODEL_DIR": str(models)}
    done = run(tree, "prepare_model_local.sh", "small", **offline)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert f"{models}/small/ by hand" in done.stderr
    assert [path.name for path in models.iterdir()] == [".small.lock"]


@pytest.mark.model
def test_a_prepared_model_is_left_alone_within_a_second(tree: Path) -> None:
    """The second run needs no network and no time, and says so."""
    models = (ROOT / (os.environ.get("STT_MODEL_DIR") or "models")).resolve()
    begin = time.monotonic()
    done = run(tree, "prepare_model_local.sh", STT_MODEL_DIR=str(models), PIP_NO_INDEX="1")
    assert done.stdout.startswith("base: ready")
    assert time.monotonic() - begin < 1


@pytest.mark.model
def test_a_packed_model_is_reproducible_and_checks_out(tree: Path, tmp_path: Path) -> None:
    """Two packings are the same bytes; unpacked elsewhere, the model needs no verification."""
    models = (ROOT / (os.environ.get("STT_MODEL_DIR") or "models")).resolve()
    outs = [tmp_path / "out1", tmp_path / "out2"]
    for out in outs:
        done = run(tree, "ec2_prepare_model.sh", "base", str(out), STT_MODEL_DIR=str(models))
        assert done.returncode == 0, done.stderr
    first, second = (next(out.glob("base.tar.*")) for out in outs)
    assert first.read_bytes() == second.read_bytes()
    sums = (outs[0] / "SHA256SUMS").read_text().splitlines()
    assert [line.split()[1] for line in sums] == [first.name, "model.json"]
    assert 'mtime_ns": null' in (outs[0] / "model.json").read_text()
    target = tmp_path / "target"
    target.mkdir()
    tool = "zstd" if first.suffix == ".zst" else "gzip"
    unpack = f'{tool} -dc "{first}" | tar -xf - -C "{target}"'
    subprocess.run(["bash", "-c", unpack], check=True)
    listed = (target / "base" / "SHA256SUMS").read_text()
    assert "model.bin" in listed
    done = run(tree, "prepare_model_local.sh", STT_MODEL_DIR=str(target), PIP_NO_INDEX="1")
    assert done.stdout.startswith("base: ready")


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_scripts_say_how_they_are_used(script: Path) -> None:
    """Each command stops at its first error, is executable and shows its use in its head."""
    text = script.read_text(encoding="utf-8")
    if script.name.startswith("_"):
        assert not os.access(script, os.X_OK)
        return
    assert os.access(script, os.X_OK)
    assert "set -euo pipefail" in text
    assert f"#   scripts/{script.name}" in text


@pytest.mark.parametrize("name", ["requirements", "requirements-dev", "requirements-backends"])
def test_requirements_are_pinned_and_complete(name: str) -> None:
    """Every name of the short list is in the compiled one, pinned exactly, with no index named."""
    asked = (ROOT / f"{name}.in").read_text(encoding="utf-8")
    compiled = (ROOT / f"{name}.txt").read_text(encoding="utf-8")
    lines = [line for line in compiled.splitlines() if line and not line.lstrip().startswith("#")]
    pins = [line.removesuffix(" \\") for line in lines if not line.startswith("    --hash=sha256:")]
    assert all(re.match(r"^[a-z0-9][a-z0-9.-]*(\[\w+\])?==\S+( ; .+)?$", pin) for pin in pins)
    pinned = {pin.split("==")[0].split("[")[0] for pin in pins}
    wanted = re.findall(r"^([a-z][\w-]*)", asked, re.MULTILINE)
    assert set(wanted) <= pinned
    assert "://" not in compiled
    assert "index" not in compiled


def test_every_sample_is_described() -> None:
    """The manifest, the table and the files of audio/samples are the same set."""
    folder = ROOT / "audio" / "samples"
    lines = (folder / "manifest.jsonl").read_text(encoding="utf-8").splitlines()
    clips = {json.loads(line)["file"]: json.loads(line) for line in lines}
    table = (folder / "README.md").read_text(encoding="utf-8")
    present = {path.name for path in folder.iterdir() if path.suffix in {".flac", ".wav"}}
    assert set(clips) == present == set(re.findall(r"^\| `(\S+)`", table, re.MULTILINE))
    assert all(clip["text"] in table and clip["source"] in table for clip in clips.values())
