"""A transcript arranged for its page."""

from __future__ import annotations

from typing import Any

from serving.errors import Fault
from web_ui.compliance import compliance_of
from web_ui.records import FullTranscript, Speaker
from web_ui.views import ListItem, TranscriptView, Visitor, lines_of, stretches_of


def transcript_view(
    full: FullTranscript,
    item: ListItem,
    visitor: Visitor,
    has_audio: bool,
    request_id: str,
    fault: Fault | None = None,
    **extra: Any,
) -> TranscriptView:
    """Takes a while for hours of speech."""
    analyses = full.analyses
    return TranscriptView(
        full=full,
        item=item,
        visitor=visitor,
        lines=lines_of(full, full.speakers),
        stretches=stretches_of(full),
        compliance=compliance_of(full),
        classification=analyses.get("classification"),
        summary=analyses.get("summary"),
        translation=analyses.get("translation"),
        has_audio=has_audio,
        audio_bytes=full.transcript.file_bytes,
        request_id=request_id,
        fault=fault,
        speakers=full.speakers,
        extra=extra,
    )


def new_label(speakers: tuple[Speaker, ...]) -> str:
    """For a speaker whom somebody adds: `s1`, `s2`, …"""
    taken = {speaker.label for speaker in speakers}
    return next(label for place in range(1, 1000) if (label := f"s{place}") not in taken)
