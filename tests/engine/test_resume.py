"""A request that begins where another one stopped goes on as if it had not."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from stt_types import Event, Progress, Segment
from tests.engine.service import Service, last_of
from tests.sounds import silence, speech, wav

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
    progress = [event for event in whole if isinstance(event, Progress)]
    assert len(progress) >= 3
    for done in progress:
        rest = service.events(audio, **asked, start_seconds=done.seconds_done)
        assert segments(rest) == segments(whole[whole.index(done) :])
        assert last_of(rest).language == last_of(whole).language
        assert last_of(rest).duration == last_of(whole).duration


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
