"""A laptop with Docker and nothing else: a model comes, and a change of the code is taken in."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import httpx
import pytest

from tests.docker.stack import (
    BUILD_SECONDS,
    PROJECT,
    Stack,
    clean_environment,
    copy_tree,
    get,
    inside,
    refuse_strangers,
)

pytestmark = [pytest.mark.docker, pytest.mark.timeout(900)]
# Nobody's id on this machine: a checkout is seldom root's.
OWNER = 12345


@pytest.fixture(scope="module")
def stack(engine: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A checkout of somebody else's, without a model."""
    refuse_strangers()
    place = copy_tree(tmp_path_factory.mktemp("laptop"))
    for path in (place, *place.rglob("*")):
        os.chown(path, OWNER, OWNER)
    made = Stack((place / "docker" / "docker-compose.dev.yml",))
    yield made
    made.down("--volumes", "--timeout", "5")


def test_model_is_prepared_in_a_container(stack: Stack) -> None:
    """Fetched, checked and heard, into a directory of another user; the service then has it."""
    said = stack.compose("run", "--rm", "--build", "prepare-model", timeout=BUILD_SECONDS)
    assert "use it with STT_MODEL=base" in said
    stack.up("stt-api", build=False)
    health = get(f"{stack.api}/health").json()
    assert (health["status"], health["is_dummy"]) == ("healthy", False)


def test_change_is_taken_in(stack: Stack) -> None:
    """While `watch` runs, a file of the engine and one of the service reach the container."""
    root = stack.files[0].parents[1]
    log = root / "watch.log"
    words = ["docker", "compose", "-p", PROJECT, "-f", str(stack.files[0]), "watch", "--no-up"]
    environment = {**clean_environment(), **stack.environment}
    with log.open("wb") as out:
        watching = subprocess.Popen(
            [*words, "stt-api"], stdout=out, stderr=subprocess.STDOUT, env=environment
        )
        try:
            _until(lambda: "Watch enabled" in log.read_text("utf-8"), log)
            for name in ("stt_phrases.py", "api_server/answers.py"):
                with (root / name).open("a", encoding="utf-8") as file:
                    file.write("# taken in\n")
                _until(partial(_has, name, "# taken in"), log)
                _until(lambda: _is_ready(stack), log)
        finally:
            watching.terminate()
            watching.wait(30)


def _has(name: str, text: str) -> bool:
    return text in inside("stt-api", "tail", "-n", "1", name).stdout


def _is_ready(stack: Stack) -> bool:
    try:
        return get(f"{stack.api}/ready", timeout=2).status_code == 200
    except httpx.HTTPError:
        return False


def _until(true: Callable[[], bool], log: Path) -> None:
    deadline = time.monotonic() + 90
    while not true():
        assert time.monotonic() < deadline, log.read_text("utf-8")
        time.sleep(0.3)
