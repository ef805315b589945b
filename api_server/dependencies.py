"""What handlers ask for, one word each."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import PurePath
from typing import Annotated, BinaryIO, Generic, TypeVar

from fastapi import Depends, Request

from api_server.audio_roots import open_inside
from api_server.engine import SpeechEngine
from api_server.metrics import Metrics
from api_server.options import RecordingForm, TranscribeForm
from api_server.record import RequestRecord, record_of
from api_server.services.agent_types import Agent
from api_server.services.analysis import Analyst
from api_server.settings import Settings
from serving.drain import Drain
from serving.errors import InvalidOption
from serving.uploads import ReceivedForm, received_form
from stt_threads import in_thread
from stt_types import AudioSource

AnyForm = TypeVar("AnyForm", bound=RecordingForm)


@dataclass(frozen=True, slots=True)
class Services:
    """What one application is made of; kept in `app.state.services`."""

    settings: Settings
    engine: SpeechEngine
    agent: Agent
    analyst: Analyst
    metrics: Metrics
    drain: Drain


@dataclass(frozen=True, slots=True)
class Received(Generic[AnyForm]):
    """A recording, open until the answer has been sent, and the form it came with."""

    source: AudioSource
    form: AnyForm


async def services_of(request: Request) -> Services:
    services: Services = request.app.state.services
    return services


async def record_for(request: Request) -> RequestRecord:
    return record_of(request.scope)


Service = Annotated[Services, Depends(services_of)]
Record = Annotated[RequestRecord, Depends(record_for)]


async def transcribe_request(
    request: Request, service: Service
) -> AsyncIterator[Received[TranscribeForm]]:
    async with _received(request, service, TranscribeForm) as received:
        service.engine.check(received.form.options())
        received.form.check()
        service.analyst.check(received.form.wanted())
        yield received


async def recording_request(
    request: Request, service: Service
) -> AsyncIterator[Received[RecordingForm]]:
    async with _received(request, service, RecordingForm) as received:
        yield received


Transcribe = Annotated[Received[TranscribeForm], Depends(transcribe_request)]
Recording = Annotated[Received[RecordingForm], Depends(recording_request)]


@asynccontextmanager
async def _received(
    request: Request, service: Services, kind: type[AnyForm]
) -> AsyncIterator[Received[AnyForm]]:
    """Refuse early, read the form, open the recording; close it when the answer is sent."""
    service.engine.refuse_if_full()
    _refuse_query(request)
    async with received_form(
        request, service.settings.max_upload_bytes, service.settings.stt_upload_dir
    ) as raw:
        form = kind.read(raw.fields)
        source = await _source(raw, form, service.settings)
        try:
            yield Received(source, form)
        finally:
            await in_thread(source.file.close)


def _refuse_query(request: Request) -> None:
    """An option in the query would be ignored in silence; better to say so."""
    for name in request.query_params:
        raise InvalidOption(f"{name[:100]}: options go in the form, not in the query")


async def _source(raw: ReceivedForm, form: RecordingForm, settings: Settings) -> AudioSource:
    if raw.file is not None and form.file_path is not None:
        raise InvalidOption("file_path: send either file or file_path, not both")
    if raw.file is not None:
        return AudioSource(raw.file, raw.filename)
    if form.file_path is None:
        raise InvalidOption("file: a recording is needed, as file or by file_path")
    opening = partial(open_inside, form.file_path, settings.stt_audio_roots)
    file: BinaryIO = await in_thread(opening, discard=lambda file: file.close())
    return AudioSource(file, PurePath(form.file_path).name)
