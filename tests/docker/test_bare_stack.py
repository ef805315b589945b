"""The stack without a model, each service alone, and a setting that cannot be read."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.docker.places import ROOT
from tests.docker.stack import (
    Stack,
    copy_tree,
    discard,
    get,
    inspected,
    logs_of,
    run,
    started,
    transcribed,
)

pytestmark = pytest.mark.timeout(900)


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a fresh clone holds: the same files, and no model."""
    return copy_tree(tmp_path_factory.mktemp("checkout"))


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


def test_llm_is_wired_by_its_name(bare: Stack) -> None:
    """AGENT_URL as the profile `vllm` is used with, and a server under that name: it answers."""
    bare.down()
    bare.environment["AGENT_URL"] = "http://vllm:8001"
    try:
        bare.up("stt-api", build=False)
        stub = str(ROOT / "tests" / "docker" / "stub_llm.py")
        run("docker", "run", "-d", "--name", "vllm-stub", "--network", "stt-network",
            "--network-alias", "vllm", "-v", f"{stub}:/stub.py:ro", "stt-api:dev",
            "python", "/stub.py")  # fmt: skip
        deadline = time.monotonic() + 30
        while not get(f"{bare.api}/health").json()["component_status"]["vllm"]:
            assert time.monotonic() < deadline, logs_of("stt-api")
            time.sleep(0.5)
        text = {"text": "상담원: 무엇을 도와드릴까요?"}
        answer = httpx.post(f"{bare.api}/classify", json=text, timeout=30, trust_env=False)
        assert answer.json()["method"] == "llm"
    finally:
        discard("rm", "-f", "vllm-stub")
        del bare.environment["AGENT_URL"]


def test_setting_that_cannot_be_read_ends_the_start(bare: Stack) -> None:
    """At once and with one line that names it, not after minutes of waiting for health."""
    bare.down()
    stack = Stack(bare.files, {"STT_FALLBACK": "perhaps"})
    with pytest.raises(RuntimeError, match="exited"):
        stack.up(build=False)
    assert inspected("stt-api")["State"]["ExitCode"] == 2
    assert logs_of("stt-api").startswith("stt-api: STT_FALLBACK: ")
