"""What was made of a call, in its document: summary, classification, translation of the whole.

What a language model did not really answer is marked as a dummy; what failed says so.
"""

from __future__ import annotations

from typing import Any

from web_ui.exports.document_paper import Paper, Run
from web_ui.exports.document_styles import MARK, QUIETLY, SPEAKER
from web_ui.exports.script import DUMMY_MARK, clean
from web_ui.records import Analysis
from web_ui.words import Words


def write_summary(paper: Paper, analysis: Analysis | None, words: Words) -> None:
    """The summary, and whether it is the call's own sentences."""
    if analysis is None:
        return
    paper.heading(words("file.summary"))
    result = analysis.result or {}
    _write_text(paper, str(result.get("text") or ""), _is_dummy(result))
    if result.get("text") and result.get("method") == "extractive":
        paper.write(Run(words("file.summary_extractive"), QUIETLY))
    _write_doubts(paper, analysis, words, told=not result.get("text"))


def write_classification(paper: Paper, analysis: Analysis | None, words: Words) -> None:
    """What the call is about, how sure that is, and who says so."""
    if analysis is None:
        return
    paper.heading(words("file.classification"))
    result = analysis.result or {}
    label = clean(str(result.get("label") or ""))
    if label:
        method = words.named("method", str(result.get("method")))
        percent = round(100 * float(result.get("confidence") or 0))
        sure = f" · {words('file.confidence', percent=percent)} · {method}"
        mark = [Run(f"{DUMMY_MARK} ", MARK)] if _is_dummy(result) else []
        paper.write(*mark, Run(label, SPEAKER), Run(sure, QUIETLY))
    elif analysis.result is not None:
        mark_text = f"{DUMMY_MARK} " if _is_dummy(result) else ""
        paper.write(Run(f"{mark_text}{words('file.no_label')}", MARK if mark_text else ""))
    _write_doubts(paper, analysis, words, told=not label)


def write_translation(paper: Paper, analysis: Analysis | None, whole: str, words: Words) -> None:
    """The translation of the whole where it is not known line by line; and whether it is older
    than the text."""
    if whole:
        paper.heading(words("file.translation"))
        paper.write(Run(whole))
    if analysis is not None and analysis.is_stale:
        paper.write(Run(words("file.stale_translation"), QUIETLY))


def _write_text(paper: Paper, text: str, is_dummy: bool) -> None:
    """A paragraph for each line of it, marked if nothing real said it."""
    if is_dummy:
        paper.write(Run(DUMMY_MARK, MARK), Run(f" {clean(text)}"))
        return
    for line in filter(None, map(clean, text.splitlines())):
        paper.write(Run(line))


def _write_doubts(paper: Paper, analysis: Analysis, words: Words, *, told: bool) -> None:
    """What a reader must know of a result: that there is none and why, or that it is old."""
    result = analysis.result or {}
    reason = analysis.error_reason or result.get("error_reason")
    if told:
        paper.write(Run(words("file.failed")))
        if reason:
            known = words.analysis_reason(str(reason))
            paper.write(Run(known or words("file.told", reason=clean(str(reason))), QUIETLY))
    if analysis.is_stale:
        paper.write(Run(words("file.stale"), QUIETLY))


def _is_dummy(result: dict[str, Any]) -> bool:
    return bool(result.get("is_dummy"))
