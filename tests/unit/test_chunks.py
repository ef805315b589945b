"""The chunk grid: where it cuts, what it keeps, and that only the audio decides."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache
from typing import TypeAlias

import numpy as np
import pytest

from stt_chunks import JOIN_GAP_SECONDS, Chunk, ChunkCutter
from stt_types import SAMPLE_RATE, VadOptions
from stt_vad import FRAME, FRAME_SECONDS, Samples

Recording: TypeAlias = tuple[Samples, Samples]
"""Audio, and the speech probability of each of its frames."""

OPTIONS = VadOptions()
VARIANTS = [
    OPTIONS,
    VadOptions(threshold=0.5, min_silence_ms=600, min_speech_ms=250, speech_pad_ms=200),
    VadOptions(min_silence_ms=50, min_speech_ms=0, speech_pad_ms=0, max_chunk_seconds=2.0),
    VadOptions(speech_pad_ms=2_000, max_chunk_seconds=26.0),
]
SEEDS = range(3)


def recording(*parts: tuple[float, float], extra: int = 0) -> Recording:
    """Faint noise whose parts of (seconds, probability) follow each other.

    extra: samples of a last, incomplete frame.
    """
    probs = [np.full(round(seconds / FRAME_SECONDS), p, np.float32) for seconds, p in parts]
    return noise(np.concatenate(probs), extra)


def noise(probs: Samples, extra: int = 0) -> Recording:
    size = len(probs) * FRAME + extra
    audio = np.random.default_rng(size).normal(0, 0.01, size).astype(np.float32)
    return audio, np.append(probs, np.float32(0.4)) if extra else probs


@lru_cache
def talk(seed: int, seconds: float = 60.0) -> Recording:
    """Speech at random: bursts, pauses and a monologue, with digital silence in places."""
    random = np.random.default_rng(seed)
    parts = [np.full(700, 0.95, np.float32)]
    while sum(map(len, parts)) * FRAME_SECONDS < seconds:
        for voices in ([0.02, 0.12], [0.3, 0.6, 0.95]):
            voice = random.choice(voices)
            length = int(random.choice([2, 8, 25, 60, 200]) * random.uniform(0.5, 1.5)) + 1
            parts.append(np.clip(random.normal(voice, 0.08, length), 0, 1).astype(np.float32))
    audio, probs = noise(np.concatenate(parts), extra=int(random.integers(1, FRAME)))
    for start in random.integers(0, len(audio), 3):
        audio[start : start + 5 * SAMPLE_RATE] = 0
    audio.flags.writeable = probs.flags.writeable = False
    return audio, probs


def blocks(recorded: Recording, sizes: Iterator[int]) -> Iterator[Recording]:
    """The recording in blocks of these sizes, each with the frames it completes."""
    audio, probs = recorded
    start = 0
    while start < len(audio):
        end = min(len(audio), start + next(sizes))
        last = len(probs) if end == len(audio) else end // FRAME
        yield audio[start:end], probs[start // FRAME : last]
        start = end


def cut(
    recorded: Recording,
    options: VadOptions = OPTIONS,
    *,
    keep_all: bool = False,
    sizes: Iterator[int] | None = None,
) -> list[Chunk]:
    cutter = ChunkCutter(options, keep_all=keep_all)
    chunks: list[Chunk] = []
    for block in blocks(recorded, sizes or steady(SAMPLE_RATE)):
        chunks += cutter.push(*block)
    return chunks + cutter.finish()


def steady(size: int) -> Iterator[int]:
    while True:
        yield size


def uneven(seed: int) -> Iterator[int]:
    random = np.random.default_rng(seed)
    while True:
        yield int(random.choice([1, 511, 512, 513, 4_000, 16_000, 200_000]))


def same(a: Chunk, b: Chunk) -> bool:
    return np.array_equal(a.audio, b.audio) and (
        replace(a, audio=EMPTY) == replace(b, audio=EMPTY)  # arrays do not compare
    )


EMPTY: Samples = np.zeros(0, np.float32)


def spans(chunks: list[Chunk]) -> list[tuple[float, float]]:
    return [(round(c.start_seconds, 1), round(c.end_seconds, 1)) for c in chunks]


@pytest.mark.parametrize("keep_all", [False, True])
@pytest.mark.parametrize("options", VARIANTS)
@pytest.mark.parametrize("seed", SEEDS)
def test_blocks_do_not_move_the_grid(seed: int, options: VadOptions, keep_all: bool) -> None:
    """The same audio gives the same chunks, however it is cut into blocks on its way."""
    spoken = talk(seed)
    whole = cut(spoken, options, keep_all=keep_all, sizes=steady(len(spoken[0])))
    assert len(whole) >= 3
    for sizes in (steady(SAMPLE_RATE), uneven(seed), steady(8 * FRAME)):
        pieces = cut(spoken, options, keep_all=keep_all, sizes=sizes)
        assert len(pieces) == len(whole)
        assert all(map(same, pieces, whole))


@pytest.mark.parametrize("keep_all", [False, True])
@pytest.mark.parametrize("options", VARIANTS)
@pytest.mark.parametrize("seed", SEEDS)
def test_chunks_are_true_to_the_recording(seed: int, options: VadOptions, keep_all: bool) -> None:
    """A chunk holds the samples of its span; chunks come in order, never overlap, and their
    speech lies inside them."""
    spoken = talk(seed)
    chunks = cut(spoken, options, keep_all=keep_all)
    assert [chunk.index for chunk in chunks] == list(range(len(chunks)))
    last = 0
    for chunk in chunks:
        assert last <= chunk.start < chunk.end <= len(spoken[0])
        assert np.array_equal(chunk.audio, spoken[0][chunk.start : chunk.end])
        total = 0
        at = chunk.start
        for begin, end in chunk.speech:
            assert at <= begin < end <= chunk.end
            at = end
            total += end - begin
        assert chunk.speech_seconds == pytest.approx(total / SAMPLE_RATE)
        last = chunk.end


@pytest.mark.parametrize("options", VARIANTS)
@pytest.mark.parametrize("seed", SEEDS)
def test_no_chunk_is_longer_than_asked(seed: int, options: VadOptions) -> None:
    """A chunk is at most the longest utterance and its padding; with everything kept, at most
    the short pause before it more."""
    longest = options.max_chunk_seconds + 2 * options.speech_pad_ms / 1000 + FRAME_SECONDS
    spoken = talk(seed)
    speech = cut(spoken, options)
    assert max(len(chunk.audio) for chunk in speech) <= longest * SAMPLE_RATE
    everything = cut(spoken, options, keep_all=True)
    assert (
        max(len(chunk.audio) for chunk in everything) <= (longest + JOIN_GAP_SECONDS) * SAMPLE_RATE
    )


@pytest.mark.parametrize("keep_all", [False, True])
@pytest.mark.parametrize("options", VARIANTS)
@pytest.mark.parametrize("seed", SEEDS)
def test_settled_is_truthful(seed: int, options: VadOptions, keep_all: bool) -> None:
    """Once `settled` has passed a sample, no chunk comes that ends at it or before."""
    spoken = talk(seed)
    cutter = ChunkCutter(options, keep_all=keep_all)
    promised = -1
    for block in blocks(spoken, uneven(seed)):
        for chunk in cutter.push(*block):
            assert chunk.end > promised
        promised = max(promised, cutter.settled)
    for chunk in cutter.finish():
        assert chunk.end > promised or chunk.end == len(spoken[0])


def test_settled_goes_on_while_nobody_speaks() -> None:
    """In a silence everything heard so far is settled at once, so that nobody waits for it."""
    cutter = ChunkCutter(OPTIONS)
    cutter.push(*recording((30.0, 0.01)))
    assert cutter.settled >= 29 * SAMPLE_RATE


def test_silence_gives_no_chunk() -> None:
    """Where nobody speaks there is nothing to transcribe."""
    assert cut(recording((20.0, 0.01))) == []


def test_an_utterance_is_padded() -> None:
    """An utterance comes with half a second of what is around it, as far as there is any."""
    chunks = cut(recording((3.0, 0.01), (4.0, 0.9), (3.0, 0.01)))
    assert spans(chunks) == [(2.5, 7.5)]
    assert chunks[0].speech_seconds == pytest.approx(4.0, abs=FRAME_SECONDS)
    assert spans(cut(recording((0.2, 0.01), (4.0, 0.9), (0.3, 0.01)))) == [(0.0, 4.5)]


def test_padding_shares_a_short_pause() -> None:
    """Two utterances either side of a pause never take the same audio twice."""
    chunks = cut(recording((1.0, 0.01), (7.0, 0.9), (0.7, 0.01), (7.0, 0.9), (1.0, 0.01)))
    first, second = chunks
    assert first.end <= second.start
    assert first.end / SAMPLE_RATE == pytest.approx(8.35, abs=2 * FRAME_SECONDS)


@pytest.mark.parametrize(
    ("first", "pause", "second", "joined"),
    [
        (1.0, 0.6, 4.0, True),
        (4.0, 0.6, 1.0, True),
        (1.0, 1.4, 4.0, False),
        (7.0, 0.6, 7.0, False),
    ],
    ids=["short-first", "short-last", "pause-too-long", "both-long"],
)
def test_short_utterances_join_across_short_pauses(
    first: float, pause: float, second: float, joined: bool
) -> None:
    """A short utterance joins its neighbour across a short pause; long ones stay apart."""
    spoken = recording((2.0, 0.01), (first, 0.9), (pause, 0.01), (second, 0.9), (3.0, 0.01))
    assert len(cut(spoken)) == (1 if joined else 2)


@pytest.mark.parametrize(("each", "count"), [(4.0, 1), (7.0, 2)])
def test_sentences_share_a_chunk_while_it_is_short(each: float, count: int) -> None:
    """Two utterances with a short pause between them are one chunk up to eleven seconds."""
    chunks = cut(recording((1.0, 0.0), (each, 0.9), (0.6, 0.0), (each, 0.9), (2.0, 0.0)))
    assert len(chunks) == count


def test_joining_stops_at_the_longest_chunk() -> None:
    """However many short words follow each other, they never join beyond the longest chunk."""
    words = [(1.0, 0.9), (0.5, 0.01)] * 40
    chunks = cut(recording((1.0, 0.01), *words, (2.0, 0.01)))
    assert len(chunks) >= 4
    assert max(chunk.end_seconds - chunk.start_seconds for chunk in chunks) <= 16.0


@pytest.mark.parametrize("dip", [8.0, 11.0, 14.0])
def test_long_speech_is_cut_where_it_is_least_likely(dip: float) -> None:
    """A monologue without a pause is cut in its weakest moment, not at the limit."""
    chunks = cut(
        recording((1.0, 0.01), (dip, 0.95), (0.25, 0.3), (20.0 - dip, 0.95), (2.0, 0.01)),
        VadOptions(min_silence_ms=300),
    )
    assert chunks[0].end_seconds == pytest.approx(1.0 + dip + 0.125, abs=0.2)
    assert chunks[1].start == chunks[0].end


def test_long_speech_loses_nothing() -> None:
    """The parts of a monologue that had to be cut follow each other without a gap."""
    chunks = cut(recording((1.0, 0.01), (120.0, 0.9), (1.0, 0.01)))
    assert sum(chunk.speech_seconds for chunk in chunks) == pytest.approx(120.0, abs=0.1)
    assert all(a.end == b.start for a, b in itertools.pairwise(chunks))


def test_a_blip_is_not_speech() -> None:
    """Speech shorter than `min_speech_ms` is none; a little longer, it is."""
    assert cut(recording((3.0, 0.01), (0.064, 0.9), (3.0, 0.01))) == []
    assert len(cut(recording((3.0, 0.01), (0.16, 0.9), (3.0, 0.01)))) == 1


def test_hysteresis_keeps_a_faint_end() -> None:
    """Speech that fades below the threshold, not to nothing, is one utterance still."""
    faint = OPTIONS.threshold - 0.1
    chunks = cut(recording((1.0, 0.0), (3.0, 0.9), (1.0, faint), (3.0, 0.9), (2.0, 0.0)))
    assert len(chunks) == 1
    assert len(chunks[0].speech) == 2
    assert chunks[0].speech_seconds == pytest.approx(6.0, abs=0.1)


def test_voiced_seconds_count_likely_frames_only() -> None:
    """A faint voice counts as speech and not as voiced."""
    chunk = cut(recording((1.0, 0.0), (3.0, 0.3), (2.0, 0.9), (1.0, 0.0)))[0]
    assert chunk.speech_seconds == pytest.approx(5.0, abs=0.1)
    assert chunk.voiced_seconds == pytest.approx(2.0, abs=0.1)


@pytest.mark.parametrize("seed", SEEDS)
def test_keep_all_leaves_out_digital_silence_only(seed: int) -> None:
    """With everything kept, every sample that can be heard is in a chunk."""
    spoken, probs = talk(seed)
    kept = np.zeros(len(spoken), bool)
    for chunk in cut((spoken, probs), keep_all=True):
        kept[chunk.start : chunk.end] = True
    assert kept[np.abs(spoken) > 0.02].all()


def test_keep_all_drops_a_silent_recording() -> None:
    """Zeros give no chunk, even with everything kept; faint noise does."""
    silent = np.zeros(20 * SAMPLE_RATE, np.float32)
    assert cut((silent, np.zeros(len(silent) // FRAME, np.float32)), keep_all=True) == []
    chunks = cut(recording((20.0, 0.0)), keep_all=True)
    assert sum(len(chunk.audio) for chunk in chunks) == pytest.approx(20 * SAMPLE_RATE, abs=FRAME)
    assert all(chunk.speech == () for chunk in chunks)


def test_keep_all_covers_what_is_not_speech_apart() -> None:
    """A stretch without speech is a chunk of its own, so that its text is judged by itself."""
    chunks = cut(recording((6.0, 0.0), (4.0, 0.9), (6.0, 0.0)), keep_all=True)
    assert [bool(chunk.speech) for chunk in chunks] == [False, True, False]
    assert all(a.end == b.start for a, b in itertools.pairwise(chunks))


@pytest.mark.parametrize("keep_all", [False, True])
@pytest.mark.parametrize("probability", [0.0, 0.1, 0.9])
def test_memory_is_bounded(probability: float, keep_all: bool) -> None:
    """An hour of anything (silence, a murmur, a monologue) leaves seconds of it in memory."""
    cutter = ChunkCutter(OPTIONS, keep_all=keep_all)
    minute = recording((60.0, probability))
    held = 0
    for _ in range(60):
        cutter.push(*minute)
        held = max(held, len(cutter._audio), len(cutter._probs) * FRAME)
    assert held <= 40 * SAMPLE_RATE


def test_a_channel_is_named() -> None:
    """Chunks say which channel they come from."""
    cutter = ChunkCutter(OPTIONS, channel=1)
    cutter.push(*recording((1.0, 0.0), (2.0, 0.9)))
    assert [chunk.channel for chunk in cutter.finish()] == [1]
