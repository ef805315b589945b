"""A worker process whose model does as it is told: the real one around a stand-in.

The name of the model says how it loads, the prompt of a job how that job goes; both are
spelt in the constants below. What happened is written to the model's directory, one line
each: `loads` and `jobs`.
"""

from __future__ import annotations

import os
import resource
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

ROOT = Path(__file__).parents[1]
SCRIPT = Path(__file__)

if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))

from stt_backends import ChunkJob, Hypothesis, ModelInfo, ModelSpec, Piece  # noqa: E402
from stt_errors import InferenceError, ModelLoadError  # noqa: E402
from stt_runner import prove  # noqa: E402
from stt_worker import main  # noqa: E402

if TYPE_CHECKING:
    from stt_vad import Samples

# Names of models.
SOUND = "sound"
REFUSED = "refused"
ABORTS = "aborts"
KILLED = "killed"
EXITS = "exits"
ABORTS_AT_FIRST_INFERENCE = "aborts at its first inference"
LOADS_ONCE = "loads once"
LOADS_FOR_EVER = "loads for ever"

# Prompts of jobs.
FAIL = "fail"
ABORT = "abort"
ABORT_ONCE = "abort once"
ABORT_UNLESS_SOUND = "abort unless the model is sound, else wait"
HANG = "hang"
HANG_ONCE = "hang once"
WAIT = "wait for the file `go`"
ENVIRONMENT = "tell the environment"


class StandIn:
    """Answers a job with its prompt and the number of its samples."""

    def __init__(self, spec: ModelSpec) -> None:
        self._spec = spec
        self._proved = False
        self.info = ModelInfo("stand-in", spec.name, "cpu", "none", ("ko", "en"))

    def transcribe(self, jobs: Sequence[ChunkJob]) -> list[Hypothesis]:
        if not self._proved:
            self._proved = True
            if self._spec.name == ABORTS_AT_FIRST_INFERENCE:
                os.abort()
            return [_reading("")]
        return [self._read(job) for job in jobs]

    def detect_language(self, audio: Samples) -> tuple[str, float]:
        return "ko", len(audio) / 16_000

    def _read(self, job: ChunkJob) -> Hypothesis:
        prompt = job.options.initial_prompt or ""
        first = self._note("jobs", prompt)
        if prompt == ABORT or (prompt == ABORT_ONCE and first):
            os.abort()
        if prompt == HANG or (prompt == HANG_ONCE and first):
            time.sleep(600)
        if prompt == FAIL:
            raise InferenceError("it failed as it was told to")
        if prompt == ABORT_UNLESS_SOUND and self._spec.name != SOUND:
            os.abort()
        if prompt in (WAIT, ABORT_UNLESS_SOUND):
            while not (self._spec.path / "go").exists():
                time.sleep(0.01)
        if prompt == ENVIRONMENT:
            return _reading(" ".join(sorted(os.environ)))
        return _reading(f"{prompt} {len(job.audio)}")

    def _note(self, name: str, line: str) -> bool:
        """Writes a line to the file of that name; True when it was not there yet."""
        path = self._spec.path / name
        before = path.read_text().splitlines() if path.exists() else []
        path.write_text("\n".join([*before, line]) + "\n")
        return line not in before


def _reading(text: str) -> Hypothesis:
    return Hypothesis((Piece(0.0, 1.0, text),), -0.1, 0.0, 1.0, "ko", 1.0)


def load(spec: ModelSpec) -> tuple[StandIn, float]:
    backend = StandIn(spec)
    first = backend._note("loads", spec.name)
    if spec.name == REFUSED:
        raise ModelLoadError("it was refused as it was told to")
    if spec.name == ABORTS:
        os.abort()
    if spec.name == KILLED or (spec.name == LOADS_ONCE and not first):
        os.kill(os.getpid(), signal.SIGKILL)
    if spec.name == EXITS:
        os._exit(3)
    if spec.name == LOADS_FOR_EVER:
        time.sleep(600)
    return backend, prove(backend)


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # an abort on purpose leaves no dump
    sys.exit(main(int(sys.argv[1]), load))
