"""A whole recording as frames, and what decoding it told. It runs in a process of its own, which
may die of what it reads."""

from __future__ import annotations

import os
from collections.abc import Iterator
from types import TracebackType
from typing import Any, BinaryIO

import av
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.packet import Packet
from av.stream import Discard

from web_ui.recordings.containers import (
    UNSUPPORTED,
    Undecodable,
    audio_stream,
    look_of,
    open_container,
    translated,
)
from web_ui.recordings.mixing import Mixer
from web_ui.recordings.playability import MP3, Heard

# One frame may hold at most this many samples, so that a header cannot ask for gigabytes.
_MAX_FRAME_SAMPLES = 1 << 20
MAX_SECONDS = 24 * 3600


class Source:
    """An open recording; `frames` decodes it once, from its start, and then `heard` tells."""

    def __init__(self, file: BinaryIO) -> None:
        self._size = file.seek(0, os.SEEK_END)
        file.seek(0)
        with translated("not_audio"):
            self._container = open_container(file)
            self._stream = audio_stream(self._container)
            self.look = look_of(self._container, self._stream, file)
            self._prepare()
        self._samples = 0.0
        self._clock_off = 0.0
        self._marks: list[tuple[int, float]] = []

    @property
    def channels(self) -> int:
        """Of the frames: 1 or 2."""
        return 2 if self.look.channels == 2 else 1

    def frames(self) -> Iterator[AudioFrame]:
        """Every frame, mixed to one channel where there are more than two; damaged ones are left
        out. Raises `Undecodable`."""
        mixer = Mixer()
        for packet in self._packets():
            for frame in self._decoded(packet):
                self._count(frame)
                yield from mixer.add(frame)
        yield from mixer.flush()
        if self._samples == 0:
            raise Undecodable("not_audio")

    @property
    def heard(self) -> Heard:
        return Heard(self._samples, self._clock_off, self._bytes_off())

    def __enter__(self) -> Source:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._container.close()

    def _prepare(self) -> None:
        for other in self._container.streams:
            if other.index != self._stream.index:
                other.discard = Discard.all
        context = self._stream.codec_context
        context.thread_count = 1
        context.options = {"max_samples": str(_MAX_FRAME_SAMPLES)}

    def _packets(self) -> Iterator[Packet[AudioStream]]:
        packets = self._container.demux(self._stream)
        while True:
            try:
                packet = next(packets, None)
            except (av.FFmpegError, OSError, ValueError):  # cut off: what came before it counts
                return
            if packet is None:
                return
            self._mark(packet)
            yield packet

    def _decoded(self, packet: Packet[AudioStream]) -> list[AudioFrame]:
        with translated("unsupported"):
            try:
                frames: list[Any] = packet.decode()
            except UNSUPPORTED:
                raise
            except (av.FFmpegError, ValueError):
                return []
        return frames

    def _mark(self, packet: Packet[AudioStream]) -> None:
        """Remember about once a second where in the file we are."""
        is_due = not self._marks or self._samples >= self._marks[-1][1] + 1.0
        if self.look.container == MP3 and packet.pos is not None and is_due:
            self._marks.append((packet.pos, self._samples))

    def _count(self, frame: AudioFrame) -> None:
        if frame.time is not None:
            self._clock_off = max(self._clock_off, abs(frame.time - self._samples))
        self._samples += frame.samples / frame.sample_rate
        if self._samples > MAX_SECONDS:
            raise Undecodable("too_long")

    def _bytes_off(self) -> float:
        if not self._marks:
            return 0.0
        first = self._marks[0][0]
        per_byte = self._samples / max(1, self._size - first)
        return max(abs((pos - first) * per_byte - at) for pos, at in self._marks)
