"""The application: wiring only. `python -m web_ui.app` serves it."""

from __future__ import annotations

import logging
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import FastAPI, Request
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import Response
from starlette.types import Scope

from serving import server
from serving.drain import Drain
from serving.lifeline import Lifeline
from serving.metrics import RequestMetrics
from serving.middleware import Admission, ErrorBoundary, RequestRecorder
from serving.record import record_of
from serving.settings import SettingsProblem
from web_ui import __version__, health, logs, pages, security
from web_ui.client import EngineClient, SttApi
from web_ui.engine_watch import EngineWatch
from web_ui.rendering import HERE, Renderer, Static
from web_ui.security import ContentPolicy, OwnPagesOnly
from web_ui.services import Services
from web_ui.settings import Settings, load_settings
from web_ui.storage import Storage
from web_ui.upload_places import UploadPlaces
from web_ui.views import FaultView

log = logging.getLogger("web")


def create_app(settings: Settings, engine_client: EngineClient | None = None) -> FastAPI:
    """Build the application around an engine: stt-api, unless a test brings its own."""
    engine = engine_client or SttApi(settings)
    services = Services(
        settings=settings,
        engine=engine,
        watch=EngineWatch(engine),
        renderer=Renderer(),
        metrics=RequestMetrics("web_ui"),
        drain=Drain(settings.stt_drain_seconds),
        storage=Storage(settings.web_ui_data),
        places=UploadPlaces(),
    )
    app = FastAPI(
        title="web-ui",
        version=__version__,
        lifespan=_lifespan,
        openapi_url=None,
        redirect_slashes=False,
        middleware=_middleware(services),
        exception_handlers={HTTPException: _answer_framework},
    )
    app.state.services = services
    app.include_router(pages.router)
    app.include_router(health.router)
    app.mount(Static.path, Static(directory=HERE / "static"))
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    services: Services = app.state.services
    _make(services.settings.web_ui_data)
    try:
        yield
    finally:
        await services.watch.close()
        await services.engine.close()


def _make(directory: Path) -> None:
    """Where it cannot be made, /ready says so and uploads are refused; the pages still answer."""
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        log.error("WEB_UI_DATA cannot be made: %s", error.strerror)


def _middleware(services: Services) -> list[Middleware]:
    """Outermost first; the refusals inside ErrorBoundary become pages."""

    def answer(error: BaseException, scope: Scope) -> Response:
        return _fault_page(services, error, Request(scope))

    return [
        Middleware(
            RequestRecorder,
            metrics=services.metrics,
            logger=logs.REQUESTS,
            headers=security.HEADERS,
        ),
        Middleware(ContentPolicy),
        Middleware(Lifeline, drain=services.drain),
        Middleware(GZipMiddleware, minimum_size=1024, compresslevel=6),
        Middleware(ErrorBoundary, answer=answer),
        Middleware(OwnPagesOnly),
        Middleware(Admission, drain=services.drain),
    ]


async def _answer_framework(request: Request, error: Exception) -> Response:
    """The framework's own errors, as a page."""
    return _fault_page(request.app.state.services, error, request)


def _fault_page(services: Services, error: BaseException, request: Request) -> Response:
    record = record_of(request.scope)
    fault = logs.report(error, record)
    return services.renderer.fault(request, FaultView(fault, record.request_id))


def main() -> None:
    """Read the settings and serve; a setting that cannot be read ends it with status 2."""
    try:
        settings = load_settings()
    except SettingsProblem as problem:
        print(f"web-ui: {problem}", file=sys.stderr)
        raise SystemExit(2) from None
    with logs.configured(settings):
        app = create_app(settings)
        server.serve(app, settings, app.state.services.drain)


if __name__ == "__main__":
    main()
