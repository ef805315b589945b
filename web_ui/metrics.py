"""web-ui's own figures, beside those of every service."""

from __future__ import annotations

from collections.abc import Mapping

from prometheus_client import Gauge

from serving.metrics import RequestMetrics
from web_ui.records import STATES


class Metrics(RequestMetrics):
    """Also: how many transcripts there are in each state."""

    def __init__(self) -> None:
        super().__init__("web_ui")
        self.transcripts = Gauge(
            "web_ui_transcripts", "Transcripts kept, by state", ("state",), registry=self.registry
        )

    def set_transcripts(self, counts: Mapping[str, int]) -> None:
        for state in STATES:
            self.transcripts.labels(state).set(counts.get(state, 0))
