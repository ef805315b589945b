"""What is made of a recording, and what it is called. The process that makes it needs no more of
this service than these names."""

from __future__ import annotations

from pathlib import Path

RENDITION, PEAKS = ".m4a", ".peaks.json"
UNFINISHED = ".part"
DIRECTORY = "derived"


def half_made(path: Path) -> Path:
    """Where a derived file is written before it takes its name."""
    return path.with_name(path.name + UNFINISHED)


def is_half_made(path: Path) -> bool:
    return path.parent.name == DIRECTORY and path.name.endswith(UNFINISHED)
