"""The workers: each takes the oldest transcript that may run, and runs it to its end or setback."""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime

from serving.errors import ServiceError
from serving.logs import log_unexpected
from serving.settings import MIB
from web_ui.jobs.analysis import analyse
from web_ui.jobs.job import Job, Tools, transcribe
from web_ui.jobs.setbacks import Setback, growing, setback_of
from web_ui.jobs.translation import translate
from web_ui.records import Transcript
from web_ui.store import work
from web_ui.store.work import LEASE, GivenUp

log = logging.getLogger("web.jobs")

# Somebody else's lease may end, or a moment come, without anybody telling.
LOOK_SECONDS = 5.0
RENEW_SECONDS = LEASE.total_seconds() / 4
# One worker takes nothing larger: a short call never waits for as many long ones as there are
# workers. Five minutes as a telephone system keeps them (16-bit PCM at 16 kHz), hours as MP3.
SHORT_BYTES = 10 * MIB


class Workers:
    """`start` them once the database is open; `wake` when there may be work; `close` at the end.

    A cancelled transcript's worker is stopped at once by `stop`.
    """

    def __init__(self, tools: Tools, count: int) -> None:
        self._tools = tools
        self._count = count
        self._news = asyncio.Condition()
        self._generation = 0
        self._running: dict[str, asyncio.Task[None]] = {}
        self._workers: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        limits = [SHORT_BYTES if self._count > 1 else None] + [None] * (self._count - 1)
        self._workers = [asyncio.create_task(self._work(limit)) for limit in limits]

    async def close(self) -> None:
        """Every worker puts back what it holds, to be taken up after the restart."""
        for worker in self._workers:
            worker.cancel()
        if self._workers:
            await asyncio.wait(self._workers)

    async def wake(self) -> None:
        async with self._news:
            self._generation += 1
            self._news.notify_all()

    async def stop(self, id: str) -> None:
        """End the attempt at a transcript, if one is under way here; returns once it has ended."""
        task = self._running.get(id)
        if task is not None:
            task.cancel()
            await asyncio.wait({task})

    async def _work(self, most_bytes: int | None) -> None:
        failures = 0
        while True:
            seen = self._generation
            try:
                transcript = await self._tools.database.write(work.claim_next, _now(), most_bytes)
                failures = 0
            except ServiceError as error:
                failures += 1
                log.warning("no work can be taken from the queue: %s", error)
                await asyncio.sleep(growing(failures))
                continue
            if transcript is None:
                await self._rest(seen)
            else:
                await self._run(transcript)

    async def _rest(self, seen: int) -> None:
        """Until there may be work: somebody says so, a wait is over, or a while has passed."""
        try:
            due = await self._tools.database.read(work.next_due)
        except ServiceError:
            due = None
        seconds = LOOK_SECONDS
        if due is not None:
            seconds = min(seconds, max(0.05, (due - _now()).total_seconds()))
        try:
            async with asyncio.timeout(seconds), self._news:
                await self._news.wait_for(lambda: self._generation != seen)
        except TimeoutError:
            return

    async def _run(self, transcript: Transcript) -> None:
        job = Job(transcript, self._tools)
        self._tools.changed(transcript.id)
        attempt = asyncio.create_task(self._attempt(job))
        self._running[transcript.id] = attempt
        try:
            await asyncio.wait({attempt})
        except asyncio.CancelledError:  # the service ends, and this attempt with it
            attempt.cancel()
            await asyncio.wait({attempt})
            await self._put_back(job)
            raise
        finally:
            del self._running[transcript.id]

    async def _attempt(self, job: Job) -> None:
        """Whatever happens, the transcript is left in a state that says so."""
        renewing = asyncio.create_task(_renew(job, asyncio.current_task()))
        try:
            await _complete(job)
        except GivenUp:
            log.info("transcript %s: given up", job.transcript.id)
        except ServiceError as error:
            await self._set_back(job, setback_of(error, job.transcript.failures))
        except Exception as error:
            log_unexpected(log, error, job.request_id)
            unforeseen = Setback(
                "internal_error", f"an unexpected error: {type(error).__name__}", None, 1
            )
            await self._set_back(job, unforeseen)
        finally:
            renewing.cancel()
            await asyncio.wait({renewing})

    async def _set_back(self, job: Job, setback: Setback) -> None:
        log.warning("transcript %s: %s", job.transcript.id, setback.code)
        failures = 0
        while True:
            try:
                if setback.wait is None:
                    await job.write(
                        work.finish,
                        state="failed",
                        error_code=setback.code,
                        error_reason=setback.reason,
                    )
                else:
                    await job.write(
                        work.wait, setback.code, setback.reason, setback.wait, setback.failures
                    )
                return
            except GivenUp:
                return
            except ServiceError as error:  # the database: what is stored waits with it
                failures += 1
                log.warning("transcript %s: cannot be put back: %s", job.transcript.id, error)
                await asyncio.sleep(growing(failures))

    async def _put_back(self, job: Job) -> None:
        try:
            await job.write(work.wait)
        except GivenUp:
            return
        except ServiceError as error:
            # Its lease ends by itself, or the next start takes it up.
            log.warning("transcript %s: cannot be put back: %s", job.transcript.id, error)


async def _complete(job: Job) -> None:
    """All phases from where it stands. What fails is raised; what was stored stays."""
    phase = job.transcript.phase
    if phase == "transcribe" and not await transcribe(job):
        return
    if phase in ("transcribe", "translate"):
        await translate(job)
        await job.write(work.enter, "analyse")
    await analyse(job)
    await job.write(work.finish, state="done")


async def _renew(job: Job, attempt: asyncio.Task[None] | None) -> None:
    """Keep the hold while stt-api lets wait; one that is lost ends the attempt."""
    while True:
        await asyncio.sleep(RENEW_SECONDS)
        try:
            await job.tools.database.write(work.renew, job.claim, _now())
        except GivenUp:
            if attempt is not None:
                attempt.cancel()
            return
        except ServiceError as error:
            log.warning("transcript %s: not renewed: %s", job.transcript.id, error)


def _now() -> datetime:
    return datetime.now(UTC)
