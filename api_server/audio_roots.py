"""Open a `file_path` inside the permitted directories, and nothing else.

Links are resolved first; the resolved path is then opened one component at a time, each
relative to the directory just opened and none through a link. So what was checked is what
is opened, whatever happens to the tree in between.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

from api_server.errors import PathError, PathMissing, PathRefused, PathUnusable
from serving.errors import InvalidOption

MAX_PATH_CHARS = 4096
DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
# Without O_NONBLOCK, opening a pipe waits for a writer, for ever.
FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC


def open_inside(path: str, roots: Sequence[Path]) -> BinaryIO:
    """Open a regular file below one of `roots`.

    Raises `InvalidOption` for a path that is none, `PathRefused` for one outside the roots
    (whether or not it exists), `PathMissing`, and `PathUnusable` for anything but a regular
    file. Blocks on the file system: call it in a thread.
    """
    if "\0" in path or len(path) > MAX_PATH_CHARS:
        raise InvalidOption(f"file_path: must be a path of at most {MAX_PATH_CHARS} characters")
    try:
        resolved = Path(os.path.realpath(path))
        root = _root_of(resolved, roots)
        return _open_below(root, resolved.relative_to(root).parts)
    except OSError as error:
        raise _translated(error) from None


def _root_of(resolved: Path, roots: Sequence[Path]) -> Path:
    for root in roots:
        real = Path(os.path.realpath(root))
        if resolved.is_relative_to(real):
            return real
    raise PathRefused("file_path: outside the directories that STT_AUDIO_ROOTS names")


def _open_below(root: Path, parts: Sequence[str]) -> BinaryIO:
    if not parts:
        raise PathUnusable("file_path: a directory, not a file")
    directory = os.open(root, DIRECTORY)
    try:
        for part in parts[:-1]:
            deeper = os.open(part, DIRECTORY, dir_fd=directory)
            os.close(directory)
            directory = deeper
        return _open_regular(parts[-1], directory)
    finally:
        os.close(directory)


def _open_regular(name: str, directory: int) -> BinaryIO:
    # Looked at before it is opened, since opening some devices already does something; and
    # again afterwards, since only then is it certain what was opened.
    _require_regular(os.stat(name, dir_fd=directory, follow_symlinks=False).st_mode)
    descriptor = os.open(name, FILE, dir_fd=directory)
    try:
        _require_regular(os.fstat(descriptor).st_mode)
        return os.fdopen(descriptor, "rb")
    except BaseException:
        os.close(descriptor)
        raise


def _require_regular(mode: int) -> None:
    if stat.S_ISLNK(mode):
        raise PathRefused("file_path: changed while it was opened")
    if not stat.S_ISREG(mode):
        raise PathUnusable("file_path: not a regular file")


def _translated(error: OSError) -> PathError:
    if error.errno == errno.ENOENT:
        return PathMissing("file_path: no such file")
    if error.errno == errno.ENOTDIR:
        return PathMissing("file_path: no such file")
    if error.errno == errno.ENAMETOOLONG:
        return PathUnusable("file_path: a name in it is too long")
    return PathRefused("file_path: may not be opened")
