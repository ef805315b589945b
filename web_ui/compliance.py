"""The compliance check as a reviewer reads it: the machine's findings, and people's over them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from web_ui.errors import InvalidField
from web_ui.records import Analysis, FullTranscript, Override
from web_ui.views import ComplianceView, ElementLine, FastPassage, Quote

KIND = "incomplete_sales"
VERDICTS = ("complete", "incomplete", "review")
# What needs a person's eyes comes first.
STATUSES = ("violated", "missing", "unclear", "met", "not_applicable")


def compliance_of(full: FullTranscript) -> ComplianceView | None:
    """None where no check was asked for, or none was made yet."""
    analysis = full.analyses.get(KIND)
    if analysis is None:
        return None
    found = analysis.result or {}
    whole = tuple(override for override in full.overrides if not override.element_id)
    verdict = str(found.get("verdict") or "review")
    return ComplianceView(
        verdict=whole[0].now if whole else verdict,
        machine_verdict=verdict,
        score=float(found.get("score") or 0.0),
        product=found.get("product"),
        product_inferred=bool(found.get("product_inferred")),
        pack=str(found.get("pack") or ""),
        elements=_elements(found, full.overrides),
        overrides=whole,
        warnings=tuple(found.get("warnings") or ()),
        is_dummy=analysis.result is None or bool(found.get("is_dummy")),
        is_stale=analysis.is_stale,
        error_reason=analysis.error_reason or found.get("error_reason"),
        roles=found.get("roles"),
        fast=_fast(found),
    )


def status_in_force(full: FullTranscript, element_id: str, status: str) -> str:
    """What an override stands over, checked: a verdict for the whole, a status for an element.
    Raises `InvalidField`."""
    view = compliance_of(full)
    if view is None:
        raise InvalidField("element_id: this transcript was not checked")
    if not element_id:
        if status not in VERDICTS:
            raise InvalidField(f"status: one of {', '.join(VERDICTS)}")
        return view.verdict
    if status not in STATUSES:
        raise InvalidField(f"status: one of {', '.join(STATUSES)}")
    for element in view.elements:
        if element.id == element_id:
            return element.status
    raise InvalidField("element_id: the check has no such element")


def compliance_json(full: FullTranscript) -> dict[str, Any] | None:
    """The machine's result as stt-api gave it, with what is in force beside it."""
    view, analysis = compliance_of(full), full.analyses.get(KIND)
    if view is None or analysis is None or analysis.result is None:
        return None
    in_force = {element.id: element.status for element in view.elements}
    return {
        **analysis.result,
        "is_stale": analysis.is_stale,
        "verdict_in_force": view.verdict,
        "elements": [
            {**element, "status_in_force": in_force.get(element.get("id"), element.get("status"))}
            for element in analysis.result.get("elements") or ()
        ],
        "overrides": [override_json(override) for override in full.overrides],
    }


def override_json(override: Override) -> dict[str, Any]:
    return {
        "element_id": override.element_id,
        "was": override.was,
        "status": override.now,
        "reason": override.reason,
        "who": override.who,
        "created_at": override.created_at.isoformat().replace("+00:00", "Z"),
    }


def _elements(found: Mapping[str, Any], overrides: Sequence[Override]) -> tuple[ElementLine, ...]:
    lines = [_element(element, overrides) for element in found.get("elements") or ()]
    return tuple(sorted(lines, key=_urgency))


def _fast(found: Mapping[str, Any]) -> tuple[FastPassage, ...]:
    names = {element.get("id"): element.get("name") for element in found.get("elements") or ()}
    passages = (found.get("reading_speed") or {}).get("fast_passages") or ()
    return tuple(
        FastPassage(
            element=str(names.get(passage["element_id"]) or passage["element_id"]),
            segment=int(passage["segment_id"]),
            start=float(passage["start"]),
            end=float(passage["end"]),
            syllables_per_second=float(passage["syllables_per_second"]),
            times_median=float(passage["times_median"]),
        )
        for passage in passages
    )


def _urgency(line: ElementLine) -> int:
    return STATUSES.index(line.status) if line.status in STATUSES else len(STATUSES)


def _element(element: Mapping[str, Any], overrides: Sequence[Override]) -> ElementLine:
    own = tuple(each for each in overrides if each.element_id == element["id"])
    status = str(element["status"])
    objection = element.get("objection")
    return ElementLine(
        id=str(element["id"]),
        name=str(element["name"]),
        principle=str(element["principle"]),
        status=own[0].now if own else status,
        machine_status=status,
        method=str(element.get("method") or ""),
        quotes=quotes_of(element.get("evidence")),
        overrides=own,
        objection=objection.get("reason") if objection else None,
        error_reason=element.get("error_reason"),
    )


def quotes_of(evidence: Sequence[Mapping[str, Any]] | None) -> tuple[Quote, ...]:
    return tuple(
        Quote(
            text=str(quote["quote"]),
            segment=quote.get("segment_id"),
            start=float(quote.get("start") or 0.0),
            end=float(quote.get("end") or 0.0),
            speaker=quote.get("speaker"),
        )
        for quote in evidence or ()
    )


def label_evidence(analysis: Analysis | None) -> tuple[Quote, ...]:
    return quotes_of((analysis.result or {}).get("evidence")) if analysis else ()
