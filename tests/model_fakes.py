"""Models, sources and proofs for the tests of the preparation: small, real files."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from model_sources import Provenance
from model_store import ModelStore, Unavailable
from verify_model import Heard

FILES = {
    "config.json": b"{}",
    "tokenizer.json": b'{"version": "1.0"}',
    "vocabulary.txt": b"a\nb\n",
    "model.bin": bytes(range(256)) * 64,
}


def put_model(directory: Path) -> Path:
    directory.mkdir(parents=True, exist_ok=True)
    for name, content in FILES.items():
        (directory / name).write_bytes(content)
    return directory


def hears(_directory: Path) -> Heard:
    return Heard("ko_sentence.flac", 3.89, "그는 걸어갔다", 0.1, 0.2, {"ctranslate2": "4.8.5"})


def must_not_hear(_directory: Path) -> Heard:
    raise AssertionError("a prepared model was verified again")


def hears_nothing(_directory: Path) -> Heard:
    raise Unavailable("it heard nothing")


@dataclass
class Shelf:
    """A source that gives the files it is told to, and counts."""

    files: dict[str, bytes] = field(default_factory=lambda: dict(FILES))
    name: str = "shelf"
    reason: str | None = None
    fetched: int = 0

    @property
    def title(self) -> str:
        return self.name

    def fetch(self, staging: Path, downloads: Path) -> Provenance:
        self.fetched += 1
        (downloads / "partial").write_bytes(b"half")
        if self.reason:
            raise Unavailable(self.reason)
        for name, content in self.files.items():
            (staging / name).write_bytes(content)
        return Provenance(self.name, "1")


def left(store: ModelStore) -> set[str]:
    """What stands in the directory of models, but for the locks."""
    return {path.name for path in store.root.iterdir() if path.suffix != ".lock"}
