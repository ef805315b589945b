"""What is known of one request to stt-api, beyond what every service knows of its own."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.types import Scope

from serving import record
from stt_types import Timings, Transcript

STAGES = ("decode", "vad", "queue", "inference", "total")


@dataclass(slots=True)
class RequestRecord(record.RequestRecord):
    """With the transcript's figures, and which components answered as dummies."""

    backend: str | None = None
    audio_seconds: float | None = None
    timings: Timings | None = None
    dummies: tuple[str, ...] = ()

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

    def details(self) -> dict[str, object]:
        return {
            "audio_seconds": self.audio_seconds,
            "backend": self.backend,
            "dummy": ",".join(self.dummies) or None,
        }

    def headers(self) -> dict[str, str]:
        headers = {"X-Request-ID": self.request_id}
        if self.dummies:
            headers["X-Dummy"] = ",".join(self.dummies)
        if self.timings is not None:
            headers["Server-Timing"] = _server_timing(self.timings)
        return headers


def record_of(scope: Scope) -> RequestRecord:
    record: RequestRecord = scope["state"]["record"]
    return record


def _server_timing(timings: Timings) -> str:
    return ", ".join(f"{stage};dur={getattr(timings, stage) * 1000:.1f}" for stage in STAGES)
