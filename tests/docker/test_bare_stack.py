"""The stack without a model, each service alone, and a setting that cannot be read."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.docker.places import ROOT
from tests.docker.stack import (
    Stack,
    get,
    inspected,
    logs_of,
    started,
    transcribed,
)

pytestmark = pytest.mark.timeout(900)


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a fresh clone holds: the same files, and no model."""
    place = tmp_path_factory.mktemp("checkout")
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "-z"],
        cwd=ROOT, capture_output=True, text=True, check=True, timeout=60,
    ).stdout  # fmt: skip
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            (place / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, place / name)
    return place


@pytest.fixture(scope="module")
def bare(engine: None, checkout: Path) -> Iterator[Stack]:
    with started(Stack((checkout / "docker" / "docker-compose.dev.yml",))) as running:
        yield running


def test_bare_stack_is_healthy_and_says_what_it_lacks(bare: Stack) -> None:
    """Containers are up; the service is degraded, with the reason."""
    states = [inspected(name)["State"]["Health"]["Status"] for name in ("stt-api", "stt-web-ui")]
    assert states == ["healthy", "healthy"]
    health = get(f"{bare.api}/health").json()
    assert (health["status"], health["is_dummy"]) == ("degraded", True)
    assert health["error_reason"]


def test_bare_stack_marks_what_it_answers(bare: Stack) -> None:
    """A dummy, in the answer, in the pages and in the log, for the engine and for the LLM."""
    form = {"file_path": "audio/samples/ko_sentence.flac", "classify": "true"}
    answer = transcribed(bare.api, data=form)
    assert (answer["status"], answer["is_dummy"]) == (200, True)
    assert answer["text"].startswith("[Dummy]")
    text = {"text": "상담원: 무엇을 도와드릴까요?"}
    httpx.post(f"{bare.api}/classify", json=text, timeout=30, trust_env=False)
    log = logs_of("stt-api")
    assert "[STT-DUMMY] Model load failed: " in log
    assert "[AGENT-DUMMY] Configuration invalid: " in log
    assert "notice-dummy" in get(f"{bare.pages}/").text


def test_each_service_runs_alone(bare: Stack) -> None:
    """stt-api needs no pages; the pages open without an engine and say that it is away."""
    bare.compose("stop", "--timeout", "10")
    bare.compose("rm", "--force")
    bare.up("stt-api", build=False)
    assert get(f"{bare.api}/health").status_code == 200
    bare.compose("rm", "--force", "--stop", "stt-api")
    bare.compose("up", "-d", "--no-deps", "--wait", "web-ui")
    assert get(f"{bare.pages}/").status_code == 200
    health = get(f"{bare.pages}/health")
    assert (health.status_code, health.json()["status"]) == (200, "degraded")


def test_setting_that_cannot_be_read_ends_the_start(bare: Stack) -> None:
    """At once and with one line that names it, not after minutes of waiting for health."""
    bare.down()
    stack = Stack(bare.files, {"STT_FALLBACK": "perhaps"})
    with pytest.raises(RuntimeError, match="exited"):
        stack.up(build=False)
    assert inspected("stt-api")["State"]["ExitCode"] == 2
    assert logs_of("stt-api").startswith("stt-api: STT_FALLBACK: ")
