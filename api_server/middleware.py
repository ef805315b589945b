"""What every request passes through, outermost first, as plain ASGI.

RequestRecorder (id, headers, log line, metrics), Lifeline (lifeline.py), CORS, gzip,
ErrorBoundary (nothing fails without an answer), Gate (keys, draining), then the routes.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import re
import uuid

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api_server.drain import Drain
from api_server.errors import Draining, NotFound, Unauthorized, error_response
from api_server.logs import log_request, report
from api_server.metrics import Metrics
from api_server.open_routes import is_open
from api_server.record import RequestRecord, method_of, record_of, route_of
from api_server.settings import Settings
from stt_types import Timings

REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
SECURITY_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}


class RequestRecorder:
    """Gives a request its id, and at its end one log line and its figures."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self.app = app
        self.metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        record = RequestRecord(_request_id(scope), method_of(scope))
        scope.setdefault("state", {})["record"] = record

        async def marked_send(message: Message) -> None:
            if message["type"] == "http.response.start":
                record.status = message["status"]
                _mark(MutableHeaders(scope=message), record)
            await send(message)

        with self.metrics.in_flight.track_inprogress():
            try:
                await self.app(scope, receive, marked_send)
            finally:
                self._finish(record, route_of(scope))

    def _finish(self, record: RequestRecord, route: str) -> None:
        record.status = record.status or 500
        self.metrics.observe_request(record, route)
        log_request(record, route)


class ErrorBoundary:
    """Answers what no handler caught, and what was cancelled with a reason to tell."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = False

        async def watched_send(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        record = record_of(scope)
        error: BaseException
        try:
            await self.app(scope, receive, watched_send)
            return
        except asyncio.CancelledError:
            if record.ended is None:
                raise
            error = record.ended
        except Exception as unexpected:
            error = unexpected
        fault = report(error, record)
        if not started:
            await error_response(fault, record.request_id)(scope, receive, send)


class Gate:
    """Lets in who holds a key, and nobody new while the service goes down."""

    def __init__(self, app: ASGIApp, settings: Settings, drain: Drain) -> None:
        self.app = app
        self.drain = drain
        self.api_keys = tuple(_digest(key) for key in settings.api_keys)
        self.admin_keys = (_digest(settings.admin_key),) if settings.admin_key else ()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or is_open(scope["path"]):
            await self.app(scope, receive, send)
            return
        self._check_key(scope)
        if self.drain.requested:
            raise Draining("the service is shutting down")
        with self.drain.working():
            await self.app(scope, receive, send)

    def _check_key(self, scope: Scope) -> None:
        path: str = scope["path"]
        admin = path == "/admin" or path.startswith("/admin/")
        if admin and not self.admin_keys:
            raise NotFound("the admin routes are not enabled")
        keys = self.admin_keys if admin else self.api_keys
        if keys and not _holds_one(_bearer(scope), keys):
            raise Unauthorized("a valid key is needed: Authorization: Bearer KEY")


def _request_id(scope: Scope) -> str:
    given = Headers(scope=scope).get("x-request-id", "")
    return given if REQUEST_ID.fullmatch(given) else uuid.uuid4().hex


def _mark(headers: MutableHeaders, record: RequestRecord) -> None:
    headers["X-Request-ID"] = record.request_id
    for name, value in SECURITY_HEADERS.items():
        headers.setdefault(name, value)
    if record.dummies:
        headers["X-Dummy"] = ",".join(record.dummies)
    if record.timings is not None:
        headers["Server-Timing"] = _server_timing(record.timings)


def _server_timing(timings: Timings) -> str:
    stages = ("decode", "vad", "queue", "inference", "total")
    return ", ".join(f"{stage};dur={getattr(timings, stage) * 1000:.1f}" for stage in stages)


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
