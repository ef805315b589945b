"""Recordings for a browser to send, and for its microphone to hear."""

from __future__ import annotations

import wave
from collections.abc import Sequence
from pathlib import Path

import av

from tests.browser.visits import SAMPLES

RATE = 48_000


def wav(path: Path, clips: Sequence[str], silence_seconds: float = 1.0) -> Path:
    """Samples one after another with silence behind each: 48 kHz, mono, 16 bit."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        for clip in clips:
            file.writeframes(_sound(SAMPLES / clip))
            file.writeframes(bytes(2 * int(RATE * silence_seconds)))
    return path


def _sound(path: Path) -> bytes:
    resampler = av.AudioResampler("s16", "mono", RATE)
    with av.open(str(path)) as container:
        frames = [
            frame for packet in container.decode(audio=0) for frame in resampler.resample(packet)
        ]
        frames += resampler.resample(None)
    return b"".join(bytes(frame.planes[0])[: 2 * frame.samples] for frame in frames)
