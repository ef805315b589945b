"""Keys of programs: `Authorization: Bearer KEY`, for /api alone."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable

from starlette.datastructures import Headers
from starlette.types import Scope


class ApiKeys:
    """The keys that are accepted; their digests are all that is kept."""

    def __init__(self, keys: Iterable[str]) -> None:
        self._digests = tuple(_digest(key) for key in keys)

    def holder(self, scope: Scope) -> str:
        """`api:` and eight digits that tell one key from another, where the request brings one
        that is accepted; else empty. No user's name has a colon."""
        given = _digest(_bearer(scope))
        # All of them, each in a time that tells nothing.
        matches = [hmac.compare_digest(given, digest) for digest in self._digests]
        return f"api:{given.hex()[:8]}" if any(matches) else ""


def _bearer(scope: Scope) -> str:
    scheme, _, key = Headers(scope=scope).get("authorization", "").partition(" ")
    return key.strip() if scheme.lower() == "bearer" else ""


def _digest(key: str) -> bytes:
    return hashlib.sha256(key.encode()).digest()
