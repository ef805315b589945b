"""The application: wiring only. `python -m api_server.app` serves it."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import Response
from starlette.types import Scope

from api_server import __version__, logs, openapi
from api_server import engine as engines
from api_server.dependencies import Services
from api_server.engine import SpeechEngine
from api_server.errors import error_response
from api_server.metrics import Metrics
from api_server.middleware import SECURITY_HEADERS, Gate
from api_server.record import RequestRecord, record_of
from api_server.routes import admin, analysis, docs, health, language, transcribe
from api_server.services import agent_backend
from api_server.services.agent_types import Agent
from api_server.services.analysis import Analyst
from api_server.services.rule_files import LabelProblem, PackProblem, Rules, load_rules
from api_server.settings import Settings, load_settings
from serving import server
from serving.drain import Drain
from serving.lifeline import Lifeline
from serving.middleware import Admission, ErrorBoundary, RequestRecorder
from serving.settings import SettingsProblem

ROUTERS = (
    transcribe.router,
    analysis.router,
    language.router,
    health.router,
    admin.router,
    docs.router,
)


def create_app(
    settings: Settings,
    engine: SpeechEngine | None = None,
    agent: Agent | None = None,
    rules: Rules | None = None,
) -> FastAPI:
    """Build the application around an engine and an agent: the real ones, unless a test brings
    its own. Raises `PackProblem` or `LabelProblem` for rules that cannot be read."""
    agent = agent or agent_backend.build(settings)
    labels, checker = rules or load_rules(settings)
    services = Services(
        settings=settings,
        engine=engine or engines.build(settings),
        agent=agent,
        analyst=Analyst(agent, labels, checker),
        metrics=Metrics(),
        drain=Drain(settings.stt_drain_seconds),
    )
    app = FastAPI(
        title="stt-api",
        version=__version__,
        lifespan=_lifespan,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        middleware=_middleware(services),
        exception_handlers={
            HTTPException: _answer_framework,
            RequestValidationError: _answer_framework,
        },
    )
    app.state.services = services
    for router in ROUTERS:
        app.include_router(router)
    openapi.describe(app)
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    services: Services = app.state.services
    await services.agent.start()
    await services.engine.start()
    try:
        yield
    finally:
        await services.engine.stop()
        await services.agent.stop()


def _middleware(services: Services) -> list[Middleware]:
    """Outermost first; middleware.py says why in this order."""
    cors = Middleware(
        CORSMiddleware,
        allow_origins=services.settings.cors_origins,
        allow_methods=("GET", "POST"),
        allow_headers=("Authorization", "X-Request-ID"),
        expose_headers=("X-Request-ID", "X-Dummy", "Server-Timing", "Retry-After"),
    )
    return [
        Middleware(
            RequestRecorder,
            metrics=services.metrics,
            logger=logs.REQUESTS,
            headers=SECURITY_HEADERS,
            record=RequestRecord,
        ),
        Middleware(Lifeline, drain=services.drain),
        *([cors] if services.settings.cors_origins else []),
        Middleware(GZipMiddleware, minimum_size=1024, compresslevel=6),
        Middleware(ErrorBoundary, answer=_answer),
        Middleware(Gate, settings=services.settings),
        Middleware(Admission, drain=services.drain),
    ]


async def _answer_framework(request: Request, error: Exception) -> Response:
    """The framework's own errors, in the service's shape."""
    return _answer(error, request.scope)


def _answer(error: BaseException, scope: Scope) -> Response:
    record = record_of(scope)
    return error_response(logs.report(error, record), record.request_id)


def main() -> None:
    """Read the settings and serve; a setting that cannot be read ends it with status 2."""
    try:
        settings = load_settings()
    except SettingsProblem as problem:
        print(f"stt-api: {problem}", file=sys.stderr)
        raise SystemExit(2) from None
    logs.configure(settings.log_level, settings.log_format)
    try:
        app = create_app(settings)
    except (PackProblem, LabelProblem) as problem:
        print(f"stt-api: {problem}", file=sys.stderr)
        raise SystemExit(2) from None
    server.serve(app, settings, app.state.services.drain)


if __name__ == "__main__":
    main()
