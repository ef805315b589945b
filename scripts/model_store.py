"""The directory of prepared models: what is whole, what is half done, who is at work.

    models/NAME/              a prepared model, with `model.json`, its record
    models/.NAME.part-*       work in progress; only the holder of the lock touches it
    models/.NAME.lock         held (flock) while a model is prepared, released by any death

A model appears under its name by one rename, after it was verified. Only
`.NAME.part-download` outlives an interrupted run, so that the next one resumes.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field, replace
from enum import Enum
from pathlib import Path

RECORD = "model.json"
REQUIRED = ("config.json", "model.bin", "tokenizer.json")
VOCABULARIES = ("vocabulary.json", "vocabulary.txt")


class Unavailable(Exception):
    """A source cannot give the model, or what it gave is not usable; says why in one line."""


class State(Enum):
    """What stands under a model's name."""

    ABSENT = "absent"
    PREPARED = "prepared"
    UNRECORDED = "put there by hand"
    CHANGED = "changed since it was prepared"


@dataclass(frozen=True, slots=True)
class FileFacts:
    """Enough to notice a change at a glance (size, time) and to prove it (SHA-256)."""

    size: int
    sha256: str
    mtime_ns: int | None = None

    @classmethod
    def of(cls, path: Path) -> FileFacts:
        status = path.stat()
        with path.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
        return cls(status.st_size, digest, status.st_mtime_ns)

    def unchanged(self, path: Path) -> bool:
        status = path.stat()
        return (status.st_size, status.st_mtime_ns) == (self.size, self.mtime_ns)


@dataclass(frozen=True, slots=True)
class Record:
    """Where a prepared model came from and what it is made of; kept as `model.json`.

    source: a repository, a directory's name or the packages; revision: a commit, a
    version or a directory's fingerprint; tools: versions that converted and verified it.
    """

    name: str
    source: str
    revision: str | None
    created: str
    tools: dict[str, str] = field(default_factory=dict)
    files: dict[str, FileFacts] = field(default_factory=dict)

    @property
    def megabytes(self) -> float:
        return sum(facts.size for facts in self.files.values()) / 1e6

    def to_json(self) -> str:
        facts = asdict(self) | {"sha256": self.files["model.bin"].sha256}
        return json.dumps(facts, indent=2, ensure_ascii=False, sort_keys=True) + "\n"

    @classmethod
    def load(cls, directory: Path) -> Record | None:
        """None when there is no record, or none that can be read."""
        try:
            facts = json.loads((directory / RECORD).read_text(encoding="utf-8"))
            facts.pop("sha256")
            files = {name: FileFacts(**value) for name, value in facts.pop("files").items()}
            return cls(files=files, **facts)
        except (OSError, ValueError, TypeError, KeyError, AttributeError):
            return None


class ModelStore:
    """The models under `root`."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def path(self, name: str) -> Path:
        return self.root / name

    def downloads(self, name: str) -> Path:
        """Where partial downloads wait for the next run."""
        path = self.root / f".{name}.part-download"
        path.mkdir(parents=True, exist_ok=True)
        return path

    def forget_empty_downloads(self, name: str) -> None:
        """Leaves nothing behind where nothing was fetched."""
        with suppress(OSError):
            self.downloads(name).rmdir()

    def forget_downloads(self, name: str) -> None:
        shutil.rmtree(self.downloads(name), ignore_errors=True)

    def state(self, name: str) -> State:
        """Compares sizes and times first, and hashes only files whose time has changed."""
        directory = self.path(name)
        if not directory.is_dir():
            return State.ABSENT
        record = Record.load(directory)
        if record is None:
            return State.UNRECORDED
        try:
            if all(facts.unchanged(directory / file) for file, facts in record.files.items()):
                return State.PREPARED
            return self._compare(directory, record)
        except OSError:
            return State.CHANGED

    def _compare(self, directory: Path, record: Record) -> State:
        found = {name: FileFacts.of(directory / name) for name in record.files}
        for name, facts in record.files.items():
            if (found[name].size, found[name].sha256) != (facts.size, facts.sha256):
                return State.CHANGED
        # A copy keeps the content and loses the times: note the new ones, where one may write.
        if os.access(directory, os.W_OK):
            write_record(directory, replace(record, files=found))
        return State.PREPARED

    @contextmanager
    def locked(self, name: str) -> Iterator[bool]:
        """Holds the name; yields True when another run had to be waited for."""
        self.root.mkdir(parents=True, exist_ok=True)
        with (self.root / f".{name}.lock").open("w") as lock:
            waited = False
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                waited = True
                print(f"another run is preparing {name}; waiting for it", flush=True)
                fcntl.flock(lock, fcntl.LOCK_EX)
            yield waited

    def clear_leftovers(self, name: str) -> None:
        """Removes what an interrupted run left, except its downloads. Call it locked."""
        for path in self.root.glob(f".{name}.part-*"):
            if path.name != f".{name}.part-download":
                shutil.rmtree(path, ignore_errors=True)

    @contextmanager
    def staging(self, name: str) -> Iterator[Path]:
        """A fresh directory beside the target, gone at the end unless it was installed."""
        path = self.root / f".{name}.part-model"
        path.mkdir()
        try:
            yield path
        finally:
            shutil.rmtree(path, ignore_errors=True)

    def install(self, staging: Path, name: str) -> None:
        """Gives a verified model its name and drops the downloads."""
        for path in staging.iterdir():
            with path.open("rb") as stream:
                os.fsync(stream.fileno())
        target = self.path(name)
        if target.is_symlink():
            target.unlink()
        elif target.exists():
            target.rename(self.root / f".{name}.part-old")
        staging.rename(target)
        self.clear_leftovers(name)
        self.forget_downloads(name)


def missing_files(directory: Path) -> list[str]:
    """The files a converted Whisper model needs and `directory` lacks."""
    missing = [name for name in REQUIRED if not (directory / name).is_file()]
    if not any((directory / name).is_file() for name in VOCABULARIES):
        missing.append("vocabulary.json or vocabulary.txt")
    return missing


def write_record(directory: Path, record: Record) -> None:
    """Writes `model.json` in one step."""
    partial = directory / f".{RECORD}.part"
    partial.write_text(record.to_json(), encoding="utf-8")
    partial.replace(directory / RECORD)
