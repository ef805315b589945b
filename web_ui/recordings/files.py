"""Recordings on disk: uploads that grow, recordings that came whole, and what is made of them.

Everything here blocks: call it on a thread. Directories and files are the service's alone.
"""

from __future__ import annotations

import errno
import os
import shutil
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, Literal, TypeAlias

from serving.errors import StorageFull
from serving.settings import MIB
from web_ui.errors import RecordingMissing, UploadConflict
from web_ui.recordings.derived import is_half_made
from web_ui.recordings.places import Places

State: TypeAlias = Literal["none", "part", "kept"]
OpenPart: TypeAlias = Callable[[Path], BinaryIO]

# What uploads leave free: the database is on the same disk, and must go on writing.
RESERVE_BYTES = 64 * MIB
_MISSING = "the recording is not there any more"
_COMPLETE = "this upload is complete already"


def open_part(path: Path) -> BinaryIO:
    """For reading and writing, unbuffered: what is written has reached the system."""
    descriptor = os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
    return os.fdopen(descriptor, "r+b", buffering=0)


def free_bytes_at(directory: Path) -> int:
    return shutil.disk_usage(directory).free


class Recordings:
    """The recordings of one directory, which is made when first written to.

    Raises `StorageFull` where it cannot write, and `TranscriptMissing` for what cannot be an id.
    """

    def __init__(
        self,
        directory: Path,
        open_file: OpenPart = open_part,
        free: Callable[[Path], int] = free_bytes_at,
    ) -> None:
        self.places = Places(directory)
        self._open_part = open_file
        self._free = free
        self._held: set[str] = set()

    # -- uploads ------------------------------------------------------------------------

    def begin(self, id: str, declared_bytes: int | None = None) -> None:
        """Make an empty upload. Raises `UploadConflict` where that id was begun before, and
        `StorageFull` where so many bytes will not fit."""
        part = self.places.part(id)
        if self.places.kept(id).exists():
            raise UploadConflict(_COMPLETE)
        with _storing():
            self.places.make()
            self._require_room(declared_bytes or 0)
            try:
                os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
            except FileExistsError:
                raise UploadConflict("this upload was begun already") from None

    def size(self, id: str) -> int:
        """Bytes safely received, of an upload or of a recording. Raises `RecordingMissing`."""
        for path in (self.places.part(id), self.places.kept(id)):
            with suppress(FileNotFoundError):
                return path.stat().st_size
        raise RecordingMissing(_MISSING)

    def append(self, id: str, offset: int, data: bytes | bytearray) -> int:
        """Write at the upload's end, all or nothing; return its new size. Raises
        `UploadConflict` unless `offset` is its size, and `RecordingMissing`."""
        with _storing(), self._opened(id) as file:
            size = file.seek(0, os.SEEK_END)
            if size != offset:
                raise UploadConflict(f"the upload stands at {size}, not at {offset}")
            self._require_room(len(data))
            try:
                _write_all(file, data)
            except BaseException:
                # Should this fail too, the size still tells what was received.
                with suppress(OSError):
                    file.truncate(offset)
                raise
        return offset + len(data)

    def finish(self, id: str, expected_bytes: int | None = None) -> int:
        """Make the upload a recording, safe on disk from then on; return its size in bytes.

        Asked again, it says the same. Raises `UploadConflict` where bytes are missing, and
        `RecordingMissing`.
        """
        part, kept = self.places.part(id), self.places.kept(id)
        with _storing():
            self.places.make()
            with suppress(FileNotFoundError):  # it is a recording already
                self._flush(part, expected_bytes)
                part.replace(kept)
            _flush_directory(kept.parent)
            _flush_directory(part.parent)
        try:
            size = kept.stat().st_size
        except FileNotFoundError:
            raise RecordingMissing(_MISSING) from None
        _compare(size, expected_bytes)
        return size

    def state_of(self, id: str) -> State:
        """How far it came; `kept` also where a crash came before anybody was told."""
        # In the order in which a file moves: the other way round, it could slip through.
        if self.places.part(id).exists():
            return "part"
        return "kept" if self.places.kept(id).exists() else "none"

    @contextmanager
    def held(self, id: str) -> Iterator[None]:
        """For one receiver at a time. Raises `UploadConflict` for a second one."""
        if id in self._held:
            raise UploadConflict("this upload is being received already")
        self._held.add(id)
        try:
            yield
        finally:
            self._held.discard(id)

    # -- recordings ---------------------------------------------------------------------

    def open(self, id: str) -> BinaryIO:
        """The whole recording, at its start. Raises `RecordingMissing`, and OSError where it is
        there but cannot be read."""
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC
        try:
            return os.fdopen(os.open(self.places.kept(id), flags), "rb")
        except OSError as error:
            if error.errno in (errno.ENOENT, errno.ELOOP):
                raise RecordingMissing(_MISSING) from None
            raise

    def path(self, id: str) -> Path:
        """Where the whole recording lies, or would."""
        return self.places.kept(id)

    def delete(self, id: str) -> None:
        """Remove everything there is of it; the next time there is nothing. Raises OSError."""
        for path in self.places.all_of(id):
            path.unlink(missing_ok=True)

    # -- all of them --------------------------------------------------------------------

    def prepare(self) -> None:
        """Make the directories, so that a missing right to is noticed early."""
        with _storing():
            self.places.make()

    def free_bytes(self) -> int:
        """What uploads may still take: the disk's free space less a reserve."""
        with _storing():
            return max(0, self._free(self.places.directory) - RESERVE_BYTES)

    def sizes(self) -> Counter[str]:
        """Bytes on disk by id: all that belongs to it."""
        found: Counter[str] = Counter()
        for path, id in self.places.files():
            with suppress(FileNotFoundError):
                found[id] += path.stat().st_size
        return found

    def sweep(self, known_ids: Collection[str], older_than_seconds: float) -> int:
        """Remove what belongs to no known id, or was left half made, and was not written to for
        so long; return the number of files. What does not look like ours is left alone."""
        latest = time.time() - older_than_seconds
        unwanted = [p for p, id in self.places.files() if id not in known_ids or is_half_made(p)]
        return sum(_remove_if_older(path, latest) for path in unwanted)

    def _require_room(self, more_bytes: int) -> None:
        if self._free(self.places.directory) - more_bytes < RESERVE_BYTES:
            raise StorageFull("there is not enough room on the disk for this recording")

    @contextmanager
    def _opened(self, id: str) -> Iterator[BinaryIO]:
        try:
            file = self._open_part(self.places.part(id))
        except FileNotFoundError:
            if self.places.kept(id).exists():
                raise UploadConflict(_COMPLETE) from None
            raise RecordingMissing(_MISSING) from None
        with file:
            yield file

    def _flush(self, part: Path, expected_bytes: int | None) -> None:
        with self._open_part(part) as file:
            _compare(file.seek(0, os.SEEK_END), expected_bytes)
            os.fsync(file.fileno())


def _write_all(file: BinaryIO, data: bytes | bytearray) -> None:
    left = memoryview(data)
    while left:
        left = left[file.write(left) :]


def _compare(size: int, expected_bytes: int | None) -> None:
    if expected_bytes is not None and size != expected_bytes:
        raise UploadConflict(f"{size} bytes were received, not {expected_bytes}")


def _remove_if_older(path: Path, latest: float) -> bool:
    with suppress(FileNotFoundError):
        if path.stat().st_mtime <= latest:
            path.unlink()
            return True
    return False


def _flush_directory(directory: Path) -> None:
    """A name is safe on disk only once its directory is."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _storing() -> Iterator[None]:
    """The system's errors as ours: a full disk, a quota, a disk that fails or cannot be written."""
    try:
        yield
    except OSError as error:
        raise StorageFull(f"the upload cannot be stored: {error.strerror}") from None
