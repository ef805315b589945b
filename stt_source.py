"""The file a decoder reads from: the caller's, with a deadline and a budget of bytes."""

from __future__ import annotations

import os
import time
from typing import BinaryIO

from stt_errors import AudioError

# Beside this much, one packet is no sound but an attempt to fill the memory.
_MAX_PACKET_BYTES = 64 << 20
_TOO_BIG = "one packet of the recording is larger than 64 MB"


class GuardedFile:
    """What FFmpeg reads from: the caller's file, with a deadline and a budget of bytes.

    It never raises: PyAV keeps a callback's exception for whichever call on that thread
    comes next, perhaps another recording's. So the reason is kept in `failure`, and FFmpeg
    is told that the file has ended. It has no `name`, so no extension can sway FFmpeg.
    """

    def __init__(self, file: BinaryIO, stall_seconds: float) -> None:
        self.failure: AudioError | None = None
        self.cancelled = False
        self._file = file
        self._stall_seconds = stall_seconds
        self._bytes_left = _MAX_PACKET_BYTES
        self.size = self._measure()
        self.start_block()

    def start_block(self) -> None:
        """Begin the time that the next block may take."""
        self._deadline = time.monotonic() + self._stall_seconds

    def start_packet(self) -> None:
        """Begin the bytes that the next packet may take; fail when the time is up."""
        self._bytes_left = _MAX_PACKET_BYTES
        self._check_deadline()
        if self.failure is not None:
            raise self.failure

    def read(self, size: int) -> bytes:
        """At most `size` bytes; none once the file failed or was cancelled."""
        self._check_deadline()
        if self.failure is not None or self.cancelled:
            return b""
        try:
            chunk = self._file.read(size)[:size]
        except (OSError, ValueError, TypeError) as error:
            self.failure = _unreadable(error)
            return b""
        self._bytes_left -= len(chunk)
        if self._bytes_left < 0:
            self.failure = AudioError("unsupported", _TOO_BIG)
            return b""
        return chunk

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """The new position, or -1, which FFmpeg reads as "not possible"."""
        try:
            return self._file.seek(offset, whence)
        except (OSError, ValueError):
            return -1

    def tell(self) -> int:
        """The position; PyAV asks for the method before it believes in `seek`."""
        return self._file.tell()

    def head(self, size: int) -> bytes:
        """The first bytes, past every limit; the position stays."""
        try:
            position = self._file.tell()
            self._file.seek(0)
            start = self._file.read(size)
            self._file.seek(position)
        except (OSError, ValueError) as error:
            raise _unreadable(error) from error
        return start

    def _measure(self) -> int:
        try:
            size = self._file.seek(0, os.SEEK_END)
            self._file.seek(0)
        except (OSError, ValueError) as error:
            raise _unreadable(error) from error
        return size

    def _check_deadline(self) -> None:
        if self.failure is None and time.monotonic() > self._deadline:
            self.failure = AudioError(
                "timeout", f"decoding made no progress for {self._stall_seconds:g} s"
            )


def _unreadable(error: Exception) -> AudioError:
    # `strerror` and not `str(error)`, which would name the file.
    reason = getattr(error, "strerror", None) or type(error).__name__
    return AudioError("unreadable", f"the file could not be read: {reason}")
