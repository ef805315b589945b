"""What a transcript's page fetches beside it: the sound, its peaks, and files to take away."""

from __future__ import annotations

import asyncio
from functools import partial

from fastapi import APIRouter, Request, Response
from starlette.responses import JSONResponse

from web_ui.compliance import compliance_of
from web_ui.errors import TranscriptMissing
from web_ui.exports import Exported, export
from web_ui.exports.names import content_disposition
from web_ui.exports.options import read as read_options
from web_ui.recordings.listening import Playable
from web_ui.recordings.media_types import UNKNOWN, sniffed
from web_ui.recordings.serve import audio_response
from web_ui.rendering import words_asked_for
from web_ui.routes.actors import actor_of
from web_ui.routes.representation import transcript_json
from web_ui.routes.transcripts_api import item_now
from web_ui.services import Service, Services

router = APIRouter(prefix="/api/transcripts/{id}")

# A short recording is listened to in less; of a long one the original is played meanwhile.
PATIENCE_SECONDS = 8.0
LOOK_SECONDS = 0.2
RETRY_SECONDS = 2


@router.api_route("/audio", methods=["GET", "HEAD"])
async def audio(id: str, request: Request, service: Service) -> Response:
    """What a browser can play, in ranges; with `?original=1` the file as it was sent."""
    transcript = await service.library.get(id)
    if request.query_params.get("original") == "1":
        path = service.library.recordings.places.kept(id)
        kind = await asyncio.to_thread(sniffed, path)
        await service.library.note("export", id, actor_of(request), format="recording")
        return await audio_response(request, path, kind, transcript.file_name)
    found = await _playable(id, service)
    return await audio_response(request, found.path, found.media_type)


@router.get("/peaks")
async def peaks(id: str, service: Service) -> Response:
    """The waveform; 202 while it is made, 404 where there will be none."""
    await service.library.get(id)
    state = await service.listening.ensure(id)
    found = await service.listening.peaks(id) if state == "ready" else None
    if found is not None:
        return Response(found, media_type="application/json")
    if state == "failed":
        raise TranscriptMissing("there is no waveform: the recording cannot be decoded")
    return JSONResponse({"state": "preparing"}, 202, {"Retry-After": str(RETRY_SECONDS)})


@router.get("/export")
async def exported(id: str, request: Request, service: Service) -> Response:
    """A file to take away; its `format` and more as the query says."""
    options = read_options(request.query_params)
    full = await service.library.get_full(id)
    item = await item_now(full.transcript, service)
    make = partial(
        export,
        full,
        options,
        words_asked_for(request),
        as_json=partial(transcript_json, full, item),
        compliance=compliance_of(full),
    )
    made: Exported = await asyncio.to_thread(make)
    await service.library.note("export", id, actor_of(request), format=options.format)
    headers = {"Content-Disposition": content_disposition(made.file_name)}
    if full.transcript.is_dummy:
        headers["X-Dummy"] = "stt"
    return Response(made.content, media_type=made.media_type, headers=headers)


async def _playable(id: str, service: Services) -> Playable:
    """What was found fit to play; the original, where that takes long to find out."""
    loop = asyncio.get_running_loop()
    until = loop.time() + PATIENCE_SECONDS
    found = await service.listening.playable(id)
    while found is None and loop.time() < until:
        await asyncio.sleep(LOOK_SECONDS)
        found = await service.listening.playable(id)
    if found is not None:
        return found
    path = service.library.recordings.places.kept(id)
    kind = await asyncio.to_thread(sniffed, path)
    return Playable(path, kind or UNKNOWN, is_original=True)
