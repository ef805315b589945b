"""One attempt at one transcript: stream it, store what comes, translate, analyse, finish.

Whatever was stored stays; an attempt that ends early is taken up again at the last checkpoint.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Concatenate, ParamSpec, TypeVar

from sqlalchemy import Connection

from web_ui.client import EngineClient, Recording
from web_ui.engine_answers import ProgressAnswer, ResultAnswer, SegmentAnswer
from web_ui.jobs.recording import open_recording
from web_ui.recordings.files import Recordings
from web_ui.records import Passage, Segment, Transcript, Word
from web_ui.store import work
from web_ui.store.database import Database
from web_ui.store.work import Checkpoint, Claim

Given = ParamSpec("Given")
Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class Tools:
    """What a job works with. changed: called after every step that was stored."""

    database: Database
    engine: EngineClient
    recordings: Recordings
    changed: Callable[[str], None]


class Job:
    """Each step raises `EngineError`, what the database raises, and `work.GivenUp`."""

    def __init__(self, transcript: Transcript, tools: Tools) -> None:
        self.transcript = transcript
        self.claim = Claim(transcript.key, transcript.attempt)
        self.request_id = f"{transcript.id}.{transcript.attempt}"
        self.tools = tools

    async def write(
        self,
        step: Callable[Concatenate[Connection, Claim, datetime, Given], Found],
        *args: Given.args,
        **kwargs: Given.kwargs,
    ) -> Found:
        """A step of `store.work`, told to whoever watches."""
        now = datetime.now(UTC)
        found = await self.tools.database.write(step, self.claim, now, *args, **kwargs)
        self.tools.changed(self.transcript.id)
        return found


async def transcribe(job: Job) -> bool:
    """Whether there is a real text, to go on with. Raises `RecordingMissing` as well."""
    async with open_recording(job.tools.recordings, job.transcript) as recording:
        result = await _streamed(job, recording)
    if result.is_dummy:
        await job.write(work.finish, state="dummy", **_dummy(result))
        return False
    await job.write(work.enter, "translate", **_facts(result))
    return True


async def _streamed(job: Job, recording: Recording) -> ResultAnswer:
    """Store each stretch as soon as stt-api says that it is settled; return the end."""
    gathered: list[SegmentAnswer] = []
    events = job.tools.engine.stream(recording, stream_options(job.transcript), job.request_id)
    async with aclosing(events) as answers:
        async for answer in answers:
            if isinstance(answer, SegmentAnswer):
                gathered.append(answer)
            elif isinstance(answer, ProgressAnswer):
                await job.write(work.store, _checkpoint(answer, gathered))
                gathered = []
            else:
                if gathered and not answer.is_dummy:  # an engine that settles nothing at its end
                    await job.write(work.store, _checkpoint(_all_of(answer), gathered))
                return answer
    raise AssertionError("a stream ends with its result, or raises")


def stream_options(transcript: Transcript) -> dict[str, str]:
    """What stt-api is asked for: the text with its words, from where it stopped."""
    asked = transcript.options
    options = {"quality": asked.quality, "channels": asked.channels, "word_timestamps": "true"}
    if asked.language is not None:
        options["language"] = asked.language
    if transcript.seconds_done > 0:
        options["start_seconds"] = repr(transcript.seconds_done)
    return options


def _checkpoint(progress: ProgressAnswer, segments: Sequence[SegmentAnswer]) -> Checkpoint:
    withheld = [
        Passage("withheld", each.start, each.end, each.text, each.reason, each.channel)
        for each in progress.suppressed
    ]
    gaps = [Passage("gap", gap.start, gap.end, channel=gap.channel) for gap in progress.gaps]
    return Checkpoint(
        seconds_done=progress.seconds_done,
        seconds_total=progress.seconds_total,
        language=progress.language,
        language_probability=progress.language_probability,
        speech_seconds=progress.speech_seconds,
        transcribed_seconds=progress.transcribed_seconds,
        segments=tuple(_segment(segment) for segment in segments),
        passages=(*withheld, *gaps),
    )


def _all_of(result: ResultAnswer) -> ProgressAnswer:
    return ProgressAnswer(
        seconds_done=result.duration,
        seconds_total=result.duration,
        language=result.language,
        language_probability=result.language_probability,
    )


def _segment(said: SegmentAnswer) -> Segment:
    words = [Word(word.start, word.end, word.word, word.probability) for word in said.words or ()]
    return Segment(
        number=-1,
        start=said.start,
        end=said.end,
        text=said.text,
        channel=said.channel,
        avg_logprob=said.avg_logprob,
        no_speech_prob=said.no_speech_prob,
        words=tuple(words),
    )


def _dummy(result: ResultAnswer) -> dict[str, Any]:
    return {
        "is_dummy": True,
        "dummy_text": result.text,
        "error_code": "dummy",
        "error_reason": result.error_reason,
        "duration": result.duration,
        "seconds_total": result.duration,
        "backend": result.backend,
        "model": result.model,
    }


def _facts(result: ResultAnswer) -> dict[str, Any]:
    """Of a resumed request's answer, the language may be unknown: then it was told before."""
    told: dict[str, Any] = {
        "duration": result.duration,
        "seconds_done": result.duration,
        "seconds_total": result.duration,
        "backend": result.backend,
        "model": result.model,
        "warnings": list(result.warnings),
    }
    if result.language is not None:
        told["language"] = result.language
        told["language_probability"] = result.language_probability
    return told
