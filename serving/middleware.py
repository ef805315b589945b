"""What every request passes through, as plain ASGI.

RequestRecorder (id, headers, log line, metrics) is outermost; then Lifeline (lifeline.py),
ErrorBoundary (nothing fails without an answer), Admission (nobody new while going down).
"""

from __future__ import annotations

import asyncio
import logging
import re
import uuid
from collections.abc import Callable, Mapping
from typing import TypeAlias

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serving.drain import Drain
from serving.errors import Draining
from serving.logs import log_request
from serving.metrics import RequestMetrics
from serving.open_routes import is_open
from serving.record import RequestRecord, method_of, record_of, route_of

REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")

Answer: TypeAlias = Callable[[BaseException, Scope], Response]


class RequestRecorder:
    """Gives a request its id, and at its end one log line and its figures.

    headers: put on every answer that has none of that name.
    """

    def __init__(
        self,
        app: ASGIApp,
        metrics: RequestMetrics,
        logger: logging.Logger,
        headers: Mapping[str, str],
        record: type[RequestRecord] = RequestRecord,
    ) -> None:
        self.app = app
        self.metrics = metrics
        self.logger = logger
        self.headers = headers
        self.record = record

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        record = self.record(_request_id(scope), method_of(scope))
        scope.setdefault("state", {})["record"] = record

        async def marked_send(message: Message) -> None:
            if message["type"] == "http.response.start":
                record.status = message["status"]
                self._mark(MutableHeaders(scope=message), record)
            await send(message)

        with self.metrics.in_flight.track_inprogress():
            try:
                await self.app(scope, receive, marked_send)
            finally:
                self._finish(record, route_of(scope))

    def _mark(self, headers: MutableHeaders, record: RequestRecord) -> None:
        for name, value in self.headers.items():
            headers.setdefault(name, value)
        headers.update(record.headers())

    def _finish(self, record: RequestRecord, route: str) -> None:
        record.status = record.status or 500
        self.metrics.observe_request(record, route)
        log_request(self.logger, record, route)


class ErrorBoundary:
    """Answers what no handler caught, and what was cancelled with a reason to tell."""

    def __init__(self, app: ASGIApp, answer: Answer) -> None:
        self.app = app
        self.answer = answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started = False

        async def watched_send(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        error: BaseException
        try:
            await self.app(scope, receive, watched_send)
            return
        except asyncio.CancelledError:
            ended = record_of(scope).ended
            if ended is None:
                raise
            error = ended
        except Exception as unexpected:
            error = unexpected
        response = self.answer(error, scope)
        if not started:
            await response(scope, receive, send)


class Admission:
    """Counts what runs, and lets in nobody new while the service goes down."""

    def __init__(self, app: ASGIApp, drain: Drain) -> None:
        self.app = app
        self.drain = drain

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        if is_open(scope["path"]):
            await self._answer_probe(scope, receive, send)
            return
        if self.drain.requested:
            raise Draining("the service is shutting down")
        with self.drain.working():
            await self.app(scope, receive, send)

    async def _answer_probe(self, scope: Scope, receive: Receive, send: Send) -> None:
        """HEAD asks what GET would; the server, which knows what was asked, leaves the body out."""
        asked = {**scope, "method": "GET"} if scope["method"] == "HEAD" else scope
        try:
            await self.app(asked, receive, send)
        finally:
            scope["route"] = asked.get("route")


def _request_id(scope: Scope) -> str:
    given = Headers(scope=scope).get("x-request-id", "")
    return given if REQUEST_ID.fullmatch(given) else uuid.uuid4().hex
