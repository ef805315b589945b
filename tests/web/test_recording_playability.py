"""What a browser may be given as it is: only what it plays to the tenth of a second."""

from __future__ import annotations

from array import array
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import av
import pytest

from tests.web.sounds import RATE, beeps, encoded, frame_of, speech, wav
from web_ui.recordings.containers import Undecodable
from web_ui.recordings.decoding import Source
from web_ui.recordings.mixing import Converter
from web_ui.recordings.playability import Heard, Look, may_play, plays_exactly
from web_ui.recordings.rendition import Rendition

LOOK = Look("audio/wav", "wav", "pcm_s16le", 1, 16_000, 60.0, True, True)
HEARD = Heard(60.0, 0.0, 0.0)
MP3 = replace(LOOK, media_type="audio/mpeg", container="mp3", codec="mp3")
VARIABLE = {"codec_flags": "+qscale", "codec_global_quality": "600", "rate": 44_100}
AMR = {"rate": 8_000, "bit_rate": 12_200}
PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010804000000b51c0c02"
    "0000000b4944415478da6364f80f00010501012718e3660000000049454e44ae426082"
)


@pytest.mark.parametrize(
    ("look", "heard"),
    [
        (replace(LOOK, media_type=None), HEARD),
        (replace(LOOK, codec="pcm_mulaw"), HEARD),
        (replace(LOOK, media_type="audio/x-matroska"), HEARD),
        (replace(LOOK, channels=3), HEARD),
        (replace(LOOK, sample_rate=6_000), HEARD),
        (replace(LOOK, seconds=None), HEARD),
        (replace(LOOK, is_alone=False), HEARD),
        (replace(LOOK, has_index=False), HEARD),
        (LOOK, replace(HEARD, clock_off=0.2)),
        (LOOK, replace(HEARD, seconds=58.0)),
        (MP3, replace(HEARD, bytes_off=0.2)),
    ],
)
def test_what_is_doubtful_gets_a_rendition(look: Look, heard: Heard) -> None:
    """Each reason alone is enough."""
    assert not plays_exactly(look, heard)


def test_what_is_exact_is_played_as_it_is() -> None:
    """Small differences are nobody's to hear, and a WAV file's bytes are in nobody's way."""
    assert plays_exactly(LOOK, HEARD)
    assert plays_exactly(LOOK, Heard(60.4, 0.05, 9.0))
    assert plays_exactly(MP3, Heard(60.0, 0.05, 0.05))
    assert may_play(LOOK)


def heard_of(content: bytes, directory: Path) -> tuple[Look, Heard]:
    path = directory / "recording"
    path.write_bytes(content)
    with path.open("rb") as file, Source(file) as source:
        for _ in source.frames():
            pass
        return source.look, source.heard


@pytest.mark.parametrize(
    ("form", "codec", "more", "expected"),
    [
        ("wav", "pcm_s16le", {}, True),
        ("wav", "pcm_u8", {}, True),
        ("wav", "pcm_f32le", {"rate": 44_100, "channels": 2}, True),
        ("wav", "pcm_mulaw", {"rate": 8_000}, False),
        ("wav", "pcm_s24le", {}, False),
        ("wav", "pcm_s16le", {"channels": 6}, False),
        ("flac", "flac", {}, True),
        ("ogg", "libopus", {"rate": 48_000}, True),
        ("ogg", "vorbis", {"rate": 44_100, "channels": 2}, True),
        ("ogg", "flac", {}, False),
        ("ipod", "aac", {}, True),
        ("ipod", "alac", {}, False),
        ("mp4", "aac", {"rate": 44_100, "channels": 2}, True),
        ("mp4", "aac", {"movflags": "frag_keyframe+empty_moov"}, False),
        ("mov", "aac", {}, False),
        ("adts", "aac", {}, False),
        ("webm", "libopus", {"rate": 48_000}, True),
        ("webm", "libopus", {"rate": 48_000, "live": "1"}, False),
        ("matroska", "libopus", {"rate": 48_000}, False),
        ("mp3", "libmp3lame", {"bit_rate": 64_000}, True),
        ("mp3", "libmp3lame", {"bit_rate": 64_000, "write_xing": "0"}, True),
        ("mp3", "libmp3lame", VARIABLE, False),
        ("mp3", "libmp3lame", VARIABLE | {"write_xing": "0"}, False),
        ("amr", "libopencore_amrnb", AMR, False),
        ("3gp", "libopencore_amrnb", AMR, False),
        ("asf", "wmav2", {"rate": 44_100, "bit_rate": 64_000}, False),
    ],
)  # fmt: skip
def test_real_recordings(
    form: str, codec: str, more: dict[str, Any], expected: bool, tmp_path: Path
) -> None:
    """What browsers play, and can find any second of: not what has no index, as they record it
    themselves, nor MP3 of a variable bit rate, whatever table it brings."""
    look, heard = heard_of(encoded(form, codec, speech(20.0), **more), tmp_path)
    assert plays_exactly(look, heard) is expected
    assert heard.seconds == pytest.approx(20.0, abs=0.15)


def test_film_gets_a_rendition(tmp_path: Path) -> None:
    """Nobody loads the pictures to hear the sound."""
    path = tmp_path / "film.mp4"
    with av.open(str(path), "w") as container:
        film = container.add_stream("mpeg4", rate=10)
        film.width, film.height, film.pix_fmt = 64, 48, "yuv420p"
        sound = container.add_stream("aac", rate=RATE)
        sound.layout = "mono"
        for _ in range(10):
            container.mux(film.encode(av.VideoFrame(64, 48, "yuv420p")))
        container.mux(film.encode(None))
        for frame in Converter(1, RATE, 1024).all([frame_of(speech(1.0))]):
            container.mux(sound.encode(frame))
        container.mux(sound.encode(None))
    look, _ = heard_of(path.read_bytes(), tmp_path)
    assert (look.codec, look.is_alone) == ("aac", False)


def test_cover_is_no_film(tmp_path: Path) -> None:
    """A picture in a recording's tags is in nobody's way."""
    picture = b"\x00image/png\x00\x03\x00" + PIXEL
    tag = b"APIC" + len(picture).to_bytes(4) + b"\x00\x00" + picture
    size = bytes([0, 0, len(tag) >> 7, len(tag) & 127])
    sound = encoded("mp3", "libmp3lame", speech(3.0), bit_rate=64_000, id3v2_version="0")
    look, heard = heard_of(b"ID3\x03\x00\x00" + size + tag + sound, tmp_path)
    assert look.is_alone
    assert plays_exactly(look, heard)


def test_clock_that_jumps_gets_a_rendition(tmp_path: Path) -> None:
    """Where pieces are missing, the file's times run ahead of what can be heard and was read."""
    content = encoded("ogg", "libopus", speech(10.0), rate=48_000)
    pages = content.split(b"OggS")
    torn = b"OggS".join([*pages[:4], *pages[7:]])
    look, heard = heard_of(torn, tmp_path)
    assert heard.clock_off > 1.0
    assert not plays_exactly(look, heard)


def test_header_that_lies_gets_a_rendition(tmp_path: Path) -> None:
    """A recording that is cut off ends before the player's clock does."""
    content = encoded("flac", "flac", speech(10.0))
    look, heard = heard_of(content[: len(content) // 2], tmp_path)
    assert look.seconds == pytest.approx(10.0)
    assert 2.0 < heard.seconds < 8.0
    assert not plays_exactly(look, heard)


AT = [0.5, 10.0, 19.0]


def onsets(path: Path) -> list[float]:
    """The seconds at which silence ends, by the count of samples."""
    samples = array("h")
    with path.open("rb") as file, Source(file) as source:
        for frame in Converter(1, RATE, RATE).all(source.frames()):
            samples.frombytes(memoryview(frame.planes[0])[: frame.samples * 2])
    loud = [number for number, sample in enumerate(samples) if abs(sample) > 2000]
    pairs = zip([-RATE, *loud], loud, strict=False)
    return [after / RATE for before, after in pairs if after - before > RATE // 2]


@pytest.mark.parametrize(
    ("form", "codec", "more"),
    [
        ("wav", "pcm_s16le", {"rate": 44_100, "channels": 2}),
        ("wav", "pcm_s16le", {"rate": 11_025}),
        ("wav", "pcm_s16le", {"rate": 48_000, "channels": 8}),
        ("mp3", "libmp3lame", VARIABLE),
        ("amr", "libopencore_amrnb", AMR),
        ("asf", "wmav2", {"rate": 44_100, "bit_rate": 64_000}),
        ("webm", "libopus", {"rate": 48_000, "live": "1"}),
        ("adts", "aac", {}),
    ],
)  # fmt: skip
def test_rendition_keeps_time(form: str, codec: str, more: dict[str, Any], tmp_path: Path) -> None:
    """Every sound is where the transcript of the recording has it, to the hundredth."""
    original, rendition = tmp_path / "original", tmp_path / "rendition.m4a"
    original.write_bytes(encoded(form, codec, beeps(AT, 20.0, 0.9), **more))
    with original.open("rb") as file, Source(file) as source:
        channels = source.channels
        with Rendition(rendition, channels, source.look.sample_rate) as output:
            for frame in source.frames():
                output.add(frame)
            output.finish()
    assert onsets(rendition) == pytest.approx(onsets(original), abs=0.01)
    look, heard = heard_of(rendition.read_bytes(), tmp_path)
    assert plays_exactly(look, heard)
    assert look.sample_rate <= 24_000
    assert look.channels == channels == (2 if more.get("channels") == 2 else 1)
    head = rendition.read_bytes()
    assert head.index(b"moov") < head.index(b"mdat"), "the first request brings the index"


@pytest.mark.parametrize("channels", [3, 8, 9, 16, 17, 64])
def test_many_channels_are_mixed(channels: int, tmp_path: Path) -> None:
    """Any number of them, also those that no loudspeakers are arranged for."""
    path = tmp_path / "many.wav"
    path.write_bytes(wav(array("h", [8000, -8000] * 4000), channels))
    with path.open("rb") as file, Source(file) as source:
        frames = list(Converter(1, RATE, RATE).all(source.frames()))
    assert sum(frame.samples for frame in frames) == 8000
    samples = array("h")
    samples.frombytes(memoryview(frames[0].planes[0])[:200])
    assert max(samples) == pytest.approx(8000, abs=20)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (lambda: b"", "not_audio"),
        (lambda: b"<html>" * 100, "not_audio"),
        (lambda: b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n", "not_audio"),
        (lambda: wav(speech(1.0))[:44], "not_audio"),
        (lambda: wav(speech(0.1), 65), "unsupported"),
        (lambda: b"RIFF\xff\xff\xff\xffWAVEfmt \x10\x00\x00\x00" + b"\xff" * 64, "not_audio"),
    ],
)
def test_files_without_sound(content: Callable[[], bytes], code: str, tmp_path: Path) -> None:
    """What cannot be decoded is told apart from what is no recording."""
    with pytest.raises(Undecodable) as caught:
        heard_of(content(), tmp_path)
    assert caught.value.code == code


def test_floats_beyond_all_numbers(tmp_path: Path) -> None:
    """A recording of floats that are no numbers is drawn and encoded all the same."""
    content = bytearray(encoded("wav", "pcm_f32le", speech(1.0)))
    for start in range(1000, 40_000, 400):
        content[start : start + 8] = b"\x00\x00\xc0\x7f\x00\x00\x80\x7f"
    path, rendition = tmp_path / "floats", tmp_path / "rendition"
    path.write_bytes(content)
    with (
        path.open("rb") as file,
        Source(file) as source,
        Rendition(rendition, 1, RATE) as output,
    ):
        for frame in source.frames():
            output.add(frame)
        output.finish()
    assert rendition.stat().st_size > 1000
