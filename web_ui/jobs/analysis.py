"""What stt-api says of a finished text: its label, its summary, whether the sale was proper.

An analysis that fails fails nothing else: its reason is kept in its place.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from web_ui.engine_answers import AnalysisAnswer
from web_ui.errors import EngineRefused
from web_ui.jobs.job import Job
from web_ui.records import AnalysisKind, FullTranscript, Segment
from web_ui.store import work
from web_ui.store.transcripts import get_full

NOTHING_SAID = "transcript_is_empty"


@dataclass(frozen=True, slots=True)
class Question:
    """An analysis, the route of stt-api that makes it, and what is asked beside the text."""

    kind: AnalysisKind
    route: str
    more: Mapping[str, Any]


async def analyse(job: Job) -> None:
    """Ask every question that was wanted, and keep each answer as it comes."""
    full = await job.tools.database.read(get_full, job.transcript.id)
    for question in questions(full):
        await _ask(job, question, full)


def questions(full: FullTranscript) -> Iterator[Question]:
    options = full.transcript.options
    if options.classify:
        yield Question("classification", "/classify", {})
    if options.validate_sales:
        product = {"product": options.product} if options.product else {}
        yield Question("incomplete_sales", "/validate/incomplete-sales", product)
    if options.summarize:
        yield Question("summary", "/summarize", {})


async def _ask(job: Job, question: Question, full: FullTranscript) -> None:
    revision = full.transcript.text_revision
    lines = call_of(full)
    if not lines:
        await job.write(work.keep_analysis, question.kind, None, NOTHING_SAID, revision)
        return
    answer, reason = await asked(job, question.route, {"segments": lines, **question.more})
    result = answer.result() if answer is not None else None
    facts = _facts(question.kind, result, full)
    await job.write(work.keep_analysis, question.kind, result, reason, revision, **facts)


async def asked(
    job: Job, route: str, call: Mapping[str, Any]
) -> tuple[AnalysisAnswer | None, str | None]:
    """The answer, or why there will be none; what passes by itself is raised."""
    try:
        return await job.tools.engine.analyse(route, call, job.request_id), None
    except EngineRefused as error:
        if error.status in (422, 502, 413):  # the text, or an LLM that only an operator can mend
            return None, str(error)
        raise


def call_of(full: FullTranscript) -> list[dict[str, Any]]:
    """The segments as stt-api takes them; who speaks, where somebody said so."""
    roles = {speaker.label: speaker.role for speaker in full.speakers}
    return [_line(segment, roles) for segment in full.segments if segment.text.strip()]


def _line(segment: Segment, roles: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": segment.number,
        "start": segment.start,
        "end": max(segment.start, segment.end),
        "text": segment.text,
        "channel": segment.channel,
        "speaker": roles.get(segment.speaker or ""),
    }


def _facts(
    kind: AnalysisKind, result: Mapping[str, Any] | None, full: FullTranscript
) -> dict[str, Any]:
    """What the list shows as well. A reviewer's verdict on the whole stands."""
    if result is None or result.get("is_dummy"):
        return {}
    if kind == "classification":
        return {"label": result.get("label")}
    overridden = any(not override.element_id for override in full.overrides)
    if kind == "incomplete_sales" and not overridden:
        return {"verdict": result.get("verdict")}
    return {}
