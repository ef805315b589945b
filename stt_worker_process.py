"""One process that holds a model, from the outside: start, load, ask, end."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from stt_backends import ModelInfo, ModelSpec
from stt_errors import InferenceError, ModelLoadError, WorkerHung, WorkerLost

LOAD_SECONDS = 900.0
"""Longest load. A GPU newer than the wheels compiles its kernels at the first one: minutes."""

LEAST_JOB_SECONDS = 60.0
JOB_PER_PROOF = 60.0
"""A job may take this many times as long as the proof (one window) did, and at least a minute."""

WORKER = Path(__file__).with_name("stt_worker.py")


class WorkerProcess:
    """Starts the process; `load` gives it its model. `kill` may come from any thread.

    script: what the process runs; it is given the number of its end of the socket pair.
    """

    info: ModelInfo
    job_seconds: float

    def __init__(self, script: Path = WORKER) -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, str(script), str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                start_new_session=True,  # a Ctrl-C in the terminal is the supervisor's business
                env=_environment(),
            )
        self._pipe: Connection[Any, Any] = Connection(ours.detach())
        self._stopped = False

    @property
    def pid(self) -> int:
        return self._process.pid

    def load(self, spec: ModelSpec, job_seconds: float | None = None) -> None:
        """Waits until the model has read its first audio. Raises ModelLoadError.

        job_seconds: longest job; by default what the first inference suggests.
        """
        try:
            answer = self._exchange(spec, LOAD_SECONDS)
        except InferenceError as error:
            raise ModelLoadError(f"{error} while loading the model") from error
        if answer[0] == "failed":
            raise ModelLoadError(answer[1])
        self.info, proof = answer[1], answer[2]
        self.job_seconds = job_seconds or max(LEAST_JOB_SECONDS, JOB_PER_PROOF * proof)

    def ask(self, verb: str, payload: object) -> Any:
        """Sends a message and waits for its answer. Raises InferenceError and its kin."""
        status, answer = self._exchange((verb, payload), self.job_seconds)
        if status == "error":
            raise InferenceError(answer)
        return answer

    def kill(self) -> None:
        """Ends the process at once and waits for it to be gone.

        The pipe stays open: the thread that waits on it sees its end, and the collector closes it.
        """
        self._stopped = True
        self._process.kill()
        self._process.wait()

    def _exchange(self, message: object, limit: float) -> Any:
        """One message out, one in. Past the limit the process is killed, which ends the wait
        wherever it is: a process that stopped reading holds up `send` as well."""
        late = threading.Event()
        timer = threading.Timer(limit, self._give_up, (late,))
        timer.daemon = True
        timer.start()
        try:
            self._pipe.send(message)
            return self._pipe.recv()
        except (EOFError, OSError) as error:
            if late.is_set():
                reason = f"the model's process did not answer in {limit:.0f} s"
                raise WorkerHung(reason) from error
            raise WorkerLost(f"the model's process {self._end()}") from error
        finally:
            timer.cancel()

    def _give_up(self, late: threading.Event) -> None:
        late.set()
        self.kill()

    def _end(self) -> str:
        if self._stopped:
            return "was stopped"
        try:
            code = self._process.wait(5)
        except subprocess.TimeoutExpired:
            self.kill()
            return "closed its connection"
        if code >= 0:
            return f"ended with exit code {code}"
        named = -code in signal.Signals.__members__.values()
        return f"was ended by {signal.Signals(-code).name if named else f'signal {-code}'}"


def _environment() -> dict[str, str]:
    """The worker sees this program's modules, and no secret of the service."""
    hidden = ("KEY", "TOKEN", "SECRET", "PASSWORD", "DATABASE_URL")
    return {k: v for k, v in os.environ.items() if not any(word in k.upper() for word in hidden)}
