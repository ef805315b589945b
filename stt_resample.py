"""Decoded frames of any shape to blocks of 16 kHz float32.

Arrays have the shape (channels, samples), and values in [-1, 1].
"""

from __future__ import annotations

from collections import deque
from typing import TypeAlias

import numpy as np
from av.audio.frame import AudioFrame
from av.audio.layout import AudioLayout
from av.audio.resampler import AudioResampler
from numpy.typing import NDArray

from stt_container import DecodeLimits, check_shape
from stt_types import SAMPLE_RATE

Samples: TypeAlias = NDArray[np.float32]

# A quarter of a second: codecs give 20 ms at a time, and each piece has a price in Python.
_FRAME_SIZE = 4096


class Resampler:
    """Decoded frames to (rows, samples) at 16 kHz; a recording may change shape midway."""

    def __init__(self, limits: DecodeLimits, rows: int) -> None:
        self._limits = limits
        self._rows = rows
        self._shape: tuple[int, str, str] | None = None
        self._resampler = _new_resampler(None)

    def add(self, frame: AudioFrame) -> Samples:
        shape = (frame.sample_rate, frame.format.name, frame.layout.name)
        if shape == self._shape:
            return self._join(self._resampler.resample(frame))
        check_shape(frame.sample_rate, frame.layout.nb_channels, self._limits)
        rest = self.flush()
        self._resampler = _new_resampler(frame.layout)
        self._shape = shape
        return np.concatenate([rest, self._join(self._resampler.resample(frame))], axis=1)

    def flush(self) -> Samples:
        """What the resampler still holds; it cannot be used afterwards."""
        if self._shape is None:
            return self._join([])
        self._shape = None
        return self._join(self._resampler.resample(None))

    def _join(self, frames: list[AudioFrame]) -> Samples:
        rows = [self._fit(_channels(frame)) for frame in frames]
        if not rows:
            return np.empty((self._rows, 0), np.float32)
        return rows[0] if len(rows) == 1 else np.concatenate(rows, axis=1)

    def _fit(self, channels: NDArray[np.float32]) -> Samples:
        # Float recordings may hold anything.
        if not np.isfinite(channels).all():
            np.nan_to_num(channels, copy=False, nan=0.0, posinf=0.0, neginf=0.0)
        np.clip(channels, -1.0, 1.0, out=channels)
        if self._rows == 1:
            return channels if len(channels) == 1 else channels.mean(axis=0, keepdims=True)
        if len(channels) == self._rows:
            return channels
        if len(channels) == 1:
            return np.repeat(channels, self._rows, axis=0)
        fitted = np.zeros((self._rows, channels.shape[1]), np.float32)
        shared = min(self._rows, len(channels))
        fitted[:shared] = channels[:shared]
        return fitted


def _new_resampler(layout: AudioLayout | None) -> AudioResampler:
    # The layout is kept: FFmpeg's own down-mix to float adds stereo up past full scale.
    # Interleaved, because PyAV 18 reads past the end of eight planes and crashes.
    return AudioResampler("flt", layout, SAMPLE_RATE, frame_size=_FRAME_SIZE)


def _channels(frame: AudioFrame) -> Samples:
    interleaved = frame.to_ndarray().astype(np.float32, copy=False)
    return interleaved.reshape(-1, frame.layout.nb_channels).T


class Blocks:
    """Pieces of any length in, blocks of one length out; `samples` counts all that came."""

    def __init__(self, rows: int, length: int) -> None:
        self.ready: deque[Samples] = deque()
        self.samples = 0
        self._block = np.empty((rows, length), np.float32)
        self._filled = 0

    def add(self, piece: Samples) -> None:
        self.samples += piece.shape[1]
        while piece.shape[1]:
            room = self._block.shape[1] - self._filled
            head, piece = piece[:, :room], piece[:, room:]
            self._block[:, self._filled : self._filled + head.shape[1]] = head
            self._filled += head.shape[1]
            if self._filled == self._block.shape[1]:
                self.ready.append(self._block)
                self._block = np.empty_like(self._block)
                self._filled = 0

    def flush(self) -> None:
        """Make what is left the last, shorter block."""
        if self._filled:
            self.ready.append(np.ascontiguousarray(self._block[:, : self._filled]))
            self._filled = 0
