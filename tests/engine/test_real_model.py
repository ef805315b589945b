"""The real model on real speech: what it hears, and what its options do."""

from __future__ import annotations

import json
import re
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from error_rate import cer, characters, distance, wer

from stt_engine import STTEngine
from stt_types import Transcript
from tests.sounds import SAMPLES, silence, speech, wav

pytestmark = pytest.mark.model

MANIFEST = {
    fact["file"]: fact
    for fact in map(json.loads, (SAMPLES / "manifest.jsonl").read_text("utf-8").splitlines())
}
KOREAN = ("ko_sentence.flac", "ko_greeting.flac", "ko_proverb.flac", "ko_thinking.flac")
MINUTE = "test_ko_1min.wav"
MISHEARD = 0.4
"""Share of wrong characters above which a sentence counts as missing."""


def reference(name: str) -> str:
    text = MANIFEST[name]["text"]
    assert isinstance(text, str)
    return text


def sentences_of_the_minute() -> list[str]:
    """Which of the four Korean clips are said in it, in order."""
    clips = "|".join(re.escape(reference(name)) for name in KOREAN)
    return re.findall(clips, reference(MINUTE))


def found_after(sentence: str, heard: str, start: int) -> tuple[float, int]:
    """Error rate of the first place from there on where a sentence is said, and where it ends."""
    wanted = characters(sentence)

    def error_at(at: int) -> float:
        return distance(wanted, heard[at : at + len(wanted)]) / len(wanted)

    likely = (at for at in range(start, len(heard)) if error_at(at) <= MISHEARD)
    first = next(likely, None)
    if first is None:
        return 1.0, start
    error, best = min((error_at(at), at) for at in range(first, first + len(wanted) // 2))
    return error, best + len(wanted)


@pytest.fixture(scope="module")
def minute(engine: STTEngine) -> Transcript:
    return engine.transcribe(SAMPLES / MINUTE)


def test_the_korean_minute_is_understood(minute: Transcript) -> None:
    """Clear, by telephone and in noise: at most 8 % of the characters are wrong."""
    assert minute.language == "ko"
    assert minute.language_probability > 0.8
    assert cer(reference(MINUTE), minute.text) <= 0.08


def test_no_sentence_of_the_minute_is_missing(minute: Transcript) -> None:
    """Each of the twelve sentences is there, in its place; none is left out or invented."""
    said = sentences_of_the_minute()
    assert len(said) == 12
    heard = characters(minute.text)
    assert len(heard) == pytest.approx(len(characters(reference(MINUTE))), rel=0.1)
    end = 0
    for sentence in said:
        error, end = found_after(sentence, heard, max(0, end - 5))
        assert error <= MISHEARD, sentence


def test_the_minute_is_covered(minute: Transcript) -> None:
    """All speech became text; nothing was withheld, and nothing is missing."""
    assert minute.coverage.audio_seconds == pytest.approx(60.0)
    assert 30.0 < minute.coverage.speech_seconds < 60.0
    assert minute.coverage.transcribed_seconds == minute.coverage.speech_seconds
    assert minute.coverage.gaps == ()
    assert not minute.is_dummy
    assert (minute.backend, minute.model) == ("faster-whisper", "base")


def test_segments_run_through_the_minute(minute: Transcript) -> None:
    """Segments come in order, inside the recording, numbered, and make up the text."""
    segments = minute.segments
    assert [segment.id for segment in segments] == list(range(len(segments)))
    assert " ".join(segment.text for segment in segments) == minute.text
    assert all(0.0 <= segment.start < segment.end <= 60.0 for segment in segments)
    assert all(a.start < b.start and a.end <= b.start + 0.5 for a, b in pairwise(segments))


@pytest.mark.parametrize(
    ("name", "rate", "most"),
    [
        ("ko_sentence.flac", cer, 0.25),
        ("ko_greeting.flac", cer, 0.15),
        ("ko_proverb.flac", cer, 0.15),
        ("ko_thinking.flac", cer, 0.15),
        ("ja_sentence.flac", cer, 0.2),
        ("de_sentence.flac", cer, 0.2),
        ("en_sentence.flac", wer, 0.15),
        ("jfk.flac", wer, 0.15),
    ],
)
def test_samples_are_understood(engine: STTEngine, name: str, rate: Any, most: float) -> None:
    """Every sample is recognised, in its language."""
    heard = engine.transcribe(SAMPLES / name)
    assert heard.language == MANIFEST[name]["language"]
    assert rate(reference(name), heard.text) <= most


@pytest.mark.parametrize("name", ["ko_thinking.flac", "ko_proverb.flac", "en_sentence.flac"])
def test_speech_is_understood_without_voice_activity(engine: STTEngine, name: str) -> None:
    """With vad_filter=False the words are the same, give or take."""
    heard = engine.transcribe(SAMPLES / name, vad_filter=False)
    assert cer(reference(name), heard.text) <= 0.15


@pytest.mark.parametrize("name", ["silence_10s.flac", "noise_10s.flac"])
def test_samples_without_speech_give_no_text(engine: STTEngine, name: str) -> None:
    """Silence and noise among the samples are empty, not credits of a video."""
    assert engine.transcribe(SAMPLES / name).text == reference(name) == ""


@pytest.mark.parametrize("name", ["ko_greeting.flac", "ja_sentence.flac", "jfk.flac"])
def test_words_have_times(engine: STTEngine, name: str) -> None:
    """Words come in order, inside their segment and the audio, and make up its text."""
    heard = engine.transcribe(SAMPLES / name, word_timestamps=True)
    assert heard.segments
    for segment in heard.segments:
        assert segment.words
        times = [time for word in segment.words for time in (word.start, word.end)]
        assert times == sorted(times)
        assert segment.start <= times[0]
        assert times[-1] <= segment.end <= heard.duration
        assert characters("".join(w.word for w in segment.words)) == characters(segment.text)
        assert all(0.0 <= word.probability <= 1.0 for word in segment.words)


def test_times_are_where_the_speech_is(engine: STTEngine, tmp_path: Path) -> None:
    """A sentence after four seconds of silence begins after them, words included."""
    recording = tmp_path / "late.wav"
    late = silence(4.0 + 8.0)
    clip = speech("ko_sentence.flac")
    late[4 * 16_000 : 4 * 16_000 + len(clip)] = clip
    recording.write_bytes(wav(late))
    heard = engine.transcribe(recording, "ko", word_timestamps=True)
    assert 4.0 <= heard.segments[0].start < 5.0
    assert 6.5 < heard.segments[-1].end < 8.5


@pytest.mark.parametrize("quality", ["fast", "accurate"])
def test_quality_is_a_choice(engine: STTEngine, quality: str) -> None:
    """Both other qualities understand a plain sentence."""
    heard = engine.transcribe(SAMPLES / "ko_proverb.flac", quality=quality)
    assert cer(reference("ko_proverb.flac"), heard.text) <= 0.15


@pytest.mark.parametrize("options", [{}, {"beam_size": 3}, {"vad_filter": False}])
def test_the_same_request_gives_the_same_text(engine: STTEngine, options: dict[str, Any]) -> None:
    """Twice the same input and options give twice the same text."""
    clip = SAMPLES / "ko_greeting.flac"
    first, second = (engine.transcribe(clip, "ko", **options) for _ in range(2))
    assert first.segments == second.segments
    assert first.text


def test_a_temperature_is_taken(engine: STTEngine) -> None:
    """With sampling a plain sentence is still understood."""
    heard = engine.transcribe(SAMPLES / "ko_proverb.flac", "ko", temperature=0.2)
    assert cer(reference("ko_proverb.flac"), heard.text) <= 0.3


def test_korean_is_translated_to_english(engine: STTEngine) -> None:
    """With task=translate the text is English, and the language is still the one spoken."""
    heard = engine.transcribe(SAMPLES / "ko_greeting.flac", task="translate")
    assert heard.language == "ko"
    assert re.search("weather|today", heard.text, re.IGNORECASE)
    assert not re.search("[가-힣]", heard.text)


@pytest.mark.parametrize("option", ["initial_prompt", "hotwords"])
def test_a_prompt_helps_and_is_not_echoed(engine: STTEngine, option: str) -> None:
    """A prompt is taken, and none of it appears where it was not said, nor in a silence."""
    prompt = {option: "무배당 보장보험, 불완전판매"}
    heard = engine.transcribe(SAMPLES / "ko_proverb.flac", "ko", **prompt)
    assert cer(reference("ko_proverb.flac"), heard.text) <= 0.3
    assert "보험" not in heard.text
    for vad_filter in (True, False):
        quiet = engine.transcribe(SAMPLES / "noise_10s.flac", "ko", vad_filter=vad_filter, **prompt)
        assert quiet.text == ""


def test_timings_say_where_the_time_went(minute: Transcript) -> None:
    """Each stage took some of the time, and no more than the whole; reading goes on meanwhile."""
    timings = minute.timings
    for stage in (timings.decode, timings.vad, timings.inference):
        assert 0 < stage < timings.total
    assert 0 <= timings.queue < timings.total


def test_what_the_engine_says_of_itself(engine: STTEngine) -> None:
    """A loaded engine names its backend, device and versions, and is no dummy."""
    assert (engine.backend, engine.state, engine.is_dummy) == ("faster-whisper", "ready", False)
    assert (engine.error_reason, engine.proved, engine.device) == (None, True, "cpu")
    assert engine.compute_type.startswith("int8")
    assert {"ko", "en", "ja"} <= engine.languages
    about = engine.describe()
    assert about["model"] == "base"
    assert about["versions"]


@pytest.mark.parametrize("quality", ["balanced", "fast", "accurate"])
def test_no_sentence_is_swallowed(engine: STTEngine, tmp_path: Path, quality: str) -> None:
    """Two sentences of two speakers in one chunk are both read, and coverage agrees."""
    both = np.concatenate((speech("en_sentence.flac"), silence(0.6), speech("jfk.flac")))
    recording = tmp_path / "both.wav"
    recording.write_bytes(wav(both))
    heard = engine.transcribe(recording, language="en", quality=quality)
    said = reference("en_sentence.flac") + " " + reference("jfk.flac")
    assert wer(said, heard.text) < 0.15
    assert heard.coverage.transcribed_seconds > 0.9 * heard.coverage.speech_seconds
