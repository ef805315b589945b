"""Subtitles and the table: SubRip, WebVTT, tab-separated values. Pure functions.

Times are rounded to the millisecond; a line that ends where it starts, or before, is shown for a
tenth of a second.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass

from web_ui.exports.script import DUMMY_MARK, Line, Script

_MIN_CUE_MS = 100
_ARROW = re.compile(r"--+>")
_VTT_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
# What spreadsheets take for a formula or for the beginning of a quotation, not for a text.
# https://owasp.org/www-community/attacks/CSV_Injection
_NOT_TEXT = tuple('=+-@"＝＋－＠')


def to_srt(script: Script) -> str:
    """SubRip. `-->` inside a text becomes `->`. The format has no comments: what must be said
    first is a cue of a tenth of a second."""
    return "".join(
        f"{number}\n{_times(cue, ',')}\n{_arrowless(_spoken(cue))}\n\n"
        for number, cue in enumerate((*_dummy(script), *_notices(script), *_cues(script)), start=1)
    )


def to_vtt(script: Script) -> str:
    """WebVTT, speakers as voices. A dummy is marked in the first line too, which WebVTT allows.

    https://www.w3.org/TR/webvtt1/#file-structure
    """
    header = f"WEBVTT - {DUMMY_MARK}\n" if script.dummy else "WEBVTT\n"
    notes = (f"\nNOTE {_arrowless(notice)}\n" for notice in script.notices)
    cues = (f"\n{_times(cue, '.')}\n{_voiced(cue)}\n" for cue in (*_dummy(script), *_cues(script)))
    return "".join((header, *notes, *cues))


def to_tsv(script: Script) -> str:
    """`start`, `end` (whole milliseconds) and `text` under a header line; then `speaker` where
    anybody is named, and `translation` where it is asked for beside the text.

    A cell that a spreadsheet would not take for text (`=1+1`, `"so`) has an apostrophe before it:
    people open these in spreadsheets. JSON has every text as it is.
    """
    cues = (*_dummy(script), *_notices(script), *_cues(script))
    named = any(cue.name for cue in cues)
    doubled = any(cue.translation for cue in cues)
    rows = [["start", "end", "text", *["speaker"] * named, *["translation"] * doubled]]
    for cue in cues:
        more = [*[cue.name] * named, *[cue.translation] * doubled]
        rows.append([str(cue.start_ms), str(cue.end_ms), *map(_cell, (cue.text, *more))])
    return "".join("\t".join(row) + "\n" for row in rows)


@dataclass(frozen=True, slots=True)
class _Cue:
    start_ms: int
    end_ms: int
    text: str
    name: str = ""
    translation: str = ""


def _dummy(script: Script) -> Iterator[_Cue]:
    """The dummy's text, as long as the recording: whatever else is read, the mark is there."""
    if script.dummy:
        yield _cue(0.0, script.seconds, script.dummy)


def _notices(script: Script) -> Iterator[_Cue]:
    return (_cue(0.0, 0.0, notice) for notice in script.notices)


def _cues(script: Script) -> Iterator[_Cue]:
    return (_cue_of(line) for line in script.lines)


def _cue_of(line: Line) -> _Cue:
    return _cue(line.start, line.end, line.text, line.name, line.translation)


def _cue(start: float, end: float, text: str, name: str = "", translation: str = "") -> _Cue:
    start_ms, end_ms = _milliseconds(start), _milliseconds(end)
    if end_ms <= start_ms:
        end_ms = start_ms + _MIN_CUE_MS
    return _Cue(start_ms, end_ms, text, name, translation)


def _spoken(cue: _Cue) -> str:
    text = f"{cue.name}: {cue.text}" if cue.name else cue.text
    return f"{text}\n{cue.translation}" if cue.translation else text


def _voiced(cue: _Cue) -> str:
    lines = (cue.text, cue.translation) if cue.translation else (cue.text,)
    return _voice(cue.name) + "\n".join(line.translate(_VTT_ESCAPES) for line in lines)


def _voice(name: str) -> str:
    """`<v Name>`. A name that ends in dashes must not make an arrow; players trim names."""
    end = " >" if name.endswith("-") else ">"
    return f"<v {name.translate(_VTT_ESCAPES)}{end}" if name else ""


def _arrowless(text: str) -> str:
    return _ARROW.sub("->", text)


def _cell(text: str) -> str:
    return f"'{text}" if text.startswith(_NOT_TEXT) else text


def _milliseconds(seconds: float) -> int:
    return max(0, math.floor(seconds * 1000 + 0.5))


def _times(cue: _Cue, mark: str) -> str:
    return f"{_clock(cue.start_ms, mark)} --> {_clock(cue.end_ms, mark)}"


def _clock(milliseconds: int, mark: str) -> str:
    seconds, ms = divmod(milliseconds, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{seconds:02}{mark}{ms:03}"
