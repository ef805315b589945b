"""What is known of one request; feeds its log line, its metrics and its headers."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from starlette.types import Scope

from api_server.errors import ServiceError
from stt_types import Timings, Transcript

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


@dataclass(slots=True)
class RequestRecord:
    """Filled as the request goes on. `ended` says why its work was ended early, if it was;
    `error_code` what its client was told, or would have been."""

    request_id: str
    method: str
    started: float = field(default_factory=time.perf_counter)
    status: int = 0
    backend: str | None = None
    audio_seconds: float | None = None
    timings: Timings | None = None
    dummies: tuple[str, ...] = ()
    ended: ServiceError | None = None
    error_code: str | None = None

    def note(self, transcript: Transcript) -> None:
        """Remember what the log line and the headers tell of a transcript."""
        self.backend = transcript.backend
        self.audio_seconds = transcript.duration
        self.timings = transcript.timings
        if transcript.is_dummy:
            self.add_dummy("stt")

    def add_dummy(self, component: str) -> None:
        if component not in self.dummies:
            self.dummies = (*self.dummies, component)

    def elapsed(self) -> float:
        return time.perf_counter() - self.started


def record_of(scope: Scope) -> RequestRecord:
    record: RequestRecord = scope["state"]["record"]
    return record


def method_of(scope: Scope) -> str:
    """The method, from a fixed set: it labels metrics and logs."""
    method: str = scope["method"]
    return method if method in METHODS else "other"


def route_of(scope: Scope) -> str:
    """The route's template, never the path that was asked: it labels metrics and logs."""
    return getattr(scope.get("route"), "path", "unmatched")
