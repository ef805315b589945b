"""What a worker that dies, hangs or cannot be brought back costs: fault injection with real
processes around a stand-in for the model."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import CancelledError, Future
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import psutil
import pytest

from stt_backends import ChunkJob, DecodeOptions, ModelSpec
from stt_errors import InferenceError, ModelLoadError, STTError, WorkerHung, WorkerLost
from stt_runner import Answer
from stt_supervisor import ProcessRunner
from stt_worker_process import LEAST_JOB_SECONDS, WorkerProcess
from tests import stand_in_worker as stand_in

SOON = 20.0
"""Seconds after which something that must happen counts as missing."""

LIMIT = 1.0
"""Seconds a job may take, where one hangs."""

linux = pytest.mark.skipif(sys.platform != "linux", reason="the kernel's help is Linux's")


def spec(path: Path, name: str = stand_in.SOUND) -> ModelSpec:
    return ModelSpec("faster-whisper", name, path)


def job(prompt: str = "", samples: int = 16_000) -> ChunkJob:
    return ChunkJob(np.zeros(samples, np.float32), DecodeOptions("ko", initial_prompt=prompt))


def text(future: Future[Answer]) -> str:
    return future.result(SOON).hypothesis.text


def error_of(future: Future[Answer]) -> BaseException | None:
    return future.exception(SOON)


def eventually(holds: Callable[[], bool]) -> bool:
    """Whether something becomes true before it counts as missing."""
    deadline = time.monotonic() + SOON
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


def gone(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def lines(path: Path) -> list[str]:
    return path.read_text().splitlines() if path.exists() else []


@dataclass
class Runners:
    """Starts runners on stand-ins and ends them with the test."""

    path: Path
    lost: list[STTError] = field(default_factory=list)
    told: threading.Event = field(default_factory=threading.Event)
    made: list[ProcessRunner] = field(default_factory=list)

    def make(
        self,
        *names: str,
        job_seconds: float | None = None,
        pauses: Sequence[float] = (0.0, 0.0),
    ) -> ProcessRunner:
        runner = ProcessRunner(
            [spec(self.path, name) for name in names or (stand_in.SOUND,)],
            self._lose,
            job_seconds=job_seconds,
            restart_pauses=pauses,
            script=stand_in.SCRIPT,
        )
        self.made.append(runner)
        return runner

    def start(self, *names: str, job_seconds: float | None = None) -> ProcessRunner:
        runner = self.make(*names, job_seconds=job_seconds)
        runner.start()
        return runner

    def hold(self, runner: ProcessRunner, request: int) -> Future[Answer]:
        """A job that occupies a worker until `let_go`."""
        future = runner.submit(request, job(stand_in.WAIT))
        assert eventually(lambda: stand_in.WAIT in lines(self.path / "jobs"))
        return future

    def let_go(self) -> None:
        (self.path / "go").touch()

    def _lose(self, error: STTError) -> None:
        self.lost.append(error)
        self.told.set()


@pytest.fixture
def runners(tmp_path: Path) -> Iterator[Runners]:
    runners = Runners(tmp_path)
    yield runners
    for runner in runners.made:
        pids = runner.pids
        runner.shutdown()
        assert all(map(gone, pids))


def test_jobs_are_answered(runners: Runners) -> None:
    """A worker answers jobs and detections, and says what it holds."""
    runner = runners.start()
    request = runner.open()
    answer = runner.submit(request, job("first", 1_600)).result(SOON)
    assert answer.hypothesis.text == "first 1600"
    assert answer.waited >= 0.0
    assert runner.detect(request, np.zeros(8_000, np.float32)).result(SOON) == ("ko", 0.5)
    assert (runner.info.backend, runner.info.model) == ("stand-in", stand_in.SOUND)


def test_an_error_of_the_model_costs_its_job_alone(runners: Runners) -> None:
    """A job that fails in the model is not tried again, and the same process goes on."""
    runner = runners.start()
    pids = runner.pids
    failed = runner.submit(runner.open(), job(stand_in.FAIL))
    assert str(error_of(failed)) == "it failed as it was told to"
    assert text(runner.submit(runner.open(), job("next"))) == "next 16000"
    assert lines(runners.path / "jobs") == [stand_in.FAIL, "next"]
    assert runner.pids == pids


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        (stand_in.REFUSED, "it was refused as it was told to"),
        (stand_in.ABORTS, "the model's process was ended by SIGABRT while loading the model"),
        (stand_in.KILLED, "the model's process was ended by SIGKILL while loading the model"),
        (stand_in.EXITS, "the model's process ended with exit code 3 while loading the model"),
        (
            stand_in.ABORTS_AT_FIRST_INFERENCE,
            "the model's process was ended by SIGABRT while loading the model",
        ),
    ],
)
def test_a_worker_that_dies_at_load_says_how(runners: Runners, name: str, reason: str) -> None:
    """A model that cannot be loaded, or not used, is found out at start, with the reason."""
    runner = runners.make(name)
    with pytest.raises(ModelLoadError) as caught:
        runner.start()
    assert str(caught.value) == reason
    assert gone(runner.pids[0])


def test_one_worker_that_does_not_load_ends_the_others(runners: Runners) -> None:
    """Of two devices both must load, or none stays."""
    runner = runners.make(stand_in.SOUND, stand_in.REFUSED)
    with pytest.raises(ModelLoadError):
        runner.start()
    assert [gone(pid) for pid in runner.pids] == [True, True]


def test_a_job_is_tried_again_when_its_worker_dies(runners: Runners) -> None:
    """A worker that dies on a job is started again, the job is answered, and nobody else
    notices."""
    runner = runners.start()
    pids = runner.pids
    unlucky = runner.submit(runner.open(), job(stand_in.ABORT_ONCE))
    other = runner.submit(runner.open(), job("other"))
    assert text(unlucky) == "abort once 16000"
    assert text(other) == "other 16000"
    assert runner.pids != pids
    assert gone(pids[0])


def test_a_job_that_kills_twice_fails_alone(runners: Runners) -> None:
    """A job that takes its worker with it twice is given up; the others are answered."""
    runner = runners.start()
    request = runner.open()
    before = runner.submit(request, job("before"))
    deadly = runner.submit(runner.open(), job(stand_in.ABORT))
    after = runner.submit(request, job("after"))
    error = error_of(deadly)
    assert isinstance(error, WorkerLost)
    assert str(error) == "the model's process was ended by SIGABRT"
    assert [text(before), text(after)] == ["before 16000", "after 16000"]
    assert lines(runners.path / "jobs").count(stand_in.ABORT) == 2
    assert runners.lost == []


def test_a_worker_killed_while_idle_is_replaced(runners: Runners) -> None:
    """A worker that the system ended between two jobs costs nothing but a restart."""
    runner = runners.start()
    psutil.Process(runner.pids[0]).kill()
    assert text(runner.submit(runner.open(), job("next"))) == "next 16000"


def test_a_hang_is_ended_within_its_limit(runners: Runners) -> None:
    """A job that does not end is tried again after its limit."""
    runner = runners.start(job_seconds=LIMIT)
    began = time.monotonic()
    assert text(runner.submit(runner.open(), job(stand_in.HANG_ONCE))) == "hang once 16000"
    assert LIMIT <= time.monotonic() - began < LIMIT + SOON


def test_a_job_that_hangs_twice_fails_alone(runners: Runners) -> None:
    """A job that hangs again is given up, said to have hung, and its process is gone."""
    runner = runners.start(job_seconds=LIMIT)
    pids = runner.pids
    hung = runner.submit(runner.open(), job(stand_in.HANG))
    other = runner.submit(runner.open(), job("other"))
    error = error_of(hung)
    assert isinstance(error, WorkerHung)
    assert str(error) == "the model's process did not answer in 1 s"
    assert text(other) == "other 16000"
    assert gone(pids[0])


def test_the_limit_of_a_job_follows_from_the_proof(tmp_path: Path) -> None:
    """Unless it is given, a job has at least a minute, however quick the proof was."""
    worker = WorkerProcess(stand_in.SCRIPT)
    try:
        worker.load(spec(tmp_path))
        assert worker.job_seconds == LEAST_JOB_SECONDS
    finally:
        worker.kill()


def test_a_worker_that_cannot_be_brought_back_is_told_once(runners: Runners) -> None:
    """When no restart helps, everyone who waits is told, the engine once, and so are those
    who come later."""
    runner = runners.start(stand_in.LOADS_ONCE)
    request = runner.open()
    waiting = [runner.submit(request, job(stand_in.ABORT)) for _ in range(3)]
    reason = "the model's process was ended by SIGKILL while loading the model"
    for future in waiting:
        assert isinstance(error_of(future), ModelLoadError)
        assert str(error_of(future)) == reason
    late = runner.submit(runner.open(), job("late"))
    assert str(error_of(late)) == reason
    assert runners.told.wait(SOON)
    assert [str(error) for error in runners.lost] == [reason]
    assert lines(runners.path / "loads") == [stand_in.LOADS_ONCE] * 3
    assert all(map(gone, runner.pids))


def test_while_a_worker_is_left_nothing_is_lost(runners: Runners) -> None:
    """Of two workers one cannot be brought back: the other does all the work."""
    runner = runners.start(stand_in.LOADS_ONCE, stand_in.SOUND)
    request = runner.open()
    futures = [runner.submit(request, job(stand_in.ABORT_UNLESS_SOUND)) for _ in range(2)]
    first = runner.pids[0]
    assert eventually(lambda: gone(first))
    runners.let_go()
    futures += [runner.submit(request, job("later"))]
    assert all(text(future) for future in futures)
    assert runners.lost == []


def test_an_idle_worker_takes_over_at_once(runners: Runners) -> None:
    """The job of a worker that died goes to one that has nothing to do, which need not wait
    for the restart, nor for another job to wake it."""
    runner = runners.make(stand_in.SOUND, stand_in.SOUND, pauses=(3_600.0,))
    runner.start()
    assert text(runner.submit(runner.open(), job(stand_in.ABORT_ONCE))) == "abort once 16000"
    for word in ("next", "last"):
        assert text(runner.submit(runner.open(), job(word))) == f"{word} 16000"


def test_closing_a_request_drops_what_it_had_waiting(runners: Runners) -> None:
    """A request that left is not worked for, and those who stay are served in its place."""
    runner = runners.start()
    stays, leaves = runner.open(), runner.open()
    held = runners.hold(runner, stays)
    dropped = [runner.submit(leaves, job("dropped")) for _ in range(3)]
    kept = runner.submit(stays, job("kept"))
    runner.close(leaves)
    for future in dropped:
        with pytest.raises(CancelledError):
            future.result(0)
    runners.let_go()
    assert text(held).startswith(stand_in.WAIT)
    assert text(kept) == "kept 16000"
    assert lines(runners.path / "jobs") == [stand_in.WAIT, "kept"]


def test_requests_take_turns_on_a_worker(runners: Runners) -> None:
    """A clip that comes while a long recording waits is next but one."""
    runner = runners.start()
    long, clip = runner.open(), runner.open()
    runners.hold(runner, long)
    futures = [runner.submit(long, job(f"long {n}")) for n in range(3)]
    futures.append(runner.submit(clip, job("clip")))
    runners.let_go()
    for future in futures:
        text(future)
    assert lines(runners.path / "jobs") == [stand_in.WAIT, "long 0", "clip", "long 1", "long 2"]


def test_shutdown_leaves_no_process_and_no_waiter(runners: Runners) -> None:
    """Ending a runner ends its processes at once, mid-job; whoever waits is told."""
    runner = runners.start(stand_in.SOUND, stand_in.SOUND)
    request = runner.open()
    pids = runner.pids
    running = runners.hold(runner, request)
    waiting = [runner.submit(request, job(stand_in.WAIT)) for _ in range(3)]
    runner.shutdown()
    assert all(map(gone, pids))
    for future in [running, *waiting, runner.submit(request, job("late"))]:
        assert isinstance(error_of(future), WorkerLost)
        assert "stopped" in str(error_of(future))
    assert runners.lost == []


def test_shutdown_ends_a_load(runners: Runners) -> None:
    """A runner that is told to end while its model loads ends at once, and leaves nothing."""
    runner = runners.make(stand_in.LOADS_FOR_EVER)
    failed: Future[None] = Future()

    def start() -> None:
        try:
            runner.start()
        except ModelLoadError as error:
            failed.set_exception(error)

    thread = threading.Thread(target=start)
    thread.start()
    assert eventually(lambda: lines(runners.path / "loads") != [])
    pids = runner.pids
    runner.shutdown()
    assert str(failed.exception(SOON)) == "the model's process was stopped while loading the model"
    thread.join(SOON)
    assert all(map(gone, pids))


def test_secrets_stay_with_the_service(runners: Runners, monkeypatch: pytest.MonkeyPatch) -> None:
    """The worker's environment holds what it needs to run, and no key, token or password."""
    secrets = {
        "STT_API_KEYS", "STT_ADMIN_KEY", "AGENT_API_KEY", "HF_TOKEN", "DB_PASSWORD",
        "CLIENT_SECRET", "DATABASE_URL", "agent_api_key", "STT_API_KEYS_FILE",
    }  # fmt: skip
    for name in secrets:
        monkeypatch.setenv(name, "hush")
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    runner = runners.start()
    seen = set(text(runner.submit(runner.open(), job(stand_in.ENVIRONMENT))).split())
    assert {"PATH", "OMP_NUM_THREADS"} <= seen
    assert not seen & secrets
    command = psutil.Process(runner.pids[0]).cmdline()
    assert command[:2] == [sys.executable, str(stand_in.SCRIPT)]


SUPERVISOR = """
    import sys, time
    from pathlib import Path
    from tests import stand_in_worker as stand_in
    from tests.unit.test_supervisor import job, spec
    from stt_supervisor import ProcessRunner
    path = Path(sys.argv[1])
    runner = ProcessRunner([spec(path)], print, script=stand_in.SCRIPT)
    runner.start()
    print(runner.pids[0], flush=True)
    runner.submit(runner.open(), job(sys.argv[2]))
    time.sleep(600)
"""


@linux
@pytest.mark.parametrize("prompt", ["idle", stand_in.HANG])
def test_a_worker_goes_with_its_supervisor(tmp_path: Path, prompt: str) -> None:
    """A supervisor that is killed leaves no process behind, not even one in mid-inference."""
    with subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(SUPERVISOR), str(tmp_path), prompt],
        cwd=stand_in.ROOT,
        stdout=subprocess.PIPE,
        text=True,
    ) as supervisor:
        assert supervisor.stdout is not None
        worker = int(supervisor.stdout.readline())
        try:
            assert eventually(lambda: prompt in lines(tmp_path / "jobs"))
            assert not gone(worker)
        finally:
            supervisor.kill()
    assert eventually(lambda: gone(worker))


def test_a_worker_keeps_no_file_of_the_service_open(runners: Runners, tmp_path: Path) -> None:
    """Sockets and recordings that the service has open do not live on in its workers."""
    secret = tmp_path / "recording"
    with secret.open("wb") as recording:
        os.set_inheritable(recording.fileno(), True)
        runner = runners.start()
        opened = {file.path for file in psutil.Process(runner.pids[0]).open_files()}
    assert str(secret) not in opened


def test_errors_of_a_worker_are_errors_of_inference() -> None:
    """Whoever answers for failed inference answers for lost and hung workers too."""
    assert issubclass(WorkerLost, InferenceError)
    assert issubclass(WorkerHung, InferenceError)
