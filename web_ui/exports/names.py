"""What an exported file is called: by its title, on any file system and in any header."""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import quote

MAX_BYTES = 200
FALLBACK = "transcript"

_FORBIDDEN = re.compile(r'[<>:"/\\|?*]+')
_MEDIA_EXTENSION = re.compile(r"\.(?=\d*[a-z])[a-z0-9]{2,5}$", re.IGNORECASE)
# Names of devices on Windows, whatever the extension.
# https://learn.microsoft.com/windows/win32/fileio/naming-a-file
_DEVICE = re.compile(r"(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])\s*(\..*)?", re.IGNORECASE)
_BLANK = frozenset({"Cc", "Cs", "Zl", "Zp"})
# They hold emoji and some scripts together; other invisible characters can turn a name around.
_JOINERS = frozenset("\u200c\u200d")


def file_name(title: str, recording: str, extension: str) -> str:
    """`title`.`extension`, at most 200 bytes of UTF-8. A title that is the recording's own name
    loses that one's extension: `call.wav` becomes `call.srt`, as players look for it."""
    stem = _MEDIA_EXTENSION.sub("", title) if title == recording else title
    room = MAX_BYTES - len(extension) - 1
    return f"{_cut(safe(stem), room) or FALLBACK}.{extension}"


def safe(name: str) -> str:
    """A name without what some file system forbids or nobody can see; it may be empty."""
    seen = "".join(map(_seen, unicodedata.normalize("NFC", name)))
    plain = _FORBIDDEN.sub("_", " ".join(seen.split())).strip(" .")
    return f"_{plain}" if _DEVICE.fullmatch(plain) else plain


def _seen(character: str) -> str:
    category = unicodedata.category(character)
    if category in _BLANK:
        return " "
    return "" if category == "Cf" and character not in _JOINERS else character


def _cut(name: str, room: int) -> str:
    """As many whole characters as fit into `room` bytes."""
    return name.encode()[:room].decode(errors="ignore").rstrip(" .\u200c\u200d")


def content_disposition(name: str) -> str:
    """The header that saves an answer under `name`, whatever it holds (RFC 6266, RFC 8187).

    Its plain name, ASCII without quotes, is for clients that cannot read the other one.
    """
    visible = safe(name) or FALLBACK
    return f"attachment; filename=\"{_ascii(visible)}\"; filename*=UTF-8''{quote(visible, safe='')}"


def _ascii(name: str) -> str:
    folded = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    stem, dot, extension = re.sub(r"[^\w ().+-]", "", folded).rpartition(".")
    if not dot:
        stem, extension = extension, ""
    kept = stem.strip() if re.search(r"[A-Za-z0-9]", stem) else FALLBACK
    return f"{kept}{dot}{extension}"
