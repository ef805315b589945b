"""What the bench lets everybody hear: clips with their texts, and files made of them."""

from __future__ import annotations

import json
import wave
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from typing import Any, TypeAlias

import av
import numpy as np
import numpy.typing as npt

RATE = 16_000
PAUSE_SECONDS = 0.6
SHORT_SECONDS = 15.0

Pcm: TypeAlias = npt.NDArray[np.int16]


@dataclass(frozen=True, slots=True)
class Clip:
    """A recording, its language and what is said in it."""

    path: Path
    language: str
    text: str
    seconds: float


def read_manifest(path: Path) -> list[Clip]:
    """The clips with speech in a JSON lines file of `file`, `language` and `text`.

    Files count from the manifest's own directory.
    """
    lines = path.read_text(encoding="utf-8").splitlines()
    entries: list[dict[str, Any]] = [json.loads(line) for line in lines if line.strip()]
    return [
        clip_of(path.parent / entry["file"], entry["language"], entry["text"])
        for entry in entries
        if entry["language"] and entry["text"]
    ]


def clip_of(path: Path, language: str, text: str) -> Clip:
    return Clip(path, language, text, len(decode(path)) / RATE)


def short_clips(clips: list[Clip]) -> list[Clip]:
    return [clip for clip in clips if clip.seconds <= SHORT_SECONDS]


def nearest(clips: list[Clip], seconds: float) -> Clip:
    """The clip whose length is nearest to so many seconds."""
    return min(clips, key=lambda clip: abs(clip.seconds - seconds))


def long_clips(clips: list[Clip], minutes: float, folder: Path) -> list[Clip]:
    """One file for each language that has at least two clips."""
    languages = dict.fromkeys(clip.language for clip in clips)
    spoken = {one: [clip for clip in clips if clip.language == one] for one in languages}
    return [
        joined(few, minutes * 60, folder / f"long_{language}.wav")
        for language, few in spoken.items()
        if len(few) > 1
    ]


def joined(clips: list[Clip], seconds: float, path: Path) -> Clip:
    """Clips of one language over and over, with pauses, until `seconds` are reached.

    Written as it is made, so hours of it fit in any memory.
    """
    texts: list[str] = []
    pause = np.zeros(int(PAUSE_SECONDS * RATE), np.int16)

    def pieces() -> Iterator[Pcm]:
        decoded = {clip.path: decode(clip.path) for clip in clips}
        done = 0
        for clip in cycle(clips):
            yield decoded[clip.path]
            yield pause
            texts.append(clip.text)
            done += len(decoded[clip.path]) + len(pause)
            if done >= seconds * RATE:
                return

    written = write_wav(path, pieces())
    return Clip(path, clips[0].language, " ".join(texts), written)


def decode(path: Path) -> Pcm:
    """Mono samples at 16 kHz."""
    resampler = av.AudioResampler(format="s16", layout="mono", rate=RATE)
    with av.open(str(path)) as container:
        frames = [f for frame in container.decode(audio=0) for f in resampler.resample(frame)]
    frames += resampler.resample(None)
    return np.concatenate([frame.to_ndarray().reshape(-1) for frame in frames]).astype(np.int16)


def write_wav(path: Path, pieces: Iterable[Pcm]) -> float:
    """Returns the seconds written."""
    total = 0
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        for piece in pieces:
            file.writeframesraw(piece.tobytes())
            total += len(piece)
    return total / RATE
