"""The speech from which a language is told."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import numpy as np

from stt_errors import AudioError
from stt_reader import ChunkReader
from stt_types import SAMPLE_RATE, TranscribeOptions

if TYPE_CHECKING:
    from stt_audio import DecodeLimits
    from stt_types import AudioSource
    from stt_vad import Samples

MOST_SECONDS = 30.0


def detect_language(source: AudioSource, limits: DecodeLimits) -> Samples:
    """The first speech of a recording, up to 30 s (blocking). Raises AudioError.

    A recording without speech has no language: AudioError with the code `no_speech`.
    """
    heard: list[Samples] = []
    seconds = 0.0
    with closing(ChunkReader(source, TranscribeOptions(), limits)) as reader:
        while seconds < MOST_SECONDS and (planned := reader.step()) is not None:
            heard += [plan.chunk.audio for plan in planned]
            seconds = sum(map(len, heard)) / SAMPLE_RATE
    if not heard:
        raise AudioError("no_speech", "no speech was heard in the recording")
    return np.concatenate(heard)[: int(MOST_SECONDS * SAMPLE_RATE)]
