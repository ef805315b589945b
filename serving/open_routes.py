"""The routes that need no key and answer whatever else the service does."""

from __future__ import annotations

OPEN_ROUTES = frozenset({"/health", "/ready", "/metrics"})


def is_open(path: str) -> bool:
    return path in OPEN_ROUTES
