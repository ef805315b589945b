"""From a recording to its chunks, a bounded step at a time."""

from __future__ import annotations

import heapq
import time
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from stt_audio import AudioReader, DecodeLimits, identical_channels, probe
from stt_chunks import Chunk, ChunkCutter
from stt_types import SAMPLE_RATE
from stt_vad import SpeechDetector

if TYPE_CHECKING:
    from stt_types import AudioSource, TranscribeOptions
    from stt_vad import Samples

SAME_INSTANT = 0.01
"""Seconds by which a `start_seconds` may be off: it may have been rounded on its way."""

_APART = round(2 * SAME_INSTANT * SAMPLE_RATE)  # two chunks that end closer end at one place

BLOCKS_PER_STEP = 16
"""A step reads this many blocks at most, so that a long silence cannot hold a thread."""


@dataclass(frozen=True, slots=True)
class Planned:
    """A chunk in its place in the grid.

    settles: every chunk of the recording that ends here or before has come with this one, and
    the next one ends so much later that a request that starts at this end, rounded or not,
    goes on with it. The last chunk of a recording always settles.
    """

    chunk: Chunk
    settles: bool


class ChunkReader:
    """The chunks of one recording, ordered by their end (then by channel).

    Blocking: decoding and voice activity run in the caller's thread. `step` may be called
    from any thread, one at a time. Raises AudioError.
    """

    def __init__(
        self, source: AudioSource, options: TranscribeOptions, limits: DecodeLimits
    ) -> None:
        began = time.perf_counter()
        self.warnings: list[str] = []
        split = options.channels == "split" and self._worth_splitting(source, limits)
        self._reader = AudioReader(source, limits, split)
        self._first_look = time.perf_counter() - began - self._reader.decode_seconds
        self.info = self._reader.info
        self.vad_seconds = 0.0
        channels: list[int | None] = list(range(self.info.channels)) if split else [None]
        self._detectors = [SpeechDetector() for _ in channels]
        keep_all = not options.vad_filter
        self._cutters = [ChunkCutter(options.vad, channel=c, keep_all=keep_all) for c in channels]
        self._waiting: list[tuple[int, int, int, Chunk]] = []
        self._ended = False

    @property
    def seconds_decoded(self) -> float:
        return self._reader.seconds_decoded

    @property
    def decode_seconds(self) -> float:
        return self._reader.decode_seconds + self._first_look

    def step(self) -> list[Planned] | None:
        """The next chunks, possibly none yet; None when the recording has ended."""
        if self._ended:
            return None
        for _ in range(BLOCKS_PER_STEP):
            block = next(self._reader, None)
            if block is None:
                return self._finish()
            self._hear(block)
            ready = self._settled(min(cutter.settled for cutter in self._cutters) - _APART)
            if ready:
                return ready
        return []

    def close(self) -> None:
        """Lets the decoder go; a step that runs on another thread ends early."""
        self._reader.close()

    def _worth_splitting(self, source: AudioSource, limits: DecodeLimits) -> bool:
        if probe(source, limits).channels == 1:
            self.warnings.append("channels=split: the recording has one channel")
            return False
        if identical_channels(source, limits):
            self.warnings.append("channels=split: the channels are identical, transcribed once")
            return False
        return True

    def _hear(self, block: Samples) -> None:
        began = time.perf_counter()
        for row, detector, cutter in zip(block, self._detectors, self._cutters, strict=True):
            self._plan(cutter.push(row, detector.feed(row)))
        self.vad_seconds += time.perf_counter() - began

    def _finish(self) -> list[Planned]:
        self._ended = True
        for detector, cutter in zip(self._detectors, self._cutters, strict=True):
            self._plan(cutter.push(np.zeros(0, np.float32), detector.flush()))
            self._plan(cutter.finish())
        self.warnings += self._reader.warnings
        return self._settled(None)

    def _plan(self, chunks: list[Chunk]) -> None:
        for chunk in chunks:
            key = (chunk.end, -1 if chunk.channel is None else chunk.channel, chunk.index)
            heapq.heappush(self._waiting, (*key, chunk))

    def _settled(self, until: int | None) -> list[Planned]:
        """Chunks that no channel can come before any more; None: all there are."""
        ready: list[Chunk] = []
        while self._waiting and (until is None or self._waiting[0][0] <= until):
            ready.append(heapq.heappop(self._waiting)[-1])
        if not ready:
            return []
        ends = [chunk.end for chunk in ready] + [self._waiting[0][0] for _ in self._waiting[:1]]
        settles = [after - end > _APART for end, after in pairwise(ends)]
        # Where none waits, none can come that ends so close.
        return [Planned(*each) for each in zip(ready, [*settles, True], strict=False)]
