"""A transcript as text, SubRip, WebVTT or tab-separated values: pure functions.

Times are rounded to the millisecond. Runs of white space and control characters become one
space, so nothing a model writes can break a format. Channels count from 1.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from stt_types import Transcript

DUMMY_MARK = "[Dummy]"
_MIN_CUE_MS = 100
_CONTROL_CHARACTERS = dict.fromkeys([*range(0x20), *range(0x7F, 0xA0)], " ")
_ARROW = re.compile(r"--+>")
_VTT_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})


def to_text(transcript: Transcript) -> str:
    """The whole text on one line; of split channels, a line a segment, marked `[1] `."""
    if transcript.is_dummy or all(segment.channel is None for segment in transcript.segments):
        text = _clean(transcript.text)
        return _marked(transcript, text) + "\n" if text or transcript.is_dummy else ""
    return "".join(f"{_prefixed(cue)}\n" for cue in _cues(transcript))


def to_srt(transcript: Transcript) -> str:
    """SubRip. `-->` inside a text becomes `->`; an empty transcript is an empty file."""
    blocks = []
    for number, cue in enumerate(_cues(transcript), start=1):
        text = _ARROW.sub("->", _prefixed(cue))
        times = f"{_clock(cue.start_ms, ',')} --> {_clock(cue.end_ms, ',')}"
        blocks.append(f"{number}\n{times}\n{text}\n\n")
    return "".join(blocks)


def to_vtt(transcript: Transcript) -> str:
    """WebVTT, channels as voices. A dummy is marked in the first line too, which WebVTT allows.

    https://www.w3.org/TR/webvtt1/#file-structure
    """
    header = f"WEBVTT - {DUMMY_MARK}\n" if transcript.is_dummy else "WEBVTT\n"
    blocks = [header]
    for cue in _cues(transcript):
        voice = "" if cue.channel is None else f"<v Channel {cue.channel + 1}>"
        times = f"{_clock(cue.start_ms, '.')} --> {_clock(cue.end_ms, '.')}"
        blocks.append(f"\n{times}\n{voice}{cue.text.translate(_VTT_ESCAPES)}\n")
    return "".join(blocks)


def to_tsv(transcript: Transcript) -> str:
    """`start`, `end` (whole milliseconds) and `text`, under a header line."""
    rows = [f"{cue.start_ms}\t{cue.end_ms}\t{_prefixed(cue)}\n" for cue in _cues(transcript)]
    return "start\tend\ttext\n" + "".join(rows)


@dataclass(frozen=True, slots=True)
class _Cue:
    start_ms: int
    end_ms: int
    text: str
    channel: int | None


def _cues(transcript: Transcript) -> list[_Cue]:
    """Segments that have text, in the order of their starts; a dummy is one cue."""
    if transcript.is_dummy:
        text = _marked(transcript, _clean(transcript.text))
        return [_cue(0.0, transcript.duration, text, None)]
    cues = [
        _cue(segment.start, segment.end, _clean(segment.text), segment.channel)
        for segment in transcript.segments
    ]
    return sorted((cue for cue in cues if cue.text), key=lambda cue: cue.start_ms)


def _cue(start: float, end: float, text: str, channel: int | None) -> _Cue:
    start_ms, end_ms = _milliseconds(start), _milliseconds(end)
    if end_ms <= start_ms:
        end_ms = start_ms + _MIN_CUE_MS
    return _Cue(start_ms, end_ms, text, channel)


def _marked(transcript: Transcript, text: str) -> str:
    if not transcript.is_dummy or text.startswith(DUMMY_MARK):
        return text
    return f"{DUMMY_MARK} {text}".rstrip()


def _prefixed(cue: _Cue) -> str:
    return cue.text if cue.channel is None else f"[{cue.channel + 1}] {cue.text}"


def _clean(text: str) -> str:
    return " ".join(text.translate(_CONTROL_CHARACTERS).split())


def _milliseconds(seconds: float) -> int:
    return max(0, math.floor(seconds * 1000 + 0.5))


def _clock(milliseconds: int, decimal_mark: str) -> str:
    seconds, ms = divmod(milliseconds, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{seconds:02}{decimal_mark}{ms:03}"
