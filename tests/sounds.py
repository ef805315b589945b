"""Recordings made on the spot: speech from the samples, and sounds that are none."""

from __future__ import annotations

import io
import wave
from collections.abc import Sequence
from pathlib import Path
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from stt_audio import AudioReader, DecodeLimits
from stt_types import SAMPLE_RATE, AudioSource

SAMPLES = Path(__file__).parents[1] / "audio" / "samples"

Sound: TypeAlias = npt.NDArray[np.float32]

HOLD_MELODY = (64, 67, 72, 71, 67, 64, 62, 65, 69, 67, 65, 62, 60, 64, 67, 64)
"""MIDI notes of a waiting loop."""

DTMF = ((697, 1209), (697, 1336), (770, 1477), (852, 1209), (941, 1336))


def speech(name: str) -> Sound:
    """A sample as mono audio."""
    with (
        (SAMPLES / name).open("rb") as file,
        AudioReader(AudioSource(file, name), DecodeLimits()) as reader,
    ):
        mono: Sound = np.concatenate(list(reader), axis=1)[0]
    return mono


def silence(seconds: float) -> Sound:
    return np.zeros(round(seconds * SAMPLE_RATE), np.float32)


def noise(seconds: float, level: float, seed: int = 0) -> Sound:
    """White noise of an RMS."""
    return np.random.default_rng(seed).normal(0, level, len(_times(seconds))).astype(np.float32)


def tones(seconds: float, *hertz: float, level: float = 0.1) -> Sound:
    """Steady tones together, each of that amplitude."""
    waves = [np.sin(2 * np.pi * f * _times(seconds)) for f in hertz]
    return np.asarray(level * np.sum(waves, axis=0), np.float32)


def cadence(sound: Sound, on: float, off: float) -> Sound:
    """The sound, on and off by turns."""
    times = np.arange(len(sound)) / SAMPLE_RATE
    return np.where(times % (on + off) < on, sound, np.float32(0))


def dial(pairs: Sequence[tuple[int, int]] = DTMF, repeat: int = 6) -> Sound:
    """Keys pressed one after the other: 80 ms each, 80 ms apart."""
    key = [np.concatenate((tones(0.08, *pair), silence(0.08))) for pair in pairs]
    return np.concatenate(key * repeat)


def melody(notes: Sequence[int] = HOLD_MELODY, each: float = 0.4, repeat: int = 3) -> Sound:
    """Plucked notes with overtones over a bass, as on hold."""
    times = _times(each)
    played: list[Sound] = []
    for note in notes:
        pitch = 440 * 2 ** ((note - 69) / 12)
        waves = [np.sin(2 * np.pi * pitch * n * times) / n**1.5 for n in (1, 2, 3, 4)]
        bass = np.sin(2 * np.pi * pitch / 4 * times) * 0.6
        played.append((0.12 * (np.sum(waves, axis=0) * np.exp(-3 * times) + bass)).astype("f4"))
    return np.concatenate(played * repeat)


def hum(seconds: float, level: float = 0.05) -> Sound:
    """Mains hum with its harmonics."""
    return tones(seconds, 50, 100, 150, 250, level=level)


def clicks(seconds: float, each: float = 0.7) -> Sound:
    """A short crack at regular intervals."""
    sound = silence(seconds)
    for start in range(0, len(sound) - 40, round(each * SAMPLE_RATE)):
        sound[start : start + 40] = noise(40 / SAMPLE_RATE, 0.4, seed=start)
    return sound


def wav(*channels: Sound) -> bytes:
    """A 16-bit WAV file; shorter channels end in silence."""
    length = max(map(len, channels))
    rows = np.stack([np.pad(channel, (0, length - len(channel))) for channel in channels])
    pcm = np.round(np.clip(rows, -1, 1) * 32767).astype("<i2").T.tobytes()
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(len(channels))
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE)
        file.writeframes(pcm)
    return buffer.getvalue()


def _times(seconds: float) -> npt.NDArray[np.float64]:
    return np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
