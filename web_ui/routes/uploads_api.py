"""`/api/uploads`: recordings that may come in pieces, after the tus protocol.

https://tus.io/protocols/resumable-upload
"""

from __future__ import annotations

from datetime import datetime

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from web_ui.jobs.keeping import ABANDONED
from web_ui.recordings import tus
from web_ui.records import Transcript
from web_ui.routes.actors import actor_of
from web_ui.services import Service
from web_ui.upload_form import UploadForm

router = APIRouter(prefix="/api/uploads")


@router.options("")
@router.options("/{id}")
async def options(service: Service) -> Response:
    return Response(status_code=204, headers=tus.abilities(service.settings.max_upload_bytes))


@router.post("")
async def create(request: Request, service: Service) -> JSONResponse:
    """A place for a recording. What was chosen for it comes in `Upload-Metadata`."""
    wanted = tus.read_creation(request.headers, service.settings.max_upload_bytes)
    form = UploadForm.read(wanted.fields)
    added = await service.library.begin_upload(
        form, wanted.filename, wanted.length, actor_of(request)
    )
    headers = tus.created(f"/api/uploads/{added.id}", _expiry(added))
    return JSONResponse({"id": added.id, "state": added.state}, 201, headers)


@router.head("/{id}")
async def offset(id: str, request: Request, service: Service) -> Response:
    tus.check_version(request.headers)
    transcript = await service.library.get(id)
    size = await service.library.uploaded_bytes(id)
    headers = tus.standing(size, transcript.file_bytes, {}, _expiry(transcript))
    return Response(headers=headers)


@router.patch("/{id}")
async def append(id: str, request: Request, service: Service) -> Response:
    """More bytes, where the upload stands."""
    transcript = await service.library.get(id)
    start = tus.read_piece(request.headers, transcript.file_bytes)
    size = await service.library.go_on_uploading(request, id, start)
    return Response(status_code=204, headers=tus.advanced(size, _expiry(transcript)))


@router.delete("/{id}")
async def terminate(id: str, request: Request, service: Service) -> Response:
    """Give the upload up: nothing of it stays."""
    tus.check_version(request.headers)
    await service.library.give_up_upload(id, actor_of(request))
    return Response(status_code=204, headers=tus.ALWAYS)


def _expiry(transcript: Transcript) -> datetime | None:
    """When an upload that stands still is given up."""
    return transcript.updated_at + ABANDONED if transcript.state == "uploading" else None
