"""The tus protocol 1.0.0 for resumable uploads: what its headers say, and how they are answered.

Sans-IO: headers in, headers out. https://tus.io/protocols/resumable-upload
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import format_datetime

from serving.errors import InvalidOption, MalformedBody, UnsupportedBody, UploadTooLarge
from serving.form_parser import MAX_FIELD_BYTES, MAX_FIELDS, shown_name, too_large
from web_ui.errors import UnsupportedTus

VERSION = "1.0.0"
EXTENSIONS = "creation,termination,expiration"
PAST_END = "the body goes past the length that was announced"
PIECE_TYPE = "application/offset+octet-stream"
# More bytes than any file has; how many more does not matter.
MAX_DIGITS = 18
# Every answer of the protocol carries these, errors too.
ALWAYS = {"Tus-Resumable": VERSION, "Tus-Version": VERSION}

_KEY = re.compile(r"[!-+\--~]{1,100}")  # visible ASCII, no comma


@dataclass(frozen=True, slots=True)
class Creation:
    """An upload that is about to begin: its length in bytes, and what is to be done with it.

    filename: fit to be shown; never where the recording lies.
    fields: the rest of the metadata, as the same fields of a form would be.
    """

    length: int
    filename: str = "upload"
    fields: dict[str, str] = field(default_factory=dict)


def check_version(headers: Mapping[str, str]) -> None:
    """Raises `UnsupportedTus` unless the client speaks our version."""
    given = headers.get("tus-resumable")
    if given != VERSION:
        told = "is missing" if given is None else "names another version"
        raise UnsupportedTus(f"Tus-Resumable {told}; this server speaks {VERSION}")


def read_creation(headers: Mapping[str, str], max_bytes: int) -> Creation:
    """What a POST announces. Raises `UnsupportedTus`, `UploadTooLarge`, `MalformedBody` and
    `InvalidOption`."""
    check_version(headers)
    if "upload-defer-length" in headers:
        raise InvalidOption("Upload-Defer-Length: not supported; send Upload-Length")
    length = _bytes(headers, "Upload-Length")
    if length > max_bytes:
        raise too_large(max_bytes)
    if length == 0:
        raise InvalidOption("Upload-Length: the recording is empty")
    fields = read_metadata(headers.get("upload-metadata", ""))
    filename = fields.pop("filename", "")
    return Creation(length, shown_name(filename.encode()), fields)


def read_piece(headers: Mapping[str, str], length: int) -> int:
    """The offset at which a PATCH goes on with an upload of `length` bytes. Raises
    `UnsupportedTus`, `UnsupportedBody`, `MalformedBody`, and `UploadTooLarge` where the body
    would go past the end."""
    check_version(headers)
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != PIECE_TYPE:
        raise UnsupportedBody(f"Content-Type: send {PIECE_TYPE}")
    offset = _bytes(headers, "Upload-Offset")
    if "content-length" in headers and offset + _bytes(headers, "Content-Length") > length:
        raise UploadTooLarge(PAST_END)
    return offset


def read_metadata(header: str) -> dict[str, str]:
    """`key base64,key base64,…` as keys and texts; a key may stand alone. Raises
    `MalformedBody` and `InvalidOption`."""
    found: dict[str, str] = {}
    for pair in header.split(",") if header.strip() else []:
        key, _, encoded = pair.strip().partition(" ")
        if not _KEY.fullmatch(key):
            raise MalformedBody("Upload-Metadata: a key is empty, too long, or not ASCII")
        if key in found or len(found) >= MAX_FIELDS:
            raise InvalidOption(f"{key}: given more than once, or too many")
        found[key] = _decoded(key, encoded.strip())
    return found


def write_metadata(fields: Mapping[str, str]) -> str:
    """The header that `read_metadata` reads."""
    pairs = ((key, base64.b64encode(text.encode()).decode("ascii")) for key, text in fields.items())
    return ",".join(f"{key} {encoded}".strip() for key, encoded in pairs)


def abilities(max_bytes: int) -> dict[str, str]:
    """The answer to OPTIONS."""
    return {**ALWAYS, "Tus-Extension": EXTENSIONS, "Tus-Max-Size": str(max_bytes)}


def created(location: str, expires: datetime | None = None) -> dict[str, str]:
    """The answer to POST: where the upload is, and until when."""
    return {**ALWAYS, "Location": location, "Upload-Offset": "0", **_expiry(expires)}


def standing(
    offset: int, length: int, fields: Mapping[str, str], expires: datetime | None = None
) -> dict[str, str]:
    """The answer to HEAD: how many bytes of how many are safely here. `fields`: the metadata."""
    known = {"Upload-Metadata": write_metadata(fields)} if fields else {}
    return {
        **ALWAYS,
        "Upload-Offset": str(offset),
        "Upload-Length": str(length),
        "Cache-Control": "no-store",
        **known,
        **_expiry(expires),
    }


def advanced(offset: int, expires: datetime | None = None) -> dict[str, str]:
    """The answer to PATCH: where to go on."""
    return {**ALWAYS, "Upload-Offset": str(offset), **_expiry(expires)}


def _bytes(headers: Mapping[str, str], name: str) -> int:
    given = headers.get(name.lower())
    if given is None:
        raise MalformedBody(f"{name} is missing")
    if not re.fullmatch(r"[0-9]+", given):
        raise MalformedBody(f"{name}: not a whole number of bytes")
    return int(given) if len(given) <= MAX_DIGITS else 10**MAX_DIGITS


def _decoded(key: str, encoded: str) -> str:
    try:
        raw = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        raise MalformedBody(f"Upload-Metadata: {key} is not base64") from None
    if len(raw) > MAX_FIELD_BYTES:
        raise InvalidOption(f"{key}: longer than {MAX_FIELD_BYTES} bytes")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        raise InvalidOption(f"{key}: not UTF-8 text") from None


def _expiry(expires: datetime | None) -> dict[str, str]:
    return {"Upload-Expires": format_datetime(expires, usegmt=True)} if expires else {}
