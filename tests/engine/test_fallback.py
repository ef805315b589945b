"""When a step fails: the marked dummy or the error, the line in the log, and the healing."""

from __future__ import annotations

import asyncio
import io
import logging
import re
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest

from stt_backends import ChunkJob, Hypothesis, ModelInfo, ModelSpec, Piece
from stt_engine import STTEngine
from stt_errors import (
    AudioError,
    AudioTooLong,
    InferenceError,
    ModelLoadError,
    OptionError,
    QueueFull,
    STTError,
)
from stt_runner import InlineRunner, Runner
from stt_slot import Fallback, Load, LoadPlan, Watch
from stt_supervisor import ProcessRunner
from stt_types import AudioSource, TranscribeOptions, Transcript
from tests import stand_in_worker as stand_in
from tests.engine.service import collect, last_of
from tests.sounds import noise, speech, tones, wav

ROOT = Path(__file__).parents[2]
NAME = "secret call.wav"
DUMMY_LINE = "[STT-DUMMY] Using dummy transcription"


@dataclass
class FakeBackend:
    """Reads «하나.» in every chunk, until it is told to fail."""

    error: Exception | None = None
    sound_chunks: int = 0
    info: ModelInfo = field(
        default_factory=lambda: ModelInfo("fake", "none", "cpu", "none", ("ko", "en"))
    )

    def transcribe(self, jobs: Sequence[ChunkJob]) -> list[Hypothesis]:
        if self.error is not None and self.sound_chunks <= 0:
            raise self.error
        self.sound_chunks -= 1
        return [Hypothesis((Piece(0.0, 1.0, "하나."),), -0.1, 0.0, 1.0, "ko", 1.0) for _ in jobs]

    def detect_language(self, audio: object) -> tuple[str, float]:
        return "ko", 1.0


def loading(*outcomes: FakeBackend | Exception) -> Load:
    """Loads these one after the other, the last one for ever."""
    waiting = list(outcomes)

    def load(plan: LoadPlan, watch: Watch) -> Runner:
        outcome = waiting.pop(0) if len(waiting) > 1 else waiting[0]
        if isinstance(outcome, Exception):
            raise outcome
        return InlineRunner(outcome)

    return load


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    """Some speech, as a file with a name that nobody needs to know."""
    path = tmp_path / NAME
    path.write_bytes(wav(speech("ko_proverb.flac")))
    return path


@pytest.fixture(autouse=True)
def _listen(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "stt")


def logged(caplog: pytest.LogCaptureFixture) -> list[str]:
    """The engine's lines; none names the recording."""
    messages = [record.getMessage() for record in caplog.records if record.name == "stt"]
    assert not [message for message in messages if "secret" in message]
    return messages


def is_dummy_of(heard: Transcript, step: str, reason: str) -> bool:
    """Whether a transcript says everywhere that it is none, and why."""
    return (
        heard.is_dummy
        and heard.text.startswith("[Dummy] Transcription of ")
        and [segment.text for segment in heard.segments] == [heard.text]
        and heard.backend == "dummy"
        and heard.dummy_reason == step
        and heard.error_reason == reason
        and heard.language is None
        and heard.coverage.transcribed_seconds == 0.0
    )


def test_without_a_model_the_dummy_answers(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A missing model is said once; every recording gets the dummy of its name, length and
    channels."""
    engine = STTEngine("base", model_dir=tmp_path)
    assert (engine.state, engine.is_dummy, engine.backend) == ("dummy", True, "dummy")
    assert engine.error_reason is not None
    assert engine.proved
    (tmp_path / "call.wav").write_bytes(wav(tones(61.4, 440), noise(61.4, 0.01)))
    heard = engine.transcribe(tmp_path / "call.wav")
    assert heard.text == "[Dummy] Transcription of call.wav (61.4 s, 2 channels)"
    assert is_dummy_of(heard, "model_load_failed", engine.error_reason)
    assert heard.duration == pytest.approx(61.4)
    assert logged(caplog) == [
        f"[STT-DUMMY] Model load failed: {engine.error_reason}", DUMMY_LINE,
    ]  # fmt: skip


def test_the_dummy_depends_on_its_input_alone(tmp_path: Path) -> None:
    """One channel is one channel, a line break in a name breaks no line, and twice the same
    is twice the same."""
    engine = STTEngine(backend="dummy")
    odd = tmp_path / "a\nb.wav"
    odd.write_bytes(wav(tones(1.0, 440)))
    first, second = engine.transcribe(odd), engine.transcribe(odd)
    assert first == second
    assert first.text == "[Dummy] Transcription of a b.wav (1.0 s, 1 channel)"


def test_a_model_that_loads_is_said(recording: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Real work has its own two lines: the backend that was loaded, and the time it took."""
    engine = STTEngine(load=loading(FakeBackend()))
    assert engine.transcribe(recording).text == "하나."
    loaded, done = logged(caplog)
    assert loaded == "[STT] Model loaded: fake"
    assert re.fullmatch(r"\[STT\] Transcription: \d+\.\d\ds", done)


@pytest.mark.parametrize(
    "content", [b"just text, no audio\n" * 50, b"", b"RIFF\x24\x00\x00\x00WAVEfmt "]
)
def test_audio_that_is_none_is_said(
    tmp_path: Path, content: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    """What cannot be decoded gets a dummy without a length, and a line with the reason."""
    (tmp_path / NAME).write_bytes(content)
    engine = STTEngine(load=loading(FakeBackend()))
    heard = engine.transcribe(tmp_path / NAME)
    assert heard.error_reason
    assert is_dummy_of(heard, "invalid_audio", heard.error_reason)
    assert heard.text == f"[Dummy] Transcription of {NAME}"
    assert logged(caplog)[1:] == [
        f"[STT-DUMMY] Invalid audio file: {heard.error_reason}", DUMMY_LINE,
    ]  # fmt: skip


def test_a_failed_inference_is_said(recording: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A model that fails on a recording gives its dummy, and a line with the reason."""
    engine = STTEngine(load=loading(FakeBackend(InferenceError("CUDA out of memory"))))
    heard = engine.transcribe(recording)
    assert is_dummy_of(heard, "transcription_failed", "CUDA out of memory")
    assert heard.text == f"[Dummy] Transcription of {NAME} (3.9 s, 1 channel)"
    assert logged(caplog)[1:] == [
        "[STT-DUMMY] Transcription failed: CUDA out of memory", DUMMY_LINE,
    ]  # fmt: skip
    assert engine.state == "ready"


def test_half_a_transcript_is_none(tmp_path: Path) -> None:
    """A model that fails in the middle of a recording leaves no half of it as the result."""
    parts = (speech("ko_proverb.flac"), np.zeros(3 * 16_000, np.float32))
    (tmp_path / "call.wav").write_bytes(wav(np.concatenate(parts * 4)))
    failing = FakeBackend(InferenceError("it broke"), sound_chunks=2)
    engine = STTEngine(load=loading(failing))
    heard = engine.transcribe(tmp_path / "call.wav", "ko")
    assert is_dummy_of(heard, "transcription_failed", "it broke")
    assert engine.backlog_seconds == 0.0


def test_errors_can_be_asked_for(recording: Path, tmp_path: Path) -> None:
    """With fallback=error each step raises its own, and the engine is no dummy but failed."""
    broken = STTEngine(load=loading(ModelLoadError("no device")), fallback="error")
    assert (broken.state, broken.is_dummy, broken.proved) == ("failed", True, False)
    with pytest.raises(ModelLoadError, match="no device"):
        broken.transcribe(recording)
    failing = FakeBackend(InferenceError("it broke"))
    engine = STTEngine(load=loading(failing), fallback="error")
    with pytest.raises(InferenceError, match="it broke"):
        engine.transcribe(recording)
    (tmp_path / "notes.txt").write_text("no audio")
    with pytest.raises(AudioError):
        engine.transcribe(tmp_path / "notes.txt")


@pytest.mark.parametrize("mode", ["dummy", "error"])
def test_a_bad_request_is_no_fallback(recording: Path, mode: Fallback) -> None:
    """A missing file, an unknown option or too much audio is an error in either mode."""
    for load in (loading(FakeBackend()), loading(ModelLoadError("no device"))):
        engine = STTEngine(load=load, fallback=mode, max_audio_seconds=2.0)
        with pytest.raises(FileNotFoundError):
            engine.transcribe(recording.with_name("missing.wav"))
        with pytest.raises(OptionError, match="language"):
            engine.transcribe(recording, "xx")
        with pytest.raises(OptionError, match="beam_size"):
            engine.transcribe(recording, beam_size=99)
        if mode == "dummy" or engine.state == "ready":
            with pytest.raises(AudioTooLong):
                engine.transcribe(recording)


@pytest.mark.anyio
async def test_a_caller_may_refuse_the_dummy(recording: Path) -> None:
    """A request can ask for the error where the engine would give a dummy, and the reverse."""
    audio = recording.read_bytes()
    broken = loading(FakeBackend(InferenceError("it broke")))
    with pytest.raises(InferenceError):
        await collect(STTEngine(load=broken), audio, "error")
    heard = last_of(await collect(STTEngine(load=broken, fallback="error"), audio, "dummy"))
    assert is_dummy_of(heard, "transcription_failed", "it broke")


@pytest.mark.anyio
async def test_a_full_queue_is_told_at_once(recording: Path) -> None:
    """While as much audio waits as may, the next request is refused, and served afterwards."""
    engine = STTEngine(load=loading(FakeBackend()), max_queue_seconds=5.0)
    audio = recording.read_bytes()
    source = AudioSource(io.BytesIO(audio), "call.wav")
    async with aclosing(engine.stream(source, TranscribeOptions(language="ko"))) as first:
        permit = engine._backlog.admit(6.0)
        with pytest.raises(QueueFull) as caught:
            await collect(engine, audio)
        assert caught.value.retry_after >= 1
        with pytest.raises(QueueFull):
            engine.refuse_if_full()
        permit.close()
        engine.refuse_if_full()
        assert [event async for event in first]
    assert engine.backlog_seconds == 0.0


@pytest.mark.anyio
async def test_a_model_that_appears_heals(
    recording: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """An engine without a model takes it on `reload`, without a restart."""
    engine = STTEngine(load=loading(ModelLoadError("no model"), FakeBackend()))
    assert engine.is_dummy
    await engine.reload()
    assert (engine.state, engine.is_dummy, engine.error_reason) == ("ready", False, None)
    heard = last_of(await collect(engine, recording.read_bytes()))
    assert (heard.text, heard.is_dummy) == ("하나.", False)
    assert "[STT] Model loaded: fake" in logged(caplog)


@pytest.mark.anyio
async def test_a_reload_that_fails_keeps_the_model(
    recording: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A model that works is not given up for one that cannot be had; the caller is told."""
    engine = STTEngine(load=loading(FakeBackend(), ModelLoadError("a broken copy")))
    with pytest.raises(ModelLoadError, match="a broken copy"):
        await engine.reload()
    assert (engine.state, engine.is_dummy) == ("ready", False)
    assert last_of(await collect(engine, recording.read_bytes())).text == "하나."
    assert "[STT] The model before stays: a broken copy" in logged(caplog)


@pytest.mark.anyio
async def test_who_comes_while_it_loads_waits(recording: Path) -> None:
    """A request that comes before the model is loaded is answered once it is."""
    engine = STTEngine(load=loading(FakeBackend()), isolation="process")
    await engine.start()
    assert engine.state == "loading"
    assert last_of(await collect(engine, recording.read_bytes())).text == "하나."
    await engine.stop()


@pytest.mark.anyio
async def test_a_stopped_engine_says_so(recording: Path) -> None:
    """After `stop`, requests fail with the reason; nothing hangs."""
    engine = STTEngine(load=loading(FakeBackend()), isolation="process")
    await engine.start()
    await collect(engine, recording.read_bytes())
    await engine.stop()
    assert engine.state == "stopped"
    with pytest.raises(STTError, match="stopped"):
        await asyncio.wait_for(collect(engine, recording.read_bytes()), 10)


def stand_ins(path: Path, name: str) -> Load:
    def load(plan: LoadPlan, watch: Watch) -> Runner:
        spec = ModelSpec("faster-whisper", name, path)
        runner = ProcessRunner([spec], watch.lost, restart_pauses=(0.0,), script=stand_in.SCRIPT)
        watch.starting(runner)
        runner.start()
        return runner

    return load


@pytest.mark.anyio
@pytest.mark.parametrize("mode", ["dummy", "error"])
async def test_stopping_ends_what_runs(recording: Path, tmp_path: Path, mode: Fallback) -> None:
    """A request that runs when the engine stops is told so, in either mode, and its worker
    is gone."""
    engine = STTEngine(load=stand_ins(tmp_path, stand_in.SOUND), isolation="process")
    await engine.start()
    request = asyncio.ensure_future(
        collect(engine, recording.read_bytes(), mode, language="ko", initial_prompt=stand_in.HANG)
    )
    await asyncio.wait_for(appears(tmp_path / "jobs"), 20)
    worker = worker_of(engine)
    await asyncio.wait_for(engine.stop(), 10)
    assert not worker.is_running()
    with pytest.raises(STTError, match="stopped"):
        await asyncio.wait_for(request, 10)


def worker_of(engine: STTEngine) -> psutil.Process:
    """The process that holds the engine's model now."""
    runner = engine._slot.status.runner
    assert isinstance(runner, ProcessRunner)
    return psutil.Process(runner.pids[0])


async def appears(path: Path) -> None:
    while not path.exists():  # noqa: ASYNC110 - another process writes it
        await asyncio.sleep(0.01)


@pytest.mark.anyio
async def test_stopping_does_not_wait_for_a_load(recording: Path, tmp_path: Path) -> None:
    """An engine that is stopped while its model loads stops at once; who waited is told."""
    engine = STTEngine(load=stand_ins(tmp_path, stand_in.LOADS_FOR_EVER), isolation="process")
    await engine.start()
    waiting = asyncio.ensure_future(collect(engine, recording.read_bytes()))
    await asyncio.wait_for(appears(tmp_path / "loads"), 20)
    await asyncio.wait_for(engine.stop(), 10)
    assert engine.state == "stopped"
    with pytest.raises(STTError, match="stopped"):
        await asyncio.wait_for(waiting, 10)


@pytest.mark.anyio
async def test_what_runs_finishes_on_the_model_it_began_with(
    recording: Path, tmp_path: Path
) -> None:
    """While a request runs the model is loaded again: the request is answered by the old
    worker, which then goes, and the next by the new one."""
    engine = STTEngine(load=stand_ins(tmp_path, stand_in.SOUND), isolation="process")
    await engine.start()
    audio = recording.read_bytes()
    held: dict[str, Any] = {"language": "ko", "initial_prompt": stand_in.WAIT}
    running = asyncio.ensure_future(collect(engine, audio, **held))
    await asyncio.wait_for(appears(tmp_path / "jobs"), 20)
    old = worker_of(engine)
    await engine.reload()
    assert old.is_running()
    assert not last_of(await collect(engine, audio, language="ko")).is_dummy
    assert not running.done()
    (tmp_path / "go").touch()
    assert last_of(await asyncio.wait_for(running, 20)).text.startswith(stand_in.WAIT)
    await asyncio.to_thread(old.wait, 20)
    assert worker_of(engine).is_running()
    await engine.stop()


@pytest.mark.anyio
async def test_a_lost_worker_makes_a_dummy_that_heals(
    recording: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A worker that cannot be brought back leaves the dummy, said as a failed load; `reload`
    brings the model back."""
    name = [stand_in.LOADS_ONCE]

    def load(plan: LoadPlan, watch: Watch) -> Runner:
        return stand_ins(tmp_path, name[0])(plan, watch)

    engine = STTEngine(load=load, isolation="process")
    await engine.start()
    audio = recording.read_bytes()
    deadly: dict[str, Any] = {"language": "ko", "initial_prompt": stand_in.ABORT}
    heard = last_of(await collect(engine, audio, "dummy", **deadly))
    reason = "the model's process was ended by SIGKILL while loading the model"
    assert is_dummy_of(heard, "model_load_failed", reason)
    async with asyncio.timeout(10):
        while engine.state != "dummy":  # noqa: ASYNC110 - a thread of the engine's sets it
            await asyncio.sleep(0.01)
    assert engine.error_reason == reason
    assert f"[STT-DUMMY] Model load failed: {reason}" in logged(caplog)
    name[0] = stand_in.SOUND
    await engine.reload()
    assert last_of(await collect(engine, audio, "error", language="ko")).is_dummy is False
    await engine.stop()


def test_a_model_that_aborts_at_its_first_inference_is_found_out(
    recording: Path, tmp_path: Path
) -> None:
    """A model that loads and cannot read never becomes an engine: it is the dummy from the
    start, and this process lives on."""
    load = stand_ins(tmp_path, stand_in.ABORTS_AT_FIRST_INFERENCE)
    engine = STTEngine(load=load)
    assert engine.state == "dummy"
    assert engine.error_reason is not None
    assert "SIGABRT" in engine.error_reason
    assert engine.transcribe(recording).is_dummy


@pytest.fixture
def damaged(prepared: Path, tmp_path: Path) -> Path:
    """A copy of the real model whose weights end half way."""
    shutil.copytree(prepared / "base", tmp_path / "models" / "base")
    weights = tmp_path / "models" / "base" / "model.bin"
    with weights.open("r+b") as file:
        file.truncate(weights.stat().st_size // 2)
    return tmp_path / "models"


DAMAGED = """
    import sys
    from stt_engine import STTEngine
    engine = STTEngine("base", model_dir=sys.argv[1], backend="faster-whisper")
    print(engine.state, engine.error_reason)
"""


@pytest.mark.model
def test_a_damaged_model_is_a_dummy(damaged: Path) -> None:
    """Weights that end half way become the dummy with a reason, without taking the process."""
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(DAMAGED), str(damaged)],
        cwd=ROOT, capture_output=True, text=True, check=True, timeout=100,
    )  # fmt: skip
    state, _, reason = done.stdout.strip().partition(" ")
    assert state == "dummy"
    assert reason.startswith("faster-whisper: ")


@pytest.mark.model
def test_a_damaged_model_costs_only_its_worker(damaged: Path, recording: Path) -> None:
    """The same in a worker process."""

    async def ask() -> tuple[str, Transcript]:
        engine = STTEngine("base", model_dir=damaged, isolation="process")
        await engine.start()
        heard = last_of(await collect(engine, recording.read_bytes(), "dummy"))
        state = engine.state
        await engine.stop()
        return state, heard

    state, heard = asyncio.run(ask())
    assert state == "dummy"
    assert heard.dummy_reason == "model_load_failed"
