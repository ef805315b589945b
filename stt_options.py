"""Which options can be served; each refusal names the field and its limit."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, get_args

from stt_errors import OptionError
from stt_types import ChannelMode, Quality, Task

if TYPE_CHECKING:
    from stt_types import TranscribeOptions

MAX_PROMPT = 2_000
MAX_BEAM = 10

VAD_BOUNDS = {
    "threshold": (0.01, 0.99),
    "min_silence_ms": (50, 5_000),
    "min_speech_ms": (0, 5_000),
    "speech_pad_ms": (0, 2_000),
    "max_chunk_seconds": (2.0, 26.0),
}
"""The longest chunk and its padding must fit the model's window of 30 s."""


def check_options(options: TranscribeOptions, languages: frozenset[str]) -> None:
    """Raises OptionError for the first option that cannot be served."""
    if options.language is not None and options.language not in languages:
        few = f"; this model knows {', '.join(sorted(languages))}" if len(languages) < 5 else ""
        raise OptionError("language", f"{options.language[:20]!r} is not a known code{few}")
    _one_of("task", options.task, get_args(Task))
    _one_of("quality", options.quality, get_args(Quality))
    _one_of("channels", options.channels, get_args(ChannelMode))
    for name in ("initial_prompt", "hotwords"):
        if len(getattr(options, name) or "") > MAX_PROMPT:
            raise OptionError(name, f"longer than {MAX_PROMPT} characters")
    _between("beam_size", options.beam_size, 1, MAX_BEAM)
    _between("temperature", options.temperature, 0.0, 1.0)
    _between("start_seconds", options.start_seconds, 0.0, 1e6)
    for name, (low, high) in VAD_BOUNDS.items():
        _between(f"vad_{name}", getattr(options.vad, name), low, high)


def _one_of(field: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise OptionError(field, f"{value[:20]!r} is not one of {', '.join(allowed)}")


def _between(field: str, value: float | None, low: float, high: float) -> None:
    if value is not None and not (math.isfinite(value) and low <= value <= high):
        raise OptionError(field, f"must be between {low:g} and {high:g}")
