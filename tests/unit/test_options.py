"""Which options can be served: each refusal names its field and its limit."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest

from stt_errors import OptionError
from stt_options import check_options
from stt_types import TranscribeOptions, VadOptions

KNOWN = frozenset({"ko", "en", "ja", "de", "fr"})


def refused(options: TranscribeOptions, languages: frozenset[str] = KNOWN) -> OptionError:
    with pytest.raises(OptionError) as caught:
        check_options(options, languages)
    assert "\n" not in str(caught.value)
    assert str(caught.value).startswith(f"{caught.value.field}: ")
    return caught.value


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"language": "ko", "task": "translate", "quality": "accurate", "channels": "split"},
        {"beam_size": 1, "temperature": 0.0, "start_seconds": 0.0},
        {"beam_size": 10, "temperature": 1.0, "start_seconds": 14_400.0},
        {"initial_prompt": "가" * 2_000, "hotwords": ""},
        {"vad": VadOptions(0.01, 50, 0, 0, 2.0)},
        {"vad": VadOptions(0.99, 5_000, 5_000, 2_000, 26.0)},
    ],
)
def test_what_can_be_served_passes(options: dict[str, Any]) -> None:
    """Defaults and both ends of every range are accepted."""
    check_options(TranscribeOptions(**options), KNOWN)


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"language": "xx"}, "language"),
        ({"language": ""}, "language"),
        ({"language": "KO"}, "language"),
        ({"task": "summarize"}, "task"),
        ({"quality": "best"}, "quality"),
        ({"channels": "left"}, "channels"),
        ({"initial_prompt": "a" * 2_001}, "initial_prompt"),
        ({"hotwords": "a" * 2_001}, "hotwords"),
        ({"beam_size": 0}, "beam_size"),
        ({"beam_size": 11}, "beam_size"),
        ({"temperature": -0.1}, "temperature"),
        ({"temperature": 1.1}, "temperature"),
        ({"temperature": math.nan}, "temperature"),
        ({"start_seconds": -1.0}, "start_seconds"),
        ({"start_seconds": math.inf}, "start_seconds"),
        ({"start_seconds": math.nan}, "start_seconds"),
    ],
)
def test_what_cannot_be_served_is_named(options: dict[str, Any], field: str) -> None:
    """An option out of its range, or not a number, is refused by its name."""
    assert refused(TranscribeOptions(**options)).field == field


@pytest.mark.parametrize(
    ("name", "low", "high"),
    [
        ("threshold", 0.0, 1.0),
        ("min_silence_ms", 49, 5_001),
        ("min_speech_ms", -1, 5_001),
        ("speech_pad_ms", -1, 2_001),
        ("max_chunk_seconds", 1.9, 26.1),
    ],
)
def test_voice_activity_has_bounds(name: str, low: float, high: float) -> None:
    """Each option of the voice activity is refused below and above its range, and not as NaN."""
    for value in (low, high, math.nan):
        changed: dict[str, Any] = {name: value}
        options = TranscribeOptions(vad=replace(VadOptions(), **changed))
        assert refused(options).field == f"vad_{name}"


def test_a_refusal_names_its_limit() -> None:
    """The reason says what would be accepted."""
    assert str(refused(TranscribeOptions(beam_size=11))) == "beam_size: must be between 1 and 10"
    wrong: Any = "best"
    assert "balanced, fast, accurate" in str(refused(TranscribeOptions(quality=wrong)))


def test_an_english_model_says_what_it_knows() -> None:
    """A model with few languages lists them; one with many does not."""
    spoken = TranscribeOptions(language="ko")
    assert str(refused(spoken, frozenset({"en"}))).endswith("this model knows en")
    assert "knows" not in str(refused(TranscribeOptions(language="xx")))


def test_a_long_wrong_value_is_cut() -> None:
    """A refusal repeats no more than the beginning of what it was sent."""
    wrong: Any = "x" * 10_000
    assert len(str(refused(TranscribeOptions(language=wrong)))) < 100
    assert len(str(refused(TranscribeOptions(task=wrong)))) < 100
