"""The recording of a job, opened for stt-api."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import BinaryIO

from web_ui.client import Recording
from web_ui.recordings.files import Recordings
from web_ui.records import Transcript


@asynccontextmanager
async def open_recording(
    recordings: Recordings, transcript: Transcript
) -> AsyncIterator[Recording]:
    """Raises `RecordingMissing`."""
    file = await _opened(recordings, transcript.id)
    try:
        yield Recording(file, os.fstat(file.fileno()).st_size, transcript.file_name)
    finally:
        await asyncio.to_thread(file.close)


async def _opened(recordings: Recordings, id: str) -> BinaryIO:
    """Whoever is cancelled meanwhile leaves no file open behind."""
    opening = asyncio.ensure_future(asyncio.to_thread(recordings.open, id))
    try:
        return await asyncio.shield(opening)
    except asyncio.CancelledError:
        await asyncio.wait({opening})
        if opening.exception() is None:
            opening.result().close()
        raise
