"""A recording as an answer: in ranges, as what it is or as nothing, never as a page."""

from __future__ import annotations

import asyncio
import hashlib
import os
import re
import stat
from pathlib import Path
from urllib.parse import quote

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.types import Receive, Scope, Send

from web_ui.errors import RecordingMissing
from web_ui.recordings.media_types import KNOWN, UNKNOWN

POLICY = "default-src 'none'; sandbox; frame-ancestors 'none'"
_RANGE = re.compile(rb"bytes=[ \t]*([0-9]{0,18})-([0-9]{0,18})[ \t]*", re.IGNORECASE)


async def audio_response(
    request: Request, path: Path, media_type: str | None, download_name: str | None = None
) -> Response:
    """The file, or the range of it that was asked for (RFC 9110; of several ranges, all of it).

    media_type: what `media_types.sniff` said; anything else goes out as bytes to be saved.
    download_name: makes it a download of that name.

    Raises `RecordingMissing`, and 416 for a range past the end.
    """
    found = await asyncio.to_thread(_regular_file, path)
    etag = _etag(path, found)
    if _has_it(request.headers, etag):
        headers = {"ETag": etag, "Cache-Control": "private, no-cache"}
        return Response(status_code=304, headers=headers)
    headers = _headers(etag, media_type, download_name)
    ranged = _asks_for_range(request, etag, found.st_size)
    kind = media_type if media_type in KNOWN else UNKNOWN
    return _Part(ranged, path, headers=headers, media_type=kind, stat_result=found)


class _Part(FileResponse):
    """Starlette's answer with a file, told whether to look at the range: it takes one on HEAD,
    refuses units that it does not know, and several ranges if one of them is past the end."""

    def __init__(
        self,
        ranged: bool,
        path: Path,
        headers: dict[str, str],
        media_type: str,
        stat_result: os.stat_result,
    ) -> None:
        super().__init__(path, headers=headers, media_type=media_type, stat_result=stat_result)
        self._ranged = ranged

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not self._ranged:
            asked = [(name, value) for name, value in scope["headers"] if name != b"range"]
            scope = {**scope, "headers": asked}
        await super().__call__(scope, receive, send)


def _regular_file(path: Path) -> os.stat_result:
    try:
        found = path.lstat()
    except FileNotFoundError:
        found = None
    if found is None or not stat.S_ISREG(found.st_mode):
        raise RecordingMissing("the recording is not there any more")
    return found


def _etag(path: Path, found: os.stat_result) -> str:
    known = f"{path.name}\n{found.st_size}\n{found.st_mtime_ns}"
    return f'"{hashlib.sha256(known.encode()).hexdigest()[:32]}"'


def _headers(etag: str, media_type: str | None, download_name: str | None) -> dict[str, str]:
    headers = {
        "ETag": etag,
        "Cache-Control": "private, no-cache",
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": POLICY,
        "Cross-Origin-Resource-Policy": "same-origin",
    }
    if download_name is not None or media_type not in KNOWN:
        name = quote(download_name or "recording", safe="")
        headers["Content-Disposition"] = f"attachment; filename*=UTF-8''{name}"
    return headers


def _has_it(headers: Headers, etag: str) -> bool:
    """Whether the client has the file as it is (If-None-Match)."""
    given = [tag.strip().removeprefix("W/") for tag in headers.get("if-none-match", "").split(",")]
    return "*" in given or etag in given


def _asks_for_range(request: Request, etag: str, size: int) -> bool:
    """Whether a part is asked for that can be given. Raises 416 where it is past the end."""
    headers = request.headers
    ours = headers.get("if-range", etag) == etag
    asked = _RANGE.fullmatch(headers.get("range", "").encode("latin-1"))
    if request.method != "GET" or not ours or asked is None:
        return False
    first, last = asked[1], asked[2]
    if not (first or last) or (first and last and int(first) > int(last)):
        return False
    start = int(first) if first else size - int(last)
    if start >= size:
        there = {"Content-Range": f"bytes */{size}"}
        raise HTTPException(416, "the range is past the end of the recording", there)
    return True
