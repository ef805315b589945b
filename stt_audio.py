"""Bytes of any kind to 16 kHz float32 in bounded blocks.

FFmpeg (through PyAV) decodes and resamples; the file is read as it goes, and no more than
a packet and a block of it are in memory. Times count samples from the first one decoded.
"""

from __future__ import annotations

import threading
import time
from types import TracebackType

import numpy as np
from av.audio.frame import AudioFrame

from stt_container import AudioInfo, DecodeLimits, Recording, translated
from stt_errors import AudioError, AudioTooLong
from stt_resample import Blocks, Resampler, Samples
from stt_source import GuardedFile
from stt_types import SAMPLE_RATE, AudioSource

__all__ = ["AudioInfo", "AudioReader", "DecodeLimits", "identical_channels", "probe"]

# A header may promise this much more than is there before the listener is told.
_MISSING_SECONDS, _MISSING_SHARE = 1.0, 0.02
# Channels differ when the RMS of their difference passes this share of the louder one's RMS
# and this floor (-66 dBFS). Opus and WMA at 12 kbit/s a channel make up to 0.056 of two equal
# channels; a call whose other side leaks in at -20 dB makes 0.9.
_DIFFERENT_SHARE, _DIFFERENT_FLOOR = 0.1, 5e-4


def probe(source: AudioSource, limits: DecodeLimits) -> AudioInfo:
    """What the header says. The file is left open, at its start.

    Raises AudioError, and AudioTooLong when the header already says more than the limit.
    """
    file = GuardedFile(source.file, limits.stall_seconds)
    try:
        recording = Recording(file, limits)
        recording.close()
        return recording.info
    finally:
        file.seek(0)


def identical_channels(source: AudioSource, limits: DecodeLimits) -> bool:
    """Whether all channels carry the same sound, over the whole recording.

    Stops at the first real difference, within a second or so of a true two-channel call.
    Parts where every channel is silent count as the same. Raises AudioError.
    """
    with AudioReader(source, limits, split=True) as reader:
        return reader.info.channels == 1 or all(_same(block) for block in reader)


def _same(block: Samples) -> bool:
    difference = np.sqrt(np.mean((block - block[0]) ** 2, axis=1)).max()
    loudness = np.sqrt(np.mean(block**2, axis=1)).max()
    return bool(difference <= max(_DIFFERENT_FLOOR, _DIFFERENT_SHARE * loudness))


class AudioReader:
    """A recording as blocks of float32 in [-1, 1] at 16 kHz, of shape (channels, samples).

    Mixed to one channel (the mean), or `split`: one row a channel. Every block but the last
    has exactly `limits.block_seconds`. The file is read from its start and never closed.

    info: what the header says.
    seconds_decoded: audio decoded so far.
    decode_seconds: wall time spent decoding so far.
    warnings: one line for each thing the listener should know; complete at the end.

    Opening and iterating raise AudioError. `close`, which may come from any thread, ends the
    iteration; so do an error and the end of the recording.
    """

    def __init__(self, source: AudioSource, limits: DecodeLimits, split: bool = False) -> None:
        started = time.perf_counter()
        self._limits = limits
        self._lock = threading.Lock()
        self._file = GuardedFile(source.file, limits.stall_seconds)
        self._recording: Recording | None = Recording(self._file, limits)
        self.info = self._recording.info
        self.warnings: list[str] = []
        self.decode_seconds = time.perf_counter() - started
        rows = self.info.channels if split else 1
        self._resampler = Resampler(limits, rows)
        self._blocks = Blocks(rows, max(1, round(limits.block_seconds * SAMPLE_RATE)))
        self._damaged = 0
        self._damage: AudioError | None = None
        self._cut_off = False

    @property
    def seconds_decoded(self) -> float:
        return self._blocks.samples / SAMPLE_RATE

    def __enter__(self) -> AudioReader:
        return self

    def __iter__(self) -> AudioReader:
        return self

    def __next__(self) -> Samples:
        with self._lock:
            started = time.perf_counter()
            try:
                block = self._next_block()
            except BaseException:
                self._file.cancelled = True  # blocks that were ready do not follow an error
                self._release()
                raise
            finally:
                self.decode_seconds += time.perf_counter() - started
        if block is None:
            raise StopIteration
        return block

    def _next_block(self) -> Samples | None:
        self._file.start_block()
        while self._recording is not None and not self._blocks.ready:
            self._decode_packet(self._recording)
            if self.seconds_decoded > self._limits.max_seconds:
                raise AudioTooLong(self._limits.max_seconds)
        if self._file.cancelled or not self._blocks.ready:
            return None
        return self._blocks.ready.popleft()

    def _decode_packet(self, recording: Recording) -> None:
        frames = self._next_frames(recording)
        if frames is None:
            self._finish(recording)
            return
        for frame in frames:
            with translated(self._file, "unsupported", "the audio cannot be resampled"):
                self._blocks.add(self._resampler.add(frame))

    def _next_frames(self, recording: Recording) -> list[AudioFrame] | None:
        """The frames of the next packet (none if it is damaged); None at the end."""
        self._file.start_packet()
        reason = "the recording is damaged"
        try:
            with translated(self._file, "truncated", reason):
                packet = next(recording.packets, None)
        except AudioError as error:
            self._raise_unless_damage(error)
            self._cut_off = True
            return None
        if packet is None:
            return None
        if packet.has_sidedata("encryption_info"):
            raise AudioError("unsupported", "the recording is encrypted")
        try:
            with translated(self._file, "truncated", reason):
                return packet.decode()
        except AudioError as error:
            self._raise_unless_damage(error)
            self._damaged += 1
            return []

    def _raise_unless_damage(self, error: AudioError) -> None:
        """Damage to the sound is survived; a file that fails or stalls is not."""
        if error is self._file.failure:
            raise error
        self._damage = error

    def _finish(self, recording: Recording) -> None:
        with translated(self._file, "unsupported", "the audio cannot be resampled"):
            self._blocks.add(self._resampler.flush())
        self._blocks.flush()
        self._release()
        if self._file.cancelled:
            return
        if self._blocks.samples == 0:
            raise self._nothing_decoded()
        self._warn(recording.promised_seconds)

    def _nothing_decoded(self) -> AudioError:
        if self._damage is not None and self._damage.code == "unsupported":
            return self._damage
        return AudioError("truncated", "no sound could be decoded from the recording")

    def _warn(self, promised: float | None) -> None:
        decoded = self.seconds_decoded
        missing = (promised or 0.0) - decoded
        if missing > max(_MISSING_SECONDS, _MISSING_SHARE * decoded):
            self.warnings.append(
                f"the recording is cut off after {decoded:.1f} s of the {promised:.1f} s "
                "that its header promises"
            )
        elif self._cut_off:
            self.warnings.append(f"the recording is cut off after {decoded:.1f} s")
        if self._damaged:
            self.warnings.append(f"damaged pieces of the recording were skipped: {self._damaged}")

    def close(self) -> None:
        """Free what FFmpeg holds. A block being decoded on another thread ends early."""
        self._file.cancelled = True
        with self._lock:
            self._release()

    def _release(self) -> None:
        if self._recording is not None:
            self._recording.close()
            self._recording = None

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()
