"""`/api/transcripts`: the list, a transcript, and every change of one."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from pydantic import Field, StringConstraints

from web_ui import filters
from web_ui.compliance import compliance_json, status_in_force
from web_ui.listing import PER_PAGE, item_of, list_transcripts
from web_ui.records import FullTranscript, Role, Speaker, Transcript
from web_ui.routes.actors import actor_of, reviewer_of
from web_ui.routes.json_body import JsonBody, read_json
from web_ui.routes.representation import item_json, segment_json, transcript_json
from web_ui.services import Service, Services
from web_ui.upload_form import UploadForm
from web_ui.views import ListItem

router = APIRouter(prefix="/api/transcripts")

MAX_SEGMENT_CHARS = 20_000
Label = Annotated[str, StringConstraints(pattern=r"^(ch|s)\d{1,3}$")]
Name = Annotated[str, StringConstraints(max_length=100)]


class SpeakerBody(JsonBody):
    """A speaker; `label` is `ch0`, `ch1` for a channel, `s1`, `s2` for people somebody added."""

    label: Label
    name: Name = ""
    role: Role | None = None

    def speaker(self) -> Speaker:
        return Speaker(self.label, " ".join(self.name.split()), self.role)


class TranscriptBody(JsonBody):
    """What may be changed of a transcript."""

    title: Annotated[str, StringConstraints(min_length=1, max_length=200)] | None = None
    speakers: Annotated[list[SpeakerBody], Field(max_length=32)] | None = None


class SegmentBody(JsonBody):
    """What may be changed of a segment. was: the text that is replaced, as it was read."""

    text: Annotated[str, StringConstraints(max_length=MAX_SEGMENT_CHARS)] | None = None
    was: str | None = None
    speaker: Label | Literal[""] | None = None
    restore: bool = False


class OverrideBody(JsonBody):
    """A reviewer's verdict; `element_id` "": on the whole call."""

    element_id: Annotated[str, StringConstraints(max_length=100)] = ""
    status: Annotated[str, StringConstraints(max_length=16)]
    reason: Annotated[str, StringConstraints(min_length=1, max_length=2000)]
    who: Annotated[str, StringConstraints(max_length=100)] = ""


class AnalyseBody(JsonBody):
    """What to analyse; nothing given: what was asked for before."""

    classify: bool | None = None
    validate_sales: bool | None = None
    summarize: bool | None = None
    translate_to: str | None = None
    product: Annotated[str, StringConstraints(max_length=100)] | None = None


@router.post("")
async def create(request: Request, service: Service) -> JSONResponse:
    """Take a recording; it is answered once it is safely on disk."""
    with service.places.taken():
        added = await service.library.add_from_form(
            request, actor_of(request), service.settings.max_upload_bytes
        )
    return _accepted(added)


@router.get("")
async def listed(request: Request, service: Service) -> dict[str, Any]:
    asked = filters.read(request.query_params)
    page, per_page = filters.page_of(request.query_params, PER_PAGE)
    found = await service.database.read(list_transcripts, asked, page, per_page, _now())
    return {
        "items": [item_json(item) for item in found.items],
        "total": found.total,
        "page": found.page,
        "per_page": found.per_page,
        "pages": found.pages,
        "split_search": found.split_search,
    }


@router.get("/{id}")
async def one(id: str, service: Service) -> Response:
    return await _whole(id, service)


@router.patch("/{id}")
async def change(id: str, request: Request, service: Service) -> Response:
    body, actor = await read_json(request, TranscriptBody), actor_of(request)
    if body.title is not None:
        await service.library.rename(id, body.title, actor)
    if body.speakers:
        speakers = tuple(speaker.speaker() for speaker in body.speakers)
        await service.library.name_speakers(id, speakers, actor)
    return await _whole(id, service)


@router.delete("/{id}", status_code=204)
async def remove(id: str, request: Request, service: Service) -> Response:
    await service.library.delete(id, actor_of(request))
    return Response(status_code=204)


@router.post("/{id}/cancel")
async def cancel(id: str, request: Request, service: Service) -> JSONResponse:
    return _accepted(await service.library.cancel(id, actor_of(request)))


@router.post("/{id}/retry")
async def retry(id: str, request: Request, service: Service) -> JSONResponse:
    return _accepted(await service.library.retry(id, actor_of(request)))


@router.post("/{id}/analyse")
async def analyse(id: str, request: Request, service: Service) -> JSONResponse:
    given = request.headers.get("content-length", "0") != "0"
    body = await read_json(request, AnalyseBody) if given else AnalyseBody()
    transcript = await service.library.get(id)
    asked = {
        **transcript.options.as_json(),
        **{name: value for name, value in body.model_dump().items() if value is not None},
    }
    fields = {name: "" if value is None else str(value) for name, value in asked.items()}
    options = UploadForm.read(fields).chosen()
    return _accepted(await service.library.analyse(id, options, actor_of(request)))


@router.patch("/{id}/segments/{number}")
async def edit(id: str, number: int, request: Request, service: Service) -> dict[str, Any]:
    body, actor, library = await read_json(request, SegmentBody), actor_of(request), service.library
    if body.speaker is not None:
        await library.assign_speaker(id, number, body.speaker or None, actor)
    if body.restore:
        return segment_json(await library.restore(id, number, actor))
    if body.text is not None:
        return segment_json(await library.edit(id, number, body.text, body.was, actor))
    return segment_json(await library.segment(id, number))


@router.post("/{id}/overrides", status_code=201)
async def override(id: str, request: Request, service: Service) -> dict[str, Any] | None:
    body = await read_json(request, OverrideBody)
    actor = reviewer_of(request, body.who)
    full = await service.library.get_full(id)
    was = status_in_force(full, body.element_id, body.status)
    await service.library.override(id, body.element_id, was, body.status, body.reason, actor)
    return compliance_json(await service.library.get_full(id))


def _accepted(transcript: Transcript) -> JSONResponse:
    headers = {"Location": f"/api/transcripts/{transcript.id}"}
    return JSONResponse({"id": transcript.id, "state": transcript.state}, 202, headers)


async def _whole(id: str, service: Services) -> Response:
    """Made on a thread: hours of speech have tens of thousands of words."""
    full = await service.library.get_full(id)
    item = await item_now(full.transcript, service)
    content = await asyncio.to_thread(_rendered, full, item)
    return Response(content, media_type="application/json")


def _rendered(full: FullTranscript, item: ListItem) -> bytes:
    return bytes(JSONResponse(transcript_json(full, item)).body)


async def item_now(transcript: Transcript, service: Services) -> ListItem:
    """A transcript as the list shows it at this moment."""
    item = await service.database.read(item_of, transcript, _now())
    return await service.library.with_upload(item)


def _now() -> datetime:
    return datetime.now(UTC)
