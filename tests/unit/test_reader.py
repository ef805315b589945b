"""The chunks of a recording in their order, and where a request may go on."""

from __future__ import annotations

import io
from itertools import pairwise

import numpy as np
import pytest

from stt_audio import DecodeLimits
from stt_reader import SAME_INSTANT, ChunkReader, Planned
from stt_types import SAMPLE_RATE, AudioSource, TranscribeOptions
from tests.sounds import Sound, noise, silence, speech, wav


def planned(*channels: Sound, vad_filter: bool = True) -> list[Planned]:
    """All chunks of a recording, as they are read step by step."""
    options = TranscribeOptions(channels="split", vad_filter=vad_filter)
    source = AudioSource(io.BytesIO(wav(*channels)), "call.wav")
    reader = ChunkReader(source, options, DecodeLimits())
    plans: list[Planned] = []
    while (step := reader.step()) is not None:
        plans += step
    reader.close()
    return plans


def talk(*names: str) -> Sound:
    parts = [part for name in names for part in (speech(f"ko_{name}.flac"), silence(1.3))]
    return np.concatenate(parts)


@pytest.mark.parametrize("samples_later", [1, 64, 300])
def test_chunks_that_end_together_settle_together(samples_later: int) -> None:
    """A request that goes on at a progress skips what ends about there: another channel's chunk
    a few milliseconds later must have come by then."""
    sentence = np.concatenate((speech("ko_sentence.flac"), silence(3.0)))
    (alone,) = planned(sentence)
    length = alone.chunk.end + samples_later
    other = np.resize(speech("ko_proverb.flac"), length)
    plans = planned(sentence[:length], other)
    assert [(plan.chunk.end, plan.settles) for plan in plans][-2:] == [
        (alone.chunk.end, False), (length, True),
    ]  # fmt: skip


@pytest.mark.parametrize("vad_filter", [True, False])
@pytest.mark.parametrize("delay", [0.0, 0.4, 1.016, 2.7])
def test_whoever_goes_on_misses_no_chunk(delay: float, vad_filter: bool) -> None:
    """What settles is followed by nothing that a rounded `start_seconds` could be taken for, and
    the last chunk settles whatever is left."""
    agent = talk("greeting", "thinking", "sentence")
    customer = np.concatenate((silence(delay), talk("proverb", "thinking"), noise(2.0, 0.01)))
    longest = max(len(agent), len(customer))
    both = [np.pad(channel, (0, longest - len(channel))) for channel in (agent, customer)]
    plans = planned(*both, vad_filter=vad_filter)
    assert len(plans) > 4
    assert plans[-1].settles
    for before, after in pairwise(plans):
        apart = (after.chunk.end - before.chunk.end) / SAMPLE_RATE
        assert apart > 2 * SAME_INSTANT if before.settles else 0 <= apart <= 2 * SAME_INSTANT
