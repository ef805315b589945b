"""CPU time and memory of a process and its children, from Linux's /proc."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

PROC = Path("/proc")
SAMPLE_SECONDS = 0.2
_MIB = 1024.0
_GONE = (FileNotFoundError, ProcessLookupError)


def tree(pid: int) -> list[int]:
    """The process and all its descendants."""
    children: dict[int, list[int]] = {}
    for member, parent in _parents():
        children.setdefault(parent, []).append(member)
    found = [pid]
    for member in found:  # grows while it is walked
        found += children.get(member, [])
    return found


def cpu_seconds(pid: int) -> float:
    """User and system time of the tree, children that have ended included."""
    total = 0
    for member in tree(pid):
        with suppress(*_GONE):
            total += sum(int(ticks) for ticks in _stat(member)[11:15])
    return total / os.sysconf("SC_CLK_TCK")


def memory_mib(pid: int) -> float:
    """Proportional set size of the tree: what is shared is counted once."""
    return sum(_kib(member, "smaps_rollup", "Pss:") for member in tree(pid)) / _MIB


def peak_mib(pid: int) -> float:
    """Highest resident size so far of each process of the tree, summed; an upper bound."""
    return sum(_kib(member, "status", "VmHWM:") for member in tree(pid)) / _MIB


class MemoryWatch:
    """Samples the memory of a tree while the context lasts; `highest` is in MiB."""

    def __init__(self, pid: int) -> None:
        self.highest = 0.0
        self._pid = pid
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._sample, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._over.set()
        self._thread.join()

    def _sample(self) -> None:
        while not self._over.wait(SAMPLE_SECONDS):
            self.highest = max(self.highest, memory_mib(self._pid))


def _parents() -> Iterator[tuple[int, int]]:
    for folder in PROC.iterdir():
        if folder.name.isdecimal():
            with suppress(*_GONE):
                yield int(folder.name), int(_stat(int(folder.name))[1])


def _stat(pid: int) -> list[str]:
    """The fields after the name, which is in brackets and may hold anything."""
    text = (PROC / str(pid) / "stat").read_text(encoding="utf-8", errors="replace")
    return text.rpartition(")")[2].split()


def _kib(pid: int, name: str, label: str) -> int:
    with suppress(*_GONE):
        for line in (PROC / str(pid) / name).read_text(encoding="utf-8").splitlines():
            if line.startswith(label):
                return int(line.split()[1])
    return 0
