"""Transcripts that are there before web-ui starts, written by the functions it writes with."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection

from tests.browser.visits import SAMPLES
from tests.web.fakes import CALL, LABEL, SALES, SUMMARY
from web_ui.recordings.places import Places
from web_ui.records import Options, Passage, Segment, Word
from web_ui.store import transcripts, work
from web_ui.store.database import Database, sqlite_url

Made = TypeVar("Made")

MINUTE = SAMPLES / "test_ko_1min.wav"
BEGUN = datetime(2026, 6, 1, 9, tzinfo=UTC)
SALES_TITLE = "변액보험 가입 상담"


def seeded(data: Path, make: Callable[[Connection], Made]) -> Made:
    """What `make` returns, after its transaction. On a thread: this one may have a loop."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, _written(data, make)).result()


async def _written(data: Path, make: Callable[[Connection], Made]) -> Made:
    Places(data).make()
    database = Database(sqlite_url(data))
    await database.open()
    try:
        return await database.write(make)
    finally:
        await database.close()


def recording(data: Path, id: str, path: Path = MINUTE) -> None:
    shutil.copy(path, Places(data).kept(id))


def call(
    connection: Connection,
    title: str,
    segments: Sequence[Segment],
    *,
    number: int = 0,
    seconds: float = 60.0,
    passages: Sequence[Passage] = (),
    analyses: dict[str, dict[str, Any]] | None = None,
    options: Options | None = None,
    **facts: Any,
) -> str:
    """The id of a finished transcript; the higher its number, the newer."""
    id = transcripts.new_id()
    now = BEGUN + timedelta(minutes=number)
    chosen = options or Options("ko")
    transcripts.add(
        connection, id=id, title=title, file_name=f"{title}.wav", file_bytes=1_000_000,
        state="queued", options=chosen, who="", now=now,
    )  # fmt: skip
    taken = work.claim_next(connection, now)
    assert taken is not None
    claim = work.Claim(taken.key, taken.attempt)
    settled = work.Checkpoint(
        seconds, seconds, "ko", 0.98, 0.8 * seconds, 0.75 * seconds,
        tuple(segments), tuple(passages),
    )  # fmt: skip
    work.store(connection, claim, now, settled)
    for kind, result in (analyses or {}).items():
        work.keep_analysis(connection, claim, now, kind, result, None, 0)  # type: ignore[arg-type]
    known = {"duration": seconds, "backend": "faster-whisper", "model": "base"}
    work.finish(connection, claim, now, **{"state": "done", **known, **facts})
    return id


def sales_call(connection: Connection) -> str:
    """A call whose sale was checked, with a gap, a withheld passage and a doubtful word."""
    segments = [
        Segment(
            number=number,
            start=said.start,
            end=said.end,
            text=said.text,
            channel=number % 2,
            words=tuple(
                Word(word.start, word.end, word.word, 0.3 if place == 1 else 0.9)
                for place, word in enumerate(said.words or ())
            ),
        )
        for number, said in enumerate(CALL)
    ]
    return call(
        connection,
        SALES_TITLE,
        segments,
        number=1000,
        passages=(
            Passage("gap", 32.0, 36.5),
            Passage("withheld", 40.0, 43.0, "네 네 네", "repetition"),
        ),
        analyses={"incomplete_sales": SALES, "classification": LABEL, "summary": SUMMARY},
        options=Options("ko", channels="split", classify=True, validate_sales=True, summarize=True),
        verdict=SALES["verdict"],
        label=LABEL["label"],
    )


def many(connection: Connection, count: int = 24) -> list[str]:
    """Short finished calls: more than fit on a page of the list."""
    return [
        call(
            connection,
            f"상담 녹음 {number}",
            [Segment(0, 1.0, 5.0, "안녕하세요 고객님.")],
            number=number,
        )
        for number in range(count)
    ]


def long_call(connection: Connection, count: int = 5000) -> str:
    """Three hours of speech. The last segment says something that no other does."""
    each = 3 * 3600 / count
    segments = [
        Segment(
            number, number * each, number * each + 0.9 * each,
            f"{number}번째로 말씀드리는 보험 상품의 중요한 내용을 설명해 드리겠습니다.",
        )
        for number in range(count - 1)
    ]  # fmt: skip
    last = Segment(count - 1, (count - 1) * each, count * each, "마지막 인사를 드립니다.")
    return call(connection, "세 시간 상담", [*segments, last], seconds=3 * 3600.0)
