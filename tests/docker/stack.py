"""A stack of containers as a user starts it, on ports and with volumes of its own."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from tests.docker.places import ROOT

PROJECT = "stt-test"
NAMES = ("stt-api", "stt-web-ui", "stt-proxy")
BUILD_SECONDS = 600


@dataclass(slots=True)
class Stack:
    """One project of Compose. `environment` is what the shell of its user has set."""

    files: tuple[Path, ...]
    environment: dict[str, str] = field(default_factory=dict)
    api: str = ""
    pages: str = ""

    def __post_init__(self) -> None:
        api, pages = free_port(), free_port()
        self.environment |= {"STT_API_PORT": str(api), "WEB_UI_PORT": str(pages)}
        self.api, self.pages = f"http://127.0.0.1:{api}", f"http://127.0.0.1:{pages}"

    def compose(self, *words: str, timeout: float = 180) -> str:
        named = [word for path in self.files for word in ("-f", str(path))]
        environment = {**clean_environment(), **self.environment}
        return run("docker", "compose", "-p", PROJECT, *named, *words,
                   env=environment, timeout=timeout)  # fmt: skip

    def up(self, *services: str, build: bool = True) -> None:
        flags = ("--build",) if build else ()
        self.compose("up", "-d", *flags, "--wait", *services, timeout=BUILD_SECONDS)

    def down(self, *flags: str) -> None:
        self.compose("down", "--remove-orphans", *flags)


@contextmanager
def started(stack: Stack, *services: str) -> Iterator[Stack]:
    """Up, and away again with its volumes; its logs are shown when it does not come up."""
    refuse_strangers()
    try:
        try:
            stack.up(*services)
        except RuntimeError as error:
            raise RuntimeError(f"{error}\n{stack.compose('logs', '--tail', '40')}") from error
        yield stack
    finally:
        stack.down("--volumes", "--timeout", "10")


def refuse_strangers() -> None:
    """The names are the product's own: a stack somebody works with must not be torn down."""
    there = set(run("docker", "ps", "-a", "--format", "{{.Names}}").split()) & set(NAMES)
    if there:
        raise RuntimeError(f"containers {sorted(there)} exist already; take that stack down first")


def inside(container: str, *command: str, user: str = "") -> subprocess.CompletedProcess[str]:
    """What a command in a container answers, as its own user or another; not checked."""
    words = ["docker", "exec", *(("--user", user) if user else ()), container, *command]
    return subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)


def inspected(container: str) -> dict[str, Any]:
    facts: list[dict[str, Any]] = json.loads(run("docker", "inspect", container))
    return facts[0]


def image_bytes(name: str) -> int:
    return int(run("docker", "image", "inspect", "--format", "{{.Size}}", name))


def logs_of(container: str) -> str:
    done = subprocess.run(
        ["docker", "logs", container], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True, timeout=60, check=True,
    )  # fmt: skip
    return done.stdout


def run(*command: str, env: dict[str, str] | None = None, timeout: float = 60) -> str:
    """Standard output; raises `RuntimeError` with both outputs when the command fails."""
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=timeout, env=env, check=False
    )
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}: {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def discard(*command: str) -> None:
    """Takes away what may be there; what is not is well."""
    subprocess.run(["docker", *command], capture_output=True, timeout=120, check=False)


def clean_environment() -> dict[str, str]:
    """This process's, without settings of the product: a test says which it wants."""
    kept = ("PATH", "HOME", "DOCKER_HOST", "DOCKER_CONFIG", "TMPDIR")
    return {name: os.environ[name] for name in kept if name in os.environ}


def copy_tree(place: Path) -> Path:
    """What a clone would hold, changes that are not committed included; no model."""
    listed = run("git", "-C", str(ROOT), "ls-files", "-co", "--exclude-standard", "-z")
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            (place / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, place / name)
    return place


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def get(url: str, timeout: float = 30) -> httpx.Response:
    return httpx.get(url, timeout=timeout, trust_env=False)


def transcribed(api: str, timeout: float = 120, **form: Any) -> dict[str, Any]:
    """POST /transcribe; the parsed answer, of whatever status."""
    response = httpx.post(f"{api}/transcribe", timeout=timeout, trust_env=False, **form)
    answer: dict[str, Any] = response.json()
    return answer | {"status": response.status_code}
