"""The pages: `/`, with the form and the list, `/transcripts/{id}`, and its report to print."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Any

from fastapi import APIRouter, Request, Response
from starlette.responses import RedirectResponse

from serving.errors import Fault, ServiceError
from serving.record import record_of
from web_ui import filters
from web_ui.listing import PER_PAGE, list_transcripts
from web_ui.logs import report
from web_ui.reading import transcript_view
from web_ui.routes.actors import actor_of, visitor_of
from web_ui.routes.transcripts_api import item_now
from web_ui.services import Service, Services
from web_ui.store import transcripts
from web_ui.upload_form import UploadForm
from web_ui.views import Filters, HomeView, ListPage, TranscriptView

router = APIRouter()

NOTHING = ListPage((), 0, 1, PER_PAGE)


@router.api_route("/", methods=["GET", "HEAD"])
async def home(request: Request, service: Service) -> Response:
    view = await _home(request, service)
    return await asyncio.to_thread(service.renderer.home, request, view)


@router.post("/")
async def upload(request: Request, service: Service) -> Response:
    """Take a recording and show its page, where its text will grow; or say what went wrong."""
    try:
        with service.places.taken():
            added = await service.library.add_from_form(
                request, actor_of(request), service.settings.max_upload_bytes
            )
    except ServiceError as error:
        fault = report(error, record_of(request.scope))
        view = await _home(request, service, fault)
        return await asyncio.to_thread(service.renderer.home, request, view)
    return RedirectResponse(f"/transcripts/{added.id}", 303)


@router.api_route("/transcripts/{id}", methods=["GET", "HEAD"])
async def transcript(id: str, request: Request, service: Service) -> Response:
    view = await viewed(id, request, service)
    return await asyncio.to_thread(service.renderer.transcript, request, view)


@router.api_route("/transcripts/{id}/report", methods=["GET", "HEAD"])
async def printed(id: str, request: Request, service: Service) -> Response:
    """The compliance check, to be printed."""
    view = await viewed(id, request, service)
    return await asyncio.to_thread(service.renderer.report, request, view)


async def viewed(
    id: str, request: Request, service: Services, fault: Fault | None = None
) -> TranscriptView:
    full = await service.library.get_full(id)
    item = await item_now(full.transcript, service)
    kept = await asyncio.to_thread(service.library.recordings.state_of, id) == "kept"
    extra: dict[str, Any] = {
        name: request.query_params.get(name, "") for name in ("edit", "part", "q", "t")
    }
    build = partial(
        transcript_view,
        full,
        item,
        visitor_of(request),
        kept,
        record_of(request.scope).request_id,
        fault,
        **extra,
    )
    return await asyncio.to_thread(build)


async def _home(request: Request, service: Services, fault: Fault | None = None) -> HomeView:
    asked, page = Filters(), 1
    listed = NOTHING
    languages: tuple[str, ...] = ()
    try:
        asked = filters.read(request.query_params)
        page, per_page = filters.page_of(request.query_params, PER_PAGE)
        now = datetime.now(UTC)
        listed = await service.database.read(list_transcripts, asked, page, per_page, now)
        languages = await service.database.read(transcripts.languages)
    except ServiceError as error:
        fault = fault or report(error, record_of(request.scope))
    items = [await service.library.with_upload(item) for item in listed.items]
    return HomeView(
        engine=await service.watch.state(),
        visitor=visitor_of(request),
        form=UploadForm(),
        filters=asked,
        listed=replace(listed, items=tuple(items)),
        languages=languages,
        max_upload_mb=service.settings.stt_max_upload_mb,
        request_id=record_of(request.scope).request_id,
        kept_days=service.settings.web_ui_retention_days,
        products=await service.watch.products(),
        fault=fault,
    )
