"""Keeps the process that holds the model alive, and what it was doing from being lost.

A worker that dies or hangs costs the job it was on, once: it is started again and the job
is tried again. A job that kills its worker twice fails alone. A worker that cannot be
brought back fails what waits, and its runner says so; the engine decides what follows.
"""

from __future__ import annotations

import itertools
import logging
import threading
import time
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stt_backends import ChunkJob, ModelInfo, ModelSpec
from stt_errors import InferenceError, ModelLoadError, STTError, WorkerHung, WorkerLost
from stt_runner import Answer, Detection
from stt_scheduler import FairQueue
from stt_worker_process import WORKER, WorkerProcess

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from stt_vad import Samples

log = logging.getLogger("stt")

RESTART_PAUSES = (0.0, 1.0, 5.0)
"""Seconds before each try to bring a worker back."""


@dataclass(slots=True)
class _Job:
    verb: str
    payload: object
    future: Future[Any] = field(default_factory=Future)
    submitted: float = field(default_factory=time.perf_counter)
    tries: int = 0


class ProcessRunner:
    """Jobs of all requests, in turn, on one worker process a device index.

    on_lost: called once, from a worker's thread, when no worker is left.
    job_seconds: longest job; by default what the proof suggests.
    restart_pauses: seconds before each try to bring a worker back.
    """

    info: ModelInfo

    def __init__(
        self,
        specs: list[ModelSpec],
        on_lost: Callable[[STTError], None],
        *,
        job_seconds: float | None = None,
        restart_pauses: Sequence[float] = RESTART_PAUSES,
        script: Path = WORKER,
    ) -> None:
        self._numbers = itertools.count()
        self._queue: FairQueue[_Job] = FairQueue()
        self._changed = threading.Condition()
        self._stopping = False
        self._failed: STTError | None = None
        self._on_lost = on_lost
        self._job_seconds = job_seconds
        self._restart_pauses = restart_pauses
        self._script = script
        self._specs = specs
        self._workers: dict[int, WorkerProcess] = {}
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        """Returns when every worker has proved its model. Raises ModelLoadError.

        `shutdown`, from another thread, ends the wait.
        """
        try:
            for number in range(len(self._specs)):
                self._hire(number)
        except BaseException:
            self._kill_all()
            raise
        self.info = self._workers[0].info
        self._threads = [
            threading.Thread(target=self._serve, args=(n,), daemon=True, name=f"stt-worker-{n}")
            for n in self._workers
        ]
        for thread in self._threads:
            thread.start()

    @property
    def pids(self) -> list[int]:
        return [worker.pid for worker in self._workers.values()]

    def open(self) -> int:
        return next(self._numbers)

    def submit(self, request: int, job: ChunkJob) -> Future[Answer]:
        return self._add(request, _Job("transcribe", [job]))

    def detect(self, request: int, audio: Samples) -> Future[Detection]:
        return self._add(request, _Job("detect", audio))

    def close(self, request: int) -> None:
        """Drops what the request still had waiting; a job on a worker runs to its end."""
        with self._changed:
            dropped = self._queue.drop(request)
        for job in dropped:
            job.future.cancel()

    def shutdown(self) -> None:
        """Ends the workers at once; what waits fails."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
        self._kill_all()
        for thread in self._threads:
            thread.join()
        self._fail_waiting(WorkerLost("the engine was stopped"))

    def _add(self, request: int, job: _Job) -> Future[Any]:
        with self._changed:
            if self._failed is not None or self._stopping:
                job.future.set_exception(self._failed or WorkerLost("the engine was stopped"))
                return job.future
            self._queue.add(request, job)
            self._changed.notify_all()  # one that pauses before a restart waits here too
        return job.future

    def _hire(self, number: int) -> None:
        """Starts a worker in its place and loads its model, within reach of `shutdown`."""
        worker = WorkerProcess(self._script)
        with self._changed:
            self._workers[number] = worker
            stopping = self._stopping
        if stopping:
            worker.kill()
        worker.load(self._specs[number], self._job_seconds)

    def _serve(self, number: int) -> None:
        while (taken := self._take()) is not None:
            request, job = taken
            if not job.future.running() and not job.future.set_running_or_notify_cancel():
                continue
            try:
                self._run(self._workers[number], job)
            except (WorkerLost, WorkerHung) as error:
                self._retry_or_fail(request, job, error)
                if not self._restart(number, error):
                    return

    def _run(self, worker: WorkerProcess, job: _Job) -> None:
        waited = time.perf_counter() - job.submitted
        try:
            answer = worker.ask(job.verb, job.payload)
        except (WorkerLost, WorkerHung):
            raise
        except InferenceError as error:
            job.future.set_exception(error)
            return
        job.future.set_result(Answer(answer[0], waited) if job.verb == "transcribe" else answer)

    def _retry_or_fail(self, request: int, job: _Job, error: InferenceError) -> None:
        job.tries += 1
        with self._changed:
            if job.tries < 2 and not self._stopping:
                self._queue.put_back(request, job)
                self._changed.notify_all()  # another worker may be idle
                return
        job.future.set_exception(error)

    def _restart(self, number: int, cause: InferenceError) -> bool:
        """Brings a worker back; False when it cannot be, or need not be."""
        reason: STTError = cause
        for pause in self._restart_pauses:
            self._workers[number].kill()
            with self._changed:
                if self._changed.wait_for(lambda: self._stopping, pause) or self._stopping:
                    return False
            log.warning("[STT] Worker restarts: %s", reason)
            try:
                self._hire(number)
            except ModelLoadError as error:
                reason = error
            else:
                return True
        self._workers[number].kill()
        self._give_up(number, reason)
        return False

    def _give_up(self, number: int, reason: STTError) -> None:
        others = [t for n, t in enumerate(self._threads) if n != number and t.is_alive()]
        if others:
            log.error("[STT] A worker could not be restarted: %s", reason)
            return
        error = ModelLoadError(str(reason))
        with self._changed:
            self._failed = error
        self._fail_waiting(error)
        self._on_lost(error)

    def _take(self) -> tuple[int, _Job] | None:
        with self._changed:
            self._changed.wait_for(lambda: self._stopping or len(self._queue) > 0)
            return None if self._stopping else self._queue.take()

    def _fail_waiting(self, error: STTError) -> None:
        with self._changed:
            waiting = self._queue.drop_all()
        for job in waiting:
            if job.future.running() or job.future.set_running_or_notify_cancel():
                job.future.set_exception(error)

    def _kill_all(self) -> None:
        with self._changed:
            workers = list(self._workers.values())
        for worker in workers:
            worker.kill()
