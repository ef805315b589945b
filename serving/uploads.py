"""A request's form, with its file on disk as it arrives and gone when the request is.

The file has no name: the system frees it when it is closed, also when this process dies.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO
from urllib.parse import parse_qsl

from starlette.requests import Request

from serving.errors import MalformedBody, StorageFull, UnsupportedBody, UploadStalled
from serving.form_parser import MAX_FIELDS, FormParser, too_large

# What a form may hold beside its file: boundaries, headers, fields.
FORM_OVERHEAD_BYTES = 1024 * 1024
MAX_URLENCODED_BYTES = 64 * 1024
STALL_SECONDS = 60.0
# The slowest body that is still waited for: 1 KiB a second, over two minutes.
PACE_SECONDS = 120.0
PACE_BYTES = 120 * 1024
# One trip to a thread for this much; a short clip takes one in all.
WRITE_BYTES = 512 * 1024


@dataclass(slots=True)
class ReceivedForm:
    """What came: text fields, and the file with the name it was given, if there was one."""

    fields: dict[str, str] = field(default_factory=dict)
    file: BinaryIO | None = None
    filename: str = "upload"


@asynccontextmanager
async def received_form(
    request: Request, max_bytes: int, directory: Path | None
) -> AsyncIterator[ReceivedForm]:
    """Read the body, bounded in size and patience; its file, of at most `max_bytes`, waits in
    `directory` (None: the system's own) and lives as long as the context."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "multipart/form-data":
        async with _spool(directory) as spool:
            yield await _read_multipart(request, max_bytes, spool)
    elif kind == "application/x-www-form-urlencoded":
        yield ReceivedForm(await _read_urlencoded(request))
    else:
        raise UnsupportedBody(
            "Content-Type: send multipart/form-data, or application/x-www-form-urlencoded"
        )


async def _read_multipart(request: Request, max_bytes: int, spool: _Spool) -> ReceivedForm:
    _refuse_long(request, max_bytes)
    parser = FormParser(request.headers["content-type"], max_bytes)
    received = 0
    async for chunk in chunks(request):
        received += len(chunk)
        if received > max_bytes + FORM_OVERHEAD_BYTES:
            raise too_large(max_bytes)
        await spool.add(parser.feed(chunk))
    parser.close()
    # A browser sends an empty, nameless part for a file input left empty.
    absent = parser.filename is None or (parser.file_bytes == 0 and parser.filename == "upload")
    if absent:
        return ReceivedForm(parser.fields)
    return ReceivedForm(parser.fields, await spool.rewound(), parser.filename or "upload")


async def _read_urlencoded(request: Request) -> dict[str, str]:
    body = bytearray()
    async for chunk in chunks(request):
        body += chunk
        if len(body) > MAX_URLENCODED_BYTES:
            raise MalformedBody(f"the form is longer than {MAX_URLENCODED_BYTES} bytes")
    try:
        pairs = parse_qsl(
            body.decode("utf-8"), keep_blank_values=True, max_num_fields=MAX_FIELDS, errors="strict"
        )
    except ValueError:
        raise MalformedBody("the url-encoded form cannot be read") from None
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise MalformedBody("a field of the form is given more than once")
    return fields


def _refuse_long(request: Request, max_bytes: int) -> None:
    """Refuse by the declared length, before a byte of the body is read."""
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > max_bytes + FORM_OVERHEAD_BYTES:
        raise too_large(max_bytes)


class Pace:
    """How slowly a body comes: a stretch of `PACE_BYTES` may take `PACE_SECONDS`. Sans-IO."""

    def __init__(self) -> None:
        self._seconds = 0.0
        self._bytes = 0

    @property
    def left(self) -> float:
        """Seconds that this stretch may still be waited for."""
        return PACE_SECONDS - self._seconds

    def add(self, received: int, seconds: float) -> None:
        """Count bytes, and the seconds for which they were waited."""
        self._seconds += seconds
        self._bytes += received
        if self._bytes >= PACE_BYTES:
            self._seconds, self._bytes = 0.0, 0


async def chunks(request: Request, patience: float = STALL_SECONDS) -> AsyncGenerator[bytes, None]:
    """The body as it arrives. Raises `UploadStalled` where nothing does for `patience` seconds,
    or too little for too long; the time in which nobody asks for more is not the client's."""
    stream, pace = request.stream(), Pace()
    clock = asyncio.get_running_loop().time
    while True:
        began, limit = clock(), min(patience, pace.left)
        try:
            async with asyncio.timeout(limit):
                chunk = await anext(stream, None)
        except TimeoutError:
            raise UploadStalled(_stalled(patience, limit)) from None
        if chunk is None:
            return
        pace.add(len(chunk), clock() - began)
        yield chunk


def _stalled(patience: float, limit: float) -> str:
    if limit == patience:
        return f"nothing was sent for {patience:g} s"
    return f"less than {PACE_BYTES // 1024} KiB were sent in {PACE_SECONDS:g} s"


class _Spool:
    """A file without a name that grows as bytes arrive, written in threads."""

    def __init__(self, directory: Path | None) -> None:
        self._directory = directory
        self._file: BinaryIO | None = None
        self._waiting = bytearray()
        self._writing: asyncio.Future[BinaryIO] | None = None
        self._closing: asyncio.Future[None] | None = None

    async def add(self, pieces: list[bytes]) -> None:
        for piece in pieces:
            self._waiting += piece
        if len(self._waiting) >= WRITE_BYTES:
            await self._write()

    async def rewound(self) -> BinaryIO:
        """The file, complete and at its beginning."""
        return await self._write()

    async def close(self) -> None:
        """Free the file, also where a cancelled request does not wait for it."""
        self._closing = asyncio.ensure_future(self._close())
        await asyncio.shield(self._closing)

    async def _close(self) -> None:
        if self._writing is not None:
            await asyncio.wait({self._writing})
            self._writing.exception()  # told already, unless nobody waited for it
        if self._file is not None:
            with suppress(OSError):
                await asyncio.to_thread(self._file.close)

    async def _write(self) -> BinaryIO:
        data, self._waiting = self._waiting, bytearray()
        loop = asyncio.get_running_loop()
        self._writing = loop.run_in_executor(None, self._append, data)
        try:
            return await asyncio.shield(self._writing)
        except OSError as error:
            raise StorageFull(f"the upload cannot be stored: {error.strerror}") from None

    def _append(self, data: bytearray) -> BinaryIO:
        if self._file is None:
            self._file = tempfile.TemporaryFile(dir=self._directory)  # noqa: SIM115 - closed by close()
        self._file.seek(0, 2)
        self._file.write(data)
        self._file.seek(0)
        return self._file


@asynccontextmanager
async def _spool(directory: Path | None) -> AsyncIterator[_Spool]:
    spool = _Spool(directory)
    try:
        yield spool
    finally:
        await spool.close()
