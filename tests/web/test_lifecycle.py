"""`python -m web_ui.app`, as a process of its own."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from serving.settings import MIB
from tests.api.harness import serving, wait_until
from tests.fakes import SEGMENT, TRANSCRIPT, FakeEngine
from tests.web.harness import ROOT, WAV, answers, serving_process

MODELS = {"ctranslate2", "faster_whisper", "av", "onnxruntime", "numpy", "yaml", "jsonschema"}


def environment(tmp_path: Path, engine: str) -> dict[str, str]:
    return {
        "STT_API_URL": engine,
        "WEB_UI_DATA": str(tmp_path / "data"),
        "WEB_UI_LOGS": str(tmp_path / "logs"),
    }


def test_starts_soon_and_ends_at_once(tmp_path: Path) -> None:
    """Ready within seconds of its start; gone within 2 s of SIGTERM, with a connection open."""
    began = time.monotonic()
    settings = environment(tmp_path, "http://127.0.0.1:9")
    with serving_process(**settings) as (address, process):
        wait_until(lambda: answers(address))
        assert time.monotonic() - began < 5
        with httpx.Client(base_url=address) as client:
            assert client.get("/").status_code == 200
            process.send_signal(signal.SIGTERM)
            told = time.monotonic()
            assert process.wait(5) == 0
            assert time.monotonic() - told < 2
    text = (tmp_path / "logs" / "web-ui.log").read_text(encoding="utf-8")
    assert "route=/ status=200" in text


def test_upload_goes_through_both_services(tmp_path: Path) -> None:
    """A form, 64 MiB of it, over sockets to a real stt-api, and the text comes back; the process
    does not grow by what it carries."""
    engine = FakeEngine()
    with (
        serving(engine) as stt_api,
        serving_process(**environment(tmp_path, stt_api)) as (address, process),
    ):
        wait_until(lambda: answers(address))
        before = peak_memory(process.pid)
        content = os.urandom(MIB) * 64
        response = httpx.post(f"{address}/", files={"file": ("a.wav", content)}, timeout=30)
        page = f"{address}{response.headers['location']}"
        wait_until(lambda: SEGMENT.text in httpx.get(page).text)
        assert peak_memory(process.pid) - before < 32 * MIB
    assert response.status_code == 303
    assert engine.content == content


def peak_memory(pid: int) -> int:
    """The most memory the process has held, in bytes."""
    status = Path(f"/proc/{pid}/status").read_text()
    (line,) = [line for line in status.splitlines() if line.startswith("VmHWM")]
    return int(line.split()[1]) * 1024


def test_cancelling_ends_the_engines_work(tmp_path: Path) -> None:
    """Over sockets, at once: nobody's text is worked on any further."""
    engine = FakeEngine(script=[60.0, TRANSCRIPT])
    with (
        serving(engine) as stt_api,
        serving_process(**environment(tmp_path, stt_api)) as (address, _),
    ):
        wait_until(lambda: answers(address))
        sent = httpx.post(f"{address}/api/transcripts", files={"file": WAV})
        wait_until(lambda: engine.options is not None)
        httpx.post(f"{address}{sent.headers['location']}/cancel").raise_for_status()
        wait_until(lambda: engine.cancelled == 1, 2)


def test_oversize_answer_reaches_a_browser_that_still_sends(tmp_path: Path) -> None:
    """The page that names the limit is not lost to a reset of the connection."""
    with (
        serving(FakeEngine()) as stt_api,
        serving_process(**environment(tmp_path, stt_api), STT_MAX_UPLOAD_MB="1") as (address, _),
    ):
        wait_until(lambda: answers(address))
        files = {"file": ("a.wav", bytes(8 * MIB))}
        response = httpx.post(f"{address}/?lang=en", files=files)
    assert response.status_code == 413
    assert "up to 1 MB" in response.text


@pytest.mark.parametrize(
    "bad",
    [
        {"PORT": "x", "STT_API_URL": "localhost:8003", "STT_API_TIMEOUT": "0"},
        {"STT_API_URL": "http://st\nt:8003"},
        {"STT_API_URL": "http://-:8003"},
        {"STT_API_KEY": "hunter2 hunter3"},
        {"STT_API_KEY": "hunter2열쇠"},
    ],
)
def test_bad_setting_is_one_line(bad: dict[str, str]) -> None:
    """Status 2 and one line that names every setting at fault, but never the key."""
    done = subprocess.run(
        [sys.executable, "-m", "web_ui.app"], cwd=ROOT, env={**os.environ, **bad},
        capture_output=True, text=True, timeout=30, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith("web-ui: ")
    assert all(name in done.stderr for name in bad)
    assert "hunter2" not in done.stderr


@pytest.mark.skipif(not hasattr(resource, "prlimit"), reason="Linux alone limits another process")
def test_disk_that_takes_no_more_is_not_ready(tmp_path: Path) -> None:
    """A file can still be made, but nothing of it is stored: /ready says so, and why."""
    settings = environment(tmp_path, "http://127.0.0.1:9")
    with serving_process(**settings) as (address, process):
        wait_until(lambda: answers(address))
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (4096, 4096))
        response = httpx.get(f"{address}/ready")
        assert httpx.head(f"{address}/ready").status_code == 503
    assert response.status_code == 503
    assert response.json()["reason"] == "WEB_UI_DATA cannot be written: File too large"


def test_imports_are_lean() -> None:
    """Nothing of the engine or the analyses comes in, not even through a side door."""
    code = f"import sys, web_ui.app;print(*sorted(set(sys.modules) & {MODELS!r}))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == ""
