"""The model an engine has: loaded, proved, replaced while others still work with it, lost.

Blocking where it says so, and usable from any thread. Light to import: the libraries come
with the first load.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias

from stt_errors import ModelLoadError, STTError

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from stt_runner import Runner

log = logging.getLogger("stt")

BackendChoice: TypeAlias = Literal["auto", "faster-whisper", "transformers", "whisper", "dummy"]
Isolation: TypeAlias = Literal["inline", "process"]
State: TypeAlias = Literal["loading", "ready", "dummy", "failed", "stopped"]
Fallback: TypeAlias = Literal["dummy", "error"]


@dataclass(frozen=True, slots=True)
class LoadPlan:
    """What the operator asked for. device: `auto`, `cpu`, `cuda`, or `cuda:0,1`."""

    model: str
    model_dir: Path
    backend: BackendChoice
    device: str
    compute_type: str
    isolation: Isolation
    cpu_threads: int = 0


@dataclass(frozen=True, slots=True)
class Watch:
    """Who is told what becomes of a runner: that it starts, that it lost its last worker."""

    starting: Callable[[Runner], None]
    lost: Callable[[STTError], None]


Load: TypeAlias = Callable[[LoadPlan, Watch], "Runner"]
"""From a plan to a runner that has proved its model. Raises ModelLoadError."""


@dataclass(frozen=True, slots=True)
class Status:
    """What there is now; replaced as a whole, so that readers never see half of it."""

    state: State
    runner: Runner | None = None
    error: STTError | None = None


class ModelSlot:
    """Holds one model at a time.

    fallback: what a model that cannot be had means: `dummy`, or `failed`.
    background: where replaced runners are shut down.
    """

    def __init__(
        self, plan: LoadPlan, fallback: Fallback, background: Executor, load: Load | None = None
    ) -> None:
        self.status = Status("loading")
        self._plan, self._fallback, self._background = plan, fallback, background
        self._load_runner = load
        self._loading = threading.Lock()
        self._counting = threading.Lock()
        self._at_work: dict[Runner, int] = {}
        self._starting: Runner | None = None

    @property
    def at_work(self) -> int:
        """Requests that work with a runner now."""
        with self._counting:
            return sum(self._at_work.values())

    def load(self) -> None:
        """Loads the model, also in place of one that is there (blocking). What works with the
        old one finishes on it; a working one is kept when the new one cannot be had, and
        ModelLoadError raised."""
        with self._loading:
            before = self.status.runner
            self._adopt(self._attempt())
            if before is not None and before is not self.status.runner:
                self._retire(before)

    def stop(self) -> None:
        """Ends every runner at once, one that is still loading as well (blocking)."""
        before, self.status = self.status, Status("stopped")
        with self._counting:
            runners = {*self._at_work, *filter(None, (before.runner, self._starting))}
        for runner in runners:
            runner.shutdown()

    def usable(self) -> Runner:
        """The runner. Raises ModelLoadError when there is none."""
        status = self.status
        if status.runner is not None and status.state == "ready":
            return status.runner
        raise ModelLoadError(str(status.error) if status.error else f"the engine is {status.state}")

    @contextmanager
    def working(self, runner: Runner) -> Iterator[Runner]:
        """Counts who works with a runner, so that a replaced one ends after the last."""
        with self._counting:
            self._at_work[runner] = self._at_work.get(runner, 0) + 1
        try:
            yield runner
        finally:
            with self._counting:
                self._at_work[runner] -= 1
                if not self._at_work[runner]:
                    del self._at_work[runner]
            if self.status.runner is not runner and self.status.state != "stopped":
                self._retire(runner)

    def _retire(self, runner: Runner) -> None:
        with self._counting:
            if runner in self._at_work:
                return
        self._background.submit(runner.shutdown)

    def _attempt(self) -> Status:
        from stt_loading import load_runner

        load = self._load_runner or load_runner
        try:
            return Status("ready", load(self._plan, Watch(self._begin, self._lose)))
        except ModelLoadError as error:
            if self.status.state == "ready":
                log.error("[STT] The model before stays: %s", error)
                raise
            stopped = self.status.state == "stopped"
            return self.status if stopped else self._without_model(error)

    def _begin(self, runner: Runner) -> None:
        """A runner starts to load: from now on `stop` reaches it."""
        self._starting = runner
        if self.status.state == "stopped":
            runner.shutdown()

    def _adopt(self, status: Status) -> None:
        """Takes a new status, unless the engine was stopped while it came about."""
        self._starting = None
        if self.status.state == "stopped":
            if status.runner is not None:
                status.runner.shutdown()
            return
        self.status = status
        if status.runner is not None:
            log.info("[STT] Model loaded: %s", status.runner.info.backend)

    def _lose(self, error: STTError) -> None:
        """No worker could be brought back."""
        if self.status.state != "stopped":
            self.status = self._without_model(error)

    def _without_model(self, error: STTError) -> Status:
        log.error("[STT-DUMMY] Model load failed: %s", error)
        return Status("dummy" if self._fallback == "dummy" else "failed", None, error)
