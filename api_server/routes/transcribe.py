"""POST /transcribe: a recording in, its transcript out, whole or as it is made."""

from __future__ import annotations

from contextlib import aclosing
from functools import partial

from anyio.to_thread import run_sync
from fastapi import APIRouter, Response

from api_server.answers import ComponentStatus
from api_server.dependencies import Received, Record, Service, Services, Transcribe
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
    status_of,
)
from api_server.schemas import TranscribeResponse
from api_server.transcript_work import Finished, WorkEvent, work
from serving.errors import InvalidOption
from stt_types import Progress, Segment

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
    finished = await _finished(received, service)
    status = _note(finished, service, record)
    rendering = partial(render, finished, received.form, status, record.request_id)
    return await run_sync(rendering)


async def _finished(received: Received[TranscribeForm], service: Services) -> Finished:
    events = work(received, service)
    async with aclosing(events):
        (finished,) = [event async for event in events if isinstance(event, Finished)]
    return finished


async def _streamed(
    received: Received[TranscribeForm], service: Services, record: RequestRecord
) -> Response:
    if received.form.response_format not in STREAMABLE:
        raise InvalidOption("stream: only with response_format json or verbose_json")
    first, rest = await peeked(beating(work(received, service)))
    if service.engine.is_dummy or (isinstance(first, Finished) and first.transcript.is_dummy):
        record.add_dummy("stt")
    return EventStreamResponse(first, rest, partial(_frame, received.form, service, record))


async def _frame(
    form: TranscribeForm, service: Services, record: RequestRecord, event: WorkEvent
) -> bytes:
    if isinstance(event, Segment):
        return segment_frame(event)
    if isinstance(event, Progress):
        return progress_frame(event)
    status = _note(event, service, record)
    return await run_sync(partial(result_frame, event, form, status, record.request_id))


def _note(finished: Finished, service: Services, record: RequestRecord) -> ComponentStatus:
    """Count and log what was done; tell what answered."""
    transcript, analyses = finished.transcript, finished.analyses
    record.note(transcript)
    if analyses.dummies:
        record.add_dummy("agent")
    service.metrics.observe_transcript(transcript)
    service.metrics.observe_analyses(analyses)
    if service.settings.log_transcripts:
        log_transcript(transcript, record.request_id)
    return status_of(service.agent, stt=not transcript.is_dummy, analyses=analyses)
