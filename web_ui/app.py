"""The application: wiring only. `python -m web_ui.app` serves it."""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import FastAPI, Request
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.gzip import DEFAULT_EXCLUDED_CONTENT_TYPES, GZipMiddleware
from starlette.responses import JSONResponse, Response
from starlette.types import Scope

from serving import server
from serving.drain import Drain
from serving.lifeline import Lifeline
from serving.middleware import Admission, ErrorBoundary, RequestRecorder
from serving.record import record_of
from serving.settings import SettingsProblem
from web_ui import __version__, health, logs, pages, security
from web_ui.auth import build as build_auth
from web_ui.auth import routes as sign_in
from web_ui.auth.middleware import SignIn
from web_ui.client import EngineClient, SttApi
from web_ui.engine_watch import EngineWatch
from web_ui.jobs.changes import Changes
from web_ui.jobs.job import Tools
from web_ui.jobs.keeping import Housekeeping
from web_ui.jobs.workers import Workers
from web_ui.library import Library
from web_ui.metrics import Metrics
from web_ui.recordings.files import Recordings
from web_ui.recordings.listening import Listening
from web_ui.recordings.media_types import UNKNOWN
from web_ui.recordings.tus_answers import TusAnswers
from web_ui.rendering import HERE, Renderer, Static
from web_ui.routes import events_api, files_api, page_forms, transcripts_api, uploads_api
from web_ui.security import ContentPolicy, OwnPagesOnly
from web_ui.services import Services
from web_ui.settings import Settings, load_settings
from web_ui.startup import Startup
from web_ui.storage import Storage
from web_ui.store.database import Database
from web_ui.upload_places import UploadPlaces
from web_ui.views import FaultView, Visitor

log = logging.getLogger("web")

ROUTERS = (
    pages.router,
    page_forms.router,
    sign_in.router,
    events_api.router,
    transcripts_api.router,
    uploads_api.router,
    files_api.router,
    health.router,
)


def create_app(settings: Settings, engine_client: EngineClient | None = None) -> FastAPI:
    """Build the application around an engine: stt-api, unless a test brings its own. Raises
    `SettingsProblem` for a file of users that cannot be read."""
    services = _services(settings, engine_client or SttApi(settings))
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
    for router in ROUTERS:
        app.include_router(router)
    app.mount(Static.path, Static(HERE / "static"))
    return app


def _services(settings: Settings, engine: EngineClient) -> Services:
    database = Database(settings.database)
    recordings = Recordings(settings.web_ui_data)
    changes = Changes()
    tools = Tools(database, engine, recordings, changes.publish)
    workers = Workers(tools, settings.web_ui_jobs)
    listening = Listening(recordings)
    library = Library(database, recordings, listening, workers, changes)
    days = settings.web_ui_retention_days
    housekeeping = Housekeeping(database, recordings, days, library.expire)
    return Services(
        settings=settings,
        engine=engine,
        watch=EngineWatch(engine),
        renderer=Renderer(),
        metrics=Metrics(),
        drain=Drain(settings.stt_drain_seconds),
        storage=Storage(settings.web_ui_data),
        places=UploadPlaces(),
        auth=build_auth(settings),
        database=database,
        library=library,
        listening=listening,
        startup=Startup(library, workers, housekeeping),
    )


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    services: Services = app.state.services
    await asyncio.to_thread(_make, services.settings.web_ui_data)
    await services.startup.begin()
    try:
        yield
    finally:
        await services.startup.close()
        await services.listening.close()
        await services.watch.close()
        await services.engine.close()
        await services.database.close()
        services.auth.close()


def _make(directory: Path) -> None:
    """Where it cannot be made, the database cannot be opened, and /ready says so."""
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        log.error("WEB_UI_DATA cannot be made: %s", error.strerror)


def _middleware(services: Services) -> list[Middleware]:
    """Outermost first; the refusals inside ErrorBoundary become pages, or JSON."""

    def answer(error: BaseException, scope: Scope) -> Response:
        return _fault(services, error, Request(scope))

    return [
        Middleware(
            RequestRecorder,
            metrics=services.metrics,
            logger=logs.REQUESTS,
            headers=security.HEADERS,
        ),
        Middleware(ContentPolicy),
        Middleware(Lifeline, drain=services.drain),
        Middleware(
            GZipMiddleware,
            minimum_size=1024,
            compresslevel=6,
            # Files as they were sent: their length is to be known.
            exclude_content_types=(*DEFAULT_EXCLUDED_CONTENT_TYPES, UNKNOWN),
        ),
        Middleware(TusAnswers),
        Middleware(ErrorBoundary, answer=answer),
        Middleware(OwnPagesOnly),
        Middleware(Admission, drain=services.drain),
        Middleware(SignIn, auth=services.auth),
    ]


async def _answer_framework(request: Request, error: Exception) -> Response:
    """The framework's own errors, as everything else's."""
    return _fault(request.app.state.services, error, request)


def _fault(services: Services, error: BaseException, request: Request) -> Response:
    """JSON for programs, a page for people."""
    record = record_of(request.scope)
    fault = logs.report(error, record)
    if not request.url.path.startswith("/api/"):
        visitor = request.scope["state"].get("visitor") or Visitor()
        view = FaultView(fault, record.request_id, visitor)
        return services.renderer.fault(request, view)
    body = {
        "success": False,
        "error_code": fault.code,
        "error_reason": fault.reason,
        "request_id": record.request_id,
    }
    return JSONResponse(body, fault.status, fault.headers)


def main() -> None:
    """Read the settings and serve; a setting that cannot be read ends it with status 2."""
    # Calls are confidential: what is written here is nobody else's on this machine.
    os.umask(0o027)
    try:
        settings = load_settings()
        with logs.configured(settings):
            app = create_app(settings)
            server.serve(app, settings, app.state.services.drain)
    except SettingsProblem as problem:
        print(f"web-ui: {problem}", file=sys.stderr)
        raise SystemExit(2) from None


if __name__ == "__main__":
    main()
