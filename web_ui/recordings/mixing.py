"""Frames of any shape to frames of one shape, of one or two channels."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import av
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.filter import Graph

from web_ui.recordings.containers import translated


class Converter:
    """Frames of any shape to interleaved 16-bit ones of one shape: `channels` 1 or 2, at `rate`.

    A recording may change shape midway. 16 bits, because what is not a number in a recording of
    floats is one from here on.
    """

    def __init__(self, channels: int, rate: int, frame_size: int) -> None:
        self._to = ("s16", "stereo" if channels == 2 else "mono", rate, frame_size)
        self._shape: tuple[int, str, str] | None = None
        self._resampler = AudioResampler(*self._to)

    def all(self, frames: Iterable[AudioFrame]) -> Iterator[AudioFrame]:
        for frame in frames:
            yield from self.add(frame)
        yield from self.flush()

    def add(self, frame: AudioFrame) -> list[AudioFrame]:
        ready = []
        if (shape := _shape_of(frame)) != self._shape:
            ready = self.flush()
            self._shape = shape
            self._resampler = AudioResampler(*self._to)
        with translated("unsupported"):
            return ready + self._resampler.resample(frame)

    def flush(self) -> list[AudioFrame]:
        """What is still held back."""
        if self._shape is None:
            return []
        self._shape = None
        with translated("unsupported"):
            return self._resampler.resample(None)


class Mixer:
    """More than two channels to their mean. The resampler cannot: many have no layout that it
    knows."""

    def __init__(self) -> None:
        self._shape: tuple[int, str, str] | None = None
        self._graph = Graph()

    def add(self, frame: AudioFrame) -> list[AudioFrame]:
        ready = []
        if (shape := _shape_of(frame)) != self._shape:
            ready = self.flush()
            if frame.layout.nb_channels > 2:
                self._graph = _mean_of(frame)
                self._shape = shape
        if self._shape is None:
            return [*ready, frame]
        with translated("unsupported"):
            self._graph.push(frame)
        return ready + self._pull()

    def flush(self) -> list[AudioFrame]:
        if self._shape is None:
            return []
        self._shape = None
        with translated("unsupported"):
            self._graph.push(None)
        return self._pull()

    def _pull(self) -> list[AudioFrame]:
        frames = []
        while True:
            try:
                frames.append(self._graph.pull())
            except (av.BlockingIOError, av.EOFError):
                return [frame for frame in frames if isinstance(frame, AudioFrame)]


def _shape_of(frame: AudioFrame) -> tuple[int, str, str]:
    return frame.sample_rate, frame.format.name, frame.layout.name


def _mean_of(frame: AudioFrame) -> Graph:
    mean = "+".join(f"c{number}" for number in range(frame.layout.nb_channels))
    with translated("unsupported"):
        graph = Graph()
        source = graph.add_abuffer(
            sample_rate=frame.sample_rate,
            format=frame.format.name,
            layout=frame.layout.name,
            time_base=frame.time_base,
        )
        graph.link_nodes(source, graph.add("pan", f"mono|c0<{mean}"), graph.add("abuffersink"))
        graph.configure()
    return graph
