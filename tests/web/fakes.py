"""stt-api as the tests of the pages need it: a peer of the real client, set by the test."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import BinaryIO

from web_ui.client import Recording
from web_ui.engine_answers import Coverage, EngineState, Gap, Segment, Suppressed, Transcript

READY = EngineState(
    reachable=True,
    status="healthy",
    backend="faster-whisper",
    model="base",
    is_dummy=False,
    version="0.1.0",
)
NO_MODEL = "there is no model base in models; run bash scripts/prepare_model_local.sh"
DUMMY_STATE = EngineState(
    reachable=True,
    status="degraded",
    backend="dummy",
    model="base",
    is_dummy=True,
    error_reason=NO_MODEL,
    version="0.1.0",
)
TRANSCRIPT = Transcript(
    text="안녕하세요. 반갑습니다.",
    language="ko",
    duration=3723.4,
    segments=(
        Segment(start=0.0, end=3.4, text="안녕하세요."),
        Segment(start=3661.0, end=3663.0, text="반갑습니다."),
    ),
    suppressed=(Suppressed(start=65.0, end=70.0, text="구독 부탁", reason="known_phrase"),),
    coverage=Coverage(gaps=(Gap(start=80.0, end=82.5),)),
    backend="faster-whisper",
    model="base",
    is_dummy=False,
    error_reason=None,
    processing_time_seconds=0.61,
)
DUMMY = Transcript(
    text="[Dummy] Transcription of call.wav (61.4 s, 2 channels)",
    language=None,
    duration=61.4,
    segments=(Segment(start=0.0, end=61.4, text="[Dummy] Transcription of call.wav"),),
    suppressed=(),
    coverage=Coverage(),
    backend="dummy",
    model="base",
    is_dummy=True,
    error_reason=NO_MODEL,
    processing_time_seconds=0.0,
)


@dataclass
class FakeSttApi:
    """Answers what it was told to.

    answer: a transcript, an exception to raise, or seconds to work before the usual transcript.
    state: the same for its health.
    """

    answer: Transcript | Exception | float = TRANSCRIPT
    state: EngineState | Exception | float = READY
    looks: int = 0
    content: bytes = b""
    file: BinaryIO | None = None
    name: str = ""
    options: dict[str, str] = field(default_factory=dict)
    request_id: str = ""
    cancelled: int = 0
    closed: bool = False

    async def health(self) -> EngineState:
        self.looks += 1
        if isinstance(self.state, Exception):
            raise self.state
        if isinstance(self.state, float):
            await asyncio.sleep(self.state)
            return READY
        return self.state

    async def transcribe(
        self, recording: Recording, options: Mapping[str, str], request_id: str
    ) -> Transcript:
        self.file, self.name = recording.file, recording.name
        self.content = recording.file.read()
        self.options, self.request_id = dict(options), request_id
        if isinstance(self.answer, Exception):
            raise self.answer
        if isinstance(self.answer, float):
            await self._work(self.answer)
            return TRANSCRIPT
        return self.answer

    async def close(self) -> None:
        self.closed = True

    async def _work(self, seconds: float) -> None:
        try:
            await asyncio.sleep(seconds)
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
