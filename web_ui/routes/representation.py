"""Transcripts as JSON: the same for the API, the event streams and the export."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from web_ui.compliance import compliance_json, override_json
from web_ui.records import FullTranscript, Passage, Segment
from web_ui.views import ListItem


def item_json(item: ListItem) -> dict[str, Any]:
    """One line of the list."""
    transcript = item.transcript
    return {
        "id": transcript.id,
        "title": transcript.title,
        "file_name": transcript.file_name,
        "file_bytes": transcript.file_bytes,
        "uploaded_bytes": item.uploaded_bytes,
        "state": transcript.state,
        "phase": transcript.phase,
        "progress": round(transcript.progress, 4),
        "seconds_done": transcript.seconds_done,
        "seconds_total": transcript.seconds_total,
        "seconds_left": item.seconds_left,
        "ahead": item.ahead,
        "created_at": moment(transcript.created_at),
        "updated_at": moment(transcript.updated_at),
        "finished_at": moment(transcript.finished_at),
        "duration": transcript.duration,
        "language": transcript.language,
        "is_dummy": transcript.is_dummy,
        "error_code": transcript.error_code,
        "error_reason": transcript.error_reason,
        "wait_code": transcript.wait_code,
        "wait_reason": transcript.wait_reason,
        "retry_at": moment(transcript.retry_at),
        "label": transcript.label,
        "verdict": transcript.verdict,
        "segment_count": transcript.segment_count,
        "options": transcript.options.as_json(),
        "revision": transcript.revision,
        "hits": [
            {
                "segment": hit.segment,
                "start": hit.start,
                "before": hit.before,
                "match": hit.match,
                "after": hit.after,
            }
            for hit in item.hits
        ],
        "hit_count": item.hit_count,
    }


def transcript_json(full: FullTranscript, item: ListItem) -> dict[str, Any]:
    """Everything there is of a transcript. Takes a while for hours of speech."""
    transcript = full.transcript
    results = {kind: analysis.result for kind, analysis in full.analyses.items()}
    return {
        **item_json(item),
        "text": full.text,
        "segments": [segment_json(segment) for segment in full.segments],
        "suppressed": [passage_json(p) for p in full.passages if p.kind == "withheld"],
        "coverage": {
            "audio_seconds": transcript.duration,
            "speech_seconds": round(transcript.speech_seconds, 3),
            "transcribed_seconds": round(transcript.transcribed_seconds, 3),
            "gaps": [
                {"start": p.start, "end": p.end, "channel": p.channel}
                for p in full.passages
                if p.kind == "gap"
            ],
        },
        "speakers": [
            {"label": speaker.label, "name": speaker.name, "role": speaker.role}
            for speaker in full.speakers
        ],
        "backend": transcript.backend,
        "model": transcript.model,
        "language_probability": transcript.language_probability,
        "warnings": list(transcript.warnings),
        "classification": results.get("classification"),
        "incomplete_sales": compliance_json(full),
        "summary": results.get("summary"),
        "translation": results.get("translation"),
        "analysis_errors": {
            kind: analysis.error_reason
            for kind, analysis in full.analyses.items()
            if analysis.result is None
        },
        "overrides": [override_json(override) for override in full.overrides],
    }


def segment_json(segment: Segment) -> dict[str, Any]:
    return {
        "id": segment.number,
        "start": segment.start,
        "end": segment.end,
        "text": segment.text,
        "channel": segment.channel,
        "speaker": segment.speaker,
        "original_text": segment.original_text,
        "translation": segment.translation,
        "avg_logprob": segment.avg_logprob,
        "no_speech_prob": segment.no_speech_prob,
        "words": [
            {
                "start": word.start,
                "end": word.end,
                "word": word.text,
                "probability": word.probability,
            }
            for word in segment.words
        ]
        or None,
    }


def passage_json(passage: Passage) -> dict[str, Any]:
    return {
        "kind": passage.kind,
        "start": passage.start,
        "end": passage.end,
        "text": passage.text,
        "reason": passage.reason,
        "channel": passage.channel,
    }


def moment(at: datetime | None) -> str | None:
    """`2026-11-22T10:05:00.123Z`."""
    return None if at is None else at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
