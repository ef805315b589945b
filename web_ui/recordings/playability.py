"""Whether a browser plays a recording as it is, to the tenth of a second where it is asked to.

Pure: what a file is, and what was heard of it, to a verdict. Anything doubtful gets a rendition.
"""

from __future__ import annotations

from dataclasses import dataclass

from web_ui.recordings.media_types import MP4, MPEG, WEBM

MP3, MATROSKAS = "mp3", "matroska,webm"
BOXES = "mov,mp4,m4a,3gp,3g2,mj2"
# What every browser plays: media type, container, codec.
PLAYED = frozenset(
    {
        ("audio/wav", "wav", "pcm_s16le"),
        ("audio/wav", "wav", "pcm_u8"),
        ("audio/wav", "wav", "pcm_f32le"),
        ("audio/flac", "flac", "flac"),
        (MP4, BOXES, "aac"),
        ("audio/ogg", "ogg", "opus"),
        ("audio/ogg", "ogg", "vorbis"),
        (WEBM, MATROSKAS, "opus"),
        (WEBM, MATROSKAS, "vorbis"),
        (MPEG, MP3, "mp3"),
    }
)
MAX_CHANNELS = 2
RATES = range(8_000, 96_001)
# A quote must begin where it is clicked.
EXACT_SECONDS = 0.1
# A player's clock ends where the header says; it may be off by this much, or this share.
OFF_SECONDS, OFF_SHARE = 0.5, 0.01


@dataclass(frozen=True, slots=True)
class Look:
    """What a recording is, by its headers.

    container, codec: as FFmpeg calls them. seconds: None where no header says.
    is_alone: there is no other sound in the file, and no film.
    has_index: a player can find any second of it without reading what comes before.
    """

    media_type: str | None
    container: str
    codec: str
    channels: int
    sample_rate: int
    seconds: float | None
    is_alone: bool
    has_index: bool


@dataclass(frozen=True, slots=True)
class Heard:
    """What decoding all of it told.

    seconds: of sound.
    clock_off: the most that the file's own times are off from the count of samples, in seconds.
    bytes_off: the most by which a share of the file's bytes misses that share of its time.
    """

    seconds: float
    clock_off: float
    bytes_off: float


def may_play(look: Look) -> bool:
    """Whether a browser plays it at all, and has what it takes to seek in it."""
    return (
        (look.media_type, look.container, look.codec) in PLAYED
        and look.channels <= MAX_CHANNELS
        and look.sample_rate in RATES
        and look.seconds is not None
        and look.is_alone
        and look.has_index
    )


def plays_exactly(look: Look, heard: Heard) -> bool:
    """Whether what a browser plays at a second is what was transcribed there.

    A transcript counts the samples from the first one; browsers go by the file's own times, and
    in MP3 by the share of its bytes, whatever table a variable bit rate brings along.
    """
    if not may_play(look) or look.seconds is None or heard.clock_off > EXACT_SECONDS:
        return False
    if look.container == MP3 and heard.bytes_off > EXACT_SECONDS:
        return False
    return abs(look.seconds - heard.seconds) <= max(OFF_SECONDS, OFF_SHARE * heard.seconds)
