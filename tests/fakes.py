"""Peers of the real things, for tests: same interface, behaviour set by the test."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from api_server.services.agent_types import (
    AgentState,
    Answer,
    Ask,
    ConfigurationInvalid,
    ConnectionFailed,
    Target,
)
from serving.errors import InvalidOption
from stt_errors import OptionError
from stt_types import (
    AudioSource,
    Coverage,
    Event,
    Progress,
    Segment,
    Timings,
    TranscribeOptions,
    Transcript,
)

AS_CONFIGURED = Target()
SEGMENT = Segment(id=0, start=0.0, end=3.4, text="안녕하세요.", avg_logprob=-0.25)
TRANSCRIPT = Transcript(
    text="안녕하세요.",
    language="ko",
    language_probability=0.98,
    duration=3.89,
    segments=(SEGMENT,),
    suppressed=(),
    coverage=Coverage(3.89, 3.4, 3.4),
    backend="faster-whisper",
    model="base",
    timings=Timings(decode=0.01, vad=0.02, queue=0.0, inference=0.58, total=0.61),
)
DUMMY = Transcript(
    text="[Dummy] Transcription of call.wav (61.4 s, 2 channels)",
    language=None,
    language_probability=0.0,
    duration=61.4,
    segments=(),
    suppressed=(),
    coverage=Coverage(61.4, 0.0, 0.0),
    backend="dummy",
    model="base",
    is_dummy=True,
    error_reason="no model named base",
    dummy_reason="model_load_failed",
)


@dataclass
class FakeEngine:
    """An engine that answers what it was told to.

    script: what `stream` does, in order: an event is yielded, a number is waited for in
    seconds, an exception is raised.
    """

    script: Sequence[Event | float | Exception] = (Progress(1.0, 3.89), SEGMENT, TRANSCRIPT)
    language: tuple[str, float] | Exception = ("ko", 0.98)
    full: Exception | None = None
    model_name: str = "base"
    backend: str = "faster-whisper"
    is_dummy: bool = False
    error_reason: str | None = None
    state: Literal["loading", "ready", "dummy", "failed", "stopped"] = "ready"
    proved: bool = True
    device: str = "cpu"
    compute_type: str = "int8"
    languages: frozenset[str] = frozenset({"en", "ko"})
    backlog_seconds: float = 0.0
    started: bool = False
    cancelled: int = 0
    finished: int = 0
    reloads: int = 0
    options: TranscribeOptions | None = None
    source: AudioSource | None = None
    content: bytes = b""

    def describe(self) -> dict[str, object]:
        return {"ctranslate2": "4.8.5"}

    async def start(self) -> None:
        self.started = True

    async def stop(self) -> None:
        self.started = False
        self.state = "stopped"

    async def reload(self) -> None:
        self.reloads += 1

    def check(self, options: TranscribeOptions) -> None:
        if options.language is not None and options.language not in self.languages:
            raise OptionError("language", f"unknown; one of {', '.join(sorted(self.languages))}")

    def refuse_if_full(self) -> None:
        if self.full is not None:
            raise self.full

    async def stream(
        self,
        source: AudioSource,
        options: TranscribeOptions,
        *,
        fallback: Literal["dummy", "error"] | None = None,
    ) -> AsyncGenerator[Event, None]:
        self.source, self.options = source, options
        self.content = source.file.read()
        try:
            for step in self.script:
                if isinstance(step, Exception):
                    raise step
                if isinstance(step, float | int):
                    await asyncio.sleep(step)
                else:
                    yield step
            self.finished += 1
        except (asyncio.CancelledError, GeneratorExit):
            self.cancelled += 1
            raise

    async def detect_language(self, source: AudioSource) -> tuple[str, float]:
        self.source, self.content = source, source.file.read()
        if isinstance(self.language, Exception):
            raise self.language
        return self.language


@dataclass
class FakeAgent:
    """An LLM that answers what it was told to, by the name of the question.

    answers: a value, an exception to raise, or a number of seconds to hang before a timeout.
    """

    answers: dict[str, Any] = field(default_factory=dict)
    configured: bool = True
    timeout: float = 30.0
    asked: list[Ask] = field(default_factory=list)
    running: bool = False
    cancelled: int = 0

    @property
    def state(self) -> AgentState:
        limits: dict[str, object] = {"timeout_seconds": self.timeout}
        if not self.configured:
            return AgentState(False, False, "AGENT_URL: not set", limits=limits)
        return AgentState(True, True, None, "vllm", "fake", 4096, limits)

    async def start(self) -> None:
        self.running = True

    async def stop(self) -> None:
        self.running = False

    def check(self, target: Target) -> None:
        if target.url is not None and "allowed" not in target.url:
            raise InvalidOption("agent_url: not permitted")

    async def ask(
        self,
        ask: Ask,
        target: Target = AS_CONFIGURED,
        timeout: float | None = None,  # noqa: ASYNC109 - the protocol's name
    ) -> Answer:
        self.asked.append(ask)
        if not self.configured:
            raise ConfigurationInvalid("AGENT_URL: not set")
        answer = self.answers.get(ask.name, ConnectionFailed("connection refused"))
        if callable(answer):
            answer = answer(ask)
        if isinstance(answer, Exception):
            raise answer
        if isinstance(answer, float):
            await self._hang(min(answer, timeout or answer))
        return Answer(str(answer), answer, "vllm", "fake", 0.01)

    async def _hang(self, seconds: float) -> None:
        try:
            await asyncio.sleep(seconds)
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        raise ConnectionFailed(f"no answer within {seconds:g} s")
