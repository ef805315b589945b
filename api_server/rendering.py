"""A transcript in the format that was asked for, and the frames of a stream."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from starlette.responses import Response

import stt_formats
from api_server.answers import ComponentStatus
from api_server.options import TranscribeForm
from api_server.schemas import (
    CoverageOut,
    ProgressOut,
    SegmentOut,
    SuppressedOut,
    TimingsOut,
    TranscribeResponse,
    VerboseResponse,
)
from api_server.services.agent_types import Agent
from api_server.services.analysis import KINDS, Analyses
from api_server.transcript_work import Finished
from stt_types import Progress, Segment, Transcript

TEXT_FORMATS: dict[str, tuple[Callable[[Transcript], str], str]] = {
    "text": (stt_formats.to_text, "text/plain"),
    "srt": (stt_formats.to_srt, "application/x-subrip"),
    "vtt": (stt_formats.to_vtt, "text/vtt"),
    "tsv": (stt_formats.to_tsv, "text/tab-separated-values"),
}
STREAMABLE = frozenset({"json", "verbose_json"})


def render(
    finished: Finished, form: TranscribeForm, status: ComponentStatus, request_id: str
) -> Response:
    """The whole answer in `form.response_format`. Takes a while for hours of speech."""
    transcript = finished.transcript
    if form.response_format in STREAMABLE:
        answer = response_of(finished, form, status, request_id)
        return Response(answer.model_dump_json(), media_type="application/json")
    convert, media_type = TEXT_FORMATS[form.response_format]
    headers = {"Content-Type": f"{media_type}; charset=utf-8"}
    if form.response_format != "text":
        name = f"transcript.{form.response_format}"
        headers["Content-Disposition"] = f'inline; filename="{name}"'
    return Response(convert(transcript), headers=headers)


def response_of(
    finished: Finished, form: TranscribeForm, status: ComponentStatus, request_id: str
) -> TranscribeResponse:
    """A transcript and its analyses as clients see them."""
    transcript, analyses = finished.transcript, finished.analyses
    answer = TranscribeResponse(
        text=transcript.text,
        language=transcript.language,
        language_probability=transcript.language_probability,
        duration=transcript.duration,
        segments=[SegmentOut.model_validate(segment) for segment in transcript.segments],
        suppressed=[SuppressedOut.model_validate(withheld) for withheld in transcript.suppressed],
        coverage=CoverageOut.model_validate(transcript.coverage),
        backend=transcript.backend,
        model=transcript.model,
        is_dummy=transcript.is_dummy,
        error_reason=transcript.error_reason,
        component_status=status,
        **_analyses_of(analyses),
        warnings=[*transcript.warnings, *form.warnings()],
        processing_time_seconds=transcript.timings.total,
        timings=TimingsOut.model_validate(transcript.timings),
        request_id=request_id,
    )
    if form.response_format == "verbose_json":
        return VerboseResponse.model_construct(**dict(answer), task=form.task)
    return answer


def _analyses_of(analyses: Analyses) -> dict[str, Any]:
    found: dict[str, Any] = {kind: getattr(analyses, kind) for kind in KINDS}
    return {**found, "analysis_errors": analyses.errors}


def status_of(agent: Agent, *, stt: bool, analyses: Analyses | None = None) -> ComponentStatus:
    """What answered a request; of what it did not ask for, the last known state. The rules are
    part of the service, so a label can always be had."""
    found = analyses or Analyses()
    label = found.classification
    llm = bool(found.errors) or any(getattr(found, kind) is not None for kind in KINDS)
    return ComponentStatus(
        stt=stt,
        classification="classification" not in found.errors
        and (label is None or not label.is_dummy),
        vllm=found.llm_used if llm else agent.state.available,
    )


def segment_frame(segment: Segment) -> bytes:
    return frame("segment", SegmentOut.model_validate(segment).model_dump_json())


def progress_frame(progress: Progress) -> bytes:
    return frame("progress", ProgressOut.model_validate(progress).model_dump_json())


def result_frame(
    finished: Finished, form: TranscribeForm, status: ComponentStatus, request_id: str
) -> bytes:
    return frame("result", response_of(finished, form, status, request_id).model_dump_json())


def frame(event: str, json_text: str) -> bytes:
    """One server-sent event; JSON has no line breaks of its own."""
    return f"event: {event}\ndata: {json_text}\n\n".encode()
