"""POST /transcribe: a recording in, its transcript out, whole or as it is made."""

from __future__ import annotations

from contextlib import aclosing
from functools import partial

from anyio.to_thread import run_sync
from fastapi import APIRouter, Response

from api_server.dependencies import Received, Record, Service, Services, Transcribe
from api_server.errors import InvalidOption
from api_server.event_stream import EventStreamResponse, beating, peeked
from api_server.logs import log_transcript
from api_server.openapi import RECORDING_ERRORS, TRANSCRIBE_BODY, TRANSCRIPT_CONTENT
from api_server.options import TranscribeForm
from api_server.record import RequestRecord
from api_server.rendering import (
    STREAMABLE,
    progress_frame,
    render,
    result_frame,
    segment_frame,
)
from api_server.schemas import TranscribeResponse
from stt_types import Event, Progress, Segment, Transcript

router = APIRouter(tags=["transcription"])


@router.post(
    "/transcribe",
    summary="Transcribe a recording",
    response_model=TranscribeResponse,
    responses={**TRANSCRIPT_CONTENT, **RECORDING_ERRORS},
    openapi_extra=TRANSCRIBE_BODY,
)
async def transcribe_v2(received: Transcribe, service: Service, record: Record) -> Response:
    """Send the recording as `file`, or name one on the server with `file_path`. The order of
    the fields does not matter; an unknown one is refused."""
    if received.form.stream:
        return await _streamed(received, service, record)
    transcript = await _transcript(received, service)
    _note(transcript, service, record)
    return await run_sync(partial(render, transcript, received.form, record.request_id))


async def _transcript(received: Received[TranscribeForm], service: Services) -> Transcript:
    events = service.engine.stream(received.source, received.form.options())
    async with aclosing(events):
        (transcript,) = [event async for event in events if isinstance(event, Transcript)]
    return transcript


async def _streamed(
    received: Received[TranscribeForm], service: Services, record: RequestRecord
) -> Response:
    if received.form.response_format not in STREAMABLE:
        raise InvalidOption("stream: only with response_format json or verbose_json")
    events = service.engine.stream(received.source, received.form.options())
    first, rest = await peeked(beating(events))
    if service.engine.is_dummy or (isinstance(first, Transcript) and first.is_dummy):
        record.dummies = ("stt",)
    return EventStreamResponse(first, rest, partial(_frame, received.form, service, record))


async def _frame(
    form: TranscribeForm, service: Services, record: RequestRecord, event: Event
) -> bytes:
    if isinstance(event, Segment):
        return segment_frame(event)
    if isinstance(event, Progress):
        return progress_frame(event)
    _note(event, service, record)
    return await run_sync(partial(result_frame, event, form, record.request_id))


def _note(transcript: Transcript, service: Services, record: RequestRecord) -> None:
    record.note(transcript)
    service.metrics.observe_transcript(transcript)
    if service.settings.log_transcripts:
        log_transcript(transcript, record.request_id)
