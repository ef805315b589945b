"""Recordings on disk: safe where they were said to be, and gone where they were said to go."""

from __future__ import annotations

import errno
import io
import os
import stat
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import BinaryIO

import pytest

from serving.errors import StorageFull
from serving.settings import MIB
from web_ui.errors import RecordingMissing, TranscriptMissing, UploadConflict
from web_ui.recordings.derived import PEAKS, RENDITION, half_made
from web_ui.recordings.files import RESERVE_BYTES, Recordings, open_part

ROOT = Path(__file__).parents[2]
ID = "0123456789abcdef0123456789abcdef"
OTHER = "fedcba9876543210fedcba9876543210"


class FullDisk(io.FileIO):
    """A file on a disk that takes `room` bytes more, and then fails as `code` says."""

    def __init__(self, path: Path, room: int, code: int) -> None:
        super().__init__(path, "r+")
        self._room = room
        self._code = code

    def write(self, data: object) -> int:
        taken = memoryview(data)[: min(self._room, 3)]  # type: ignore[arg-type]
        if not taken:
            raise OSError(self._code, os.strerror(self._code))
        self._room -= len(taken)
        return super().write(taken)


def uploaded(recordings: Recordings, id: str = ID, content: bytes = b"sound") -> None:
    recordings.begin(id)
    recordings.append(id, 0, content)


def content_of(recordings: Recordings, id: str = ID) -> bytes:
    with recordings.open(id) as file:
        return file.read()


def test_upload_becomes_a_recording(tmp_path: Path) -> None:
    """Bytes come in pieces, and are one recording once it is finished."""
    recordings = Recordings(tmp_path / "data")
    recordings.begin(ID, 8)
    assert recordings.append(ID, 0, b"some") == 4
    assert (recordings.size(ID), recordings.state_of(ID)) == (4, "part")
    assert recordings.append(ID, 4, bytearray(b"thing")) == 9
    assert recordings.finish(ID, 9) == 9
    assert (recordings.size(ID), recordings.state_of(ID)) == (9, "kept")
    assert content_of(recordings) == b"something"


def test_only_the_service_may_look(tmp_path: Path) -> None:
    """Directories are 0700 and files 0600, whatever the process's umask says."""
    before = os.umask(0)
    try:
        recordings = Recordings(tmp_path / "data")
        uploaded(recordings)
        uploaded(recordings, OTHER)
        recordings.finish(ID)
    finally:
        os.umask(before)
    for path in (tmp_path / "data", *(tmp_path / "data").rglob("*")):
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600)


@pytest.mark.parametrize(
    "id", ["", ".", "..", "../../etc/passwd", "a/b/c/d/e/f", "short", "x" * 65, f"{ID}\n", "한" * 9]
)
def test_what_is_no_id_reaches_no_file(id: str, tmp_path: Path) -> None:
    """An address that cannot be ours is a transcript that is not there."""
    recordings = Recordings(tmp_path)
    for ask in (recordings.begin, recordings.size, recordings.state_of, recordings.open,
                recordings.path, recordings.delete, recordings.finish):  # fmt: skip
        with pytest.raises(TranscriptMissing):
            ask(id)
    assert list(tmp_path.iterdir()) == []


def test_bytes_go_where_the_upload_stands(tmp_path: Path) -> None:
    """Neither a gap nor an overlap is written."""
    recordings = Recordings(tmp_path)
    uploaded(recordings)
    for offset in (0, 4, 6):
        with pytest.raises(UploadConflict, match="stands at 5"):
            recordings.append(ID, offset, b"x")
    assert recordings.size(ID) == 5


def test_an_upload_begins_once(tmp_path: Path) -> None:
    """A second beginning would lose what came; so would one after the end."""
    recordings = Recordings(tmp_path)
    uploaded(recordings)
    with pytest.raises(UploadConflict):
        recordings.begin(ID)
    recordings.finish(ID)
    with pytest.raises(UploadConflict):
        recordings.begin(ID)
    with pytest.raises(UploadConflict):
        recordings.append(ID, 5, b"x")
    assert recordings.size(ID) == 5


def test_what_never_came_is_missing(tmp_path: Path) -> None:
    """No upload and no recording: each question says so."""
    recordings = Recordings(tmp_path)
    assert recordings.state_of(ID) == "none"
    for ask in (recordings.size, recordings.open, recordings.finish):
        with pytest.raises(RecordingMissing):
            ask(ID)
    with pytest.raises(RecordingMissing):
        recordings.append(ID, 0, b"x")


def test_incomplete_upload_is_not_finished(tmp_path: Path) -> None:
    """What lacks a byte stays an upload, and can go on."""
    recordings = Recordings(tmp_path)
    uploaded(recordings)
    with pytest.raises(UploadConflict, match="5 bytes were received, not 6"):
        recordings.finish(ID, 6)
    assert recordings.state_of(ID) == "part"
    recordings.append(ID, 5, b"!")
    assert recordings.finish(ID, 6) == 6


def test_finishing_again_says_the_same(tmp_path: Path) -> None:
    """A crash after the move and before anybody was told is made good by asking once more."""
    recordings = Recordings(tmp_path)
    uploaded(recordings)
    recordings.places.part(ID).rename(recordings.places.kept(ID))  # and here it crashed
    after = Recordings(tmp_path)
    assert after.state_of(ID) == "kept"
    assert [after.finish(ID, 5), after.finish(ID)] == [5, 5]
    with pytest.raises(UploadConflict):
        after.finish(ID, 6)


def test_finishing_at_once_from_two_threads(tmp_path: Path) -> None:
    """However two requests meet, both are told that it is complete."""
    recordings = Recordings(tmp_path)
    for number in range(50):
        id = f"{number:032x}"
        uploaded(recordings, id)
        with ThreadPoolExecutor(2) as threads:
            assert list(threads.map(recordings.finish, [id, id])) == [5, 5]


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT, errno.EIO])
def test_full_disk_takes_back_what_it_took(code: int, tmp_path: Path) -> None:
    """A write that fails half way leaves the upload where it stood, so a retry goes on cleanly."""
    disk = [10]

    def open_on_it(path: Path) -> BinaryIO:
        return FullDisk(path, disk[0], code)

    recordings = Recordings(tmp_path, open_on_it)
    recordings.begin(ID)
    recordings.append(ID, 0, b"12345")
    with pytest.raises(StorageFull, match=os.strerror(code)):
        recordings.append(ID, 5, b"67890" * 10)
    assert recordings.size(ID) == 5
    disk[0] = 1000
    recordings.append(ID, 5, b"67890" * 10)
    recordings.finish(ID, 55)
    assert content_of(recordings) == b"12345" + b"67890" * 10


def test_disk_that_really_ends(tmp_path: Path) -> None:
    """The system's own refusal half way through a write is a full disk, and is taken back."""
    code = f"""if True:
        import resource
        from pathlib import Path
        from serving.errors import StorageFull
        from web_ui.recordings.files import Recordings
        recordings = Recordings(Path({str(tmp_path)!r}))
        recordings.begin({ID!r})
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 2000))
        recordings.append({ID!r}, 0, bytes(600))
        try:
            recordings.append({ID!r}, 600, bytes(600))
        except StorageFull as error:
            print(error, recordings.size({ID!r}))
        resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))
        print(recordings.append({ID!r}, 600, bytes(600)))"""
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["the upload cannot be stored: File too large 600", "1200"]


def test_upload_that_will_not_fit_is_refused_at_once(tmp_path: Path) -> None:
    """The database's reserve is nobody's to fill, and a refused upload leaves nothing."""
    free = [RESERVE_BYTES + 10 * MIB]
    recordings = Recordings(tmp_path, free=lambda _: free[0])
    with pytest.raises(StorageFull, match="not enough room"):
        recordings.begin(ID, 10 * MIB + 1)
    assert recordings.state_of(ID) == "none"
    recordings.begin(ID, 10 * MIB)
    assert recordings.free_bytes() == 10 * MIB
    free[0] = RESERVE_BYTES + 3
    with pytest.raises(StorageFull):
        recordings.append(ID, 0, b"four")
    assert recordings.append(ID, 0, b"two") == 3
    free[0] = 0
    assert recordings.free_bytes() == 0


def test_directory_that_cannot_be_made(tmp_path: Path) -> None:
    """What cannot be stored is said as such, without the name of the directory."""
    (tmp_path / "file").write_bytes(b"")
    recordings = Recordings(tmp_path / "file" / "data")
    for ask in (recordings.prepare, lambda: recordings.begin(ID)):
        with pytest.raises(StorageFull) as caught:
            ask()
        assert str(tmp_path) not in str(caught.value)


def test_links_are_not_followed(tmp_path: Path) -> None:
    """Whoever can lay a link in the directory reads and writes nothing elsewhere by it."""
    secret = tmp_path / "secret"
    secret.write_bytes(b"secret")
    recordings = Recordings(tmp_path / "data")
    recordings.prepare()
    recordings.places.kept(ID).symlink_to(secret)
    with pytest.raises(RecordingMissing):
        recordings.open(ID)
    recordings.places.part(OTHER).symlink_to(secret)
    with pytest.raises(StorageFull):
        recordings.append(OTHER, 6, b"x")
    assert recordings.sweep((), -1) == 0
    recordings.delete(ID)
    assert secret.read_bytes() == b"secret"


def test_deleting_takes_everything(tmp_path: Path) -> None:
    """The recording, the upload and all that was made of it; a second time there is nothing."""
    recordings = Recordings(tmp_path)
    uploaded(recordings)
    recordings.finish(ID)
    uploaded(recordings, OTHER)
    for path in recordings.places.all_of(ID):
        path.write_bytes(b"x")
    with recordings.open(ID) as reader:
        for _ in range(2):
            recordings.delete(ID)
            assert recordings.state_of(ID) == "none"
        assert reader.read() == b"x", "who reads it already reads on"
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == [f"{OTHER}.part"]
    with pytest.raises(RecordingMissing):
        recordings.append(ID, 1, b"x")


def test_sizes_count_all_that_belongs_to_an_id(tmp_path: Path) -> None:
    """A recording and what was made of it are one sum."""
    recordings = Recordings(tmp_path)
    assert recordings.sizes() == {}
    uploaded(recordings)
    recordings.finish(ID)
    recordings.places.derived(ID, PEAKS).write_bytes(b"123")
    uploaded(recordings, OTHER, b"12")
    assert recordings.sizes() == {ID: 8, OTHER: 2}


def test_sweep_takes_what_nobody_knows(tmp_path: Path) -> None:
    """Only what is ours, old enough, and of no known id; half made files of known ones too."""
    recordings = Recordings(tmp_path)
    young = "young" + "0" * 27
    for id in (ID, OTHER, young):
        uploaded(recordings, id)
        recordings.finish(id)
    half = half_made(recordings.places.derived(ID, RENDITION))
    foreign = tmp_path / "recordings" / "README.txt"
    for path in (half, foreign):
        path.write_bytes(b"x")
    for path in tmp_path.rglob("*"):
        if path.is_file() and young not in path.name:
            os.utime(path, (time.time() - 7200,) * 2)
    assert recordings.sweep({ID}, 3600) == 2
    assert not half.exists()
    assert foreign.exists()
    states = [recordings.state_of(id) for id in (ID, OTHER, young)]
    assert states == ["kept", "none", "kept"]
    assert recordings.sweep({ID}, -1) == 1


def test_one_receiver_at_a_time(tmp_path: Path) -> None:
    """Whoever comes second is told so; when the first is done, the next may."""
    recordings = Recordings(tmp_path)
    again = recordings.held(ID)
    with recordings.held(ID), recordings.held(OTHER), pytest.raises(UploadConflict), again:
        pass
    with recordings.held(ID):
        pass


def test_writes_reach_the_system_at_once(tmp_path: Path) -> None:
    """What was counted as received survives the process: nothing waits in a buffer of ours."""
    recordings = Recordings(tmp_path)
    recordings.begin(ID)
    with open_part(recordings.places.part(ID)) as file:
        file.write(b"sound")
        assert recordings.size(ID) == 5
