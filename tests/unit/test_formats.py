"""Text formats of a transcript: valid whatever the text holds, honest about dummies."""

from __future__ import annotations

import random
import re
from collections.abc import Callable

import pytest

from stt_formats import to_srt, to_text, to_tsv, to_vtt
from stt_types import Coverage, Segment, Transcript

FORMATS = [to_text, to_srt, to_vtt, to_tsv]


def transcript(*segments: Segment, text: str | None = None, is_dummy: bool = False) -> Transcript:
    return Transcript(
        text=" ".join(s.text for s in segments) if text is None else text,
        language="ko",
        language_probability=1.0,
        duration=61.4,
        segments=segments,
        suppressed=(),
        coverage=Coverage(61.4, 0.0, 0.0),
        backend="dummy" if is_dummy else "faster-whisper",
        model="base",
        is_dummy=is_dummy,
    )


def one(start: float, end: float, text: str = "네", channel: int | None = None) -> Transcript:
    return transcript(Segment(0, start, end, text, channel))


def test_plain_transcript_in_every_format() -> None:
    """An ordinary segment looks as players and spreadsheets expect it."""
    plain = one(0.0, 3.4, " 안녕하세요. ")
    assert to_text(plain) == "안녕하세요.\n"
    assert to_srt(plain) == "1\n00:00:00,000 --> 00:00:03,400\n안녕하세요.\n\n"
    assert to_vtt(plain) == "WEBVTT\n\n00:00:00.000 --> 00:00:03.400\n안녕하세요.\n"
    assert to_tsv(plain) == "start\tend\ttext\n0\t3400\t안녕하세요.\n"


@pytest.mark.parametrize(
    ("seconds", "clock"),
    [
        (0.0004, "00:00:00,000"),
        (0.9995, "00:00:01,000"),
        (59.9995, "00:01:00,000"),
        (3599.9996, "01:00:00,000"),
        (3661.25, "01:01:01,250"),
        (360_000.0, "100:00:00,000"),
        (-0.2, "00:00:00,000"),
    ],
)
def test_clock(seconds: float, clock: str) -> None:
    """Rounding carries into seconds, minutes and hours; hours may pass 99."""
    assert f"\n{clock} --> " in to_srt(one(seconds, seconds + 5))


@pytest.mark.parametrize("end", [2.0, 1.0, 2.0004])
def test_segment_without_length_gets_one(end: float) -> None:
    """A segment that ends where it starts, or before, is shown for a tenth of a second."""
    assert "00:00:02,000 --> 00:00:02,100" in to_srt(one(2.0, end))
    assert "\n2000\t2100\t" in to_tsv(one(2.0, end))


def test_hostile_text_stays_text() -> None:
    """Markup, arrows, tabs and blank lines of a text cannot break the format around it."""
    hostile = one(0, 1, "a\n\n2\n00:00:05,000 --> 00:00:06,000\tb & <c> --->\x00\u2028d")
    assert to_srt(hostile).count("-->") == 1
    assert to_srt(hostile).endswith("a 2 00:00:05,000 -> 00:00:06,000 b & <c> -> d\n\n")
    assert to_vtt(hostile).endswith(
        "a 2 00:00:05,000 --&gt; 00:00:06,000 b &amp; &lt;c&gt; ---&gt; d\n"
    )
    assert [row.count("\t") for row in to_tsv(hostile).splitlines()] == [2, 2]
    assert to_text(hostile).count("\n") == 1


def test_channels_are_shown() -> None:
    """Split channels count from one: a prefix in plain formats, a voice in WebVTT."""
    call = transcript(Segment(0, 4, 5, "둘", channel=1), Segment(1, 0, 1, "하나", channel=0))
    assert to_text(call) == "[1] 하나\n[2] 둘\n"
    assert to_srt(call).index("[1] 하나") < to_srt(call).index("[2] 둘")
    assert "<v Channel 1>하나\n" in to_vtt(call)
    assert to_tsv(call).splitlines()[2] == "4000\t5000\t[2] 둘"


def test_empty_transcript_is_a_valid_file() -> None:
    """No speech gives what each format calls empty; segments without text are left out."""
    for silent in (transcript(), one(0, 1, " \n")):
        assert [form(silent) for form in FORMATS] == ["", "", "WEBVTT\n", "start\tend\ttext\n"]


@pytest.mark.parametrize("text", ["[Dummy] Transcription of call.wav (61.4 s)", "something", ""])
def test_dummy_is_marked_in_every_format(text: str) -> None:
    """The first text of every format of a dummy is the mark, whatever the dummy says."""
    dummy = transcript(Segment(0, 0, 1, text, channel=0), text=text, is_dummy=True)
    assert to_text(dummy).startswith("[Dummy]")
    assert to_srt(dummy).splitlines()[2].startswith("[Dummy]")
    assert to_vtt(dummy).splitlines()[0] == "WEBVTT - [Dummy]"
    assert to_vtt(dummy).splitlines()[3].startswith("[Dummy]")
    assert to_tsv(dummy).splitlines()[1].startswith("0\t61400\t[Dummy]")
    assert to_text(dummy).count("[Dummy]") == 1


@pytest.mark.parametrize("form", [to_srt, to_vtt])
def test_any_transcript_is_well_formed(form: Callable[[Transcript], str]) -> None:
    """Of random texts and times, every cue is a times line and one line of text, in order."""
    rng = random.Random(1)  # noqa: S311 - a test, not a secret
    times = re.compile(r"\d\d+:\d\d:\d\d[.,]\d{3} --> \d\d+:\d\d:\d\d[.,]\d{3}")
    for _ in range(200):
        segments = [
            Segment(
                i,
                rng.uniform(0, 9000),
                rng.uniform(0, 9000),
                "".join(rng.choices("a-> \n\t&", k=9)),
            )
            for i in range(5)
        ]
        cues = form(transcript(*segments)).removeprefix("WEBVTT\n\n").rstrip("\n").split("\n\n")
        lines = [cue.split("\n")[form is to_srt :] for cue in cues if cue]
        assert all(len(cue) == 2 and times.fullmatch(cue[0]) for cue in lines)
        assert all("-->" not in cue[1] for cue in lines)
        assert [cue[0] for cue in lines] == sorted(cue[0] for cue in lines)
