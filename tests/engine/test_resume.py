"""A request that begins where another one stopped goes on as if it had not."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from stt_types import SAMPLE_RATE, Event, Progress, Segment
from tests.engine.service import Service, last_of
from tests.sounds import SAMPLES, silence, speech, wav

pytestmark = pytest.mark.model

PAUSE = silence(1.2)


def conversation() -> bytes:
    """Two that interrupt each other: the agent's long turns reach past the customer's short."""
    sentence, proverb, thought = (
        speech(f"ko_{name}.flac") for name in ("sentence", "proverb", "thinking")
    )
    greeting = speech("ko_greeting.flac")
    agent = np.concatenate((greeting, thought, PAUSE, PAUSE, sentence))
    customer = np.concatenate((silence(1.0), proverb, PAUSE, PAUSE, PAUSE, thought))
    return wav(agent, customer)


def monologue() -> bytes:
    parts = [
        part
        for name in ("sentence", "greeting", "proverb")
        for part in (speech(f"ko_{name}.flac"), PAUSE)
    ]
    return wav(np.concatenate(parts))


def minute() -> bytes:
    return (SAMPLES / "test_ko_1min.wav").read_bytes()


def nonsense() -> bytes:
    """Speech, some of it played backwards, which is read as something and withheld."""
    backwards = speech("jfk.flac")[::-1][: 5 * SAMPLE_RATE]
    greeting, sentence = speech("ko_greeting.flac"), speech("ko_sentence.flac")
    return wav(np.concatenate((greeting, PAUSE, backwards, PAUSE, sentence)))


def progress_of(events: list[Event]) -> list[Progress]:
    return [event for event in events if isinstance(event, Progress)]


def seconds_done(events: list[Event]) -> float:
    """Where a request goes on that was given these events."""
    return max((told.seconds_done for told in progress_of(events)), default=0.0)


def up_to_progress(events: list[Event]) -> list[Event]:
    """What whoever goes on at the last progress keeps."""
    places = [place for place, event in enumerate(events) if isinstance(event, Progress)]
    return events[: places[-1] + 1] if places else []


def segments(events: list[Event]) -> list[Segment]:
    return [replace(event, id=0) for event in events if isinstance(event, Segment)]


@pytest.mark.parametrize(
    ("recording", "channels", "language"),
    [(monologue, "mix", None), (conversation, "split", "ko"), (conversation, "split", None)],
    ids=["mono", "split", "split-detected"],
)
def test_a_request_goes_on_at_any_progress(
    service: Service, recording: Callable[[], bytes], channels: str, language: str | None
) -> None:
    """From each `seconds_done` that a run told, a new request brings exactly the segments
    that came after it, in the same language."""
    audio = recording()
    asked: dict[str, Any] = {"language": language, "channels": channels}
    whole = service.events(audio, **asked)
    progress = progress_of(whole)
    assert len(progress) >= 3
    for done in progress:
        rest = service.events(audio, **asked, start_seconds=done.seconds_done)
        assert segments(rest) == segments(whole[whole.index(done) :])
        assert last_of(rest).language == last_of(whole).language
        assert last_of(rest).duration == last_of(whole).duration


@pytest.mark.parametrize("recording", [minute, nonsense])
def test_a_stream_that_breaks_loses_nothing(
    service: Service, recording: Callable[[], bytes]
) -> None:
    """Segments with their words, withheld text, gaps and seconds, kept at each progress over a
    stream that breaks at random and goes on there, are those of an undisturbed one."""
    audio = recording()
    asked: dict[str, Any] = {"word_timestamps": True}
    undisturbed = service.events(audio, **asked)
    kept: list[Event] = []
    dice = np.random.default_rng(3)
    for _ in range(2):
        rest = service.events(audio, **asked, start_seconds=seconds_done(kept))
        kept += up_to_progress(rest[: dice.integers(len(rest))])
    assert 0.0 < seconds_done(kept) < seconds_done(undisturbed)
    rest = service.events(audio, **asked, start_seconds=seconds_done(kept))
    kept += up_to_progress(rest)
    whole, told = last_of(undisturbed), progress_of(kept)
    assert segments(kept) == segments(undisturbed)
    assert all(segment.words for segment in segments(kept))
    assert {(one.language, one.language_probability) for one in told} == {
        (whole.language, whole.language_probability)
    }
    assert tuple(piece for one in told for piece in one.suppressed) == whole.suppressed
    assert tuple(gap for one in told for gap in one.gaps) == whole.coverage.gaps
    assert bool(whole.suppressed and whole.coverage.gaps) is (recording is nonsense)
    heard, read = (one.speech_seconds for one in told), (one.transcribed_seconds for one in told)
    assert sum(heard) == pytest.approx(whole.coverage.speech_seconds, abs=1e-3)
    assert sum(read) == pytest.approx(whole.coverage.transcribed_seconds, abs=1e-3)


def test_a_rest_without_a_chunk_has_the_language_of_the_whole(service: Service) -> None:
    """Behind the last chunk, also where it is the only one, nothing is left to read, and the
    answer names the language all the same."""
    for audio in (wav(speech("ko_sentence.flac")), monologue()):
        whole = service.events(audio)
        rest = service.transcript(audio, start_seconds=seconds_done(whole))
        assert (rest.text, rest.language) == ("", last_of(whole).language)


def test_progress_survives_being_rounded(service: Service) -> None:
    """A `seconds_done` that was kept to the hundredth still names the same place."""
    audio = monologue()
    whole = service.events(audio, language="ko")
    done = [event for event in whole if isinstance(event, Progress)][1]
    rounded = math.floor(done.seconds_done * 100) / 100
    rest = service.events(audio, language="ko", start_seconds=rounded)
    assert segments(rest) == segments(whole[whole.index(done) :])


def test_progress_reaches_the_end(service: Service) -> None:
    """Progress grows, stays within the recording, and its total is the recording's length."""
    audio = wav(np.concatenate((speech("ko_sentence.flac"), PAUSE, speech("ko_proverb.flac"))))
    events = service.events(audio, language="ko")
    done = [event.seconds_done for event in events if isinstance(event, Progress)]
    duration = last_of(events).duration
    assert done == sorted(set(done))
    assert duration - 1.0 < done[-1] <= duration
    totals = [event.seconds_total for event in events if isinstance(event, Progress)]
    assert totals == pytest.approx([duration] * len(totals), abs=0.01)


def test_segments_come_before_the_end_is_read(service: Service) -> None:
    """The transcript's segments are the ones that were streamed."""
    events = service.events(monologue(), language="ko")
    streamed = [event for event in events if isinstance(event, Segment)]
    assert tuple(streamed) == last_of(events).segments
    assert isinstance(events[0], Segment)


def test_a_start_past_the_end_is_an_empty_rest(service: Service) -> None:
    """There is nothing after the end, and that is no error."""
    heard = service.transcript(monologue(), language="ko", start_seconds=3_600.0)
    assert (heard.text, heard.segments) == ("", ())
    assert heard.duration > 15.0
