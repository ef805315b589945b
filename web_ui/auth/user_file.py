"""Changes the file of users: whole or not at all, readable by its owner alone."""

from __future__ import annotations

import fcntl
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from web_ui.auth.users import name_in, parse, read_file


def put(path: Path, name: str, encoded: str) -> bool:
    """Give a user this hash. True: the name was there, and has another password now.
    Raises `UserFileProblem`, and `OSError` where the file cannot be written."""
    with _locked(path):
        lines = _lines(path)
        places = _places(lines, name)
        if places:
            lines[places[0]] = f"{name}:{encoded}"
        else:
            lines.append(f"{name}:{encoded}")
        _write(path, lines)
        return bool(places)


def remove(path: Path, name: str) -> bool:
    """Take a user out; False: there was none of that name. Raises what `put` raises."""
    with _locked(path):
        lines = _lines(path)
        places = _places(lines, name)
        if places:
            del lines[places[0]]
            _write(path, lines)
        return bool(places)


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """One change at a time: two that read the same version would lose one of them."""
    directory = os.open(path.parent, os.O_RDONLY)
    try:
        with suppress(OSError):  # some network file systems have no locks
            fcntl.flock(directory, fcntl.LOCK_EX)
        yield
    finally:
        os.close(directory)


def _lines(path: Path) -> list[str]:
    """Comments included. A file that the service would refuse is not written over."""
    if not path.exists():
        return []
    read_file(path)
    text = path.read_text(encoding="utf-8-sig")
    return text.removesuffix("\n").split("\n") if text else []


def _places(lines: list[str], name: str) -> list[int]:
    return [place for place, line in enumerate(lines) if name_in(line) == name]


def _write(path: Path, lines: list[str]) -> None:
    text = "".join(f"{line}\n" for line in lines)
    parse(text)
    handle, waiting = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            _give(file.fileno(), path)
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(waiting).replace(path)
    except BaseException:
        Path(waiting).unlink(missing_ok=True)
        raise
    _keep(path.parent)


def _give(handle: int, path: Path) -> None:
    """What root writes must stay readable for the service, which is not root: the new file is
    its predecessor's owner's, or its directory's."""
    if os.geteuid() == 0:
        owner = (path if path.exists() else path.parent).stat()
        os.fchown(handle, owner.st_uid, owner.st_gid)


def _keep(directory: Path) -> None:
    """The new name survives a power cut too."""
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
