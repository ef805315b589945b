"""A copy of a recording that every browser plays and can enter at any second: AAC in MP4.

Its times are the count of samples from the first one, as a transcript's are, whatever clock the
recording itself brings.
"""

from __future__ import annotations

from contextlib import suppress
from fractions import Fraction
from pathlib import Path
from types import TracebackType

import av
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler

from web_ui.recordings.mixing import Converter

RATES = (8_000, 11_025, 12_000, 16_000, 22_050, 24_000)
BIT_RATES = {1: 48_000, 2: 80_000}
_FRAME = 1024  # an AAC frame's samples


class Rendition:
    """Writes the frames it is given to `path`; use it as a context. `finish` ends it well.

    Raises FFmpegError, which has an `errno`, where it cannot be written.
    """

    def __init__(self, path: Path, channels: int, sample_rate: int) -> None:
        rate = next((rate for rate in RATES if rate >= sample_rate), RATES[-1])
        self._time_base = Fraction(1, rate)
        self._samples = 0
        self._converter = Converter(channels, rate, _FRAME)
        # With its index at the front, so that the first request brings it.
        self._container = av.open(str(path), "w", format="ipod", options={"movflags": "faststart"})
        self._stream = self._container.add_stream("aac", rate=rate, options={"aac_coder": "fast"})
        self._stream.layout = "stereo" if channels == 2 else "mono"
        self._stream.bit_rate = BIT_RATES[channels]
        self._planar = AudioResampler("fltp", self._stream.layout, rate, frame_size=_FRAME)

    def __enter__(self) -> Rendition:
        return self

    def add(self, frame: AudioFrame) -> None:
        self._encode(self._converter.add(frame))

    def finish(self) -> None:
        self._encode(self._converter.flush())
        self._write(self._planar.resample(None))
        self._container.mux(self._stream.encode(None))
        self._container.close()

    def _encode(self, frames: list[AudioFrame]) -> None:
        for frame in frames:
            self._write(self._planar.resample(frame))

    def _write(self, frames: list[AudioFrame]) -> None:
        for frame in frames:
            frame.time_base, frame.pts = self._time_base, self._samples
            self._samples += frame.samples
            self._container.mux(self._stream.encode(frame))

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        with suppress(av.FFmpegError):  # after an error, another one at its end tells no more
            self._container.close()
