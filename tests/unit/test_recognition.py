"""One request from its recording to its transcript, driven by hand: no thread, no model."""

from __future__ import annotations

from collections import deque
from collections.abc import Generator
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from typing import Any, cast

import numpy as np
import pytest

from stt_audio import AudioInfo
from stt_backends import ChunkJob, Hypothesis, ModelInfo, Piece
from stt_backlog import Backlog
from stt_chunks import Chunk
from stt_errors import InferenceError
from stt_reader import ChunkReader, Planned
from stt_recognition import DETECT_MEMORY_SECONDS, LOOKAHEAD, Emit, Recognition, Step, Wait
from stt_runner import Answer, Detection
from stt_types import SAMPLE_RATE, Event, Gap, Progress, Segment, TranscribeOptions, Transcript
from stt_vad import Samples

KOREAN = TranscribeOptions(language="ko")
LIMIT = 10_000.0


def planned(
    start: float,
    end: float,
    *,
    settles: bool = True,
    channel: int | None = None,
    speech: float | None = None,
) -> Planned:
    """A chunk of seconds [start, end); its samples tell which second they are of."""
    first, last = round(start * SAMPLE_RATE), round(end * SAMPLE_RATE)
    heard = end - start if speech is None else speech
    audio = (np.arange(first, last) / SAMPLE_RATE).astype(np.float32)
    stretch = ((first, first + round(heard * SAMPLE_RATE)),) if heard else ()
    return Planned(Chunk(0, channel, first, last, audio, stretch, heard, heard), settles)


def steps_of(chunks: int, seconds: float = 5.0) -> list[list[Planned]]:
    return [[planned(n * seconds, (n + 1) * seconds)] for n in range(chunks)]


@dataclass
class FakeReader:
    """Gives its steps one by one and counts how many were asked for."""

    steps: deque[list[Planned]]
    info: AudioInfo
    seconds_decoded: float = 0.0
    decode_seconds: float = 0.25
    vad_seconds: float = 0.5
    warnings: list[str] = field(default_factory=list)
    asked: int = 0

    def step(self) -> list[Planned] | None:
        self.asked += 1
        if not self.steps:
            return None
        step = self.steps.popleft()
        ends = [plan.chunk.end_seconds for plan in step]
        self.seconds_decoded = max([self.seconds_decoded, *ends])
        return step


@dataclass
class FakeRunner:
    """Answers each job when it is waited for, with the second it begins at as its text."""

    info: ModelInfo = field(
        default_factory=lambda: ModelInfo("fake", "none", "cpu", "none", ("ko", "en"))
    )
    jobs: list[ChunkJob] = field(default_factory=list)
    detected: list[Samples] = field(default_factory=list)
    pending: deque[tuple[ChunkJob, Future[Answer]]] = field(default_factory=deque)
    most_pending: int = 0
    language: str = "ko"
    error: Exception | None = None

    def open(self) -> int:
        return 7

    def submit(self, request: int, job: ChunkJob) -> Future[Answer]:
        assert request == 7
        self.jobs.append(job)
        future: Future[Answer] = Future()
        self.pending.append((job, future))
        self.most_pending = max(self.most_pending, len(self.pending))
        return future

    def detect(self, request: int, audio: Samples) -> Future[Detection]:
        assert request == 7
        self.detected.append(audio)
        future: Future[Detection] = Future()
        future.set_result((self.language, 0.75))
        return future

    def close(self, request: int) -> None:
        assert request == 7

    def shutdown(self) -> None:
        """Nothing runs here."""

    def answer_next(self) -> None:
        job, future = self.pending.popleft()
        if self.error is not None:
            future.set_exception(self.error)
            return
        text = f"{job.audio[0]:.0f}초입니다."
        pieces = (Piece(0.0, len(job.audio) / SAMPLE_RATE, text),)
        language, probability = job.options.language or self.language, 0.5
        reading = Hypothesis(pieces, -0.1, 0.0, 1.0, language, probability, seconds=0.125)
        future.set_result(Answer(reading, waited=0.0625 * len(self.jobs)))


@dataclass
class Request:
    """A recognition with fakes around it, and what was demanded of whoever drives it."""

    steps: list[list[Planned]]
    options: TranscribeOptions = KOREAN
    seconds: float | None = None
    runner: FakeRunner = field(default_factory=FakeRunner)
    demands: list[Step | Wait | Emit] = field(default_factory=list)

    def __post_init__(self) -> None:
        info = AudioInfo(self.seconds, 1, SAMPLE_RATE, "pcm_s16le", "wav")
        self.reader = FakeReader(deque(self.steps), info)
        self.backlog = Backlog(LIMIT)
        self.permit = self.backlog.admit(self.seconds or 0.0)

    def drive(self) -> list[Event]:
        """To the end; futures are answered in the order in which they are waited for."""
        return list(self.events())

    def events(self, *, eager: bool = False) -> Generator[Event, None, None]:
        """eager: the runner answers at once, not when it is waited for."""
        reader = cast("ChunkReader", self.reader)
        work = Recognition(reader, self.runner, 7, self.options, self.permit).run()
        answer: Any = None
        while True:
            try:
                demand = work.send(answer)
            except StopIteration:
                return
            self.demands.append(demand)
            answer = None
            while eager and self.runner.pending:
                self.runner.answer_next()
            if isinstance(demand, Step):
                answer = self.reader.step()
            elif isinstance(demand, Emit):
                yield demand.event
            else:
                if not demand.future.done():
                    self.runner.answer_next()
                answer = demand.future.result(timeout=0)

    def transcript(self) -> Transcript:
        *_, last = self.drive()
        assert isinstance(last, Transcript)
        return last


def texts(events: list[Event]) -> list[str]:
    return [event.text for event in events if isinstance(event, Segment)]


def progress_of(events: list[Event]) -> list[Progress]:
    return [event for event in events if isinstance(event, Progress)]


def test_events_come_in_the_order_of_the_recording() -> None:
    """Segments, then the progress they make, chunk by chunk, and one transcript at the end."""
    events = Request(steps_of(3), seconds=15.0).drive()
    assert [type(event) for event in events] == [
        Segment, Progress, Segment, Progress, Segment, Progress, Transcript,
    ]  # fmt: skip
    assert texts(events) == ["0초입니다.", "5초입니다.", "10초입니다."]
    assert [(told.seconds_done, told.seconds_total) for told in progress_of(events)] == [
        (5.0, 15.0), (10.0, 15.0), (15.0, 15.0),
    ]  # fmt: skip


def test_a_few_chunks_are_ahead_and_no_more() -> None:
    """The model always has the next chunks, and a long recording is not read whole at once."""
    request = Request(steps_of(50))
    events = request.events()
    next(events)
    assert len(request.runner.jobs) == LOOKAHEAD
    assert request.reader.asked == LOOKAHEAD
    for _ in events:
        assert request.reader.asked <= len(request.runner.jobs) + 1
    assert request.runner.most_pending == LOOKAHEAD
    assert len(request.runner.jobs) == 50


def test_steps_without_a_chunk_are_read_over() -> None:
    """A silence gives no chunk for many steps, and the recognition reads on."""
    steps: list[list[Planned]] = [[], [], [planned(60.0, 65.0)], [], []]
    assert texts(Request(steps).drive()) == ["60초입니다."]


def test_the_language_is_heard_before_the_first_chunk() -> None:
    """Without a language, ten seconds of speech tell it, and every job is given it."""
    request = Request(steps_of(6), TranscribeOptions())
    whole = request.transcript()
    (heard,) = request.runner.detected
    assert len(heard) == 10 * SAMPLE_RATE
    assert {job.options.language for job in request.runner.jobs} == {"ko"}
    assert (whole.language, whole.language_probability) == ("ko", 0.75)


@pytest.mark.parametrize("start", [0.0, 5.0, 17.0, 25.0])
def test_the_language_is_that_of_the_beginning(start: float) -> None:
    """Wherever a request begins, its language is told from the beginning of the recording."""
    request = Request(steps_of(6), TranscribeOptions(start_seconds=start))
    request.drive()
    (heard,) = request.runner.detected
    assert heard[0] == 0.0
    assert len(heard) == 10 * SAMPLE_RATE


def test_a_single_chunk_tells_its_language_itself() -> None:
    """A clip of one chunk is encoded once: its own reading brings the language."""
    request = Request(steps_of(1), TranscribeOptions())
    whole = request.transcript()
    assert request.runner.detected == []
    assert request.runner.jobs[0].options.language is None
    assert (whole.language, whole.language_probability) == ("ko", 0.5)


@pytest.mark.parametrize("start", [5.0, 99.0])
def test_a_single_chunk_that_is_skipped_still_tells_the_language(start: float) -> None:
    """A request that goes on behind the only chunk has the language of the one that read it."""
    request = Request(steps_of(1), TranscribeOptions(start_seconds=start))
    whole = request.transcript()
    assert (whole.text, whole.language, whole.language_probability) == ("", "ko", 0.75)
    assert request.runner.jobs == []


def test_a_language_that_was_given_is_not_asked_for() -> None:
    """The caller's language is certain."""
    request = Request(steps_of(4))
    whole = request.transcript()
    assert request.runner.detected == []
    assert (whole.language, whole.language_probability) == ("ko", 1.0)


def test_the_language_is_told_by_speech() -> None:
    """Stretches without speech do not count, nor are they listened to, where there is speech."""
    steps = [[planned(0.0, 15.0, speech=0.0)], [planned(15.0, 27.0)], [planned(27.0, 30.0)]]
    request = Request(steps, TranscribeOptions())
    request.drive()
    assert request.runner.detected[0][0] == 15.0


def test_the_language_is_told_by_what_there_is() -> None:
    """Where no speech was heard at all, the audio that is kept must do."""
    steps = [[planned(0.0, 15.0, speech=0.0)], [planned(15.0, 30.0, speech=0.0)]]
    request = Request(steps, TranscribeOptions(vad_filter=False))
    request.drive()
    assert len(request.runner.detected[0]) == 30 * SAMPLE_RATE


def test_hours_without_speech_are_not_kept_in_memory() -> None:
    """Telling the language ends after some minutes of audio, even when nobody has spoken."""
    steps = [[planned(n * 15.0, (n + 1) * 15.0, speech=0.0)] for n in range(60)]
    request = Request(steps, TranscribeOptions(vad_filter=False))
    events = request.events()
    next(events)
    assert request.reader.asked * 15.0 <= DETECT_MEMORY_SECONDS + (LOOKAHEAD + 1) * 15.0
    *_, last = events
    assert isinstance(last, Transcript)
    assert len(request.runner.jobs) == 60


def test_nothing_heard_asks_for_nothing() -> None:
    """A recording without a chunk needs no model and has no language."""
    request = Request([[], []], TranscribeOptions())
    whole = request.transcript()
    assert request.runner.detected == []
    assert request.runner.jobs == []
    assert (whole.text, whole.language) == ("", None)


def test_progress_waits_until_it_is_settled() -> None:
    """A chunk that another one may still come before makes no progress of its own."""
    steps = [
        [planned(0.0, 5.0, settles=False, channel=0), planned(0.0, 5.0, channel=1)],
        [planned(5.0, 9.0, channel=0)],
    ]
    events = Request(steps).drive()
    kinds = [type(event).__name__ for event in events]
    assert kinds == ["Segment", "Segment", "Progress", "Segment", "Progress", "Transcript"]


def test_progress_tells_what_came_since_the_last() -> None:
    """Of every chunk since the progress before, with the language as it is known by then."""
    steps = [
        [planned(0.0, 5.0, settles=False, channel=0), planned(0.0, 5.0, channel=1)],
        [planned(5.0, 20.0, channel=0)],
    ]
    request = Request(steps, TranscribeOptions(), runner=SlowSpeaker())
    first, second = progress_of(request.drive())
    assert first.language == second.language == "ko"
    assert first.language_probability == 0.75
    assert (first.speech_seconds, first.transcribed_seconds) == (10.0, 10.0)
    assert (first.suppressed, first.gaps) == ((), ())
    assert (second.speech_seconds, second.transcribed_seconds) == (15.0, 0.0)
    assert [withheld.text for withheld in second.suppressed] == ["아 아 아 아 아 아 아 아"]
    assert second.gaps == (Gap(5.0, 20.0, channel=0),)


class SlowSpeaker(FakeRunner):
    """Reads the same syllable over and over in every chunk of fifteen seconds."""

    def answer_next(self) -> None:
        job, future = self.pending[0]
        if len(job.audio) != 15 * SAMPLE_RATE:
            super().answer_next()
            return
        self.pending.popleft()
        pieces = (Piece(0.0, 15.0, "아 아 아 아 아 아 아 아"),)
        future.set_result(Answer(Hypothesis(pieces, -3.0, 0.9, 9.0, "ko", 1.0), 0.0))


@pytest.mark.parametrize("kept", [(), (1,), (3,), (1, 1, 2), (5,)])
def test_progress_adds_up_over_requests(kept: tuple[int, ...]) -> None:
    """A chain of requests, each going on at the last progress kept of the one before, tells by
    its progress what one undisturbed transcript says, and nothing twice."""
    steps = [[planned(n * 15.0, n * 15.0 + (15.0 if n % 2 else 6.0))] for n in range(5)]
    whole = Request(list(steps), runner=SlowSpeaker()).transcript()
    told: list[Progress] = []
    for events_kept in (*kept, None):
        options = replace(KOREAN, start_seconds=told[-1].seconds_done if told else 0.0)
        request = Request(list(steps), options, runner=SlowSpeaker())
        told += progress_of(request.drive())[:events_kept]
    coverage = whole.coverage
    assert whole.suppressed
    assert tuple(piece for one in told for piece in one.suppressed) == whole.suppressed
    assert tuple(gap for one in told for gap in one.gaps) == coverage.gaps
    heard, read = (one.speech_seconds for one in told), (one.transcribed_seconds for one in told)
    assert sum(heard) == pytest.approx(coverage.speech_seconds)
    assert sum(read) == pytest.approx(coverage.transcribed_seconds)


def test_progress_counts_the_header_until_the_end_is_known() -> None:
    """The total is what the header says, more when more was decoded, the truth at the end."""
    events = Request(steps_of(8), seconds=20.0).drive()
    totals = [event.seconds_total for event in progress_of(events)]
    assert totals[0] == 20.0
    assert totals == sorted(totals)
    assert totals[-1] == 40.0
    assert all(event.seconds_done <= event.seconds_total for event in progress_of(events))


def test_progress_frees_the_backlog() -> None:
    """What is transcribed waits no longer."""
    request = Request(steps_of(4), seconds=20.0)
    waiting = [request.backlog.seconds for event in request.events() if isinstance(event, Progress)]
    assert waiting == [15.0, 10.0, 5.0, 0.0]


@pytest.mark.parametrize("resumed", [0, 1, 2, 3])
def test_a_resumed_request_brings_exactly_the_rest(resumed: int) -> None:
    """From the end of any chunk, the segments that come are those that came after it."""
    whole = Request(steps_of(4)).drive()
    progress = progress_of(whole)[resumed]
    after = texts(whole[whole.index(progress) :])
    for start in (progress.seconds_done, round(progress.seconds_done, 2)):
        request = Request(steps_of(4), TranscribeOptions(language="ko", start_seconds=start))
        assert texts(request.drive()) == after
        assert len(request.runner.jobs) == len(after)


def test_a_resumed_request_keeps_what_began_earlier() -> None:
    """With two channels, a chunk that ends after the point of resumption comes whole, even
    where its sentences ended before that point: they have not been sent yet."""
    long = planned(0.0, 12.0, channel=1)
    steps = [[planned(0.0, 10.0, channel=0)], [long]]
    runner = SentenceRunner()
    whole = Request(list(steps), runner=runner).drive()
    assert texts(whole) == ["0초입니다.", "3초까지.", "12초까지."]
    progress = progress_of(whole)[0]
    assert progress.seconds_done == 10.0
    options = TranscribeOptions(language="ko", start_seconds=progress.seconds_done)
    rest = Request(list(steps), options, runner=SentenceRunner()).drive()
    assert texts(rest) == ["3초까지.", "12초까지."]


class SentenceRunner(FakeRunner):
    """Reads two sentences in every chunk of twelve seconds."""

    def answer_next(self) -> None:
        job, future = self.pending[0]
        if len(job.audio) != 12 * SAMPLE_RATE:
            super().answer_next()
            return
        self.pending.popleft()
        pieces = (Piece(0.0, 3.0, "3초까지."), Piece(4.0, 12.0, "12초까지."))
        future.set_result(Answer(Hypothesis(pieces, -0.1, 0.0, 1.0, "ko", 1.0), 0.0))


def test_a_request_may_begin_within_a_chunk() -> None:
    """A start that is no border gives the chunk it lies in, without the sentences before it."""
    options = TranscribeOptions(language="ko", start_seconds=3.5)
    request = Request([[planned(0.0, 12.0)]], options, runner=SentenceRunner())
    assert texts(request.drive()) == ["12초까지."]


def test_a_start_after_the_end_gives_an_empty_transcript() -> None:
    """There is nothing after the end, and no job is spent on it."""
    request = Request(steps_of(3), TranscribeOptions(language="ko", start_seconds=99.0))
    assert request.transcript().text == ""
    assert request.runner.jobs == []


def test_jobs_carry_the_options_and_the_voice() -> None:
    """What the caller chose and what the detector heard goes with every chunk."""
    options = TranscribeOptions(
        language="ko", task="translate", word_timestamps=True, initial_prompt="p",
        hotwords="h", beam_size=3, temperature=0.5, quality="fast",
    )  # fmt: skip
    request = Request([[planned(10.0, 15.0, speech=2.0)]], options)
    request.drive()
    (job,) = request.runner.jobs
    decode = job.options
    assert (decode.language, decode.task, decode.word_timestamps) == ("ko", "translate", True)
    assert (decode.initial_prompt, decode.hotwords) == ("p", "h")
    assert (decode.beam_size, decode.temperature, decode.quality) == (3, 0.5, "fast")
    assert job.speech == ((0.0, 2.0),)
    assert (job.speech_seconds, job.voiced_seconds) == (2.0, 2.0)


def test_timings_say_where_the_time_went() -> None:
    """Decoding and listening by the reader, inference by the model, the queue by the first job."""
    timings = Request(steps_of(4)).transcript().timings
    assert (timings.decode, timings.vad, timings.inference) == (0.25, 0.5, 0.5)
    assert timings.queue == 0.0625 * LOOKAHEAD
    assert timings.total > 0


def test_an_error_of_the_model_ends_the_request() -> None:
    """A job that fails fails its request with the reason, and nothing follows it."""
    request = Request(steps_of(4), runner=FakeRunner(error=InferenceError("out of memory")))
    with pytest.raises(InferenceError, match="out of memory"):
        request.drive()


def test_a_long_silence_keeps_nothing_back() -> None:
    """What was read before a silence is told before the silence was read through."""
    request = Request([*steps_of(1), *([] for _ in range(50)), [planned(300.0, 305.0)]])
    asked: list[int] = []
    for event in request.events(eager=True):
        if isinstance(event, Segment):
            asked.append(request.reader.asked)
    assert len(asked) == 2
    assert asked[0] <= 2
