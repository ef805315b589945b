"""Listening to recordings in a process of its own: what it makes, and what becomes of it when the
recording is hostile, the disk full, or nobody wants it any more."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import stat
import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.api.harness import wait_until
from tests.web.sounds import encoded, speech, wav
from web_ui.errors import RecordingMissing
from web_ui.recordings.derived import PEAKS, RENDITION, half_made
from web_ui.recordings.files import Recordings
from web_ui.recordings.listening import (
    COMMAND,
    MAX_TRIES,
    MAX_WAITING,
    PAUSE_SECONDS,
    ROOT,
    Listening,
    State,
)

pytestmark = pytest.mark.anyio

ID = "0123456789abcdef0123456789abcdef"
OTHER = "fedcba9876543210fedcba9876543210"


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def kept(recordings: Recordings, content: bytes, id: str = ID) -> None:
    recordings.begin(id)
    recordings.append(id, 0, content)
    recordings.finish(id)


def script(code: str) -> tuple[str, ...]:
    """A stand-in for what listens; `half` is where it would write its waveform first."""
    head = "import os, sys, time; half = f'{sys.argv[2]}/{sys.argv[3]}.peaks.json.part'\n"
    return (sys.executable, "-c", head + code)


SLEEPY = script("open(half, 'w').write('x'); time.sleep(60)")
# Writes down each id that it was started for, and does as it should.
DILIGENT = script(
    "open(f'{sys.argv[2]}/../started', 'a').write(sys.argv[3] + '\\n')\n"
    "open(half, 'w').write('{}'); os.rename(half, half.removesuffix('.part'))"
)


@asynccontextmanager
async def listening_to(
    recordings: Recordings,
    command: Sequence[str] = COMMAND,
    limit_seconds: float = 60.0,
    clock: Clock | None = None,
) -> AsyncIterator[Listening]:
    listening = Listening(recordings, command, limit_seconds, clock or Clock())
    try:
        yield listening
    finally:
        await listening.close()


async def outcome(listening: Listening, id: str = ID) -> State:
    """How it ends."""
    for _ in range(1500):
        if (state := await listening.ensure(id)) != "preparing":
            return state
        await asyncio.sleep(0.02)
    raise AssertionError("it is still being prepared")


def files_of(recordings: Recordings) -> list[str]:
    return sorted(path.name for path in (recordings.places.directory / "derived").iterdir())


# -- what it makes ------------------------------------------------------------------------


async def test_recording_that_browsers_play(tmp_path: Path) -> None:
    """Its waveform is made, and it is played as it is."""
    recordings = Recordings(tmp_path)
    kept(recordings, wav(speech(3.0)))
    async with listening_to(recordings) as listening:
        assert await listening.playable(ID) is None
        assert await listening.peaks(ID) is None
        assert await listening.ensure(ID) == "preparing"
        assert await outcome(listening) == "ready"
        playable = await listening.playable(ID)
        document = json.loads(await listening.peaks(ID) or b"")
    assert playable is not None
    assert playable.path == recordings.path(ID)
    assert (playable.media_type, playable.is_original) == ("audio/wav", True)
    assert (document["duration"], document["per_second"]) == (3.0, 50)
    assert len(document["peaks"]) == 150
    assert max(document["peaks"]) > 60
    assert files_of(recordings) == [f"{ID}{PEAKS}"]


async def test_recording_that_browsers_do_not_play(tmp_path: Path) -> None:
    """A rendition is made that they play, and both files are the service's alone."""
    recordings = Recordings(tmp_path)
    content = encoded("amr", "libopencore_amrnb", speech(3.0), rate=8_000, bit_rate=12_200)
    kept(recordings, content)
    async with listening_to(recordings) as listening:
        assert await outcome(listening) == "ready"
        playable = await listening.playable(ID)
    assert playable is not None
    assert playable.path == recordings.places.derived(ID, RENDITION)
    assert (playable.media_type, playable.is_original) == ("audio/mp4", False)
    assert files_of(recordings) == [f"{ID}{RENDITION}", f"{ID}{PEAKS}"]
    for name in files_of(recordings):
        path = recordings.places.directory / "derived" / name
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


async def test_what_was_made_is_not_made_again(tmp_path: Path) -> None:
    """After a restart the files tell: nobody listens twice."""
    recordings = Recordings(tmp_path)
    for id in (ID, OTHER):
        kept(recordings, b"sound", id)
    for _ in range(2):
        async with listening_to(recordings, DILIGENT) as listening:
            for id in (ID, OTHER, ID):
                await listening.ensure(id)
            assert await outcome(listening) == await outcome(listening, OTHER) == "ready"
    assert (tmp_path / "started").read_text().split() == [ID, OTHER]


async def test_recording_that_is_not_there(tmp_path: Path) -> None:
    """Nobody listens to what is gone."""
    async with listening_to(Recordings(tmp_path)) as listening:
        for ask in (listening.ensure, listening.playable):
            with pytest.raises(RecordingMissing):
                await ask(ID)
        assert await listening.peaks(ID) is None


# -- what goes wrong ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "not_audio"),
        (b"<script>alert(1)</script>" * 100, "not_audio"),
        (b"#EXTM3U\n#EXTINF:1,\n/etc/passwd\n", "not_audio"),
        (b"ffconcat version 1.0\nfile /etc/passwd\n", "not_audio"),
        (b"\x1aE\xdf\xa3" + os.urandom(2000), "not_audio"),
        (wav(speech(0.1), 65), "unsupported"),
    ],
    ids=["empty", "page", "playlist", "concat", "noise", "65 channels"],
)
async def test_hostile_files(content: bytes, reason: str, tmp_path: Path) -> None:
    """They fail with their reason, once and for all, and leave nothing behind; what is given out
    of them is bytes to be saved."""
    clock = Clock()
    recordings = Recordings(tmp_path)
    kept(recordings, content)
    async with listening_to(recordings, clock=clock) as listening:
        assert await outcome(listening) == "failed"
        assert listening.reason(ID) == reason
        clock.now += 10 * PAUSE_SECONDS
        assert await listening.ensure(ID) == "failed"
        assert await listening.peaks(ID) is None
        playable = await listening.playable(ID)
    assert playable is not None
    assert playable.is_original
    assert playable.media_type in ("application/octet-stream", "audio/wav")
    assert files_of(recordings) == []


@pytest.mark.parametrize("channels", [8, 9, 16])
async def test_many_channels(channels: int, tmp_path: Path) -> None:
    """More channels than anybody has ears for are mixed, drawn and played."""
    recordings = Recordings(tmp_path)
    kept(recordings, wav(speech(1.0), channels))
    async with listening_to(recordings) as listening:
        assert await outcome(listening) == "ready"
        playable = await listening.playable(ID)
    assert playable is not None
    assert not playable.is_original


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("os.kill(os.getpid(), 11)", "crashed"),
        ("sys.exit(3)", "crashed"),
        ("pass", "crashed"),
        ("print('rm -rf'); sys.exit(1)", "crashed"),
        ("print('storage_full'); sys.exit(1)", "storage_full"),
        ("os.kill(os.getpid(), 24)", "timeout"),
    ],
)
async def test_what_may_pass_is_tried_again(code: str, reason: str, tmp_path: Path) -> None:
    """A crash is tried three times in all, with a pause in between, then no more; what it had
    half made is gone each time."""
    clock = Clock()
    recordings = Recordings(tmp_path)
    kept(recordings, b"sound")
    count = f"open({str(tmp_path / 'tries')!r}, 'a').write('x'); open(half, 'w').write('x')\n"
    async with listening_to(recordings, script(count + code), clock=clock) as listening:
        for tries in range(1, MAX_TRIES + 2):
            assert await outcome(listening) == "failed"
            assert listening.reason(ID) == reason
            assert len((tmp_path / "tries").read_text()) == min(tries, MAX_TRIES)
            assert files_of(recordings) == []
            clock.now += PAUSE_SECONDS
    async with listening_to(recordings, DILIGENT) as listening:
        assert await outcome(listening) == "ready", "nothing is remembered past a restart"


async def test_who_takes_too_long_is_ended(tmp_path: Path) -> None:
    """A decoder that hangs costs its time limit, and the next one is listened to."""
    recordings = Recordings(tmp_path)
    kept(recordings, b"sound")
    async with listening_to(recordings, SLEEPY, limit_seconds=0.3) as listening:
        assert await outcome(listening) == "failed"
        assert listening.reason(ID) == "timeout"
    assert files_of(recordings) == []


async def test_command_that_is_not_there(tmp_path: Path) -> None:
    """A process that cannot even begin is a failure like any other."""
    recordings = Recordings(tmp_path)
    kept(recordings, b"sound")
    async with listening_to(recordings, ("/nowhere/at/all",)) as listening:
        assert await outcome(listening) == "failed"


async def test_full_disk_is_told(tmp_path: Path) -> None:
    """Nothing is begun that would take the database's last room."""
    free = [1 << 40]
    recordings = Recordings(tmp_path, free=lambda _: free[0])
    kept(recordings, b"sound")
    free[0] = 0
    async with listening_to(recordings, DILIGENT) as listening:
        assert await outcome(listening) == "failed"
        assert listening.reason(ID) == "storage_full"
    assert not (tmp_path / "started").exists()


async def test_one_at_a_time_and_not_too_many(tmp_path: Path) -> None:
    """Whoever asks is answered at once; those past the bound are taken when they ask again."""
    recordings = Recordings(tmp_path)
    ids = [f"{number:032x}" for number in range(MAX_WAITING + 3)]
    for id in ids:
        kept(recordings, b"sound", id)
    async with listening_to(recordings, SLEEPY) as listening:
        assert [await listening.ensure(id) for id in ids] == ["preparing"] * len(ids)
        assert len(listening._waiting) <= MAX_WAITING
        await asyncio.to_thread(wait_until, lambda: files_of(recordings) != [])
        assert files_of(recordings) == [f"{ids[0]}{PEAKS}.part"]


# -- when nobody wants it any more ---------------------------------------------------------


async def test_forgotten_recording_is_left_alone(tmp_path: Path) -> None:
    """After `forget`, nothing more is written for it, so that deleting it is for good; whatever
    else waits goes on."""
    recordings = Recordings(tmp_path)
    for id in (ID, OTHER):
        kept(recordings, b"sound", id)
    async with listening_to(recordings, SLEEPY) as listening:
        assert await listening.ensure(ID) == await listening.ensure(OTHER) == "preparing"
        await asyncio.to_thread(wait_until, lambda: files_of(recordings) != [])
        await listening.forget(ID)
        recordings.delete(ID)
        await asyncio.to_thread(wait_until, lambda: files_of(recordings) != [])
        assert files_of(recordings) == [f"{OTHER}{PEAKS}.part"]
        assert listening.reason(ID) is None
        await listening.forget(OTHER)
        await listening.forget(OTHER)
    assert files_of(recordings) == []


async def test_forgotten_before_it_began(tmp_path: Path) -> None:
    """Also in the moment in which its process starts."""
    recordings = Recordings(tmp_path)
    for id in (ID, OTHER):
        kept(recordings, b"sound", id)
    async with listening_to(recordings, DILIGENT) as listening:
        await listening.ensure(ID)
        await listening.ensure(OTHER)
        await asyncio.sleep(0)
        await listening.forget(ID)
        assert await outcome(listening, OTHER) == "ready"


async def test_closing_ends_what_runs(tmp_path: Path) -> None:
    """The service does not wait for half an hour, and nothing half made stays."""
    recordings = Recordings(tmp_path)
    kept(recordings, b"sound")
    async with listening_to(recordings, SLEEPY) as listening:
        await listening.ensure(ID)
        await asyncio.to_thread(wait_until, lambda: files_of(recordings) != [])
    assert files_of(recordings) == []
    assert await listening.ensure(ID) == "failed"
    assert listening.reason(ID) is None


def running_alone(directory: Path, recording: bytes) -> subprocess.Popen[bytes]:
    (directory / "recording").write_bytes(recording)
    command = [*COMMAND, str(directory / "recording"), str(directory), ID]
    return subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )


def test_process_ends_with_its_parent(tmp_path: Path) -> None:
    """When the service is killed, its standard input ends, and so does whoever listens."""
    sound = encoded("adts", "aac", speech(60.0))
    with running_alone(tmp_path, sound * 10) as process:
        half = half_made(tmp_path / f"{ID}{RENDITION}")
        wait_until(half.exists, 30)
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(10) == 2
    assert not (tmp_path / f"{ID}{PEAKS}").exists()


def test_process_is_modest(tmp_path: Path) -> None:
    """It is nicer than the service, and may have only so much of everything."""
    sound = encoded("adts", "aac", speech(60.0))
    with running_alone(tmp_path, sound * 10) as process:
        wait_until(half_made(tmp_path / f"{ID}{RENDITION}").exists, 30)
        limits = Path(f"/proc/{process.pid}/limits").read_text()
        assert Path(f"/proc/{process.pid}/oom_score_adj").read_text() == "1000\n"
        assert os.getpriority(os.PRIO_PROCESS, process.pid) >= 10
        process.send_signal(signal.SIGKILL)
    assert "805306368" in next(line for line in limits.splitlines() if "address space" in line)
    assert "900" in next(line for line in limits.splitlines() if "cpu time" in line)


def test_what_the_process_says_is_one_word(tmp_path: Path) -> None:
    """Neither FFmpeg nor an error's text says anything of the recording."""
    with running_alone(tmp_path, b"secret") as process:
        assert process.wait(30) == 1
        assert process.stdout is not None
        assert process.stderr is not None
        assert (process.stdout.read(), process.stderr.read()) == (b"not_audio\n", b"")


async def test_no_secret_reaches_the_process(tmp_path: Path) -> None:
    """Of the environment it knows what a program needs to run, and nothing of the service."""
    recordings = Recordings(tmp_path)
    kept(recordings, b"sound")
    told = tmp_path / "environment"
    os.environ["STT_API_KEY_OF_THIS_TEST"] = "secret"
    try:
        code = f"open({str(told)!r}, 'w').write(repr(dict(os.environ)))"
        async with listening_to(recordings, script(code)) as listening:
            assert await outcome(listening) == "failed"
    finally:
        del os.environ["STT_API_KEY_OF_THIS_TEST"]
    assert "PATH" in told.read_text()
    assert "secret" not in told.read_text()
