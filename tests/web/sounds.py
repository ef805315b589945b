"""Recordings of every kind, made by the test that needs them."""

from __future__ import annotations

import io
import wave
from array import array
from fractions import Fraction
from math import pi, sin
from pathlib import Path
from typing import Any

import av
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler

SAMPLES = Path(__file__).parents[2] / "audio" / "samples"
RATE = 16_000


def speech(seconds: float = 3.0) -> array[int]:
    """Somebody reads Korean; 16-bit samples at `RATE`."""
    with wave.open(str(SAMPLES / "test_ko_1min.wav")) as file:
        return array("h", file.readframes(round(seconds * RATE)))


def beeps(at: list[float], seconds: float, loudness: float = 0.5) -> array[int]:
    """Silence with a tenth of a second of 1 kHz at each of these seconds."""
    samples = array("h", bytes(2 * round(seconds * RATE)))
    for start in at:
        for number in range(RATE // 10):
            value = loudness * 32767 * sin(2 * pi * 1000 * number / RATE)
            samples[round(start * RATE) + number] = round(value)
    return samples


def encoded(
    form: str,
    codec: str,
    samples: array[int],
    rate: int = RATE,
    channels: int = 1,
    bit_rate: int | None = None,
    **options: str,
) -> bytes:
    """The samples (mono at `RATE`) as a recording, the same on each channel. `options` are the
    container's, and those that begin with `codec_` the encoder's."""
    sink = io.BytesIO()
    ours = {name: value for name, value in options.items() if not name.startswith("codec_")}
    theirs = {n.removeprefix("codec_"): v for n, v in options.items() if n.startswith("codec_")}
    with av.open(sink, "w", format=form, options=ours) as container:
        stream: Any = container.add_stream(codec, rate=rate, options={"strict": "-2", **theirs})
        stream.layout = {1: "mono", 2: "stereo", 6: "5.1", 8: "7.1"}[channels]
        if bit_rate:
            stream.bit_rate = bit_rate
        stream.codec_context.open(strict=False)
        _encode(container, stream, samples)
    return sink.getvalue()


def _encode(container: Any, stream: Any, samples: array[int]) -> None:
    context = stream.codec_context
    resampler = AudioResampler(
        context.format, context.layout, context.sample_rate, frame_size=context.frame_size or 1024
    )
    count = 0
    for frame in [*resampler.resample(frame_of(samples)), *resampler.resample(None)]:
        frame.time_base, frame.pts = Fraction(1, context.sample_rate), count
        count += frame.samples
        container.mux(stream.encode(frame))
    container.mux(stream.encode(None))


def frame_of(samples: array[int], rate: int = RATE, layout: str = "mono") -> AudioFrame:
    channels = {"mono": 1, "stereo": 2}[layout]
    frame = AudioFrame("s16", layout, len(samples) // channels)
    frame.sample_rate = rate
    frame.planes[0].update(samples.tobytes())
    return frame


def wav(samples: array[int], channels: int = 1, rate: int = RATE) -> bytes:
    """A WAV file of 16 bits; of many channels, each has the same samples."""
    sink = io.BytesIO()
    with wave.open(sink, "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(array("h", (s for s in samples for _ in range(channels))).tobytes())
    return sink.getvalue()
