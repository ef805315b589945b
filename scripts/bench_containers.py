"""What the laptop's stack costs in containers: time to healthy, sizes, memory, time to stop.

    .venv/bin/python scripts/bench_containers.py [--rounds N]

Builds in a copy of the tree, so that a change of the code can be tried; needs Docker with Compose
and the prepared model `base`. The stack's names (stt-api, stt-web-ui) must be free: take yours down
first. Seconds depend on the machine, and the cold build on where packages come from: pip keeps
nothing between builds. A container that does nothing is measured beside them: what none undercuts.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BASE = "python:3.11-slim"
IMAGES = ("stt-api:dev", "stt-web-ui:dev")
CONTAINERS = ("stt-api", "stt-web-ui")
SERVICES = ("stt-api", "web-ui")
PROJECT = "stt-bench"
CLIP = "audio/samples/test_ko_1min.wav"


@dataclass(frozen=True, slots=True)
class Stack:
    """A copy of the tree, and Compose in it."""

    tree: Path

    def compose(self, *words: str) -> None:
        file = self.tree / "docker" / "docker-compose.dev.yml"
        _docker("compose", "-p", PROJECT, "-f", str(file), *words)

    def up(self, *words: str) -> None:
        self.compose("up", "-d", "--wait", *words)

    def change_code(self, note: str) -> None:
        with (self.tree / "stt_phrases.py").open("a", encoding="utf-8") as stream:
            stream.write(f"# {note}\n")


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench_containers.py")
    parser.add_argument("--rounds", type=int, default=3)
    rounds = parser.parse_args().rounds
    if set(_docker("ps", "-a", "--format", "{{.Names}}").split()) & set(CONTAINERS):
        print(f"take the stack down first: {' and '.join(CONTAINERS)} exist", file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory() as place:
        stack = Stack(Path(place))
        _copy_tree(stack.tree)
        try:
            _report(stack, rounds)
        finally:
            stack.compose("down", "--volumes", "--timeout", "5")
    return 0


def _report(stack: Stack, rounds: int) -> None:
    print("| measured | seconds |\n| --- | ---: |")
    _row("a container of the base that does nothing, started and ended", rounds, _start_nothing)
    _row("cold: `up -d --build` to both healthy, nothing built before", 1, lambda: _cold(stack))
    _row("warm: `up -d` to both healthy", rounds, lambda: _warm(stack))
    _row("a change of the engine's code: `up -d --build` to healthy again", rounds,
         lambda: _rebuild(stack))  # fmt: skip
    for name in CONTAINERS:
        _row(f"SIGTERM to stopped, idle: {name}", rounds, partial(_stop, stack, name))
    print("\n| image | MB | above the base |\n| --- | ---: | ---: |")
    base = _bytes(BASE)
    print(f"| {BASE} | {base / 1e6:.0f} | |")
    for image in IMAGES:
        print(f"| {image} | {_bytes(image) / 1e6:.0f} | {(_bytes(image) - base) / 1e6:.0f} |")
    _report_memory(stack)


def _report_memory(stack: Stack) -> None:
    stack.up()
    idle = _memory()
    for _ in range(3):
        _transcribe()
    busy = _memory()
    print("\n| memory, MiB | idle | after three minutes of speech |\n| --- | ---: | ---: |")
    for name in CONTAINERS:
        print(f"| {name} | {idle[name]:.0f} | {busy[name]:.0f} |")


def _row(title: str, rounds: int, measure: Callable[[], float]) -> None:
    taken = [measure() for _ in range(rounds)]
    spread = f" ({min(taken):.1f} to {max(taken):.1f})" if rounds > 1 else ""
    print(f"| {title} | {statistics.median(taken):.1f}{spread} |", flush=True)


def _cold(stack: Stack) -> float:
    stack.compose("down", "--volumes", "--timeout", "5")

    def build_and_start() -> None:
        stack.compose("build", "--no-cache", *SERVICES)
        stack.up()

    return _timed(build_and_start)


def _warm(stack: Stack) -> float:
    stack.compose("down", "--timeout", "20")
    return _timed(stack.up)


def _rebuild(stack: Stack) -> float:
    # After a build that was told to use no cache, the next may still choose older layers.
    stack.up("--build")
    stack.change_code(str(time.time()))
    return _timed(lambda: stack.up("--build"))


def _stop(stack: Stack, name: str) -> float:
    stack.up()
    return _timed(lambda: _docker("stop", "--time", "60", name))


def _start_nothing() -> float:
    return _timed(lambda: _docker("run", "--rm", BASE, "true"))


def _timed(work: Callable[[], object]) -> float:
    begin = time.monotonic()
    work()
    return time.monotonic() - begin


def _memory() -> dict[str, float]:
    """Of the control group, without what the kernel may drop (files it has read)."""
    found = {}
    for name in CONTAINERS:
        text = _docker("stats", "--no-stream", "--format", "{{.MemUsage}}", name)
        amount = text.split("/")[0].strip()
        unit = next(u for u in ("KiB", "MiB", "GiB", "B") if amount.endswith(u))
        scale = {"B": 2**-20, "KiB": 2**-10, "MiB": 1.0, "GiB": 1024.0}[unit]
        found[name] = float(amount.removesuffix(unit)) * scale
    return found


def _transcribe() -> None:
    port = os.environ.get("STT_API_PORT", "8003")
    body = f"file_path={CLIP}".encode()
    request = urllib.request.Request(f"http://127.0.0.1:{port}/transcribe", body)
    urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=300).read()


def _bytes(image: str) -> int:
    return int(_docker("image", "inspect", "--format", "{{.Size}}", image))


def _copy_tree(place: Path) -> None:
    names = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "-z"],
        cwd=ROOT, capture_output=True, text=True, check=True, timeout=60,
    ).stdout.split("\0")  # fmt: skip
    for name in filter(None, names):
        if (ROOT / name).is_file():
            (place / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, place / name)
    shutil.copytree(ROOT / "models" / "base", place / "models" / "base", dirs_exist_ok=True)


def _docker(*words: str) -> str:
    done = subprocess.run(
        ["docker", *words], capture_output=True, text=True, timeout=900, check=False
    )
    if done.returncode:
        raise SystemExit(f"docker {' '.join(words)}: {done.stdout}{done.stderr}")
    return done.stdout


if __name__ == "__main__":
    sys.exit(main())
