"""The border to FFmpeg: open a recording safely, describe it, translate every error.

Nothing here looks at a file's name, runs a video decoder, or lets one file open another.
PyAV is met only here, in `stt_audio` and in `stt_resample`.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import NoReturn

import av
from av.audio.stream import AudioStream
from av.codec.codec import Codec, codecs_available
from av.container import InputContainer
from av.stream import Discard

from stt_errors import AudioError, AudioTooLong
from stt_source import GuardedFile

# Only formats that hold audio themselves. Playlists, concat lists, SDP and image sequences
# are left out because they make FFmpeg open other files or the network.
_FORMATS = (
    "aac,ac3,aiff,amr,ape,asf,au,avi,caf,eac3,flac,flv,matroska,mov,mp3,mpeg,mpegts,ogg,"
    "tta,w64,wav,wv"
)
# Formats that count the samples they hold; the durations of others may be guesses.
_COUNTED_FORMATS = {"aiff", "caf", "flac", "mov,mp4,m4a,3gp,3g2,mj2", "ogg", "w64", "wav"}
_GUESS_TOLERANCE = 4.0
# Recorders that write to a pipe put a size from here up into a header they cannot go back to.
_STREAMED_BYTES = 0x7FFF_0000
_MAGIC = (b"OggS", b"fLaC", b"\x1aE\xdf\xa3", b"#!AMR", b"0&\xb2u", b"ID3", b"FORM", b"caff")
_ENCRYPTED_TAGS = {"enca", "drms"}
_MIN_RATE, _MAX_RATE = 1_000, 384_000
# One frame may hold at most this much, so a header cannot ask for gigabytes.
_MAX_FRAME_SECONDS, _MAX_FRAME_SAMPLES = 60, 1 << 20
_MAX_ALLOCATION = 160 << 20

_NOT_AUDIO = "the file is not a recording in a known format"
_BROKEN = "the recording breaks off before any sound could be decoded"


@dataclass(frozen=True, slots=True)
class DecodeLimits:
    """What a recording may cost.

    max_seconds: longest recording accepted, by its header or by what was decoded.
    block_seconds: length of the blocks a reader yields.
    stall_seconds: decode time one block may take; time its consumer takes is not counted.
    max_channels: more channels than this are refused.
    """

    max_seconds: float = 14_400.0
    block_seconds: float = 1.0
    stall_seconds: float = 30.0
    max_channels: int = 8


@dataclass(frozen=True, slots=True)
class AudioInfo:
    """What the header says. `duration` is its estimate in seconds, None when unknown."""

    duration: float | None
    channels: int
    sample_rate: int
    codec: str
    container: str


@contextmanager
def translated(file: GuardedFile, code: str, reason: str) -> Iterator[None]:
    """Turn whatever PyAV raises inside into an AudioError.

    The file's own failure comes first, even when FFmpeg took it for an ordinary end; then
    what FFmpeg says it cannot do (`unsupported`); then the given code and reason.
    """
    try:
        yield
    except AudioError:
        raise
    except (av.DecoderNotFoundError, av.PatchWelcomeError, av.NotImplementedError) as error:
        unsupported = AudioError("unsupported", "this kind of audio cannot be decoded")
        raise file.failure or unsupported from error
    except MemoryError as error:
        too_big = AudioError("unsupported", "the recording asks for too much memory")
        raise file.failure or too_big from error
    except (av.FFmpegError, OSError, ValueError, LookupError, RuntimeError) as error:
        raise file.failure or AudioError(code, reason) from error
    if file.failure is not None:
        raise file.failure


class Recording:
    """An open container and its audio stream.

    `promised_seconds` is what a header that counts samples says, else None. `close` frees
    everything FFmpeg holds; the caller's file stays open.
    """

    def __init__(self, file: GuardedFile, limits: DecodeLimits) -> None:
        self._container = _open_container(file)
        try:
            with translated(file, "truncated", _BROKEN):
                self.stream = _audio_stream(self._container, file)
                self.info, self.promised_seconds = _describe(self._container, self.stream, file)
                self._check_limits(limits)
                self._prepare()
                self.packets = self._container.demux(self.stream)
        except AudioError:
            self._container.close()
            raise

    def _check_limits(self, limits: DecodeLimits) -> None:
        check_shape(self.info.sample_rate, self.info.channels, limits)
        if self.stream.codec_tag in _ENCRYPTED_TAGS:
            raise AudioError("unsupported", "the recording is encrypted")
        counted = self.info.container in _COUNTED_FORMATS
        allowed = limits.max_seconds * (1.0 if counted else _GUESS_TOLERANCE)
        if self.info.duration is not None and self.info.duration > allowed:
            raise AudioTooLong(limits.max_seconds)

    def _prepare(self) -> None:
        for other in self._container.streams:
            if other.index != self.stream.index:
                other.discard = Discard.all
        context = self.stream.codec_context
        context.thread_count = 1
        most = min(_MAX_FRAME_SAMPLES, _MAX_FRAME_SECONDS * self.info.sample_rate)
        context.options = {"max_samples": str(most)}

    def close(self) -> None:
        """Free the container; no packet may be asked for afterwards."""
        # The generator holds a packet of the container, so it goes first.
        self.packets.close()  # type: ignore[attr-defined]
        self._container.close()


def check_shape(sample_rate: int, channels: int, limits: DecodeLimits) -> None:
    """Raise AudioError unless the sampling rate and the channels can be handled."""
    if sample_rate == 0 or channels == 0:
        raise AudioError("truncated", _BROKEN)
    if not _MIN_RATE <= sample_rate <= _MAX_RATE:
        raise AudioError("unsupported", f"a sampling rate of {sample_rate} Hz is not supported")
    if channels > limits.max_channels:
        raise AudioError(
            "unsupported", f"{channels} channels; at most {limits.max_channels} are supported"
        )


def _open_container(file: GuardedFile) -> InputContainer:
    if file.size == 0:
        raise AudioError("empty", "the file is empty")
    _bound_allocations()
    code, reason = _blame(file)
    with translated(file, code, reason):
        return av.open(
            file,
            "r",
            container_options={
                "format_whitelist": _FORMATS,
                "protocol_whitelist": "none",
                "codec_whitelist": _audio_decoders(),
            },
            # Tags of Korean recorders are often CP949, and no reason to refuse the sound.
            metadata_errors="replace",
            io_open=_refuse_nested_file,
        )


def _blame(file: GuardedFile) -> tuple[str, str]:
    """What to call a file that does not open: a broken recording, or no recording at all."""
    head = file.head(12)
    wave = head[:4] in (b"RIFF", b"RF64") and head[8:12] in (b"WAVE", b"AVI ", b"")
    if wave or head[4:8] == b"ftyp" or head.startswith(_MAGIC):
        return "truncated", _BROKEN
    return "not_audio", _NOT_AUDIO


def _refuse_nested_file(*_: object) -> NoReturn:
    raise PermissionError("a recording may not open other files")


@cache
def _bound_allocations() -> None:
    """Let FFmpeg refuse any single allocation that no recording needs.

    Its own limit is 2 GB, and a tag of a 256 KB file can claim that much. PyAV does not offer
    the setting, so it is made in the library that PyAV's wheel brings; a PyAV built against
    another FFmpeg keeps FFmpeg's limit.
    """
    for library in Path(av.__file__).parents[1].glob("av.libs/libavutil*.so*"):
        ctypes.CDLL(str(library)).av_max_alloc(ctypes.c_size_t(_MAX_ALLOCATION))


@cache
def _audio_decoders() -> str:
    """Every audio decoder, for FFmpeg's whitelist: what lies beside the audio stays undecoded."""
    decoders = []
    for name in sorted(codecs_available):
        try:
            codec = Codec(name, "r")
        except ValueError:  # an encoder only
            continue
        if codec.type == "audio":
            decoders.append(name)
    return ",".join(decoders)


def _audio_stream(container: InputContainer, file: GuardedFile) -> AudioStream:
    if not container.streams.audio:
        if len(container.streams):
            raise AudioError("no_audio_track", "the file has no audio track")
        raise AudioError(*_blame(file))
    best = container.streams.best("audio")
    stream = best if isinstance(best, AudioStream) else container.streams.audio[0]
    if stream.codec_context is None:
        raise AudioError("unsupported", "no decoder for this kind of audio")
    return stream


def _describe(
    container: InputContainer, stream: AudioStream, file: GuardedFile
) -> tuple[AudioInfo, float | None]:
    duration = _header_seconds(container, stream)
    codec, form = stream.codec_context.name, container.format.name
    bytes_per_second = (stream.codec_context.bit_rate or 0) / 8
    if duration is not None and codec.startswith("pcm_") and bytes_per_second:
        duration = min(duration, file.size / bytes_per_second)
    elif duration is not None and duration > file.size:
        # No codec manages a second in a byte: the header lies.
        duration = None
    promised = duration if form in _COUNTED_FORMATS else None
    if promised is not None and form == "wav":
        promised *= _riff_share(file)
    return AudioInfo(duration, stream.channels, stream.sample_rate, codec, form), promised


def _riff_share(file: GuardedFile) -> float:
    """The size a WAV header states over the file's: FFmpeg trusts the file alone."""
    stated = 8 + int.from_bytes(file.head(8)[4:], "little")
    return stated / file.size if file.size < stated < _STREAMED_BYTES else 1.0


def _header_seconds(container: InputContainer, stream: AudioStream) -> float | None:
    seconds = 0.0
    if stream.duration is not None and stream.time_base is not None:
        seconds = float(stream.duration * stream.time_base)
    elif container.duration is not None:
        seconds = container.duration / av.time_base
    return seconds if seconds > 0 else None
