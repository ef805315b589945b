"""What a file is, by its own bytes: real recordings of every kind, and what only looks like one."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.web.sounds import encoded, speech, wav
from web_ui.errors import RecordingMissing
from web_ui.recordings.media_types import HEAD_BYTES, KNOWN, sniff, sniffed

OPUS = {"rate": 48_000}
AMR = {"rate": 8_000, "bit_rate": 12_200}


@pytest.mark.parametrize(
    ("form", "codec", "more", "expected"),
    [
        ("wav", "pcm_s16le", {}, "audio/wav"),
        ("wav", "pcm_f32le", {}, "audio/wav"),
        ("wav", "pcm_s16le", {"rf64": "always"}, "audio/wav"),
        ("flac", "flac", {}, "audio/flac"),
        ("mp3", "libmp3lame", {}, "audio/mpeg"),
        ("mp3", "libmp3lame", {"id3v2_version": "0", "write_xing": "0"}, "audio/mpeg"),
        ("mp2", "mp2", {"rate": 44_100}, "audio/mpeg"),
        ("mp4", "aac", {}, "audio/mp4"),
        ("ipod", "aac", {}, "audio/mp4"),
        ("mp4", "aac", {"movflags": "frag_keyframe+empty_moov+default_base_moof"}, "audio/mp4"),
        ("mov", "aac", {}, "video/quicktime"),
        ("3gp", "libopencore_amrnb", AMR, "audio/3gpp"),
        ("adts", "aac", {}, "audio/aac"),
        ("ogg", "libopus", OPUS, "audio/ogg"),
        ("webm", "libopus", OPUS, "audio/webm"),
        ("matroska", "libopus", OPUS, "audio/x-matroska"),
        ("amr", "libopencore_amrnb", AMR, "audio/amr"),
        ("aiff", "pcm_s16be", {}, "audio/aiff"),
        ("caf", "pcm_s16le", {}, "audio/x-caf"),
        ("au", "pcm_s16be", {}, "audio/basic"),
        ("asf", "wmav2", {"rate": 44_100, "bit_rate": 64_000}, "audio/x-ms-wma"),
        ("mpegts", "aac", {"rate": 44_100}, "video/mp2t"),
        ("ac3", "ac3", OPUS, "audio/ac3"),
        ("avi", "pcm_s16le", {}, "video/x-msvideo"),
    ],
)  # fmt: skip
def test_recordings_are_known(
    form: str, codec: str, more: dict[str, int | str], expected: str
) -> None:
    """Whatever a recorder writes is served as what it is."""
    content = encoded(form, codec, speech(0.5), **more)  # type: ignore[arg-type]
    assert sniff(content[:HEAD_BYTES]) == expected
    assert expected in KNOWN


HTML = b"<!DOCTYPE html><script>alert(1)</script>"


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"\x00",
        HTML,
        b"\xef\xbb\xbf" + HTML,
        HTML.decode().encode("utf-16"),
        "안녕하세요, plain text".encode("utf-16"),
        b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>",
        b"<?xml version='1.0'?><x/>",
        b"%PDF-1.7 ",
        b"\x89PNG\r\n\x1a\n",
        b"GIF89a/*" + HTML,
        b"\xff\xd8\xff\xe0 JFIF",
        b"PK\x03\x04",
        b"RIFF\x00\x00\x00\x00WEBP",
        b"\x00\x00\x00\x20ftypavif\x00\x00\x00\x00",
        b"\x00\x00\x00\x20ftypheic\x00\x00\x00\x00",
        b"\x00\x00\x00\x20ftyp<scr",
        b"#EXTM3U\nhttp://evil.example/",
        b"\x7fELF",
        b"MZ\x90\x00",
        b"\x1aE\xdf\xa3" + b"\x42\x82\x85evil!",
        b"GIF then G at no packet" * 30,
        b"\xff\xff\xff\xff" * 4,
    ],
)  # fmt: skip
def test_other_files_are_not(head: bytes) -> None:
    """Pages, pictures, programs and text are bytes to be saved, whatever their names say."""
    assert sniff(head) is None


@pytest.mark.parametrize(
    "head",
    [
        wav(speech(0.1))[:44] + HTML,
        b"ID3\x03\x00\x00\x00\x00\x00\x00" + HTML,
        b"\x00\x00\x00\x20ftypisom" + HTML,
        b"OggS\x00" + HTML,
    ],
)
def test_what_is_both_is_served_as_sound(head: bytes) -> None:
    """A page within a recording is a recording: no type that could run is ever told."""
    found = sniff(head)
    assert found is not None
    assert found.startswith("audio/")


def test_no_known_type_can_run() -> None:
    """Only sound and video, and nothing that a browser would take for a document."""
    assert all(kind.startswith(("audio/", "video/")) for kind in KNOWN)
    assert not [kind for kind in KNOWN if "xml" in kind or "html" in kind]


def test_file_on_disk(tmp_path: Path) -> None:
    """The file tells, not its name; one that is gone is said to be."""
    (tmp_path / "page.html").write_bytes(wav(speech(0.1)))
    (tmp_path / "call.wav").write_bytes(HTML)
    assert sniffed(tmp_path / "page.html") == "audio/wav"
    assert sniffed(tmp_path / "call.wav") is None
    with pytest.raises(RecordingMissing):
        sniffed(tmp_path / "absent")
