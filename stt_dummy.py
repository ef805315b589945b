"""The dummy: an answer of the same shape that nobody can take for a transcript.

A peer of the real recognition one level above the backends: it answers whole recordings,
with a text that is a function of the recording's name, length and channels.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from stt_audio import AudioReader, DecodeLimits
from stt_errors import AudioError, AudioTooLong, ModelLoadError, STTError
from stt_types import Coverage, DummyReason, Segment, Timings, Transcript

if TYPE_CHECKING:
    from stt_types import AudioSource

log = logging.getLogger("stt")

BACKEND = "dummy"


def reason_code(error: STTError) -> DummyReason:
    """The step that failed, as the metrics name it."""
    if isinstance(error, ModelLoadError):
        return "model_load_failed"
    return "invalid_audio" if isinstance(error, AudioError) else "transcription_failed"


def announce(error: STTError) -> None:
    """Says once which step failed and why. A failed load was said when it failed."""
    if isinstance(error, AudioError):
        log.warning("[STT-DUMMY] Invalid audio file: %s", error)
    elif not isinstance(error, ModelLoadError):
        log.error("[STT-DUMMY] Transcription failed: %s", error)


def dummy_transcript(
    source: AudioSource, error: STTError, model: str, limits: DecodeLimits
) -> Transcript:
    """The marked answer for a recording that could not be transcribed (blocking: decodes it).

    Raises AudioTooLong: too much audio is refused in either mode.
    """
    measured = None if isinstance(error, AudioError) else _measure(source, limits)
    seconds, channels = measured or (0.0, 0)
    text = f"[Dummy] Transcription of {_one_line(source.name)}"
    if measured:
        text += f" ({seconds:.1f} s, {channels} channel{'' if channels == 1 else 's'})"
    log.warning("[STT-DUMMY] Using dummy transcription")
    return Transcript(
        text=text,
        language=None,
        language_probability=0.0,
        duration=round(seconds, 3),
        segments=(Segment(0, 0.0, round(seconds, 3), text),),
        suppressed=(),
        coverage=Coverage(round(seconds, 3), 0.0, 0.0),
        backend=BACKEND,
        model=model,
        is_dummy=True,
        error_reason=str(error),
        dummy_reason=reason_code(error),
        timings=Timings(),
    )


def _measure(source: AudioSource, limits: DecodeLimits) -> tuple[float, int] | None:
    try:
        with AudioReader(source, limits) as reader:
            for _ in reader:
                pass
            return reader.seconds_decoded, reader.info.channels
    except AudioTooLong:
        raise
    except AudioError:
        return None  # the reason for the dummy is said already; it only stays without a length


def _one_line(name: str) -> str:
    return " ".join(name.split())[:200] or "a recording"
