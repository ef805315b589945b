"""A transcript as a Word document: what it is, what was made of it, what was said."""

from __future__ import annotations

from collections.abc import Iterator

from web_ui.exports.document_analyses import (
    write_classification,
    write_summary,
    write_translation,
)
from web_ui.exports.document_compliance import write_compliance
from web_ui.exports.document_paper import CellText, Paper, Run, moment, plain
from web_ui.exports.document_styles import (
    MARK,
    QUIETLY,
    SPEAKER,
    SPOKEN,
    TIMED,
    TIMED_TRANSLATED,
    TRANSLATED,
    WARNING,
    new_document,
)
from web_ui.exports.options import ExportOptions
from web_ui.exports.plain import paragraphs_of
from web_ui.exports.script import DUMMY_MARK, Line, Script, clean, hms
from web_ui.records import FullTranscript, Passage
from web_ui.views import ComplianceView
from web_ui.words import Words


def to_docx(
    full: FullTranscript,
    script: Script,
    options: ExportOptions,
    words: Words,
    compliance: ComplianceView | None,
) -> bytes:
    """The document. A dummy says so first, above every page and before its text; what was
    withheld, and where speech brought no text, is listed at the end and nowhere else."""
    paper = Paper(new_document(full.transcript))
    if script.dummy:
        warning = f"{DUMMY_MARK} {words('file.dummy_title')} {words('file.dummy_text')}"
        paper.write(Run(warning), style=WARNING)
    paper.title(clean(full.transcript.title))
    for notice in script.notices:
        paper.write(Run(notice), style=WARNING)
    _write_facts(paper, full, words)
    write_summary(paper, full.analyses.get("summary"), words)
    write_classification(paper, full.analyses.get("classification"), words)
    if options.translation != "none":
        write_translation(paper, full.analyses.get("translation"), script.translation, words)
    if compliance is not None:
        write_compliance(paper, full, compliance, words)
    _write_script(paper, script, words, times=options.shows_times)
    _write_appendix(paper, full.passages, words)
    paper.frame(DUMMY_MARK if script.dummy else "", words("file.page"))
    return paper.content()


def _write_facts(paper: Paper, full: FullTranscript, words: Words) -> None:
    transcript = full.transcript
    seconds = transcript.duration or transcript.seconds_total
    facts = {
        "file.file": clean(transcript.file_name),
        "file.created": moment(transcript.created_at),
        "file.length": hms(seconds) if seconds else "",
        "file.language": words.language_name(transcript.language) if transcript.language else "",
        "file.model": clean(" · ".join(filter(None, (transcript.model, transcript.backend)))),
        "file.kind": _kind(full, words),
    }
    rows = [(plain(words(key)), plain(value)) for key, value in facts.items() if value]
    paper.table((words("file.fact"), words("file.value")), rows, (40, 126))
    for warning in transcript.warnings:
        paper.write(
            Run(f"{words('file.notes')}: {clean(words.warning(warning) or warning)}", QUIETLY)
        )


def _kind(full: FullTranscript, words: Words) -> str:
    """What a reader holds in hands: a machine's text, one that people edited, or a dummy."""
    if full.transcript.is_dummy:
        if not full.segments:
            return words("file.kind_dummy")
        return words("file.kind_partial_dummy", until=hms(full.transcript.seconds_done))
    edited = sum(segment.is_edited for segment in full.segments)
    return words("file.kind_edited", count=edited) if edited else words("file.kind_machine")


def _write_script(paper: Paper, script: Script, words: Words, *, times: bool) -> None:
    if not script.dummy and not script.lines and script.translation:
        return
    paper.heading(words("file.transcript"))
    if script.dummy:
        paper.write(Run(script.dummy, MARK), style=SPOKEN)
    elif not script.lines:
        paper.write(Run(words("file.no_text"), QUIETLY))
    if times:
        for line in script.lines:
            _write_timed(paper, line, words)
    else:
        for group in paragraphs_of(script.lines):
            _write_paragraph(paper, group, script, words)


def _write_timed(paper: Paper, line: Line, words: Words) -> None:
    time = Run(f"{hms(line.start)}\t", QUIETLY)
    said = [*_name(line), *_said(line, words)]
    paper.write(time, *said, style=TIMED)
    if line.translation:
        paper.write(Run(f"\t{line.translation}"), style=TIMED_TRANSLATED)


def _write_paragraph(paper: Paper, group: list[Line], script: Script, words: Words) -> None:
    runs = [*_name(group[0])]
    for place, line in enumerate(group):
        runs += [Run(script.glue)] if place and script.glue else []
        runs += _said(line, words)
    paper.write(*runs, style=SPOKEN)
    translation = script.translation_glue.join(
        line.translation for line in group if line.translation
    )
    if translation:
        paper.write(Run(translation), style=TRANSLATED)


def _name(line: Line) -> list[Run]:
    return [Run(f"{line.name}: ", SPEAKER)] if line.name else []


def _said(line: Line, words: Words) -> Iterator[Run]:
    yield Run(line.text)
    if line.is_edited:
        yield Run(f" {words('file.edited')}", QUIETLY)


def _write_appendix(paper: Paper, passages: tuple[Passage, ...], words: Words) -> None:
    withheld = [passage for passage in passages if passage.kind == "withheld"]
    gaps = [passage for passage in passages if passage.kind == "gap"]
    if not passages:
        return
    paper.heading(words("file.appendix"))
    if withheld:
        paper.heading(words("file.withheld"), 2)
        head = [words(f"file.{key}") for key in ("when", "reason", "withheld_text")]
        paper.table(head, (_withheld_row(passage, words) for passage in withheld), (34, 52, 80))
    if gaps:
        paper.heading(words("file.gaps"), 2)
        for gap in gaps:
            paper.write(Run(_stretch(gap)))


def _withheld_row(passage: Passage, words: Words) -> tuple[CellText, CellText, CellText]:
    return (
        plain(_stretch(passage)),
        plain(words.withheld(passage.reason)),
        plain(clean(passage.text), QUIETLY),
    )


def _stretch(passage: Passage) -> str:
    return f"{hms(passage.start)} – {hms(passage.end)}"
