"""Who may ask: the keys, and the headers of every answer.

Outermost first: RequestRecorder, Lifeline, CORS, gzip, ErrorBoundary, Gate (keys), Admission
(draining), then the routes. All but Gate are serving's.
"""

from __future__ import annotations

import hashlib
import hmac

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from api_server.errors import NotFound, Unauthorized
from api_server.settings import Settings
from serving.open_routes import is_open

SECURITY_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}


class Gate:
    """Lets in who holds a key."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app = app
        self.api_keys = tuple(_digest(key) for key in settings.api_keys)
        self.admin_keys = (_digest(settings.admin_key),) if settings.admin_key else ()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and not is_open(scope["path"]):
            self._check_key(scope)
        await self.app(scope, receive, send)

    def _check_key(self, scope: Scope) -> None:
        path: str = scope["path"]
        admin = path == "/admin" or path.startswith("/admin/")
        if admin and not self.admin_keys:
            raise NotFound("the admin routes are not enabled")
        keys = self.admin_keys if admin else self.api_keys
        if keys and not _holds_one(_bearer(scope), keys):
            raise Unauthorized("a valid key is needed: Authorization: Bearer KEY")


def _bearer(scope: Scope) -> str:
    scheme, _, key = Headers(scope=scope).get("authorization", "").partition(" ")
    return key.strip() if scheme.lower() == "bearer" else ""


def _digest(key: str) -> bytes:
    return hashlib.sha256(key.encode()).digest()


def _holds_one(key: str, accepted: tuple[bytes, ...]) -> bool:
    """Compare with every key, in a time that tells nothing of either."""
    given = _digest(key)
    matches = [hmac.compare_digest(given, digest) for digest in accepted]
    return any(matches)
