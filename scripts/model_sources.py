"""Where a model can come from: peers behind one method, `fetch`.

Each fills a staging directory or raises `Unavailable` with a reason in one line, and
leaves it to the caller to try the next.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from model_convert import WEIGHTS, convert, is_checkpoint
from model_store import VOCABULARIES, Unavailable, missing_files

CONNECT_SECONDS = 5.0
MODEL_FILES = ("config.json", "model.bin", "tokenizer.json", "preprocessor_config.json")


@dataclass(frozen=True, slots=True)
class Provenance:
    """What a source says of the model it gave."""

    source: str
    revision: str | None
    tools: dict[str, str] = field(default_factory=dict)


class Source(Protocol):
    """One place a model may be found."""

    @property
    def title(self) -> str: ...

    def fetch(self, staging: Path, downloads: Path) -> Provenance:
        """Fills `staging`; `downloads` outlives an interrupted run. Raises `Unavailable`."""
        ...


@dataclass(frozen=True, slots=True)
class Directory:
    """A directory on this machine: a converted model, or a checkpoint to convert."""

    path: Path

    @property
    def title(self) -> str:
        return f"directory {self.path.name}"

    def fetch(self, staging: Path, downloads: Path) -> Provenance:
        tools = _take(self.path, staging, downloads)
        return Provenance(self.title, fingerprint(self.path), tools)


@dataclass(frozen=True, slots=True)
class HubCache:
    """What an earlier download left in the Hugging Face cache."""

    repo: str

    @property
    def title(self) -> str:
        return f"Hugging Face cache ({self.repo})"

    def fetch(self, staging: Path, downloads: Path) -> Provenance:
        snapshot = self._snapshot()
        if snapshot is None:
            raise Unavailable("not there")
        return Provenance(self.repo, snapshot.name, _take(snapshot, staging, downloads))

    def _snapshot(self) -> Path | None:
        """The snapshot of `main`, else the newest; None when nothing was ever downloaded."""
        folder = hub_cache() / f"models--{self.repo.replace('/', '--')}"
        main = folder / "refs" / "main"
        if main.is_file():
            snapshot = folder / "snapshots" / main.read_text(encoding="utf-8").strip()
            if snapshot.is_dir():
                return snapshot
        found = [path for path in (folder / "snapshots").glob("*") if path.is_dir()]
        return max(found, key=lambda path: path.stat().st_mtime, default=None)


@dataclass(frozen=True, slots=True)
class Hub:
    """A download from the hub, which resumes where an interrupted one stopped."""

    repo: str

    @property
    def title(self) -> str:
        return f"hub ({self.repo})"

    def fetch(self, staging: Path, downloads: Path) -> Provenance:
        if os.environ.get("HF_HUB_OFFLINE", "").upper() in {"1", "TRUE", "YES", "ON"}:
            raise Unavailable("HF_HUB_OFFLINE is set")
        try:
            revision, folder = self._download(downloads / "hub")
        except Exception as error:
            # The client raises its HTTP library's errors as they are, and has changed that
            # library before: whatever it is, the next source may do better.
            raise Unavailable(_one_line(error)) from error
        return Provenance(self.repo, revision, _take(folder, staging, downloads))

    def _download(self, folder: Path) -> tuple[str | None, Path]:
        # Imported late: it takes half a second, and a prepared model never needs it.
        from huggingface_hub import HfApi, snapshot_download

        # Asked first, with a deadline: an unreachable hub is found out in seconds.
        about = HfApi().model_info(self.repo, files_metadata=True, timeout=CONNECT_SECONDS)
        sizes = {file.rfilename: file.size or 0 for file in about.siblings or ()}
        wanted = _wanted(sizes)
        total = sum(sizes[name] for name in wanted) / 1e6
        print(f"downloading {len(wanted)} files, {total:.0f} MB, from {self.title}", flush=True)
        snapshot_download(
            self.repo, revision=about.sha, local_dir=folder, allow_patterns=sorted(wanted)
        )
        return about.sha, folder


def hub_cache() -> Path:
    """The cache's directory, by the same variables and defaults as huggingface_hub."""
    if explicit := os.environ.get("HF_HUB_CACHE") or os.environ.get("HUGGINGFACE_HUB_CACHE"):
        return Path(explicit).expanduser()
    caches = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    home = os.environ.get("HF_HOME") or f"{caches}/huggingface"
    return Path(home).expanduser() / "hub"


def fingerprint(directory: Path) -> str:
    """Changes when a file of the directory is added, removed or written."""
    files = sorted(path for path in directory.iterdir() if path.is_file())
    facts = ((path.name, path.stat().st_size, path.stat().st_mtime_ns) for path in files)
    return hashlib.sha256(repr(list(facts)).encode()).hexdigest()[:16]


def link_or_copy(files: Iterable[Path], output: Path) -> None:
    """Hard links where the file system allows: a large model then takes no second gigabyte."""
    for path in files:
        target = output / path.name
        try:
            os.link(path.resolve(), target)
        except OSError:
            shutil.copyfile(path, target)


def _take(directory: Path, staging: Path, workplace: Path) -> dict[str, str]:
    if (directory / "model.bin").is_file():
        if missing := missing_files(directory):
            raise Unavailable(f"incomplete: {', '.join(missing)} missing")
        names = (*MODEL_FILES, *VOCABULARIES)
        link_or_copy((directory / name for name in names if (directory / name).is_file()), staging)
        return {}
    if is_checkpoint(directory):
        return convert(directory, staging, workplace)
    raise Unavailable("holds neither a converted model nor a Transformers checkpoint of Whisper")


def _wanted(names: Iterable[str]) -> set[str]:
    """The files of a repository to download: the converted model, else the checkpoint."""
    present = {name for name in names if "/" not in name}
    if "model.bin" in present:
        return present & {*MODEL_FILES, *VOCABULARIES}
    for pattern in WEIGHTS:
        weights = {name for name in present if Path(name).match(pattern)}
        if weights:
            texts = {name for name in present if name.endswith((".json", ".txt"))}
            return weights | texts
    raise Unavailable("the repository holds no Whisper weights")


def _one_line(error: Exception) -> str:
    line = next((line for line in str(error).splitlines() if line.strip()), type(error).__name__)
    answered = isinstance(error, Unavailable) or getattr(error, "response", None) is not None
    return line if answered else f"cannot be reached ({line})"
