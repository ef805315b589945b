"""A transcript as a file: text, subtitles, a table, JSON, a document. Pure functions."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from web_ui.exports.cues import to_srt, to_tsv, to_vtt
from web_ui.exports.names import file_name
from web_ui.exports.options import ExportOptions, Format
from web_ui.exports.plain import to_txt
from web_ui.exports.script import script_of
from web_ui.records import FullTranscript
from web_ui.views import ComplianceView
from web_ui.words import Words

MEDIA_TYPES: dict[Format, str] = {
    "txt": "text/plain; charset=utf-8",
    "srt": "application/x-subrip; charset=utf-8",
    "vtt": "text/vtt; charset=utf-8",
    "tsv": "text/tab-separated-values; charset=utf-8",
    "json": "application/json",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
}


@dataclass(frozen=True, slots=True)
class Exported:
    """A file: its bytes, their type, and the name to save it under."""

    content: bytes
    media_type: str
    file_name: str


def export(
    full: FullTranscript,
    options: ExportOptions,
    words: Words,
    *,
    as_json: Callable[[], dict[str, Any]],
    compliance: ComplianceView | None = None,
) -> Exported:
    """The transcript in the format asked for. Blocking: a long call's docx takes seconds.

    as_json: the object that `/api/transcripts/{id}` answers with; json is that, whatever the
    other options are. compliance: the check as reviewers see it, for a docx.

    Raises InvalidOption: a translation is asked for that there is not.
    """
    transcript = full.transcript
    return Exported(
        content=_content(full, options, words, as_json, compliance),
        media_type=MEDIA_TYPES[options.format],
        file_name=file_name(transcript.title, transcript.file_name, options.format),
    )


def _content(
    full: FullTranscript,
    options: ExportOptions,
    words: Words,
    as_json: Callable[[], dict[str, Any]],
    compliance: ComplianceView | None,
) -> bytes:
    if options.format == "json":
        # A half of a character can come in by an edit; UTF-8 has none.
        return json.dumps(as_json(), ensure_ascii=False, indent=2).encode("utf-8", "replace")
    script = script_of(full, options, words)
    match options.format:
        case "txt":
            return to_txt(script, times=options.shows_times).encode()
        case "srt":
            return to_srt(script).encode()
        case "vtt":
            return to_vtt(script).encode()
        case "tsv":
            return to_tsv(script).encode()
        case "docx":
            # python-docx and lxml take a quarter of a second to import.
            from web_ui.exports.document import to_docx

            return to_docx(full, script, options, words, compliance)
