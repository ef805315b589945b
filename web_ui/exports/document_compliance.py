"""불완전판매요소 검증 in a document: verdict, elements, evidence, what reviewers changed."""

from __future__ import annotations

from web_ui.exports.document_paper import CellText, Paper, Run, moment, plain
from web_ui.exports.document_styles import MARK, QUIETLY, SPEAKER, WARNING
from web_ui.exports.script import DUMMY_MARK, clean, hms
from web_ui.records import FullTranscript, Override
from web_ui.views import ComplianceView, ElementLine, Quote
from web_ui.words import Words

_ALARMING = frozenset({"missing", "violated", "incomplete"})


def write_compliance(
    paper: Paper, full: FullTranscript, compliance: ComplianceView, words: Words
) -> None:
    """The verdict in force and the machine's, each element, and every override, oldest first."""
    paper.heading(words("report.section"))
    _write_doubts(paper, compliance, words)
    if compliance.error_reason and not compliance.elements:
        paper.write(Run(words("report.failed")))
        return
    _write_verdict(paper, compliance, words)
    head = [words(f"report.{key}") for key in ("element", "status", "evidence")]
    paper.table(head, (_element_row(line, words) for line in compliance.elements), (44, 30, 92))
    if full.overrides:
        _write_overrides(paper, full.overrides, compliance, words)


def _write_doubts(paper: Paper, compliance: ComplianceView, words: Words) -> None:
    if compliance.is_dummy:
        told = f"{words('report.dummy_check_title')}. {words('report.dummy_check')}"
        paper.write(Run(told), style=WARNING)
    if compliance.is_stale:
        paper.write(Run(words("report.stale")), style=WARNING)
    for warning in compliance.warnings:
        paper.write(Run(clean(words.warning(warning) or warning), QUIETLY))


def _write_verdict(paper: Paper, compliance: ComplianceView, words: Words) -> None:
    mark = f"{DUMMY_MARK} " if compliance.is_dummy else ""
    paper.write(
        Run(f"{words('report.verdict')}: "),
        Run(f"{mark}{words.named('verdict', compliance.verdict)}", _tone(compliance.verdict)),
    )
    machine = words.named("verdict", compliance.machine_verdict)
    score = f"{words('report.score')} {compliance.score:g} ({words('report.of_hundred')})"
    facts = (
        f"{words('report.machine_verdict')}: {machine}",
        score,
        f"{words('report.product')}: {_product(compliance, words)}",
        f"{words('report.pack')}: {clean(compliance.pack)}",
    )
    paper.write(Run(" · ".join(facts), QUIETLY))


def _product(compliance: ComplianceView, words: Words) -> str:
    if compliance.product is None:
        return words("report.no_product")
    name = clean(words.named("report.product", compliance.product))
    return f"{name} ({words('report.inferred')})" if compliance.product_inferred else name


def _element_row(element: ElementLine, words: Words) -> tuple[CellText, CellText, CellText]:
    name = ((Run(clean(element.name), SPEAKER),), (Run(clean(element.principle), QUIETLY),))
    status = [[Run(words.named("check.status", element.status), _tone(element.status))]]
    if element.machine_status != element.status:
        machine = words.named("check.status", element.machine_status)
        status.append([Run(words("report.machine_status", status=machine), QUIETLY)])
    status.append([Run(words.named("method", element.method), QUIETLY)])
    return name, status, _evidence(element, words)


def _evidence(element: ElementLine, words: Words) -> CellText:
    lines = [_quoted(quote, words) for quote in element.quotes]
    if element.error_reason:
        lines.append(
            [Run(words.analysis_reason(element.error_reason) or element.error_reason, QUIETLY)]
        )
    if element.objection:
        told = words("report.objection", reason=clean(element.objection))
        lines.append([Run(told, QUIETLY)])
    return lines or plain(words("report.no_evidence"), QUIETLY)


def _quoted(quote: Quote, words: Words) -> list[Run]:
    who = f" {words.named('role', quote.speaker)}" if quote.speaker else ""
    return [Run(f"{hms(quote.start)}{who} ", QUIETLY), Run(f"“{clean(quote.text)}”")]


def _write_overrides(
    paper: Paper, overrides: tuple[Override, ...], compliance: ComplianceView, words: Words
) -> None:
    paper.heading(words("report.overrides"), 2)
    names = {element.id: element.name for element in compliance.elements}
    head = [words(f"report.{key}") for key in ("when", "who", "what", "change", "why")]
    ordered = sorted(overrides, key=lambda override: override.created_at)
    rows = (_override_row(override, names, words) for override in ordered)
    paper.table(head, rows, (30, 24, 36, 32, 44))


def _override_row(override: Override, names: dict[str, str], words: Words) -> tuple[CellText, ...]:
    group = "check.status" if override.element_id else "verdict"
    about = names.get(override.element_id, override.element_id) or words("report.whole")
    change = f"{words.named(group, override.was)} → {words.named(group, override.now)}"
    texts = (moment(override.created_at), override.who, about, change, override.reason)
    return tuple(plain(clean(text)) for text in texts)


def _tone(status: str) -> str:
    return MARK if status in _ALARMING else SPEAKER
