#!/usr/bin/env python3
"""What the list and the search of web-ui cost at the server.

    bench_web_ui.py [--transcripts 10000] [--turns 20] [--seed 1] [--directory DIR]

A fresh SQLite database is filled with made-up calls (bench_transcripts.py) by the functions that
the service itself writes with. Every question is asked through the service's own database, threads
included; beside it, in the same run, stands what LIKE over the segments takes to find the same,
although it minds the spacing and shows no hits. Progress goes to standard error. Filling takes
minutes; a directory that is named keeps the database for the next run.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import Connection, exists, select, text

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from bench_transcripts import (  # noqa: E402 - the path comes first
    COMMON_WORD,
    NEVER_SAID,
    NOTICE,
    RARE_WORD,
    Call,
    calls,
)

from web_ui.app import create_app  # noqa: E402
from web_ui.client import Recording  # noqa: E402
from web_ui.engine_answers import AnalysisAnswer, EngineState, StreamAnswer  # noqa: E402
from web_ui.errors import EngineAway  # noqa: E402
from web_ui.records import Options  # noqa: E402
from web_ui.search.index import drop_transcript  # noqa: E402
from web_ui.search.query import SearchResult, search  # noqa: E402
from web_ui.settings import Settings  # noqa: E402
from web_ui.store import review, transcripts, work  # noqa: E402
from web_ui.store.database import Database, sqlite_url  # noqa: E402
from web_ui.store.tables import SEGMENTS, TRANSCRIPTS  # noqa: E402
from web_ui.views import Filters  # noqa: E402

PER_PAGE = 20
REFERENCE_TURNS = 3
INDEXED = 200
AT_ONCE = 50
SPRING = (date(2026, 3, 1), date(2026, 5, 31))
LONG_CALL = 5_000
PAGES = (
    ("the home page", "/"),
    ("the home page, its middle page", "/?page=250"),
    ("the home page, a search", f"/?q={COMMON_WORD}"),
)


@dataclass(frozen=True, slots=True)
class Question:
    """A page somebody asks for."""

    name: str
    filters: Filters
    page: int = 1


QUESTIONS = (
    Question("a rare word", Filters(RARE_WORD)),
    Question("two syllables, in every call", Filters(COMMON_WORD)),
    Question("the same, page 50", Filters(COMMON_WORD), 50),
    Question("the same, with filters", Filters(COMMON_WORD, "done", "ko", "review", *SPRING)),
    Question("three syllables", Filters("보험료")),
    Question("a compound, other spacing", Filters("해지 환급금")),
    Question("a long phrase, in every call", Filters(NOTICE)),
    Question("a long phrase, in none", Filters(NEVER_SAID.replace(" ", ""))),
    Question("two words, apart", Filters("강아지 학교")),
    Question("three words, apart in every call", Filters("녹음되고 상담을 정확한")),
    Question("six words, apart in every call", Filters(NEVER_SAID)),
    Question("one syllable", Filters("네")),
    Question("the list", Filters()),
    Question("the list, its middle page", Filters(), -1),
    Question("the list, with filters", Filters("", "done", "ko", "review", *SPRING)),
)


@dataclass(slots=True)
class Measured:
    """Seconds, turn by turn. `found`: how many there were on all pages."""

    name: str
    found: int
    seconds: list[float] = field(default_factory=list)
    reference: list[float] = field(default_factory=list)


async def fill(database: Database, made: Iterable[Call]) -> None:
    began = time.perf_counter()
    for number, some in enumerate(in_groups(made, AT_ONCE), start=1):
        await database.write(keep, some)
        if number % 20 == 0:
            note(f"{number * AT_ONCE} calls, {time.perf_counter() - began:.0f} s")


def keep(connection: Connection, some: Sequence[Call]) -> None:
    """The way of a recording: into the queue, taken, transcribed at one stroke, ended."""
    for call in some:
        now = call.created_at
        transcripts.add(
            connection,
            id=transcripts.new_id(),
            title=call.title,
            file_name=call.title,
            file_bytes=1_000_000,
            state="queued",
            options=Options(call.language),
            who="",
            now=now,
        )
        taken = work.claim_next(connection, now)
        assert taken is not None  # noqa: S101 - it was just put there
        claim = work.Claim(taken.key, taken.attempt)
        seconds = call.segments[-1].end
        settled = work.Checkpoint(
            seconds, seconds, call.language, 0.98, seconds, seconds, call.segments, ()
        )
        work.store(connection, claim, now, settled)
        work.finish(connection, claim, now, state=call.state, verdict=call.verdict)


def in_groups(made: Iterable[Call], size: int) -> Iterable[list[Call]]:
    group: list[Call] = []
    for call in made:
        group.append(call)
        if len(group) == size:
            yield group
            group = []
    if group:
        yield group


async def ask(database: Database, question: Question, turns: int, pages: int) -> Measured:
    page = question.page if question.page > 0 else pages // 2

    async def once() -> SearchResult:
        return await database.read(search, question.filters, page, PER_PAGE)

    result = await once()
    measured = Measured(question.name, result.total)
    measured.seconds = await timed(once, turns)
    if question.filters.q:
        measured.reference = await timed(
            lambda: database.read(plain_search, question.filters.q), REFERENCE_TURNS
        )
    note(f"{measured.name}: {statistics.median(measured.seconds) * 1000:.1f} ms")
    return measured


async def timed(once: Callable[[], Awaitable[object]], turns: int) -> list[float]:
    """Seconds of each turn."""
    seconds = []
    for _ in range(turns):
        began = time.perf_counter()
        await once()
        seconds.append(time.perf_counter() - began)
    return seconds


def plain_search(connection: Connection, q: str) -> list[int]:
    """What one would write without an index: the keys, newest first."""
    table = TRANSCRIPTS.c
    holds = SEGMENTS.c.text.contains(q, autoescape=True)
    said = exists().where(SEGMENTS.c.transcript_key == table.key, holds)
    return list(connection.scalars(select(table.key).where(said).order_by(table.created_at.desc())))


async def ask_all(database: Database, turns: int) -> list[Measured]:
    total = (await database.read(search, Filters(), 1, 1)).total
    return [await ask(database, question, turns, total // PER_PAGE) for question in QUESTIONS]


async def index_costs(database: Database) -> dict[str, list[float]]:
    """Seconds that indexing takes, each time in a transaction of its own, safe on the disk."""
    costs: dict[str, list[float]] = {}
    await index_cost(database, INDEXED, "", costs)
    await fill(database, calls(1, 2, LONG_CALL, LONG_CALL))
    await index_cost(database, 1, f" of {LONG_CALL:,} segments", costs)
    return costs


async def index_cost(
    database: Database, count: int, kind: str, costs: dict[str, list[float]]
) -> None:
    """Of the newest calls, which are what `kind` says."""
    for key, id in await database.read(newest, count):
        for name, work_of_it in (
            ("taken out of the index", partial(database.write, drop_transcript, key)),
            ("indexed anew", partial(database.write, transcripts.reindex, key)),
            ("a segment edited", partial(database.write, edit, id)),
        ):
            costs.setdefault(f"a call{kind}: {name}", []).extend(await timed(work_of_it, 1))


def newest(connection: Connection, count: int) -> list[tuple[int, str]]:
    table = TRANSCRIPTS.c
    chosen = select(table.key, table.id).order_by(table.key.desc()).limit(count)
    return [(key, id) for key, id in connection.execute(chosen)]


def edit(connection: Connection, id: str) -> None:
    now = transcripts.get(connection, id).updated_at
    review.edit(connection, id, 7, "제가 어제 말씀드린 서류를 받으셨나요?", None, "", now)


def sizes(connection: Connection) -> dict[str, int]:
    """Bytes of the whole, and of what search needs of it."""
    rows = connection.execute(text("SELECT name, sum(pgsize) FROM dbstat GROUP BY name"))
    each = {name: int(size) for name, size in rows}
    return {
        "database": sum(each.values()),
        "search_texts": each["search_texts"],
        "search_grams": each["search_grams"],
    }


class NoEngine:
    """stt-api, away: the pages are there without it."""

    async def health(self) -> EngineState:
        raise EngineAway("not part of this measurement")

    async def products(self) -> tuple[str, ...]:
        return ()

    async def stream(
        self, recording: Recording, options: Mapping[str, str], request_id: str
    ) -> AsyncGenerator[StreamAnswer, None]:
        answers: tuple[StreamAnswer, ...] = ()
        for answer in answers:
            yield answer
        raise EngineAway("not part of this measurement")

    async def analyse(self, route: str, call: Mapping[str, Any], request_id: str) -> AnalysisAnswer:
        raise EngineAway("not part of this measurement")

    async def close(self) -> None:
        pass


async def ask_pages(directory: Path, turns: int) -> list[Measured]:
    """Whole pages, through every middleware, with as many transcripts as there are."""
    app = create_app(Settings(web_ui_data=directory), NoEngine())
    transport = httpx.ASGITransport(app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://web") as client,
    ):
        total = (await client.get("/api/transcripts")).json()["total"]
        return [await ask_page(client, *page, total, turns) for page in PAGES]


async def ask_page(
    client: httpx.AsyncClient, name: str, address: str, total: int, turns: int
) -> Measured:
    (await client.get(address)).raise_for_status()
    measured = Measured(name, total)
    measured.seconds = await timed(lambda: client.get(address), turns)
    note(f"{name}: {statistics.median(measured.seconds) * 1000:.1f} ms")
    return measured


def question_table(rows: Sequence[Measured]) -> str:
    lines = [
        "| question | found | median ms | max ms | LIKE ms | times as fast |",
        "|---|" + "--:|" * 5,
    ]
    for row in rows:
        median = statistics.median(row.seconds)
        told = f"| {row.name} | {row.found:,} | {ms(median)} | {ms(max(row.seconds))} |"
        if row.reference:
            plain = statistics.median(row.reference)
            lines.append(f"{told} {ms(plain)} | {plain / median:.1f} |")
        else:
            lines.append(f"{told} | |")
    return "\n".join(lines)


def cost_table(costs: dict[str, list[float]]) -> str:
    lines = ["| to write | median ms | max ms |", "|---|--:|--:|"]
    for name, seconds in costs.items():
        lines.append(f"| {name} | {ms(statistics.median(seconds))} | {ms(max(seconds))} |")
    return "\n".join(lines)


def ms(seconds: float) -> str:
    return f"{seconds * 1000:.1f}"


def note(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


async def bench(directory: Path, given: argparse.Namespace) -> None:
    database = Database(sqlite_url(directory))
    await database.open()
    try:
        if not (await database.read(search, Filters(), 1, 1)).total:
            await fill(database, calls(given.transcripts, given.seed))
        print(question_table(await ask_all(database, given.turns)), end="\n\n")
        print(question_table(await ask_pages(directory, given.turns)), end="\n\n")
        print(cost_table(await index_costs(database)), end="\n\n")
        for name, size in (await database.read(sizes)).items():
            print(f"{name}: {size / given.transcripts / 1024:.1f} KiB for each transcript")
    finally:
        await database.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--transcripts", type=int, default=10_000)
    parser.add_argument("--turns", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--directory", type=Path)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as fresh:
        asyncio.run(bench(given.directory or Path(fresh), given))


if __name__ == "__main__":
    main()
