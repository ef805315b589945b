"""Every metric, by name. Labels take values from fixed sets only."""

from __future__ import annotations

from typing import Literal

from prometheus_client import Counter, Gauge

from api_server.engine import SpeechEngine
from api_server.services.analysis import KINDS, Analyses
from serving.metrics import LONG, RequestMetrics
from stt_types import Timings, Transcript

DUMMY_REASONS = {
    "stt": ("model_load_failed", "invalid_audio", "transcription_failed"),
    "agent": ("configuration_invalid", "connection_failed", "request_failed"),
}
SHORT = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
REAL_TIME_FACTORS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1, 1.5, 2, 5)


class Metrics(RequestMetrics):
    """The metrics of one application, in a registry of their own."""

    def __init__(self) -> None:
        super().__init__("stt")
        self._add_stages()
        self._add_results()
        self._add_engine()

    def _add_stages(self) -> None:
        self.queue_wait = self.histogram(
            "stt_queue_wait_seconds", "Time a transcription waited for the model", LONG
        )
        self.decode = self.histogram("stt_decode_seconds", "Time to decode the audio", SHORT)
        self.vad = self.histogram("stt_vad_seconds", "Time to find the speech", SHORT)
        self.inference = self.histogram("stt_inference_seconds", "Time in the model", LONG)

    def _add_results(self) -> None:
        self.audio_seconds = Counter(
            "stt_audio_seconds", "Seconds of audio transcribed", registry=self.registry
        )
        self.real_time_factor = self.histogram(
            "stt_real_time_factor", "Seconds of work per second of audio", REAL_TIME_FACTORS
        )
        self.analyses = Counter(
            "stt_analyses", "Analyses by kind and by what answered", ("kind", "method"),
            registry=self.registry,
        )  # fmt: skip
        self.dummies = Counter(
            "stt_dummy_responses", "Dummy results by component and reason",
            ("component", "reason"), registry=self.registry,
        )  # fmt: skip
        for component, reasons in DUMMY_REASONS.items():
            for reason in reasons:
                self.dummies.labels(component, reason)

    def _add_engine(self) -> None:
        self.model = Gauge(
            "stt_model_info", "The model in use; always 1",
            ("backend", "model", "device", "compute_type"), registry=self.registry,
        )  # fmt: skip
        self.ready = Gauge(
            "stt_ready", "1 once an inference succeeded or the fallback was chosen",
            registry=self.registry,
        )  # fmt: skip
        self.waiting = Gauge(
            "stt_queue_audio_seconds", "Audio accepted but not yet transcribed",
            registry=self.registry,
        )  # fmt: skip

    def observe_transcript(self, transcript: Transcript) -> None:
        """Count a transcript: as a dummy, or with its audio and its times."""
        if transcript.is_dummy:
            self.count_dummy("stt", transcript.dummy_reason or "transcription_failed")
            return
        self.audio_seconds.inc(transcript.duration)
        self._observe_stages(transcript.timings)
        if transcript.duration > 0:
            self.real_time_factor.observe(transcript.timings.total / transcript.duration)

    def count_dummy(self, component: Literal["stt", "agent"], reason: str) -> None:
        self.dummies.labels(component, reason).inc()

    def observe_analyses(self, found: Analyses) -> None:
        """Count what answered each analysis: its method, or that nothing could."""
        for kind in KINDS:
            result = getattr(found, kind)
            if result is not None:
                self.analyses.labels(kind, _method(result)).inc()
        for reason in found.dummies:
            self.count_dummy("agent", reason)

    def observe_engine(self, engine: SpeechEngine) -> None:
        """Bring the gauges up to date, just before they are read."""
        self.model.clear()
        self.model.labels(
            engine.backend, engine.model_name, engine.device, engine.compute_type
        ).set(1)
        self.ready.set(engine.proved)
        self.waiting.set(engine.backlog_seconds)

    def _observe_stages(self, timings: Timings) -> None:
        self.queue_wait.observe(timings.queue)
        self.decode.observe(timings.decode)
        self.vad.observe(timings.vad)
        self.inference.observe(timings.inference)


def _method(result: object) -> str:
    """What answered: `rules` for a sales check, which the LLM only adds to."""
    if getattr(result, "is_dummy", False):
        return "dummy"
    return getattr(result, "method", "rules") or "none"
