"""The border to FFmpeg: open a recording safely, say what it is, translate every error.

Nothing here looks at a file's name, decodes a picture, or lets one file open another.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO, NoReturn

import av
from av.audio.stream import AudioStream
from av.codec.codec import Codec, codecs_available
from av.container import InputContainer
from av.stream import Disposition

from web_ui.recordings.media_types import HEAD_BYTES, sniff
from web_ui.recordings.playability import BOXES, MATROSKAS, Look

UNSUPPORTED = (av.DecoderNotFoundError, av.PatchWelcomeError, av.NotImplementedError)

# Only formats that hold sound themselves: playlists and the like make FFmpeg open other files.
_FORMATS = (
    "aac,ac3,aiff,amr,ape,asf,au,avi,caf,eac3,flac,flv,matroska,mov,mp3,mpeg,mpegts,ogg,"
    "tta,w64,wav,wv"
)
# The first bytes of a film's index, in the list of parts at the head of a Matroska file.
_CUES = b"\x1cS\xbbk"


class Undecodable(Exception):
    """No sound can be had from the file. `code`: not_audio, no_audio_track, unsupported or
    too_long."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@contextmanager
def translated(code: str) -> Iterator[None]:
    """FFmpeg's errors as ours: what it cannot do is `unsupported`, everything else `code`."""
    try:
        yield
    except (*UNSUPPORTED, MemoryError) as error:
        raise Undecodable("unsupported") from error
    except (av.FFmpegError, OSError, ValueError, LookupError, RuntimeError) as error:
        raise Undecodable(code) from error


def open_container(file: BinaryIO) -> InputContainer:
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


def _refuse_nested_file(*_: object) -> NoReturn:
    raise PermissionError("a recording may not open other files")


def _audio_decoders() -> str:
    """Every audio decoder, for FFmpeg's whitelist: what lies beside the sound stays undecoded."""
    decoders = []
    for name in sorted(codecs_available):
        try:
            codec = Codec(name, "r")
        except ValueError:  # an encoder only
            continue
        if codec.type == "audio":
            decoders.append(name)
    return ",".join(decoders)


def audio_stream(container: InputContainer) -> AudioStream:
    if not container.streams.audio:
        raise Undecodable("no_audio_track" if len(container.streams) else "not_audio")
    best = container.streams.best("audio")
    stream = best if isinstance(best, AudioStream) else container.streams.audio[0]
    if stream.codec_context is None:
        raise Undecodable("unsupported")
    return stream


def look_of(container: InputContainer, stream: AudioStream, file: BinaryIO) -> Look:
    films = [v for v in container.streams.video if not v.disposition & Disposition.attached_pic]
    return Look(
        media_type=sniff(os.pread(file.fileno(), HEAD_BYTES, 0)),
        container=container.format.name,
        codec=stream.codec_context.codec.canonical_name,
        channels=stream.channels,
        sample_rate=stream.sample_rate,
        seconds=_header_seconds(container, stream),
        is_alone=len(container.streams.audio) == 1 and not films,
        has_index=_has_index(container.format.name, file.fileno()),
    )


def _header_seconds(container: InputContainer, stream: AudioStream) -> float | None:
    seconds = 0.0
    if stream.duration is not None and stream.time_base is not None:
        seconds = float(stream.duration * stream.time_base)
    elif container.duration is not None:
        seconds = container.duration / av.time_base
    return seconds if seconds > 0 else None


def _has_index(container: str, descriptor: int) -> bool:
    if container == MATROSKAS:
        return _CUES in os.pread(descriptor, HEAD_BYTES, 0)
    return container != BOXES or not _is_fragmented(descriptor)


def _is_fragmented(descriptor: int) -> bool:
    """Whether an MP4 came piece by piece, as browsers record it."""
    position, size = 0, 8
    while size >= 8:
        head = os.pread(descriptor, 16, position)
        if head[4:8] == b"moof":
            return True
        size = int.from_bytes(head[:4])
        if size == 1:
            size = int.from_bytes(head[8:16])
        position += size
    return False
