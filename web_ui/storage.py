"""Whether uploads can be stored, found out by storing something, and never waited for long.

A disk that hangs holds whoever writes to it, so a thread of its own does: one at a time, however
many ask, and the end of the process does not wait for it.
"""

from __future__ import annotations

import asyncio
import tempfile
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, TypeAlias

TRIAL_BYTES = 16 * 1024
PATIENCE_SECONDS = 2.0

OpenFile: TypeAlias = Callable[[Path], BinaryIO]


def nameless_file(directory: Path) -> BinaryIO:
    """As uploads are stored, but unbuffered: what is written has reached the system."""
    return tempfile.TemporaryFile(dir=directory, buffering=0)


class Storage:
    """The directory where uploads wait."""

    def __init__(
        self,
        directory: Path,
        open_file: OpenFile = nameless_file,
        patience: float = PATIENCE_SECONDS,
    ) -> None:
        self._directory = directory
        self._open = open_file
        self._patience = patience
        self._trial: asyncio.Future[str | None] | None = None

    async def problem(self) -> str | None:
        """Why nothing can be stored, if so; known within `patience` seconds."""
        if self._trial is None or self._trial.done():
            self._trial = _in_thread(self._try)
        done, _ = await asyncio.wait({self._trial}, timeout=self._patience)
        if not done:
            return f"WEB_UI_DATA did not take a file within {self._patience:g} s"
        return self._trial.result()

    def _try(self) -> str | None:
        # Only writing tells: permissions alone do not, and a full disk still makes files.
        try:
            with self._open(self._directory) as file:
                left = TRIAL_BYTES
                while left:
                    left -= file.write(bytes(left))
        except OSError as error:
            return f"WEB_UI_DATA cannot be written: {error.strerror}"
        return None


def _in_thread(work: Callable[[], str | None]) -> asyncio.Future[str | None]:
    loop = asyncio.get_running_loop()
    outcome: asyncio.Future[str | None] = loop.create_future()

    def settle(result: str | None) -> None:
        if not outcome.done():
            outcome.set_result(result)

    def run() -> None:
        result = work()
        with suppress(RuntimeError):  # the loop has ended; nobody asks any more
            loop.call_soon_threadsafe(settle, result)

    threading.Thread(target=run, name="storage-trial", daemon=True).start()
    return outcome
