"""Bodies to upload files, as they arrive. What came before a client hung up is kept."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from contextlib import ExitStack
from dataclasses import dataclass

from starlette.requests import Request

from serving.errors import UnsupportedBody, UploadTooLarge
from serving.form_parser import FormParser, too_large
from serving.uploads import FORM_OVERHEAD_BYTES, WRITE_BYTES, chunks
from web_ui.errors import NoRecording, UploadConflict
from web_ui.recordings.files import Recordings
from web_ui.recordings.tus import PAST_END


@dataclass(frozen=True, slots=True)
class ReceivedRecording:
    """A form's text fields, and its file: the name it was sent with, fit to be shown, and how
    many bytes of it are in the upload."""

    fields: dict[str, str]
    filename: str
    bytes: int


async def receive(
    request: Request, recordings: Recordings, id: str, offset: int, limit: int
) -> int:
    """Add the body to an upload that stands at `offset` and may grow to `limit` bytes; return
    where it stands now.

    A client that hangs up or stalls, and a request that is cancelled, lose nothing that had
    arrived. Raises `UploadConflict`, `UploadTooLarge`, `RecordingMissing`, `StorageFull`,
    `UploadStalled` and `ClientDisconnect`.
    """
    sink = _Sink(recordings, id, offset)
    await sink.open()
    try:
        async for chunk in chunks(request):
            if sink.end + len(chunk) > limit:
                raise UploadTooLarge(PAST_END)
            await sink.add(chunk)
    finally:
        await sink.close()
    return sink.end


async def receive_form(
    request: Request, recordings: Recordings, id: str, max_bytes: int
) -> ReceivedRecording:
    """Read a multipart form whose file, of at most `max_bytes`, becomes the upload `id`.

    On any error nothing of it is left. Raises `UnsupportedBody`, `MalformedBody`,
    `InvalidOption`, `NoRecording`, and what `receive` raises.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "multipart/form-data":
        raise UnsupportedBody("Content-Type: send multipart/form-data")
    declared = request.headers.get("content-length", "")
    length = int(declared) if declared.isdecimal() else 0
    if length > max_bytes + FORM_OVERHEAD_BYTES:
        raise too_large(max_bytes)
    parser = FormParser(request.headers["content-type"], max_bytes)
    await asyncio.to_thread(recordings.begin, id, length)
    sink = _Sink(recordings, id, 0)
    try:
        await sink.open()
        await _read_form(request, parser, sink, max_bytes)
        await sink.close()
    except BaseException:
        await sink.discard()
        raise
    return ReceivedRecording(parser.fields, parser.filename or "upload", parser.file_bytes)


async def _read_form(request: Request, parser: FormParser, sink: _Sink, max_bytes: int) -> None:
    received = 0
    async for chunk in chunks(request):
        received += len(chunk)
        if received > max_bytes + FORM_OVERHEAD_BYTES:
            raise too_large(max_bytes)
        for piece in parser.feed(chunk):
            await sink.add(piece)
    parser.close()
    # A browser sends an empty, nameless part for a file input left empty.
    if parser.filename is None or (parser.file_bytes == 0 and parser.filename == "upload"):
        raise NoRecording("file: a recording is needed")


class _Sink:
    """An upload that bytes go into: held against a second receiver, written to in threads.

    Whoever is cancelled need not wait: a write that began ends, and the rest follows it.
    """

    def __init__(self, recordings: Recordings, id: str, offset: int) -> None:
        self.end = offset
        self._written = offset
        self._recordings = recordings
        self._id = id
        self._waiting = bytearray()
        self._writing: asyncio.Future[None] | None = None
        self._hold = ExitStack()

    async def open(self) -> None:
        """Raises `UploadConflict` unless the upload stands where bytes are to be added."""
        with ExitStack() as stack:
            stack.enter_context(self._recordings.held(self._id))
            size = await asyncio.to_thread(self._recordings.size, self._id)
            if size != self.end:
                raise UploadConflict(f"the upload stands at {size}, not at {self.end}")
            self._hold = stack.pop_all()

    async def add(self, data: bytes) -> None:
        self._waiting += data
        self.end += len(data)
        if len(self._waiting) >= WRITE_BYTES:
            self._writing = asyncio.ensure_future(self._write())
            await asyncio.shield(self._writing)

    async def close(self) -> None:
        """Write what waits, then let the next receiver in."""
        await _to_its_end(self._close())

    async def discard(self) -> None:
        """Delete the upload, then let go of it."""
        await _to_its_end(self._discard())

    async def _close(self) -> None:
        with self._hold:
            if self._writing is not None:
                await self._writing
            if self._waiting:
                await self._write()

    async def _discard(self) -> None:
        with self._hold:
            if self._writing is not None:
                await asyncio.wait({self._writing})
            await asyncio.to_thread(self._recordings.delete, self._id)

    async def _write(self) -> None:
        data, self._waiting = self._waiting, bytearray()
        append = self._recordings.append
        self._written = await asyncio.to_thread(append, self._id, self._written, data)


async def _to_its_end(work: Coroutine[None, None, None]) -> None:
    """Await it; it goes on where the caller is cancelled meanwhile."""
    task = asyncio.ensure_future(work)
    task.add_done_callback(lambda done: done.cancelled() or done.exception())
    await asyncio.shield(task)
