"""Recordings of every kind to 16 kHz blocks, and what is said of files that are none."""

from __future__ import annotations

import io
import os
import resource
import struct
import threading
import time
import zipfile
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any, BinaryIO

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from stt_audio import AudioInfo, AudioReader, DecodeLimits, identical_channels, probe
from stt_errors import AudioError, AudioTooLong
from stt_types import AudioSource

SAMPLES = Path(__file__).parents[2] / "audio" / "samples"
RATE = 16_000
LIMITS = DecodeLimits()
Floats = NDArray[np.float32]


def source(recording: bytes | BinaryIO) -> AudioSource:
    file = io.BytesIO(recording) if isinstance(recording, bytes) else recording
    return AudioSource(file, "secret-name.wav")


def read(recording: bytes, limits: DecodeLimits = LIMITS, split: bool = False) -> Floats:
    with AudioReader(source(recording), limits, split) as reader:
        return np.concatenate(list(reader), axis=1)


def failure(recording: bytes | BinaryIO, limits: DecodeLimits = LIMITS) -> AudioError:
    with pytest.raises(AudioError) as caught, AudioReader(source(recording), limits) as reader:
        for _ in reader:
            pass
    assert "\n" not in str(caught.value)
    assert "secret" not in str(caught.value)
    return caught.value


def wav(
    pcm: bytes, channels: int = 1, rate: int = RATE, bits: int = 16, kind: int = 1, **header: int
) -> bytes:
    """A WAV file by hand; `size` and `riff` replace the sizes its header states."""
    frame = channels * bits // 8 & 0xFFFF
    size, riff = header.get("size", len(pcm)), header.get("riff", 36 + len(pcm))
    form = struct.pack("<HHIIHH", kind, channels, rate, rate * frame & 0xFFFFFFFF, frame, bits)
    chunks = b"WAVEfmt " + struct.pack("<I", 16) + form + b"data" + struct.pack("<I", size)
    return b"RIFF" + struct.pack("<I", riff) + chunks + pcm


def s16(samples: Floats) -> bytes:
    return np.round(samples.T * 32767).astype("<i2").tobytes()


class Pipe(io.BytesIO):
    """Where a live recorder writes: it can never go back to fix the header."""

    def seekable(self) -> bool:
        return False


def encode(
    form: str,
    codec: str | None,
    samples: Floats,
    rate: int = RATE,
    layout: str = "mono",
    video: str | None = None,
    sink: io.BytesIO | None = None,
    options: dict[str, str] | None = None,
) -> bytes:
    """The samples (16 kHz) as a recording; without a codec, the video track alone."""
    sink = sink or io.BytesIO()
    with av.open(sink, "w", format=form, options=options or {}) as container:
        picture: Any = container.add_stream(video, rate=10) if video else None
        sound: Any = None
        if codec:
            sound = container.add_stream(codec, rate=rate, options={"strict": "-2"})
            sound.layout = layout
            sound.bit_rate = 12_200 if codec == "libopencore_amrnb" else 96_000
        if picture:
            picture.width, picture.height, picture.pix_fmt = 64, 48, "yuv420p"
            for index in range(20):
                image = av.VideoFrame.from_ndarray(np.full((72, 64), index, np.uint8), "yuv420p")
                container.mux(picture.encode(image))
            container.mux(picture.encode(None))
        if sound:
            sound.codec_context.open(strict=False)
            _encode_sound(container, sound, samples)
    return sink.getvalue()


def _encode_sound(container: Any, stream: Any, samples: Floats) -> None:
    context = stream.codec_context
    layout = context.layout.name
    resampler = av.AudioResampler(
        context.format, layout, context.sample_rate, frame_size=context.frame_size or 1024
    )
    frame = av.AudioFrame.from_ndarray(
        np.ascontiguousarray(samples.T.reshape(1, -1)), "flt", layout
    )
    frame.sample_rate = RATE
    for piece in [*resampler.resample(frame), *resampler.resample(None)]:
        container.mux(stream.encode(piece))
    container.mux(stream.encode(None))


@pytest.fixture(scope="module")
def speech() -> Floats:
    """3.888 s of speech, of shape (1, samples), as FFmpeg decodes it without resampling."""
    with av.open(str(SAMPLES / "ko_sentence.flac")) as container:
        frames = [frame.to_ndarray() for frame in container.decode(audio=0)]
    return np.concatenate(frames, axis=1).astype(np.float32) / np.float32(32768)


@pytest.fixture(scope="module")
def call(speech: Floats) -> Floats:
    """Two people who speak in turn, each on one channel."""
    silence = np.zeros_like(speech)
    return np.concatenate([np.hstack([speech, silence]), np.hstack([silence, speech])])


def likeness(one: Floats, other: Floats) -> float:
    """The best correlation of two recordings, over shifts of up to 150 ms."""
    length = max(one.shape[-1], other.shape[-1]) + 2400
    spectra = [np.fft.rfft(np.ravel(x), 2 * length) for x in (one, other)]
    shifts = np.fft.irfft(spectra[0] * spectra[1].conj())
    best = np.concatenate([shifts[:2400], shifts[-2400:]]).max()
    return float(best / (np.linalg.norm(one) * np.linalg.norm(other)))


# -- what is read -----------------------------------------------------------------------


def test_blocks_and_length(speech: Floats) -> None:
    """Every block but the last is exactly one block long, and no sample is lost or changed."""
    with (SAMPLES / "ko_sentence.flac").open("rb") as file:
        with AudioReader(source(file), LIMITS) as reader:
            blocks = list(reader)
        assert not file.closed
    assert [block.shape for block in blocks] == [(1, RATE)] * 3 + [(1, 14_208)]
    assert all(block.dtype == np.float32 and block.flags.c_contiguous for block in blocks)
    np.testing.assert_array_equal(np.concatenate(blocks, axis=1), speech)
    assert reader.seconds_decoded == pytest.approx(3.888)
    assert 0 < reader.decode_seconds < 5
    assert reader.warnings == []


def test_probe_describes_and_rewinds() -> None:
    """Probing tells length, channels, rate and kind, and leaves the file open at its start."""
    with (SAMPLES / "jfk.flac").open("rb") as file:
        file.seek(5)
        assert probe(source(file), LIMITS) == AudioInfo(11.0, 1, RATE, "flac", "flac")
        assert file.tell() == 0


@pytest.mark.parametrize("rate", [8000, 11_025, 22_050, 44_100, 48_000, 96_000])
@pytest.mark.parametrize("codec", ["pcm_s16le", "pcm_f64le"])
def test_sampling_rates(speech: Floats, rate: int, codec: str) -> None:
    """Any usual rate comes out at 16 kHz with the source's length, within one millisecond."""
    heard = read(encode("wav", codec, speech, rate))
    assert heard.shape[1] == pytest.approx(speech.shape[1], abs=16)
    assert likeness(heard, speech) > (0.9 if rate < RATE else 0.99)


KINDS: list[tuple[str, str | None, int, str | None]] = [
    *[("wav", f"pcm_{name}", RATE, None) for name in ("u8", "s24le", "s32le", "f32le")],
    *[("wav", f"pcm_{name}", 8000, None) for name in ("mulaw", "alaw")],
    ("aiff", "pcm_s16be", RATE, None),
    ("flac", "flac", 44_100, None),
    ("mp3", "libmp3lame", 44_100, None),
    ("mp3", "libmp3lame", 8000, None),
    ("adts", "aac", RATE, None),
    ("ipod", "aac", 44_100, None),
    ("ipod", "alac", RATE, None),
    ("ogg", "libopus", 48_000, None),
    ("webm", "libopus", 48_000, None),
    ("amr", "libopencore_amrnb", 8000, None),
    ("asf", "wmav2", RATE, None),
    ("mp4", "aac", RATE, "mpeg4"),
    ("matroska", "libmp3lame", RATE, "mpeg4"),
    ("webm", "libopus", 48_000, "libvpx"),
    ("avi", "libmp3lame", RATE, "mpeg4"),
]


@pytest.mark.parametrize(("form", "codec", "rate", "video"), KINDS)
def test_kinds(speech: Floats, form: str, codec: str, rate: int, video: str | None) -> None:
    """Every container and codec gives back the speech, as loud and as long as it was."""
    recording = encode(form, codec, speech, rate, video=video)
    heard = read(recording)
    assert heard.shape[1] / RATE == pytest.approx(3.888, abs=0.15)
    assert likeness(heard, speech) > (0.7 if rate < RATE else 0.9)
    assert np.std(heard) == pytest.approx(np.std(speech), rel=0.15)
    duration = probe(source(recording), LIMITS).duration
    # An ADTS or AMR file has no length in its header: FFmpeg guesses from the bit rate.
    assert duration is None or duration == pytest.approx(3.888, rel=0.3)


def test_vorbis_keeps_both_channels(call: Floats) -> None:
    """Ogg Vorbis, which PyAV encodes in stereo only, keeps its channels apart."""
    heard = read(encode("ogg", "vorbis", call, layout="stereo"), split=True)
    assert heard.shape[0] == 2
    assert all(likeness(heard[i], call[i]) > 0.97 for i in range(2))


@pytest.mark.parametrize("channels", range(2, 9))
def test_channels_split_and_mixed(speech: Floats, channels: int) -> None:
    """Each channel comes out in its place; the mix is their mean."""
    many = np.stack([speech[0] * (0.1 * i + 0.1) for i in range(channels)])
    recording = wav(s16(many), channels)
    np.testing.assert_allclose(read(recording, split=True), many, atol=1e-4)
    np.testing.assert_allclose(read(recording)[0], many.mean(axis=0), atol=1e-4)


def test_one_sided_call_stays_audible(speech: Floats) -> None:
    """A call on one channel of two loses 6 dB in the mix, and full scale on both never clips."""
    silent = np.zeros_like(speech)
    mixed = read(wav(s16(np.concatenate([silent, speech])), 2))
    assert np.std(mixed) == pytest.approx(np.std(speech) / 2, rel=0.01)
    loud = np.ones((2, RATE), np.float32)
    np.testing.assert_allclose(read(wav(s16(loud), 2)), 1.0, atol=1e-3)


def test_shape_may_change_midway(speech: Floats) -> None:
    """Joined recordings of unlike rates and channels are read through, in the first one's shape."""
    mono = encode("adts", "aac", speech, RATE)
    stereo = encode("adts", "aac", np.repeat(speech, 2, axis=0), 44_100, "stereo")
    assert read(mono + stereo).shape == (1, pytest.approx(2 * speech.shape[1], abs=4000))
    assert read(stereo + mono, split=True).shape == (2, pytest.approx(2 * 62_208, abs=4000))


def test_reading_twice_gives_the_same(call: Floats) -> None:
    """Decoding is deterministic, to the last bit."""
    recording = encode("mp3", "libmp3lame", call, 44_100, "stereo")
    np.testing.assert_array_equal(read(recording), read(recording))


def test_samples_out_of_range() -> None:
    """What a float recording should not hold becomes silence or full scale."""
    wild = np.array([0.5, np.nan, np.inf, -np.inf, 7.0, -7.0, 0.5], "<f4")
    heard = read(wav(wild.tobytes(), bits=32, kind=3))
    assert heard.tolist() == [[0.5, 0.0, 0.0, 0.0, 1.0, -1.0, 0.5]]


@pytest.mark.parametrize("size", [0, 0x7FFF_F000, 0x7FFF_FFFF, 0xFFFF_FFFF])
def test_wav_written_to_a_pipe(speech: Floats, size: int) -> None:
    """A size that a live recorder could not fill in is no reason to refuse or to warn."""
    with AudioReader(source(wav(s16(speech), size=size, riff=size)), LIMITS) as reader:
        assert sum(block.shape[1] for block in reader) == speech.shape[1]
    assert reader.info.duration == pytest.approx(3.888, abs=0.01)
    assert reader.warnings == []


def test_live_webm(speech: Floats) -> None:
    """A browser's recording has no duration and no index, and is read all the same."""
    live = encode("webm", "libopus", speech, 48_000, sink=Pipe(), options={"live": "1"})
    assert probe(source(live), LIMITS).duration is None
    assert likeness(read(live), speech) > 0.97


def test_tags_in_an_old_encoding(speech: Floats) -> None:
    """Tags that are not UTF-8, as Korean recorders write them, do not matter."""
    tag = "통화 녹음.".encode("cp949")
    chunk = b"LIST" + struct.pack("<I", 12 + len(tag)) + b"INFOINAM" + struct.pack("<I", len(tag))
    plain = wav(s16(speech))
    tagged = plain[:36] + chunk + tag + plain[36:]
    assert read(tagged).shape == speech.shape


def test_cut_off_recording_is_kept_and_said(speech: Floats) -> None:
    """Of a recording that breaks off, the beginning stays valid and the listener is told."""
    for recording in (wav(s16(speech)), encode("flac", "flac", speech)):
        with AudioReader(source(recording[: len(recording) // 2]), LIMITS) as reader:
            heard = np.concatenate(list(reader), axis=1)
        assert 1.5 < reader.seconds_decoded < 2.1
        assert likeness(heard, speech[:, : heard.shape[1]]) > 0.99
        assert "cut off after" in reader.warnings[0]


def test_damage_in_the_middle_is_survived(speech: Floats) -> None:
    """Noise written over part of an MP3 costs that part, not the rest."""
    recording = bytearray(encode("mp3", "libmp3lame", speech))
    middle = len(recording) // 2
    recording[middle : middle + 400] = np.random.default_rng(0).bytes(400)
    with AudioReader(source(bytes(recording)), LIMITS) as reader:
        assert sum(block.shape[1] for block in reader) / RATE == pytest.approx(3.888, abs=0.5)


# -- what is refused --------------------------------------------------------------------


def archive() -> bytes:
    with zipfile.ZipFile(packed := io.BytesIO(), "w") as zipped:
        zipped.writestr("a.txt", "abc" * 1000)
    return packed.getvalue()


def image(codec: str, pixels: str) -> bytes:
    context = av.CodecContext.create(codec, "w")
    assert isinstance(context, av.VideoCodecContext)
    context.width, context.height, context.pix_fmt = 64, 48, pixels
    context.framerate = Fraction(10)
    frame = av.VideoFrame.from_ndarray(np.zeros((48, 64, 3), np.uint8), "rgb24")
    packets = context.encode(frame.reformat(format=pixels)) + context.encode(None)
    return b"".join(bytes(packet) for packet in packets)


FOREIGN: dict[str, Callable[[], bytes]] = {
    "one byte": lambda: b"R",
    "text": lambda: b"hello world\n" * 1000,
    "html": lambda: b"<!doctype html><html><body>hello</body></html>",
    "python": Path(__file__).read_bytes,
    "zip": archive,
    "pdf": lambda: b"%PDF-1.7\n" + np.random.default_rng(1).bytes(50_000),
    "png": lambda: image("png", "rgb24"),
    "jpeg": lambda: image("mjpeg", "yuvj420p"),
    "bmp": lambda: image("bmp", "bgr24"),
    "webp header": lambda: b"RIFF\x24\x00\x00\x00WEBPVP8 " + bytes(100),
    "zeros": lambda: bytes(100_000),
    "ones": lambda: b"\xff" * 100_000,
    "frame syncs": lambda: b"\xff\xfb\x90\x00" * 20_000,
    "captions": lambda: b"WEBVTT\n\n00:00.000 --> 00:01.000\nhello\n",
    "metadata": lambda: b";FFMETADATA1\ntitle=x\n",
    "sdp": lambda: b"v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nm=audio 5004 RTP/AVP 0\n",
    "dash": lambda: b'<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011"/>',
}


@pytest.mark.parametrize("name", FOREIGN)
def test_foreign_files(name: str) -> None:
    """Whatever is not a recording is refused as such, before anything is decoded."""
    assert failure(FOREIGN[name]()).code == "not_audio"


@pytest.mark.parametrize("seed", range(20))
def test_random_bytes(seed: int) -> None:
    """Random bytes are never taken for a recording."""
    rng = np.random.default_rng(seed)
    assert failure(rng.bytes(int(rng.integers(1, 100_000)))).code == "not_audio"


@pytest.mark.parametrize("target", ["/etc/passwd", str(SAMPLES / "jfk.flac"), "http://127.0.0.1:9"])
@pytest.mark.parametrize(
    "playlist",
    [
        "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\n{}\n#EXT-X-ENDLIST\n",
        "ffconcat version 1.0\nfile '{}'\n",
    ],
)
def test_a_file_cannot_open_others(playlist: str, target: str) -> None:
    """Playlists that name other files or addresses are refused without a look at those."""
    assert failure(playlist.format(target).encode()).code == "not_audio"


def test_empty() -> None:
    """A file of no bytes is called empty."""
    assert failure(b"").code == "empty"


@pytest.mark.parametrize("form", ["mp4", "matroska", "avi"])
def test_video_alone(speech: Floats, form: str) -> None:
    """A video without sound has no audio track, and that is what it is told."""
    assert failure(encode(form, None, speech, video="mpeg4")).code == "no_audio_track"


def test_nothing_decodable(speech: Floats) -> None:
    """A recording that breaks off in or right after its header is truncated."""
    whole = wav(s16(speech))
    assert {failure(whole[:n]).code for n in (4, 12, 20, 43, 44, 45)} == {"truncated"}
    m4a = encode("ipod", "aac", speech)
    assert failure(m4a[: len(m4a) // 2]).code == "truncated"
    assert failure(encode("webm", "libopus", speech, 48_000)[:200]).code == "truncated"


@pytest.mark.parametrize(
    ("channels", "rate", "bits", "kind"),
    [
        *[(1, rate, 16, 1) for rate in (1, 999, 400_000, 2**31 - 1)],
        *[(channels, RATE, 16, 1) for channels in (9, 255)],
        (1, RATE, 16, 0x1234),
    ],
)
def test_absurd_headers(channels: int, rate: int, bits: int, kind: int) -> None:
    """Rates, channels and codecs nobody records with are refused before they cost anything."""
    assert failure(wav(bytes(100_000), channels, rate, bits, kind)).code == "unsupported"


def test_encrypted(speech: Floats) -> None:
    """An encrypted recording is called that, and not noise."""
    key = "0123456789abcdef" * 2
    options = {"encryption_scheme": "cenc-aes-ctr", "encryption_key": key, "encryption_kid": key}
    refused = failure(encode("mp4", "aac", speech, options=options))
    assert (refused.code, str(refused)) == ("unsupported", "the recording is encrypted")


def test_too_long_by_header_or_by_count(speech: Floats) -> None:
    """The limit holds at once when the header tells, and while decoding when it does not."""
    short = DecodeLimits(max_seconds=2.0)
    recording = wav(s16(speech))
    with pytest.raises(AudioTooLong):
        probe(source(recording), short)
    live = encode("webm", "libopus", speech, 48_000, sink=Pipe(), options={"live": "1"})
    with pytest.raises(AudioTooLong), AudioReader(source(live), short) as reader:
        assert sum(block.shape[1] for block in reader) <= 2 * RATE
    assert list(reader) == []


# -- what it costs ----------------------------------------------------------------------


class Broken(io.BytesIO):
    """A disk that fails, or a network drive that hangs, after the first `good` bytes."""

    def __init__(self, recording: bytes, good: int, wait: float = 0.0) -> None:
        super().__init__(recording)
        self.good, self.wait = good, wait

    def read(self, size: int | None = -1, /) -> bytes:
        if self.tell() >= self.good:
            if not self.wait:
                raise OSError(5, "Input/output error", "/mnt/secret/call.wav")
            time.sleep(self.wait)
        return super().read(size)


def test_failing_disk(speech: Floats) -> None:
    """A file that cannot be read is an error of ours, and no later recording hears of it."""
    recording = wav(s16(speech))
    for good in (0, 90_000):
        broken = failure(Broken(recording, good))
        assert (broken.code, str(broken)) == (
            "unreadable",
            "the file could not be read: Input/output error",
        )
        assert read(recording).shape == speech.shape


def test_stalled_file(speech: Floats) -> None:
    """A block that takes too long to read is a timeout; a slow listener is not."""
    recording = wav(s16(speech))
    limits = DecodeLimits(stall_seconds=0.1, block_seconds=2.0)
    assert failure(Broken(recording, 60_000, wait=0.06), limits).code == "timeout"
    with AudioReader(source(recording), limits) as reader:
        for _ in reader:
            time.sleep(0.15)
    assert reader.seconds_decoded == pytest.approx(3.888)


def test_closing_ends_the_iteration(speech: Floats) -> None:
    """A reader closed midway, even by another thread while it waits, ends and frees the file."""
    slow = Broken(wav(s16(speech)), 60_000, wait=0.02)
    reader = AudioReader(source(slow), LIMITS)
    next(reader)
    closer = threading.Timer(0.05, reader.close)
    closer.start()
    assert sum(block.shape[1] for block in reader) < speech.shape[1]
    closer.join()
    reader.close()
    assert list(reader) == []
    assert not slow.closed


def resident_bytes() -> int:
    pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[1]
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="needs /proc")
def test_memory_is_bounded(tmp_path: Path) -> None:
    """Forty minutes of sound cost no more memory than a minute, split or mixed."""
    path = tmp_path / "long.wav"
    seconds = 2400
    size = seconds * 8000 * 4
    path.write_bytes(wav(b"", 2, 8000, size=size, riff=size + 36))
    os.truncate(path, size + 44)
    with path.open("rb") as file, AudioReader(source(file), LIMITS, True) as reader:
        first = [next(reader) for _ in range(5)]
        before = most = resident_bytes()
        for index, _ in enumerate(reader):
            if index % 100 == 0:
                most = max(most, resident_bytes())
    assert len(first) == 5
    assert reader.seconds_decoded == pytest.approx(seconds, abs=0.01)
    assert most - before < 32 << 20


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="needs /proc")
def test_memory_is_not_lent_to_a_lying_tag(speech: Floats) -> None:
    """A tag that claims two gigabytes in a small file is not given them."""
    plain = wav(s16(speech))
    tag = b"INFOINAM" + struct.pack("<I", 0x7FFF_FF00)
    liar = plain[:36] + b"LIST" + struct.pack("<I", 0x8000_0000) + tag + plain[36:]
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert failure(liar).code == "truncated"
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - most < 32 << 10


def test_giant_packet_is_refused() -> None:
    """One packet of a hundred megabytes is refused while it is read, whatever it claims to hold."""
    live = encode("matroska", "pcm_s16le", np.zeros((1, 1600), np.float32), sink=Pipe())
    size = 100 << 20
    cluster = b"\x1f\x43\xb6\x75\x01" + b"\xff" * 7 + b"\xe7\x81\x00"
    packet = b"\xa3" + struct.pack(">I", 0x1000_0000 | size) + b"\x81\x00\x00\x80"
    header = live[: live.index(cluster[:4])] + cluster
    assert len(read(header + b"\xa3\x10\x00\x06\x44\x81\x00\x00\x80" + bytes(1600))[0]) == 800
    refused = failure(header + packet + bytes(size))
    assert (refused.code, str(refused)) == (
        "unsupported",
        "one packet of the recording is larger than 64 MB",
    )


# -- two channels that are one ----------------------------------------------------------


@pytest.mark.parametrize(
    ("form", "codec", "rate"),
    [
        ("wav", "pcm_s16le", RATE),
        ("mp3", "libmp3lame", RATE),
        ("ogg", "libopus", 48_000),
        ("ipod", "aac", 44_100),
        ("asf", "wmav2", RATE),
    ],
)
def test_identical_channels(speech: Floats, call: Floats, form: str, codec: str, rate: int) -> None:
    """One voice on both channels is told from two people, whatever a lossy codec adds."""
    twice = np.repeat(speech, 2, axis=0)
    assert identical_channels(source(encode(form, codec, twice, rate, "stereo")), LIMITS)
    assert not identical_channels(source(encode(form, codec, call, rate, "stereo")), LIMITS)


def test_identical_channels_looks_to_the_end(speech: Floats) -> None:
    """Silence on both channels counts as the same; a difference at the very end is found."""
    silence = np.zeros((2, 5 * RATE), np.float32)
    assert identical_channels(source(wav(s16(silence), 2)), LIMITS)
    late = np.hstack([silence, np.concatenate([speech, np.zeros_like(speech)])])
    assert not identical_channels(source(wav(s16(late), 2)), LIMITS)
    assert identical_channels(source(wav(s16(speech))), LIMITS)


def test_identical_channels_is_quick_for_a_call(speech: Floats) -> None:
    """Of two people, only the beginning of the recording is read."""
    sides = np.concatenate([speech, np.zeros_like(speech)])
    file = io.BytesIO(wav(s16(np.tile(sides, 50)), 2))
    assert not identical_channels(source(file), LIMITS)
    assert file.tell() < len(file.getvalue()) / 10
