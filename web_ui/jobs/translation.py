"""The text in another language: by the LLM from the text, or into English by Whisper itself, in
a second pass over the recording. Never the source passed off as a translation."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import aclosing
from typing import Any

from web_ui.engine_answers import ResultAnswer, SegmentAnswer
from web_ui.jobs.analysis import asked, call_of
from web_ui.jobs.job import Job, stream_options
from web_ui.jobs.recording import open_recording
from web_ui.records import FullTranscript, Segment
from web_ui.store import work
from web_ui.store.transcripts import get_full

WHISPER_LANGUAGE = "en"
SENTENCE_END = re.compile(r"(?<=[.!?])\s+")


async def translate(job: Job) -> None:
    """Keep a translation, or why there is none, where one was asked for."""
    language = job.transcript.options.translate_to
    if language is None:
        return
    full = await job.tools.database.read(get_full, job.transcript.id)
    lines = call_of(full)
    if not lines:
        await _keep(job, full, None, "transcript_is_empty", {})
        return
    call = {"segments": lines, "target_language": language}
    answer, reason = await asked(job, "/translate", call)
    result = answer.result() if answer is not None else None
    if result is not None and result.get("text"):
        await _keep(job, full, result, reason, _by_segment(result))
    elif language == WHISPER_LANGUAGE and full.transcript.language != WHISPER_LANGUAGE:
        await _by_whisper(job, full, result, reason)
    else:
        await _keep(job, full, result, reason, {})


async def _by_whisper(
    job: Job, full: FullTranscript, result: dict[str, Any] | None, reason: str | None
) -> None:
    """Whisper hears the recording again and writes English."""
    said: list[SegmentAnswer] = []
    end: ResultAnswer | None = None
    options = {**stream_options(job.transcript), "task": "translate"}
    options.pop("start_seconds", None)
    options["word_timestamps"] = "false"
    if full.transcript.language is not None:
        options["language"] = full.transcript.language
    async with open_recording(job.tools.recordings, job.transcript) as recording:
        stream = job.tools.engine.stream(recording, options, job.request_id)
        async with aclosing(stream) as answers:
            async for answer in answers:
                if isinstance(answer, SegmentAnswer):
                    said.append(answer)
                elif isinstance(answer, ResultAnswer):
                    end = answer
    if end is None or end.is_dummy or not said:
        await _keep(job, full, result, reason, {})
        return
    texts = paired(full.segments, said)
    whole: dict[str, Any] = {
        "text": " ".join(segment.text for segment in said),
        "language": WHISPER_LANGUAGE,
        "method": "whisper",
        "is_dummy": False,
        "error_reason": (result or {}).get("error_reason") or reason,
    }
    await _keep(job, full, whole, None, texts)


async def _keep(
    job: Job,
    full: FullTranscript,
    result: dict[str, Any] | None,
    reason: str | None,
    texts: dict[int, str],
) -> None:
    await job.write(work.translate_segments, texts)
    revision = full.transcript.text_revision
    await job.write(work.keep_analysis, "translation", result, reason, revision)


def _by_segment(result: Mapping[str, Any]) -> dict[int, str]:
    lines: Iterable[Mapping[str, Any]] = result.get("lines") or ()
    return {int(line["segment_id"]): str(line["text"]) for line in lines}


def paired(segments: Sequence[Segment], said: Sequence[SegmentAnswer]) -> dict[int, str]:
    """Each translated piece with the segments it was said in: sentence by sentence where there are
    as many as segments, else whole with the first. One that lies on none goes to the nearest."""
    texts: dict[int, list[str]] = {}
    for piece in said:
        own = [s for s in segments if s.channel == piece.channel] or list(segments)
        for segment, text in _shared_out(own, piece):
            texts.setdefault(segment.number, []).append(text)
    return {number: " ".join(parts) for number, parts in texts.items()}


def _shared_out(segments: Sequence[Segment], piece: SegmentAnswer) -> Iterator[tuple[Segment, str]]:
    covered = [s for s in segments if _shared(s, piece) > (s.end - s.start) / 2]
    sentences = SENTENCE_END.split(piece.text.strip())
    if len(sentences) == len(covered):
        yield from zip(covered, sentences, strict=True)
        return
    first = covered[0] if covered else max(segments, key=lambda s: _shared(s, piece))
    yield first, piece.text.strip()


def _shared(segment: Segment, piece: SegmentAnswer) -> float:
    """Seconds in common; where there are none, minus the seconds between."""
    return min(segment.end, piece.end) - max(segment.start, piece.start)
