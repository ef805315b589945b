"""Listens to one recording: `python -m web_ui.recordings.listen INPUT OUTPUT_DIR ID`.

Writes OUTPUT_DIR/ID.peaks.json, the waveform, and before it, where no browser plays the recording
exactly, OUTPUT_DIR/ID.m4a. Each appears whole or not at all, and the waveform last.

A process of its own, with little of everything: decoders of hostile files crash, hang and grow.
Status 0; or 1, and the reason as one word on standard output.
"""

from __future__ import annotations

import errno
import os
import resource
import sys
import threading
from array import array
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

import av

from web_ui.recordings.containers import Undecodable
from web_ui.recordings.decoding import Source
from web_ui.recordings.derived import PEAKS, RENDITION, half_made
from web_ui.recordings.mixing import Converter
from web_ui.recordings.playability import plays_exactly
from web_ui.recordings.rendition import Rendition
from web_ui.recordings.waveform import RATE, Peaks

MIB = 1024 * 1024
LIMITS = {
    resource.RLIMIT_AS: 768 * MIB,
    resource.RLIMIT_CPU: 900,
    resource.RLIMIT_FSIZE: 1024 * MIB,
    resource.RLIMIT_CORE: 0,
}
NICENESS = 10
_DISK = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EROFS})


def main(arguments: list[str]) -> int:
    recording, directory, id = arguments
    _be_modest()
    _end_with_parent()
    try:
        listen(Path(recording), Path(directory), id)
    except Undecodable as error:
        return _fail(error.code)
    except MemoryError:
        return _fail("unsupported")
    except (OSError, av.FFmpegError) as error:
        return _fail("storage_full" if error.errno in _DISK else "unreadable")
    return 0


def listen(recording: Path, directory: Path, id: str) -> None:
    """Raises `Undecodable`, and OSError or FFmpegError where something cannot be written."""
    peaks, rendition = directory / f"{id}{PEAKS}", directory / f"{id}{RENDITION}"
    with recording.open("rb") as file:
        document, is_exact = _measure(file)
        if not is_exact:
            _render(file, rendition)
    with half_made(peaks).open("wb") as half:
        half.write(document)
    _publish(peaks)


def _measure(file: BinaryIO) -> tuple[bytes, bool]:
    """The waveform, and whether browsers play the recording exactly."""
    with Source(file) as source:
        peaks = Peaks(source.channels)
        converter = Converter(source.channels, RATE, RATE)
        for frame in converter.all(source.frames()):
            samples = array("h")
            samples.frombytes(memoryview(frame.planes[0])[: frame.samples * source.channels * 2])
            peaks.add(samples)
        return peaks.document(), plays_exactly(source.look, source.heard)


def _render(file: BinaryIO, path: Path) -> None:
    with (
        Source(file) as source,
        Rendition(half_made(path), source.channels, source.look.sample_rate) as rendition,
    ):
        for frame in source.frames():
            rendition.add(frame)
        rendition.finish()
    _publish(path)


def _publish(path: Path) -> None:
    """Give a file its name once all of it is on disk."""
    half = half_made(path)
    half.chmod(0o600)
    with half.open("rb") as file:
        os.fsync(file.fileno())
    half.replace(path)


def _be_modest() -> None:
    os.umask(0o077)
    os.nice(NICENESS)
    # Where memory runs out all the same, this process goes and not the service.
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000")
    for limit, most in LIMITS.items():
        _, allowed = resource.getrlimit(limit)
        soft = most if allowed == resource.RLIM_INFINITY else min(most, allowed)
        resource.setrlimit(limit, (soft, allowed))


def _end_with_parent() -> None:
    """Our standard input is the parent's to close, which the end of the parent does as well."""

    def watch() -> None:
        while os.read(0, 1):
            pass
        os._exit(2)

    threading.Thread(target=watch, daemon=True).start()


def _fail(code: str) -> int:
    print(code, flush=True)
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
