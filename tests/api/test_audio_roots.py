"""A file_path opens what is inside the roots, and nothing else."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from api_server.audio_roots import open_inside
from api_server.errors import PathError, PathMissing, PathRefused, PathUnusable
from serving.errors import InvalidOption
from tests.api.harness import client_of


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A root with a call in it, and a secret beside it."""
    root = tmp_path / "audio"
    (root / "calls").mkdir(parents=True)
    (root / "calls" / "a.wav").write_bytes(b"sound")
    (tmp_path / "secret").write_bytes(b"secret")
    (tmp_path / "audio-old").mkdir()
    (tmp_path / "audio-old" / "b.wav").write_bytes(b"old")
    return root


def read(path: str, *roots: Path) -> bytes:
    with open_inside(path, roots) as file:
        return file.read()


def test_absolute_and_relative_paths_open(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An absolute path, and one relative to the working directory, name the same file."""
    monkeypatch.chdir(root.parent)
    assert read(str(root / "calls/a.wav"), root) == b"sound"
    assert read("audio/calls/a.wav", Path("audio")) == b"sound"
    assert read("audio/calls/../calls/a.wav", Path("audio")) == b"sound"


def test_any_of_several_roots_will_do(root: Path) -> None:
    """Every root counts."""
    old = root.parent / "audio-old"
    assert read(str(old / "b.wav"), root, old) == b"old"


def test_link_that_stays_inside_opens(root: Path) -> None:
    """A link is followed when what it names is inside; a root may itself be a link."""
    (root / "latest").symlink_to(root / "calls" / "a.wav")
    (root.parent / "alias").symlink_to(root)
    assert read(str(root / "latest"), root) == b"sound"
    assert read(str(root.parent / "alias" / "latest"), root.parent / "alias") == b"sound"


@pytest.mark.parametrize(
    "path",
    ["../secret", "calls/../../secret", "../audio-old/b.wav", "/etc/passwd", "/dev/zero", "..", "/",
     "../absent", "link", "linked/secret"],
)  # fmt: skip
def test_outside_is_refused(root: Path, path: str) -> None:
    """What is outside is refused the same, whether it exists or not."""
    (root / "link").symlink_to(root.parent / "secret")
    (root / "linked").symlink_to(root.parent)
    with pytest.raises(PathRefused, match="STT_AUDIO_ROOTS"):
        read(os.path.join(root, path), root)  # noqa: PTH118 - a Path would drop the dots


@pytest.mark.parametrize("path", ["absent.wav", "calls/a.wav/b", "absent/b.wav", "dangling"])
def test_missing_is_missing(root: Path, path: str) -> None:
    """Inside a root, what is not there is not found."""
    (root / "dangling").symlink_to(root / "nowhere")
    with pytest.raises(PathMissing):
        read(str(root / path), root)


def test_only_regular_files_open(root: Path) -> None:
    """A directory, a pipe nobody writes to, a socket: refused at once, never waited for."""
    os.mkfifo(root / "pipe")
    for name in ("", "calls", "pipe"):
        with pytest.raises(PathUnusable):
            read(str(root / name), root)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make a device")
def test_device_inside_a_root_is_refused(root: Path) -> None:
    """A device stays closed, also inside a root."""
    try:
        os.mknod(root / "zero", 0o20666, os.makedev(1, 5))
    except PermissionError:
        pytest.skip("devices cannot be made here")
    with pytest.raises(PathUnusable):
        read(str(root / "zero"), root)


@pytest.mark.parametrize("path", ["a\0.wav", "a" * 5000])
def test_no_path_at_all(root: Path, path: str) -> None:
    """A NUL, or more than a path can be, is an invalid option."""
    with pytest.raises(InvalidOption, match="4096"):
        read(path, root)


def test_name_too_long_is_unusable(root: Path) -> None:
    """A component longer than names can be is said to be so."""
    with pytest.raises(PathError):
        read(str(root / ("a" * 300)), root)


def test_swapping_a_directory_for_a_link_wins_nothing(root: Path) -> None:
    """While a directory is swapped for a link to the outside and back, only the file inside is
    ever read."""
    calls, outside = root / "calls", root.parent / "outside"
    outside.mkdir()
    (outside / "a.wav").write_bytes(b"secret")
    stop = threading.Event()

    def swap() -> None:
        while not stop.is_set():
            calls.rename(root / "aside")
            calls.symlink_to(outside)
            calls.unlink()
            (root / "aside").rename(calls)

    swapper = threading.Thread(target=swap)
    swapper.start()
    seen = set()
    try:
        for _ in range(3000):
            try:
                seen.add(read(str(calls / "a.wav"), root))
            except PathError:
                continue
    finally:
        stop.set()
        swapper.join()
    assert seen <= {b"sound"}
    assert read(str(calls / "a.wav"), root) == b"sound"


@pytest.mark.anyio
async def test_statuses_and_no_echo(root: Path) -> None:
    """Over HTTP: 403 outside, 404 missing, 422 no file; and never a path in the answer."""
    cases = {
        str(root.parent / "secret"): 403,
        str(root / "absent"): 404,
        str(root): 422,
        f"{root}/a\0": 422,
    }
    async with client_of(stt_audio_roots=(root,)) as client:
        for path, status in cases.items():
            response = await client.post("/transcribe", data={"file_path": path})
            assert response.status_code == status, path
            assert response.json()["error_reason"].startswith("file_path: ")
            assert str(root.parent) not in response.text
