"""The pages: `/`, with the form and what came of it."""

from __future__ import annotations

from dataclasses import replace

from fastapi import APIRouter, Request, Response

from serving.errors import Fault, ServiceError
from serving.record import record_of
from serving.uploads import ReceivedForm, received_form
from web_ui.client import Recording
from web_ui.engine_answers import Transcript
from web_ui.errors import NoRecording
from web_ui.logs import report
from web_ui.services import Service, Services
from web_ui.upload_form import UploadForm
from web_ui.views import HomeView, ResultView, result_of

router = APIRouter()


@router.api_route("/", methods=["GET", "HEAD"])
async def home(request: Request, service: Service) -> Response:
    return service.renderer.home(request, await _home(service))


@router.post("/")
async def upload(request: Request, service: Service) -> Response:
    """Take a recording, have it transcribed, show the text; or say what went wrong."""
    settings, form = service.settings, UploadForm()
    try:
        async with received_form(request, settings.max_upload_bytes, settings.web_ui_data) as sent:
            form = UploadForm.read(sent.fields)
            transcript = await _transcribed(request, sent, form, service)
    except ServiceError as error:
        fault = report(error, record_of(request.scope))
        return service.renderer.home(request, await _home(service, form, fault=fault))
    result = result_of(sent.filename, transcript)
    return service.renderer.home(request, await _home(service, form, result=result))


async def _transcribed(
    request: Request, sent: ReceivedForm, form: UploadForm, service: Services
) -> Transcript:
    if sent.file is None:
        raise NoRecording("file: a recording is needed")
    recording = Recording(sent.file, sent.filename)
    request_id = record_of(request.scope).request_id
    return await service.engine.transcribe(recording, form.options(), request_id)


async def _home(
    service: Services,
    form: UploadForm | None = None,
    result: ResultView | None = None,
    fault: Fault | None = None,
) -> HomeView:
    engine = await service.watch.state()
    view = HomeView(engine, form or UploadForm(), service.settings.stt_max_upload_mb)
    return replace(view, result=result, fault=fault)
