"""The pages: `/`, with the form and what came of it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

from fastapi import APIRouter, Request, Response

from serving.errors import Fault, ServiceError
from serving.record import record_of
from serving.uploads import ReceivedForm, received_form
from web_ui.client import Recording
from web_ui.engine_answers import Transcript
from web_ui.errors import EngineAway, NoRecording
from web_ui.logs import report
from web_ui.services import Service, Services
from web_ui.upload_form import UploadForm
from web_ui.views import HomeView, ResultView, result_of

router = APIRouter()


@router.api_route("/", methods=["GET", "HEAD"])
async def home(request: Request, service: Service) -> Response:
    return service.renderer.home(request, await _home(request, service))


@router.post("/")
async def upload(request: Request, service: Service) -> Response:
    """Take a recording, have it transcribed, show the text; or say what went wrong."""
    form = UploadForm()
    try:
        async with _received(request, service) as sent:
            form = UploadForm.read(sent.fields)
            transcript = await _transcribed(request, sent, form, service)
    except ServiceError as error:
        fault = report(error, record_of(request.scope))
        return service.renderer.home(request, await _home(request, service, form, fault=fault))
    result = result_of(sent.filename, transcript)
    return service.renderer.home(request, await _home(request, service, form, result=result))


@asynccontextmanager
async def _received(request: Request, service: Services) -> AsyncIterator[ReceivedForm]:
    """The form, once it is known that there is room for it and somebody to send it to."""
    settings = service.settings
    with service.places.taken():
        engine = await service.watch.state()
        if not engine.reachable:
            raise EngineAway(engine.error_reason or "stt-api cannot be reached")
        async with received_form(request, settings.max_upload_bytes, settings.web_ui_data) as sent:
            yield sent


async def _transcribed(
    request: Request, sent: ReceivedForm, form: UploadForm, service: Services
) -> Transcript:
    if sent.file is None:
        raise NoRecording("file: a recording is needed")
    recording = Recording(sent.file, sent.filename)
    request_id = record_of(request.scope).request_id
    return await service.engine.transcribe(recording, form.options(), request_id)


async def _home(
    request: Request,
    service: Services,
    form: UploadForm | None = None,
    result: ResultView | None = None,
    fault: Fault | None = None,
) -> HomeView:
    engine = await service.watch.state()
    request_id = record_of(request.scope).request_id
    view = HomeView(engine, form or UploadForm(), service.settings.stt_max_upload_mb, request_id)
    return replace(view, result=result, fault=fault)
