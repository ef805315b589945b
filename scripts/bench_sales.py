#!/usr/bin/env python3
"""How well the sales check finds what a reviewer would: precision and recall of each element.

    bench_sales.py [--set test] [--llm URL] [--limit N] [--errors]

Counted are claims with evidence (`met`, `violated`), as the labels say, and faults (`missing`,
`violated`). `unclear` is no claim: it costs recall, not precision. Intervals are bootstrapped over
calls, since what one call is about hangs together. With --llm, each call is checked again with
that server (an OpenAI-compatible one), and what it changed is counted. --errors prints every
difference; it is not for the test half.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import math
import random
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from api_server.services.agent_backend import AgentBackend  # noqa: E402 - the path comes first
from api_server.services.agent_types import AgentFailure, Target  # noqa: E402
from api_server.services.asking import Asking  # noqa: E402
from api_server.services.conversation import Conversation, Line  # noqa: E402
from api_server.services.incomplete_sales_validator import build_validator  # noqa: E402
from api_server.services.results import SalesReport  # noqa: E402

CALLS = ROOT / "tests" / "data" / "sales_calls"
REPLICATES = 2000
CLAIMS = frozenset({"met", "violated"})
FAULTS = frozenset({"missing", "violated"})
CHECKER = build_validator()
Judged = tuple[str, str, str]  # element, wanted status, status found


@dataclass(frozen=True, slots=True)
class Labelled:
    """A call and what a reviewer finds in it."""

    id: str
    product: str
    conversation: Conversation
    expected: dict[str, str]


def load(name: str) -> list[Labelled]:
    """The labelled calls of one file."""
    calls = []
    for row in (CALLS / f"{name}.jsonl").read_text(encoding="utf-8").splitlines():
        call = json.loads(row)
        lines = (
            Line(s["id"], s["text"], s["start"], s["end"], s["speaker"]) for s in call["segments"]
        )
        conversation = Conversation(tuple(lines))
        calls.append(Labelled(call["id"], call["product"], conversation, call["expected"]))
    return calls


def judged(call: Labelled, report: SalesReport) -> list[Judged]:
    """Every element with the status it should have and the one it has."""
    rules = {rule.id: rule for pack in CHECKER.products for rule in pack.rules}
    found: list[Judged] = []
    for element in report.elements:
        rule = rules[element.id]
        ordinary = "missing" if rule.kind != "forbidden" and rule.when is None else "not_applicable"
        found.append((element.id, call.expected.get(element.id, ordinary), element.status))
    return found


def quotes_outside(call: Labelled, report: SalesReport) -> int:
    """How many quotes are not in the segment they name."""
    texts = {line.id: line.text for line in call.conversation.lines}
    quotes = (quote for element in report.elements for quote in element.evidence)
    return sum(quote.quote not in texts[quote.segment_id] for quote in quotes)


def figures(rows: Sequence[Judged], counted: frozenset[str]) -> tuple[float, float, int, int]:
    """Precision, recall, how many were claimed, how many should have been."""
    claimed = [wanted == found for _, wanted, found in rows if found in counted]
    due = [wanted == found for _, wanted, found in rows if wanted in counted]
    return _share(claimed), _share(due), len(claimed), len(due)


def _share(right: Sequence[bool]) -> float:
    return sum(right) / len(right) if right else float("nan")


def interval(calls: Sequence[list[Judged]], counted: frozenset[str]) -> list[tuple[float, float]]:
    """95 % intervals of precision and recall, drawn over calls."""
    draw = random.Random(0)  # noqa: S311 - not a secret
    drawn = [
        figures([row for call in draw.choices(calls, k=len(calls)) for row in call], counted)[:2]
        for _ in range(REPLICATES)
    ]
    intervals = []
    for column in zip(*drawn, strict=True):
        values = sorted(value for value in column if not math.isnan(value)) or [math.nan]
        low, high = int(len(values) * 0.025), int(len(values) * 0.975)
        intervals.append((values[low], values[high]))
    return intervals


def table(calls: Sequence[list[Judged]]) -> Iterator[str]:
    rows = [row for call in calls for row in call]
    yield f"{'element':26}{'precision':>10}{'recall':>8}{'claimed':>9}{'due':>6}{'unclear':>9}"
    for name in sorted({name for name, _, _ in rows}):
        own = [row for row in rows if row[0] == name]
        precision, recall, claimed, due = figures(own, CLAIMS)
        unclear = sum(found == "unclear" for _, _, found in own)
        yield f"{name:26}{precision:10.2f}{recall:8.2f}{claimed:9}{due:6}{unclear:9}"
    for title, counted in (("met and violated", CLAIMS), ("missing and violated", FAULTS)):
        precision, recall, claimed, due = figures(rows, counted)
        (p_low, p_high), (r_low, r_high) = interval(calls, counted)
        yield (
            f"{title}: precision {precision:.3f} ({p_low:.3f} to {p_high:.3f}), "
            f"recall {recall:.3f} ({r_low:.3f} to {r_high:.3f}); {claimed} claimed, {due} due"
        )


async def with_llm(
    calls: Sequence[Labelled], reports: Sequence[SalesReport], url: str
) -> list[SalesReport]:
    """Each report again, with what the LLM adds."""
    reviewed = []
    async with AgentBackend(url, timeout=600) as agent:
        for call, report in zip(calls, reports, strict=True):
            asking = Asking.within(agent, Target(), 600)
            try:
                reviewed.append(await CHECKER.review(report, call.conversation, asking))
            except AgentFailure as failure:
                print(f"{call.id}: the LLM did not answer: {failure}")
                reviewed.append(report)
    return reviewed


def changes(before: Sequence[SalesReport], after: Sequence[SalesReport]) -> Counter[str]:
    counted: Counter[str] = Counter()
    for old, new in zip(before, after, strict=True):
        counted["verdicts changed"] += old.verdict != new.verdict
        for was, now in zip(old.elements, new.elements, strict=True):
            counted["unclear filled"] += was.status == "unclear" and now.method == "llm"
            counted["objections"] += now.objection is not None
            counted["decided elements changed"] += was.status not in {"unclear", now.status}
            counted["quotes refused"] += now.error_reason not in {None, was.error_reason}
    return counted


def hour() -> tuple[float, float]:
    """Seconds for an hour of talk, and of reading its text once (the reference)."""
    segments = [line for call in load("dev") for line in call.conversation.lines]
    lines = tuple(
        Line(n, segments[n % len(segments)].text, n * 2.4, n * 2.4 + 2.2,
             segments[n % len(segments)].speaker)
        for n in range(1500)
    )  # fmt: skip
    conversation = Conversation(lines)
    began = time.perf_counter()
    json.loads(json.dumps([line.text for line in lines] * 10))
    reference = time.perf_counter() - began
    began = time.perf_counter()
    CHECKER.validate(conversation, "변액")
    return time.perf_counter() - began, reference


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--set", default="test", help="a file of tests/data/sales_calls")
    parser.add_argument("--llm", metavar="URL", help="base URL of an OpenAI-compatible server")
    parser.add_argument("--limit", type=int, help="only so many calls")
    parser.add_argument("--errors", action="store_true", help="print every difference")
    given = parser.parse_args()
    calls = load(given.set)[: given.limit]
    reports = [CHECKER.validate(call.conversation, call.product) for call in calls]
    print(f"{len(calls)} calls of {given.set}, rules alone")
    _print(calls, reports, errors=given.errors)
    inferred = [CHECKER.validate(call.conversation).product for call in calls]
    right = sum(found == report.product for found, report in zip(inferred, reports, strict=True))
    wrong = sum(found not in {None, report.product}
                for found, report in zip(inferred, reports, strict=True))  # fmt: skip
    print(f"product inferred: {right} of {len(calls)}, {wrong} wrong, the rest left open")
    seconds, reference = hour()
    print(f"an hour of talk: {seconds:.2f} s ({seconds / reference:.0f} times its JSON, ten times)")
    if given.llm:
        after = asyncio.run(with_llm(calls, reports, given.llm))
        print(f"\nwith {given.llm}: {dict(changes(reports, after))}")
        _print(calls, after, errors=given.errors)


def _print(calls: Sequence[Labelled], reports: Sequence[SalesReport], *, errors: bool) -> None:
    rows = [judged(call, report) for call, report in zip(calls, reports, strict=True)]
    print("\n".join(table(rows)))
    outside = sum(quotes_outside(c, r) for c, r in zip(calls, reports, strict=True))
    print(f"quotes that are not in the transcript: {outside}")
    if errors:
        for call, judgements in zip(calls, rows, strict=True):
            for name, wanted, found in judgements:
                if wanted != found:
                    print(f"{call.id} {name}: {wanted}, found {found}")


if __name__ == "__main__":
    main()
