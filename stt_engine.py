"""STTEngine: speech to text with a fallback that says what it is.

    engine = STTEngine("base")
    print(engine.transcribe("audio/samples/ko_sentence.flac").text)

One rule: the engine answers, and a dummy is marked as one. Where a step fails, one place
(`_fall_back`) decides between the marked dummy and the error, as `fallback` says. Knows
nothing of HTTP; heavy libraries are imported when the first model or recording comes.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, aclosing, closing
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stt_backlog import Backlog, Permit
from stt_errors import AudioTooLong, OptionError, QueueFull, STTError
from stt_languages import LANGUAGES
from stt_options import check_options
from stt_slot import Fallback, LoadPlan, ModelSlot
from stt_threads import in_thread
from stt_types import AudioSource, Event, TranscribeOptions, Transcript

if TYPE_CHECKING:
    from stt_audio import DecodeLimits
    from stt_reader import ChunkReader
    from stt_recognition import Recognition
    from stt_runner import Runner
    from stt_slot import BackendChoice, Isolation, Load, State

READER_THREADS = 4
"""Threads that decode and listen; each step is short, so requests take turns on them."""


class STTEngine:
    """Speech to text on one model.

    model_name: a name found in `model_dir`, or a directory with a model.
    device: `cpu`, `cuda`, `cuda:0,1` or `auto`; compute_type: as CTranslate2 names them,
    `default` meaning int8 on a CPU.
    isolation: `inline` loads the model here and now, for scripts; `process` loads it on
    `start()`, in a supervised process of its own, for services.
    fallback: `dummy` answers failures with a marked dummy, `error` raises them.
    load: how a plan becomes a runner; `stt_loading.load_runner`, unless a caller brings its own.
    """

    def __init__(
        self,
        model_name: str = "base",
        device: str = "cpu",
        compute_type: str = "default",
        *,
        backend: BackendChoice = "auto",
        model_dir: str | Path = "models",
        fallback: Fallback = "dummy",
        isolation: Isolation = "inline",
        max_audio_seconds: float = 14_400.0,
        max_queue_seconds: float = 7_200.0,
        load: Load | None = None,
    ) -> None:
        self.model_name = model_name
        self._fallback: Fallback = fallback
        self._max_audio_seconds = max_audio_seconds
        self._backlog = Backlog(max_queue_seconds)
        self._readers = ThreadPoolExecutor(READER_THREADS, thread_name_prefix="stt-read")
        self._plan = LoadPlan(model_name, Path(model_dir), backend, device, compute_type, isolation)
        self._slot = ModelSlot(self._plan, fallback, self._readers, load)
        self._loaded: asyncio.Event | None = None
        self._loader: asyncio.Task[None] | None = None
        if isolation == "inline":
            self._slot.load()

    # What it is now: instant, from any thread.

    @property
    def state(self) -> State:
        return self._slot.status.state

    @property
    def backend(self) -> str:
        runner = self._slot.status.runner
        return runner.info.backend if runner else "dummy"

    @property
    def is_dummy(self) -> bool:
        """True once no real model could be had."""
        return self._slot.status.state in ("dummy", "failed")

    @property
    def error_reason(self) -> str | None:
        error = self._slot.status.error
        return str(error) if error else None

    @property
    def proved(self) -> bool:
        """An inference has succeeded, or the fallback was chosen."""
        return self._slot.status.state in ("ready", "dummy")

    @property
    def device(self) -> str:
        runner = self._slot.status.runner
        return runner.info.device if runner else self._plan.device

    @property
    def compute_type(self) -> str:
        runner = self._slot.status.runner
        return runner.info.compute_type if runner else self._plan.compute_type

    @property
    def languages(self) -> frozenset[str]:
        """Codes accepted as `language`: the model's, or all of Whisper's before it is loaded."""
        runner = self._slot.status.runner
        return frozenset(runner.info.languages) if runner else LANGUAGES

    @property
    def backlog_seconds(self) -> float:
        """Audio accepted and not yet transcribed."""
        return self._backlog.seconds

    def describe(self) -> dict[str, object]:
        """Model, device, versions and limits, for people and monitors."""
        runner = self._slot.status.runner
        return {
            "backend": self.backend,
            "model": self.model_name,
            "state": self.state,
            "device": self.device,
            "compute_type": self.compute_type,
            "isolation": self._plan.isolation,
            "fallback": self._fallback,
            "versions": dict(runner.info.versions) if runner else {},
            "max_audio_seconds": self._max_audio_seconds,
            "max_queue_seconds": self._backlog.limit_seconds,
        }

    # Scripts.

    def transcribe(
        self, audio_path: str | Path, language: str | None = None, **options: Any
    ) -> Transcript:
        """The transcript of a file; keywords are the fields of TranscribeOptions.

        Raises OptionError, AudioTooLong, OSError when the file cannot be opened; with
        fallback="error" also AudioError, ModelLoadError and InferenceError.
        """
        chosen = TranscribeOptions(language=language, **options)
        self.check(chosen)
        with Path(audio_path).open("rb") as file:
            source = AudioSource(file, Path(audio_path).name)
            try:
                return self._transcribe(source, chosen)
            except (OptionError, AudioTooLong, QueueFull):
                raise
            except STTError as error:
                return self._fall_back(error, source, self._fallback)

    # Services.

    async def start(self) -> None:
        """Begins to load the model and returns."""
        self._loaded = asyncio.Event()
        self._loader = asyncio.create_task(self._load_and_tell())

    async def stop(self) -> None:
        """Ends the worker processes; requests at work fail."""
        await asyncio.to_thread(self._slot.stop)
        if self._loader is not None:
            await asyncio.wait([self._loader])
        if self._loaded is not None:
            self._loaded.set()

    async def reload(self) -> None:
        """Loads the model again; what runs finishes on the one it began with."""
        await asyncio.to_thread(self._slot.load)

    def check(self, options: TranscribeOptions) -> None:
        """Raises OptionError for what cannot be served."""
        check_options(options, self.languages)

    def refuse_if_full(self) -> None:
        """Raises QueueFull when no more audio is accepted for now."""
        self._backlog.refuse_if_full()

    async def stream(
        self,
        source: AudioSource,
        options: TranscribeOptions,
        *,
        fallback: Fallback | None = None,
    ) -> AsyncGenerator[Event, None]:
        """Segments and progress as they come, then one transcript.

        Closing the generator, or cancelling its task, cancels the work. Raises what
        `transcribe` raises, and QueueFull.
        """
        self.check(options)
        try:
            async with aclosing(self._stream(source, options)) as events:
                async for event in events:
                    yield event
        except (OptionError, AudioTooLong, QueueFull):
            raise
        except STTError as error:
            mode = fallback or self._fallback
            answer = partial(self._fall_back, error, source, mode)
            yield await in_thread(answer, self._readers)

    async def detect_language(self, source: AudioSource) -> tuple[str, float]:
        """Code and probability of the language spoken; raises AudioError and its kin."""
        from stt_detection import detect_language

        with self._slot.working(await self._runner()) as runner:
            request = runner.open()
            try:
                listen = partial(detect_language, source, self._limits())
                heard = await in_thread(listen, self._readers)
                return await asyncio.wrap_future(runner.detect(request, heard))
            finally:
                runner.close(request)

    # How.

    async def _stream(
        self, source: AudioSource, options: TranscribeOptions
    ) -> AsyncGenerator[Event, None]:
        from stt_drivers import drive_async

        runner = await self._runner()
        self.check(options)  # again: the loaded model may know fewer languages
        with ExitStack() as held:
            held.enter_context(self._slot.working(runner))
            opening = partial(self._open, source, options)
            reader = await in_thread(opening, self._readers, lambda reader: reader.close())
            held.enter_context(closing(reader))
            coming = self._backlog.admit(reader.info.duration or 0.0, options.start_seconds)
            permit = held.enter_context(closing(coming))
            request = runner.open()
            held.callback(runner.close, request)
            work = _recognition(reader, runner, request, options, permit)
            async with aclosing(drive_async(work, reader, self._readers)) as events:
                async for event in events:
                    yield event

    def _transcribe(self, source: AudioSource, options: TranscribeOptions) -> Transcript:
        from stt_drivers import drive

        runner = self._slot.usable()
        permit = Permit(self._backlog, 0.0)  # a script queues behind nobody
        with closing(self._open(source, options)) as reader, closing(permit):
            request = runner.open()
            try:
                return drive(_recognition(reader, runner, request, options, permit), reader)
            finally:
                runner.close(request)

    def _fall_back(self, error: STTError, source: AudioSource, mode: Fallback) -> Transcript:
        """The one place where a failure becomes a dummy, or does not.

        A request that an engine was stopped under is no failure to paper over: another
        engine can answer it.
        """
        from stt_dummy import announce, dummy_transcript

        if mode == "error" or self._slot.status.state == "stopped":
            raise error
        announce(error)
        return dummy_transcript(source, error, self.model_name, self._limits())

    def _open(self, source: AudioSource, options: TranscribeOptions) -> ChunkReader:
        from stt_reader import ChunkReader

        return ChunkReader(source, options, self._limits())

    def _limits(self) -> DecodeLimits:
        from stt_audio import DecodeLimits

        return DecodeLimits(max_seconds=self._max_audio_seconds)

    # The model.

    async def _runner(self) -> Runner:
        """The runner, once the model is loaded. Raises ModelLoadError when there is none."""
        if self._slot.status.state == "loading" and self._loaded is not None:
            await self._loaded.wait()
        return self._slot.usable()

    async def _load_and_tell(self) -> None:
        try:
            await asyncio.to_thread(self._slot.load)
        finally:
            if self._loaded is not None:
                self._loaded.set()


def _recognition(
    reader: ChunkReader,
    runner: Runner,
    request: int,
    options: TranscribeOptions,
    permit: Permit,
) -> Recognition:
    from stt_recognition import Recognition

    return Recognition(reader, runner, request, options, permit)
