"""The waveform: true to the loudness of speech, small enough for a page, however long it is."""

from __future__ import annotations

import json
from array import array
from typing import Any

import pytest

from web_ui.recordings.waveform import FULL_SCALE, MOST_VALUES, RATE, Peaks, heights


def drawn(samples: array[int], channels: int = 1, piece: int = 1000) -> dict[str, Any]:
    peaks = Peaks(channels)
    for start in range(0, len(samples), piece * channels):
        peaks.add(samples[start : start + piece * channels])
    document: dict[str, Any] = json.loads(peaks.document())
    return document


def tone(value: int, seconds: float, channels: int = 1) -> array[int]:
    return array("h", [value] * round(seconds * RATE * channels))


def test_each_moment_shows_its_loudest_sample() -> None:
    """Fifty values a second, each the loudest sample of its moment, up or down."""
    samples = tone(0, 1.0)
    samples[0], samples[159], samples[160], samples[7999] = 8192, -32768, -8192, 2048
    found = drawn(samples)
    assert (found["duration"], found["per_second"], len(found["peaks"])) == (1.0, 50, 50)
    assert found["peaks"][:3] == [255, 128, 0]
    assert found["peaks"][49] == 64


@pytest.mark.parametrize("piece", [1, 7, 159, 160, 161, 5000])
def test_pieces_do_not_matter(piece: int) -> None:
    """However the samples come, the same waveform is drawn."""
    samples = array("h", [(7 * n) % 30_000 - 15_000 for n in range(RATE + 50)])
    assert drawn(samples, piece=piece) == drawn(samples, piece=len(samples))


def test_every_channel_counts() -> None:
    """Who speaks on one channel of two is as tall as on a channel of their own."""
    left = array("h", [value for _ in range(RATE) for value in (16_384, 0)])
    right = array("h", [value for _ in range(RATE) for value in (0, -16_384)])
    for samples in (left, right):
        found = drawn(samples, channels=2)
        assert (found["duration"], set(found["peaks"])) == (1.0, {180})


def test_hours_are_no_larger_than_minutes() -> None:
    """At most so many values: each then stands for a longer moment, and its loudest sample."""
    peaks = Peaks(1)
    second = tone(3300, 1.0)
    for number in range(3600):
        if number == 1800:
            second[4000] = -FULL_SCALE
        peaks.add(second)
        second[4000] = 3300
    found = json.loads(peaks.document())
    assert len(found["peaks"]) == MOST_VALUES
    assert found["duration"] == 3600
    assert found["per_second"] == pytest.approx(MOST_VALUES / 3600)
    loud = [at for at, peak in enumerate(found["peaks"]) if peak == 255]
    assert loud == [6001]


def test_scale_suits_speech() -> None:
    """-20 dBFS is a third of the height; silence is silence; full scale is full."""
    assert heights([0, 33, 3277, 32768]) == [0, 8, 81, 255]


def test_very_quiet_recordings_are_raised() -> None:
    """What never reaches -20 dBFS is raised until it does, by 30 dB at most, and no jump on the
    way there."""
    assert heights([328, 33]) == [81, 26]
    assert heights([3276]) == heights([3277])
    assert heights([1]) == [8], "noise of one bit stays small"
    assert heights([0, 0]) == [0, 0]


def test_nothing_is_drawn_of_nothing() -> None:
    """A recording without a sample has a waveform without values."""
    assert drawn(array("h")) == {"duration": 0.0, "per_second": 50.0, "peaks": []}
