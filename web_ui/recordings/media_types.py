"""What a file is, by its own first bytes: the only types that are ever served as what they are.

A file's name, and what a client says of it, decide nothing. The types are of sound and video
alone; no browser runs a script in one, whatever else the file may also be.
"""

from __future__ import annotations

import re
from pathlib import Path

HEAD_BYTES = 4096
UNKNOWN = "application/octet-stream"
MP4, MPEG, ADTS = "audio/mp4", "audio/mpeg", "audio/aac"
WEBM, MATROSKA, TRANSPORT = "audio/webm", "audio/x-matroska", "video/mp2t"

_STARTS = (
    (b"fLaC", "audio/flac"),
    (b"OggS\x00", "audio/ogg"),
    (b"ID3", MPEG),
    (b"#!AMR-WB\n", "audio/amr-wb"),
    (b"#!AMR\n", "audio/amr"),
    (b"caff\x00\x01", "audio/x-caf"),
    (b".snd\x00\x00\x00", "audio/basic"),
    (b"wvpk", "audio/x-wavpack"),
    (b"TTA1", "audio/x-tta"),
    (b"MAC \x96\x0f", "audio/x-ape"),
    (b"0&\xb2u\x8ef\xcf\x11", "audio/x-ms-wma"),
    (b"FLV\x01", "video/x-flv"),
    (b"\x00\x00\x01\xba", "video/mpeg"),
    (b"\x0bw", "audio/ac3"),
)
# The same boxes hold pictures too (avif, heic): only these brands hold sound.
_BRANDS = (
    (re.compile(rb"qt  "), "video/quicktime"),
    (re.compile(rb"3g[2p].|3g[ers]\d"), "audio/3gpp"),
    (re.compile(rb"M4[ABPV] |mp4[12]|iso[m2-9]|avc1|dash|MSNV|F4[AV] |mmp4"), MP4),
)
# A name, a size, and what it is.
_CHUNKED = {
    b"RIFFWAVE": "audio/wav",
    b"RF64WAVE": "audio/wav",
    b"RIFFAVI ": "video/x-msvideo",
    b"FORMAIFF": "audio/aiff",
    b"FORMAIFC": "audio/aiff",
}
KNOWN = frozenset(
    {kind for _, kind in (*_STARTS, *_BRANDS)}
    | set(_CHUNKED.values())
    | {ADTS, WEBM, MATROSKA, TRANSPORT}
)
_TS_PACKET = 188


def sniff(head: bytes) -> str | None:
    """The media type of a file that begins so; None where it is no sound that we know."""
    for start, media_type in _STARTS:
        if head.startswith(start):
            return media_type
    if head[4:8] == b"ftyp":
        return next((kind for brand, kind in _BRANDS if brand.fullmatch(head[8:12])), None)
    if head.startswith(b"\x1aE\xdf\xa3"):
        return _matroska(head[:64])
    return _CHUNKED.get(head[:4] + head[8:12]) or _stream(head)


def sniffed(path: Path) -> str | None:
    """The same of a file on disk. Raises `RecordingMissing`, and OSError."""
    # Imported late: the process that listens begins a quarter of a second sooner without.
    from web_ui.errors import RecordingMissing

    try:
        with path.open("rb") as file:
            return sniff(file.read(HEAD_BYTES))
    except FileNotFoundError:
        raise RecordingMissing("the recording is not there any more") from None


def _matroska(head: bytes) -> str | None:
    """By its DocType, which comes first of all."""
    if b"\x42\x82\x84webm" in head:
        return WEBM
    return MATROSKA if b"\x42\x82\x88matroska" in head else None


def _stream(head: bytes) -> str | None:
    """Formats that are nothing but frames."""
    if len(head) < 4 or head[0] != 0xFF:
        packets = head[: 3 * _TS_PACKET : _TS_PACKET]
        return TRANSPORT if packets == b"GGG" else None
    if head[1] & 0xF6 == 0xF0 and head[2] >> 2 & 15 < 13:
        return ADTS
    # Layer 1 is never met, and its sync is UTF-16's byte order mark.
    is_layer = head[1] >> 5 == 7 and head[1] >> 1 & 3 in (1, 2) and head[1] >> 3 & 3 != 1
    is_rate = 0 < head[2] >> 4 < 15 and head[2] >> 2 & 3 != 3
    return MPEG if is_layer and is_rate else None
