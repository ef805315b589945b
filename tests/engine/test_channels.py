"""A call with a speaker on each channel: both are heard, in the order in which they speak."""

from __future__ import annotations

import numpy as np
import pytest
from error_rate import cer

from stt_types import Transcript
from tests.engine.service import Service
from tests.engine.test_real_model import reference
from tests.sounds import Sound, noise, silence, speech, wav

pytestmark = pytest.mark.model

AGENT = ("ko_greeting.flac", "ko_thinking.flac")
CUSTOMER = ("ko_proverb.flac",)


def call() -> tuple[Sound, Sound]:
    """The agent speaks, the customer answers, the agent goes on."""
    first, answer, second = (speech(name) for name in (AGENT[0], CUSTOMER[0], AGENT[1]))
    agent = np.concatenate((first, silence(len(answer) / 16_000 + 0.5), second))
    customer = np.concatenate((silence(len(first) / 16_000 + 0.2), answer))
    return agent, customer


def spoken(heard: Transcript, channel: int | None) -> str:
    return " ".join(s.text for s in heard.segments if s.channel == channel)


def test_two_speakers_are_told_apart(service: Service) -> None:
    """Each channel brings its own speaker's words, merged by time."""
    agent, customer = call()
    heard = service.transcript(wav(agent, customer), language="ko", channels="split")
    assert cer(" ".join(map(reference, AGENT)), spoken(heard, 0)) <= 0.15
    assert cer(" ".join(map(reference, CUSTOMER)), spoken(heard, 1)) <= 0.15
    starts = [segment.start for segment in heard.segments]
    assert starts == sorted(starts)
    turns = [segment.channel for segment in heard.segments]
    assert [a for a, b in zip(turns, [*turns[1:], None], strict=True) if a != b] == [0, 1, 0]
    assert heard.warnings == ()


def test_both_channels_count_in_the_coverage(service: Service) -> None:
    """Two people who speak at once are more speech than either alone, and all of it is text."""
    one, other = speech("ko_thinking.flac"), speech("ko_sentence.flac")
    both = service.transcript(wav(one, other), language="ko", channels="split")
    alone = service.transcript(wav(one), language="ko")
    assert both.coverage.speech_seconds > alone.coverage.speech_seconds + 1.0
    assert both.coverage.transcribed_seconds == both.coverage.speech_seconds
    assert spoken(both, 0) == alone.text


def test_a_channel_is_heard_as_if_it_were_alone(service: Service) -> None:
    """What the other channel holds changes nothing in the text of this one."""
    agent, customer = call()
    split = service.transcript(wav(agent, customer), language="ko", channels="split")
    alone = service.transcript(wav(agent), language="ko")
    assert spoken(split, 0) == alone.text


def test_identical_channels_are_done_once(service: Service) -> None:
    """A mono recording stored as stereo is transcribed once, and said to be one."""
    voice = speech("ko_proverb.flac")
    heard = service.transcript(wav(voice, voice), language="ko", channels="split")
    assert heard.warnings == ("channels=split: the channels are identical, transcribed once",)
    assert {segment.channel for segment in heard.segments} == {None}
    assert heard.text == service.transcript(wav(voice), language="ko").text


def test_one_channel_cannot_be_split(service: Service) -> None:
    """A mono recording is transcribed as it is, and said to have one channel."""
    heard = service.transcript(wav(speech("ko_proverb.flac")), language="ko", channels="split")
    assert heard.warnings == ("channels=split: the recording has one channel",)
    assert cer(reference("ko_proverb.flac"), heard.text) <= 0.15


@pytest.mark.parametrize("quiet", [silence(4.0), noise(4.0, 0.002)], ids=["silent", "hissing"])
@pytest.mark.parametrize("language", ["ko", None])
def test_a_silent_channel_adds_nothing(
    service: Service, quiet: Sound, language: str | None
) -> None:
    """A line on which nobody speaks is empty; the other is heard as ever."""
    voice = speech("ko_proverb.flac")
    heard = service.transcript(wav(quiet, voice), language=language, channels="split")
    assert {segment.channel for segment in heard.segments} == {1}
    assert cer(reference("ko_proverb.flac"), heard.text) <= 0.15
    assert heard.language == "ko"


def test_a_mix_hears_both(service: Service) -> None:
    """Without `split` both channels are one, and both speakers are in the text."""
    agent, customer = call()
    heard = service.transcript(wav(agent, customer), language="ko")
    assert {segment.channel for segment in heard.segments} == {None}
    said = " ".join(map(reference, (AGENT[0], CUSTOMER[0], AGENT[1])))
    assert cer(said, heard.text) <= 0.25
