"""Has recordings listened to, one at a time, each by a process of its own that may die of it.

What comes of it is on disk: the waveform and, where needed, a rendition that every browser plays.
Only what went wrong is remembered here, until the service ends.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
import time
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections import OrderedDict, deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TypeAlias

from serving.errors import StorageFull
from web_ui.errors import RecordingMissing
from web_ui.recordings.derived import DIRECTORY, PEAKS, RENDITION, half_made
from web_ui.recordings.files import Recordings
from web_ui.recordings.media_types import MP4, UNKNOWN, sniffed

log = logging.getLogger("web")

State: TypeAlias = Literal["preparing", "ready", "failed"]

COMMAND = (sys.executable, "-m", "web_ui.recordings.listen")
ROOT = Path(__file__).parents[2]
# Hours of speech take half a minute on an idle machine; this one may be transcribing.
LIMIT_SECONDS = 1800.0
MAX_WAITING = 256
# What may not happen again: it is tried three times in all, this far apart.
PASSING = frozenset({"crashed", "timeout", "storage_full", "unreadable"})
LASTING = frozenset({"not_audio", "no_audio_track", "unsupported", "too_long"})
MAX_TRIES = 3
PAUSE_SECONDS = 30.0
MAX_FAILURES = 1000
# What a process of ours may know of this one's environment: no secret, no address.
_KNOWN = frozenset({"PATH", "LANG", "LC_ALL", "LC_CTYPE", "LD_LIBRARY_PATH", "TMPDIR"})


@dataclass(frozen=True, slots=True)
class Playable:
    """What is played of a recording: the file that was sent, or a rendition of it."""

    path: Path
    media_type: str
    is_original: bool


@dataclass(frozen=True, slots=True)
class Failure:
    """`reason`: one of `PASSING` or `LASTING`. `at`: when, by the steady clock."""

    reason: str
    tries: int
    at: float

    def is_over(self, now: float) -> bool:
        """Whether it is worth another try."""
        again = self.reason in PASSING and self.tries < MAX_TRIES
        return again and now >= self.at + PAUSE_SECONDS


@dataclass(slots=True)
class _Job:
    id: str
    process: Process | None = None
    unwanted: bool = False
    ended: asyncio.Event = field(default_factory=asyncio.Event)

    def end(self) -> None:
        """Whoever listens stops at once."""
        self.unwanted = True
        if self.process is not None:
            _kill(self.process)


class Listening:
    """Recordings that are to be listened to, in the order in which somebody asked.

    command: what listens; it is given the recording, the directory for what it makes, and the id.
    """

    def __init__(
        self,
        recordings: Recordings,
        command: Sequence[str] = COMMAND,
        limit_seconds: float = LIMIT_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._recordings = recordings
        self._command = command
        self._limit_seconds = limit_seconds
        self._clock = clock
        self._waiting: deque[str] = deque()
        self._job: _Job | None = None
        self._worker: asyncio.Task[None] | None = None
        self._failures: OrderedDict[str, Failure] = OrderedDict()
        self._closed = False

    async def ensure(self, id: str) -> State:
        """Have it listened to unless it was; say at once how that stands. Raises
        `RecordingMissing`."""
        if await asyncio.to_thread(self._is_ready, id):
            return "ready"
        failure = self._failures.get(id)
        if self._closed or (failure is not None and not failure.is_over(self._clock())):
            return "failed"
        if not self._is_expected(id) and len(self._waiting) < MAX_WAITING:
            self._waiting.append(id)
            self._wake()
        return "preparing"

    def reason(self, id: str) -> str | None:
        """Why the last try failed, as one word; None where none did."""
        failure = self._failures.get(id)
        return failure.reason if failure else None

    async def peaks(self, id: str) -> bytes | None:
        """The waveform, a JSON document; None while there is none."""
        path = self._recordings.places.derived(id, PEAKS)
        try:
            return await asyncio.to_thread(path.read_bytes)
        except FileNotFoundError:
            return None

    async def playable(self, id: str) -> Playable | None:
        """What a browser is to be given; None while that is being found out. What could not be
        listened to is given as it is. Raises `RecordingMissing`."""
        if await self.ensure(id) == "preparing":
            return None
        return await asyncio.to_thread(self._playable, id)

    async def forget(self, id: str) -> None:
        """Stop whatever is done for it. After this, nothing more is written for that id."""
        self._failures.pop(id, None)
        with suppress(ValueError):
            self._waiting.remove(id)
        job = self._job
        if job is not None and job.id == id:
            job.end()
            await job.ended.wait()

    async def close(self) -> None:
        """End what runs; nothing begins any more."""
        self._closed = True
        self._waiting.clear()
        if self._job is not None:
            self._job.end()
        if self._worker is not None:
            await asyncio.wait({self._worker})

    def _is_ready(self, id: str) -> bool:
        if self._recordings.places.derived(id, PEAKS).exists():
            return True
        if not self._recordings.path(id).exists():
            raise RecordingMissing("the recording is not there any more")
        return False

    def _playable(self, id: str) -> Playable:
        rendition = self._recordings.places.derived(id, RENDITION)
        if rendition.exists():
            return Playable(rendition, MP4, is_original=False)
        path = self._recordings.path(id)
        return Playable(path, sniffed(path) or UNKNOWN, is_original=True)

    def _is_expected(self, id: str) -> bool:
        return id in self._waiting or (self._job is not None and self._job.id == id)

    def _wake(self) -> None:
        if self._worker is None or self._worker.done():
            self._worker = asyncio.get_running_loop().create_task(self._work())

    async def _work(self) -> None:
        while self._waiting:
            job = self._job = _Job(self._waiting.popleft())
            try:
                reason = await self._listen(job)
            except OSError as error:
                log.error("[LISTEN] Cannot begin: %s", error.strerror)
                reason = "crashed"
            finally:
                self._job = None
                job.ended.set()
            if reason is not None and not job.unwanted:
                self._remember(job.id, reason)

    def _remember(self, id: str, reason: str) -> None:
        before = self._failures.pop(id, None)
        tries = before.tries + 1 if before else 1
        self._failures[id] = Failure(reason, tries, self._clock())
        log.warning("[LISTEN] A recording could not be listened to: %s (try %d)", reason, tries)
        if len(self._failures) > MAX_FAILURES:
            self._failures.popitem(last=False)

    async def _listen(self, job: _Job) -> str | None:
        """Run the process to its end; why it failed, if it did. Raises OSError."""
        if await asyncio.to_thread(self._lacks_room):
            return "storage_full"
        process = job.process = await self._begin(job.id)
        if job.unwanted:
            job.end()
        try:
            async with asyncio.timeout(self._limit_seconds):
                said = await process.stdout.read(64) if process.stdout else b""
                status = await process.wait()
        except TimeoutError:
            return "timeout"
        finally:
            if process.returncode is None:
                _kill(process)
                await process.wait()
            await asyncio.to_thread(self._remove_half_made, job.id)
        is_done = await asyncio.to_thread(self._recordings.places.derived(job.id, PEAKS).exists)
        return _reason(status, said, is_done)

    async def _begin(self, id: str) -> Process:
        places = self._recordings.places
        arguments = [str(places.kept(id)), str(places.directory / DIRECTORY), id]
        return await asyncio.create_subprocess_exec(
            *self._command,
            *arguments,
            stdin=PIPE,  # held open: its end tells the process that this one is gone
            stdout=PIPE,
            stderr=DEVNULL,
            cwd=ROOT,
            env=_environment(),
            start_new_session=True,
        )

    def _lacks_room(self) -> bool:
        try:
            return self._recordings.free_bytes() == 0
        except StorageFull:
            return True

    def _remove_half_made(self, id: str) -> None:
        for suffix in (RENDITION, PEAKS):
            half_made(self._recordings.places.derived(id, suffix)).unlink(missing_ok=True)


def _reason(status: int, said: bytes, is_done: bool) -> str | None:
    if status == 0:
        return None if is_done else "crashed"
    word = said.decode("ascii", "replace").strip()
    if status == 1 and word in PASSING | LASTING:
        return word
    return "timeout" if status == -signal.SIGXCPU else "crashed"


def _kill(process: Process) -> None:
    with suppress(ProcessLookupError):
        process.kill()


def _environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name in _KNOWN}
