"""stt-api as the tests of web-ui need it: a peer of the real client, set by the test."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, field
from typing import Any

from web_ui.client import Recording
from web_ui.engine_answers import (
    AnalysisAnswer,
    EngineState,
    GapAnswer,
    ProgressAnswer,
    ResultAnswer,
    SegmentAnswer,
    StreamAnswer,
    SuppressedAnswer,
    WordAnswer,
)

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
DUMMY = ResultAnswer(
    text="[Dummy] Transcription of call.wav (61.4 s, 2 channels)",
    language=None,
    duration=61.4,
    backend="dummy",
    model="base",
    is_dummy=True,
    error_reason=NO_MODEL,
)
CHUNK_SECONDS = 10.0


def said(number: int, text: str, channel: int | None = None) -> SegmentAnswer:
    """The segment of the chunk of that number."""
    start = number * CHUNK_SECONDS + 1.0
    places = text.split()
    words = tuple(
        WordAnswer(start=start + place, end=start + place + 0.5, word=word, probability=0.9)
        for place, word in enumerate(places)
    )
    return SegmentAnswer(
        start=start, end=start + 8.0, text=text, channel=channel, avg_logprob=-0.3, words=words
    )


CALL = (
    said(0, "안녕하세요 고객님."),
    said(1, "변액보험 해지 환급금을 안내해 드립니다."),
    said(2, "네 알겠습니다."),
)


@dataclass
class FakeSttApi:
    """Transcribes a call of `segments`, one a chunk of ten seconds, from wherever it is asked to.

    withheld, gaps: by the number of the chunk they are told with.
    ends_with: what the stream ends with instead of its result; a dummy, or an error to raise.
    breaks: errors to raise, each once, before the chunk of that number is settled.
    hold: what a stream waits for before the chunk of that number.
    analyses: what each route answers; an error is raised.
    """

    segments: tuple[SegmentAnswer, ...] = CALL
    language: str = "ko"
    withheld: dict[int, tuple[SuppressedAnswer, ...]] = field(default_factory=dict)
    gaps: dict[int, tuple[GapAnswer, ...]] = field(default_factory=dict)
    ends_with: ResultAnswer | Exception | None = None
    breaks: dict[int, list[Exception]] = field(default_factory=dict)
    hold: dict[int, asyncio.Event] = field(default_factory=dict)
    analyses: Mapping[str, Mapping[str, Any] | Exception] = field(default_factory=dict)
    state: EngineState | Exception | float = READY
    known_products: tuple[str, ...] = ("보장성", "변액")
    looks: int = 0
    streams: list[dict[str, str]] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    contents: list[bytes] = field(default_factory=list)
    calls: list[tuple[str, Mapping[str, Any]]] = field(default_factory=list)
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

    async def products(self) -> tuple[str, ...]:
        return self.known_products

    async def stream(
        self, recording: Recording, options: Mapping[str, str], request_id: str
    ) -> AsyncGenerator[StreamAnswer, None]:
        self.streams.append(dict(options))
        self.names.append(recording.name)
        self.contents.append(recording.file.read())
        try:
            async for answer in self._answers(float(options.get("start_seconds", "0"))):
                yield answer
        except (asyncio.CancelledError, GeneratorExit):
            self.cancelled += 1
            raise

    async def _answers(self, start: float) -> AsyncGenerator[StreamAnswer, None]:
        total = len(self.segments) * CHUNK_SECONDS
        for number, segment in enumerate(self.segments):
            end = (number + 1) * CHUNK_SECONDS
            if end <= start:
                continue
            if number in self.hold:
                await self.hold[number].wait()
            yield segment
            if self.breaks.get(number):
                raise self.breaks[number].pop(0)
            yield self._progress(number, end, total)
        if isinstance(self.ends_with, Exception):
            raise self.ends_with
        yield self.ends_with or self._result(total)

    def _progress(self, number: int, end: float, total: float) -> ProgressAnswer:
        return ProgressAnswer(
            seconds_done=end,
            seconds_total=total,
            language=self.language,
            language_probability=0.98,
            speech_seconds=8.0,
            transcribed_seconds=8.0,
            suppressed=self.withheld.get(number, ()),
            gaps=self.gaps.get(number, ()),
        )

    def _result(self, total: float) -> ResultAnswer:
        return ResultAnswer(
            text=" ".join(segment.text for segment in self.segments),
            language=self.language,
            language_probability=0.98,
            duration=total,
            backend="faster-whisper",
            model="base",
            is_dummy=False,
            error_reason=None,
        )

    async def analyse(self, route: str, call: Mapping[str, Any], request_id: str) -> AnalysisAnswer:
        self.calls.append((route, call))
        answer = self.analyses[route]
        if isinstance(answer, Exception):
            raise answer
        return AnalysisAnswer.model_validate(answer)

    async def close(self) -> None:
        self.closed = True


SALES: dict[str, Any] = {
    "verdict": "incomplete",
    "score": 42.0,
    "product": "variable",
    "product_inferred": True,
    "pack": "variable 1.0",
    "roles": "inferred",
    "elements": [
        {
            "id": "surrender_value",
            "name": "해지환급금 설명",
            "principle": "설명의무",
            "status": "met",
            "method": "rules",
            "confidence": 0.9,
            "weight": 5.0,
            "evidence": [
                {
                    "quote": "해지 환급금을 안내해",
                    "segment_id": 1,
                    "start": 11.0,
                    "end": 19.0,
                    "speaker": "agent",
                    "speaker_inferred": True,
                }
            ],
            "objection": None,
            "error_reason": None,
        },
        {
            "id": "principal_loss",
            "name": "원금손실 가능성 설명",
            "principle": "설명의무",
            "status": "missing",
            "method": "rules",
            "confidence": 0.85,
            "weight": 5.0,
            "evidence": [],
            "objection": None,
            "error_reason": None,
        },
    ],
    "reading_speed": {"median_syllables_per_second": 5.1, "fast_passages": []},
    "warnings": [],
    "is_dummy": False,
    "error_reason": None,
}
LABEL: dict[str, Any] = {
    "label": "해지",
    "confidence": 0.8,
    "method": "rules",
    "evidence": [],
    "is_dummy": False,
    "error_reason": None,
}
SUMMARY: dict[str, Any] = {
    "text": "변액보험 해지 환급금을 안내했다.",
    "method": "extractive",
    "is_dummy": False,
    "error_reason": "no LLM is configured",
}
