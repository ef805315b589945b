"""What is known of one request; feeds its log line, its metrics and its headers."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from starlette.types import Scope

from serving.errors import ServiceError

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


@dataclass(slots=True)
class RequestRecord:
    """Filled as the request goes on. `ended` says why its work was ended early, if it was;
    `error_code` what its client was told, or would have been."""

    request_id: str
    method: str
    started: float = field(default_factory=time.perf_counter)
    status: int = 0
    ended: ServiceError | None = None
    error_code: str | None = None

    def elapsed(self) -> float:
        return time.perf_counter() - self.started

    def details(self) -> dict[str, object]:
        """What a service's log line tells beside the usual; None is left out."""
        return {}

    def headers(self) -> dict[str, str]:
        """What every answer tells of its request."""
        return {"X-Request-ID": self.request_id}


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
