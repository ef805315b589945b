"""Which file belongs to which recording.

    uploads/ID.part            grows as bytes arrive; its size is what was safely received
    recordings/ID              came whole; moved here in one step
    derived/ID.m4a             what a browser plays where it cannot play the recording itself
    derived/ID.peaks.json      its waveform; made last

Paths only: nothing here touches a file's content.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from web_ui.errors import TranscriptMissing
from web_ui.recordings.derived import DIRECTORY, PEAKS, RENDITION, UNFINISHED, half_made

ID = re.compile(r"[0-9A-Za-z_-]{8,64}")
DIRECTORIES = ("uploads", "recordings", DIRECTORY)
_OURS = re.compile(rf"({ID.pattern})((\.m4a|\.peaks\.json)?(\.part)?)")


class Places:
    """Everything raises `TranscriptMissing` for what cannot be an id."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory.absolute()

    def part(self, id: str) -> Path:
        return self.directory / "uploads" / f"{checked(id)}{UNFINISHED}"

    def kept(self, id: str) -> Path:
        return self.directory / "recordings" / checked(id)

    def derived(self, id: str, suffix: str) -> Path:
        return self.directory / DIRECTORY / f"{checked(id)}{suffix}"

    def all_of(self, id: str) -> list[Path]:
        """Every file that may belong to it, the half made ones as well."""
        made = [self.derived(id, suffix) for suffix in (RENDITION, PEAKS)]
        return [self.part(id), self.kept(id), *made, *map(half_made, made)]

    def make(self) -> None:
        """Make the directories, for the service alone. Raises OSError."""
        self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        for name in DIRECTORIES:
            (self.directory / name).mkdir(mode=0o700, exist_ok=True)

    def files(self) -> Iterator[tuple[Path, str]]:
        """Each file and its id; what we would not have named so is left out."""
        for name in DIRECTORIES:
            with suppress(FileNotFoundError):
                for path in list((self.directory / name).iterdir()):
                    if (match := _OURS.fullmatch(path.name)) and not path.is_symlink():
                        yield path, match[1]


def checked(id: str) -> str:
    if not ID.fullmatch(id):
        raise TranscriptMissing("there is no transcript of that id")
    return id
