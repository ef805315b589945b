"""The forms of a transcript's page, for whoever has no script: each is answered with the page."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias, TypeVar

from fastapi import APIRouter, Request, Response
from starlette.responses import RedirectResponse

from serving.errors import ServiceError
from serving.record import record_of
from serving.uploads import received_form
from web_ui.compliance import status_in_force
from web_ui.errors import InvalidField, TranscriptMissing
from web_ui.logs import report
from web_ui.pages import viewed
from web_ui.reading import new_label
from web_ui.records import Speaker
from web_ui.routes.actors import actor_of, reviewer_of
from web_ui.routes.json_body import JsonBody, named_fields
from web_ui.routes.transcripts_api import (
    OverrideBody,
    SegmentBody,
    SpeakerBody,
    TranscriptBody,
)
from web_ui.services import Service, Services

router = APIRouter(prefix="/transcripts/{id}")

MAX_FORM_BYTES = 64 * 1024
ROLES = ("", "agent", "customer")

Kind = TypeVar("Kind", bound=JsonBody)
Fields: TypeAlias = dict[str, str]
Change: TypeAlias = Callable[[Fields], Awaitable[str]]


@router.post("/cancel")
async def cancel(id: str, request: Request, service: Service) -> Response:
    async def change(_: Fields) -> str:
        await service.library.cancel(id, actor_of(request))
        return f"/transcripts/{id}"

    return await _changed(id, request, service, change)


@router.post("/retry")
async def retry(id: str, request: Request, service: Service) -> Response:
    async def change(_: Fields) -> str:
        await service.library.retry(id, actor_of(request))
        return f"/transcripts/{id}"

    return await _changed(id, request, service, change)


@router.post("/delete")
async def delete(id: str, request: Request, service: Service) -> Response:
    async def change(_: Fields) -> str:
        await service.library.delete(id, actor_of(request))
        return "/"

    return await _changed(id, request, service, change)


@router.post("/analyse")
async def analyse(id: str, request: Request, service: Service) -> Response:
    async def change(_: Fields) -> str:
        await service.library.analyse(id, None, actor_of(request))
        return f"/transcripts/{id}"

    return await _changed(id, request, service, change)


@router.post("/title")
async def title(id: str, request: Request, service: Service) -> Response:
    async def change(fields: Fields) -> str:
        body = _checked(TranscriptBody, {"title": fields.get("title", "")})
        await service.library.rename(id, str(body.title), actor_of(request))
        return f"/transcripts/{id}"

    return await _changed(id, request, service, change)


@router.post("/speakers")
async def speakers(id: str, request: Request, service: Service) -> Response:
    """`name_LABEL` and `role_LABEL` of each; `name_new` adds one."""

    async def change(fields: Fields) -> str:
        known = (await service.library.get_full(id)).speakers
        named = [_speaker(speaker.label, fields) for speaker in known]
        if fields.get("name_new", "").strip():
            fresh = _speaker("new", fields)
            named.append(Speaker(new_label(known), fresh.name, fresh.role))
        await service.library.name_speakers(id, tuple(named), actor_of(request))
        return f"/transcripts/{id}#speakers"

    return await _changed(id, request, service, change)


def _speaker(label: str, fields: Fields) -> Speaker:
    role = fields.get(f"role_{label}", "")
    if role not in ROLES:
        raise InvalidField("role: agent, customer or nothing")
    body = {"label": "s0", "name": fields.get(f"name_{label}", ""), "role": role or None}
    checked = _checked(SpeakerBody, body).speaker()
    return Speaker(label, checked.name, checked.role)


@router.post("/segments/{number}")
async def segment(id: str, number: int, request: Request, service: Service) -> Response:
    async def change(fields: Fields) -> str:
        library, actor = service.library, actor_of(request)
        if "speaker" in fields:
            await library.assign_speaker(id, number, fields["speaker"] or None, actor)
        if fields.get("restore"):
            await library.restore(id, number, actor)
        elif "text" in fields:
            body = _checked(SegmentBody, {"text": " ".join(fields["text"].split())})
            await library.edit(id, number, body.text or "", fields.get("was"), actor)
        return f"/transcripts/{id}#s-{number}"

    return await _changed(id, request, service, change)


@router.post("/overrides")
async def override(id: str, request: Request, service: Service) -> Response:
    async def change(fields: Fields) -> str:
        body = _checked(OverrideBody, {name: fields[name] for name in fields if name != "lang"})
        actor = reviewer_of(request, body.who)
        was = status_in_force(await service.library.get_full(id), body.element_id, body.status)
        await service.library.override(id, body.element_id, was, body.status, body.reason, actor)
        return f"/transcripts/{id}#compliance"

    return await _changed(id, request, service, change)


async def _changed(id: str, request: Request, service: Services, change: Change) -> Response:
    """The page again: as it is now, or with what went wrong."""
    try:
        return RedirectResponse(await change(await _fields(request)), 303)
    except TranscriptMissing:
        raise
    except ServiceError as error:
        fault = report(error, record_of(request.scope))
        view = await viewed(id, request, service, fault)
        return await asyncio.to_thread(service.renderer.transcript, request, view)


async def _fields(request: Request) -> Fields:
    """A button alone sends nothing."""
    if request.headers.get("content-length", "0") == "0":
        return {}
    async with received_form(request, MAX_FORM_BYTES, None) as sent:
        return sent.fields


def _checked(kind: type[Kind], values: dict[str, Any]) -> Kind:
    with named_fields():
        return kind.model_validate(values)
