"""What the service needs of an engine, and the one place where the real one is made."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Literal, Protocol, TypeAlias

from api_server.settings import Settings
from stt_types import AudioSource, Event, TranscribeOptions

State: TypeAlias = Literal["loading", "ready", "dummy", "failed", "stopped"]


class SpeechEngine(Protocol):
    """The engine as the service sees it; tests pass a peer of the real one.

    The properties are instant. `stream` yields segments and progress as they come and ends
    with exactly one transcript; closing it cancels the work.
    """

    @property
    def model_name(self) -> str: ...
    @property
    def backend(self) -> str: ...
    @property
    def is_dummy(self) -> bool: ...
    @property
    def error_reason(self) -> str | None: ...
    @property
    def state(self) -> State: ...
    @property
    def proved(self) -> bool: ...
    @property
    def device(self) -> str: ...
    @property
    def compute_type(self) -> str: ...
    @property
    def languages(self) -> frozenset[str]: ...
    @property
    def backlog_seconds(self) -> float: ...

    def describe(self) -> dict[str, object]: ...
    async def start(self) -> None: ...
    async def stop(self) -> None: ...
    async def reload(self) -> None: ...
    def check(self, options: TranscribeOptions) -> None: ...
    def refuse_if_full(self) -> None: ...
    def stream(
        self,
        source: AudioSource,
        options: TranscribeOptions,
        *,
        fallback: Literal["dummy", "error"] | None = None,
    ) -> AsyncGenerator[Event, None]: ...
    async def detect_language(self, source: AudioSource) -> tuple[str, float]: ...


def build(settings: Settings) -> SpeechEngine:
    """Make the real engine; its model loads when it is started."""
    from stt_engine import STTEngine

    return STTEngine(
        settings.stt_model,
        settings.stt_device,
        settings.stt_compute_type,
        backend=settings.stt_backend,
        model_dir=str(settings.stt_model_dir),
        fallback=settings.stt_fallback,
        isolation="process",
        max_audio_seconds=settings.stt_max_audio_seconds,
        max_queue_seconds=settings.stt_max_queue_seconds,
    )
