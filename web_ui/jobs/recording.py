"""The recording of a job, opened for stt-api."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from web_ui.client import Recording
from web_ui.recordings.files import Recordings
from web_ui.records import Transcript


@asynccontextmanager
async def open_recording(
    recordings: Recordings, transcript: Transcript
) -> AsyncIterator[Recording]:
    """Raises `RecordingMissing`."""
    file = await asyncio.to_thread(recordings.open, transcript.id)
    try:
        yield Recording(file, os.fstat(file.fileno()).st_size, transcript.file_name)
    finally:
        await asyncio.to_thread(file.close)
