"""The figures of every service, in a registry of its own. Labels take values from fixed sets only.

A service extends `RequestMetrics` with what it alone measures.
"""

from __future__ import annotations

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    PlatformCollector,
    ProcessCollector,
)
from prometheus_client.exposition import choose_encoder
from starlette.responses import Response

from serving.record import RequestRecord

LONG = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800)


class RequestMetrics:
    """Requests: how many, how long, how many at once; and the process."""

    def __init__(self, service: str) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        self.requests = Counter(
            f"{service}_http_requests", "Requests answered", ("route", "method", "status"),
            registry=self.registry,
        )  # fmt: skip
        self.duration = self.histogram(
            f"{service}_http_request_seconds", "Time to answer a request", LONG,
            ("route", "method"),
        )  # fmt: skip
        self.in_flight = Gauge(
            f"{service}_http_requests_in_flight", "Requests being answered", registry=self.registry
        )

    def histogram(
        self, name: str, text: str, buckets: tuple[float, ...], labels: tuple[str, ...] = ()
    ) -> Histogram:
        return Histogram(name, text, labels, buckets=buckets, registry=self.registry)

    def observe_request(self, record: RequestRecord, route: str) -> None:
        """Count an answered request."""
        self.requests.labels(route, record.method, str(record.status)).inc()
        self.duration.labels(route, record.method).observe(record.elapsed())

    def response(self, accept: str) -> Response:
        """All figures, in the format Prometheus asks for."""
        encode, media_type = choose_encoder(accept)
        return Response(encode(self.registry), headers={"Content-Type": media_type})
