"""A waveform for speech: how loud each moment is, small enough for a page. Pure.

A value is the loudest sample of its moment, of any channel, as 0 to 255. It is the square root
of the amplitude, so that a telephone's -20 dBFS is a third of the height and not a tenth, and
silence still looks like silence. A recording whose loudest sample stays under -20 dBFS is raised
until it reaches that, by 30 dB at most; every other one is shown as it is.
"""

from __future__ import annotations

import json
from array import array
from math import ceil, sqrt

# The samples are taken at this rate: what speech is made of, at a fifth of the work.
RATE = 8_000
MOST_PER_SECOND = 50
MOST_VALUES = 12_000
FULL_SCALE = 32_768
QUIET = 0.1
MOST_GAIN = 31.6

_WINDOW = RATE // MOST_PER_SECOND


class Peaks:
    """Takes 16-bit samples at `RATE`, of `channels` channels by turns; keeps 100 bytes a second."""

    def __init__(self, channels: int) -> None:
        self._channels = channels
        self._span = _WINDOW * channels
        self._waiting = array("h")
        self._peaks = array("H")
        self._samples = 0

    def add(self, samples: array[int]) -> None:
        self._samples += len(samples)
        self._waiting += samples
        whole = len(self._waiting) - len(self._waiting) % self._span
        self._measure(whole)

    def document(self) -> bytes:
        """The waveform as JSON: `duration` in seconds, `per_second`, and `peaks`."""
        self._measure(len(self._waiting))
        merged = max(1, ceil(len(self._peaks) / MOST_VALUES))
        loudest = [max(self._peaks[at : at + merged]) for at in range(0, len(self._peaks), merged)]
        waveform = {
            "duration": round(self._samples / self._channels / RATE, 3),
            "per_second": MOST_PER_SECOND / merged,
            "peaks": heights(loudest),
        }
        return json.dumps(waveform, separators=(",", ":")).encode()

    def _measure(self, length: int) -> None:
        waiting, span = self._waiting, self._span
        for at in range(0, length, span):
            window = waiting[at : min(at + span, length)]
            self._peaks.append(max(*window, -min(window)))
        del self._waiting[:length]


def heights(peaks: list[int]) -> list[int]:
    """Amplitudes of 0 to `FULL_SCALE` as heights of 0 to 255."""
    loudest = max(peaks, default=0) / FULL_SCALE
    gain = min(MOST_GAIN, max(1.0, QUIET / loudest)) if loudest else 1.0
    return [min(255, round(255 * sqrt(peak / FULL_SCALE * gain))) for peak in peaks]
