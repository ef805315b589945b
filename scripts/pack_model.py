"""Packs a prepared model for a machine that reaches nothing, with its checksums.

    scripts/ec2_prepare_model.sh [NAME] [OUT]

    OUT/NAME.tar.zst or .tar.gz   NAME/: the model's files, model.json, SHA256SUMS
    OUT/model.json                source, revision, tools, SHA-256 of every file
    OUT/SHA256SUMS                of the two above

The same model gives the same archive: sorted, one fixed time, no owner.
"""

from __future__ import annotations

import argparse
import gzip
import io
import os
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

from model_store import RECORD, FileFacts, Record

ROOT = Path(__file__).resolve().parent.parent
SUMS = "SHA256SUMS"


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="ec2_prepare_model.sh")
    parser.add_argument("model", type=Path, help="directory of a prepared model")
    parser.add_argument("out", type=Path)
    asked = parser.parse_args(arguments)
    record = Record.load(asked.model)
    if record is None:
        print(f"{asked.model} holds no prepared model", file=sys.stderr)
        return 1
    archive = pack(asked.model, record, asked.out)
    print(f"packed {archive} ({archive.stat().st_size / 1e6:.0f} MB). On the target:")
    tool = "zstd -dc" if archive.suffix == ".zst" else "gzip -dc"
    print(f"  sha256sum -c {SUMS} && {tool} {archive.name} | tar -xf - -C models/")
    print(f"  bash scripts/prepare_model_local.sh {record.name}   # checks it again, offline")
    return 0


def pack(model: Path, record: Record, out: Path) -> Path:
    """Writes the archive and what describes it; the archive's path."""
    out.mkdir(parents=True, exist_ok=True)
    # Times mean nothing on another machine, and would make every archive different.
    files = {name: replace(facts, mtime_ns=None) for name, facts in record.files.items()}
    description = replace(record, files=files).to_json().encode()
    (out / RECORD).write_bytes(description)
    archive = out / f"{record.name}.tar.{'zst' if shutil.which('zstd') else 'gz'}"
    partial = out / f".{archive.name}.part"
    with _compressed(partial) as stream, tarfile.open(fileobj=stream, mode="w|") as tar:
        sums = "".join(f"{facts.sha256}  {name}\n" for name, facts in sorted(files.items()))
        texts = {RECORD: description, SUMS: sums.encode()}
        for name in sorted({*files, *texts}):
            _add(tar, f"{record.name}/{name}", model / name, texts.get(name))
    partial.replace(archive)
    listed = (archive, out / RECORD)
    lines = (f"{FileFacts.of(path).sha256}  {path.name}\n" for path in listed)
    (out / SUMS).write_text("".join(lines), encoding="utf-8")
    return archive


def _add(tar: tarfile.TarFile, name: str, path: Path, text: bytes | None) -> None:
    entry = tarfile.TarInfo(name)
    entry.mode = 0o644
    entry.mtime = int(os.environ.get("SOURCE_DATE_EPOCH") or 0)
    if text is not None:
        entry.size = len(text)
        tar.addfile(entry, io.BytesIO(text))
        return
    entry.size = path.stat().st_size
    with path.open("rb") as stream:
        tar.addfile(entry, stream)


@contextmanager
def _compressed(path: Path) -> Iterator[BinaryIO]:
    """zstd where it is installed (Python 3.11 has none), else gzip without a time stamp."""
    # Weights hardly shrink: the quickest level costs a few per cent of size.
    if shutil.which("zstd") is None:
        with (
            path.open("wb") as file,
            gzip.GzipFile("", "wb", compresslevel=1, fileobj=file, mtime=0) as packed,
        ):
            yield packed  # type: ignore[misc]  # a GzipFile is a binary stream in all but name
        return
    command = ["zstd", "-q", "-f", "-T0", "-3", "-o", str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as process:
        assert process.stdin is not None  # noqa: S101 - tells mypy what PIPE means
        yield process.stdin  # type: ignore[misc]  # IO[bytes] is what tarfile needs
        process.stdin.close()
        if process.wait():
            raise OSError(f"zstd ended with {process.returncode}")


if __name__ == "__main__":
    sys.exit(main())
