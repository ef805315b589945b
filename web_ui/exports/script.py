"""What every written format holds, before it is written: lines, who says them, what must be said
first. Text is one line and free of control characters, so nothing said can break a format.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from serving.errors import InvalidOption
from web_ui.exports.options import ExportOptions
from web_ui.records import UNSPACED, FullTranscript, Segment
from web_ui.words import Words

DUMMY_MARK = "[Dummy]"
TIMED = frozenset({"srt", "vtt", "tsv"})
WHOLE = frozenset({"done", "dummy"})
_STOPPED = frozenset({"failed", "cancelled"})
# Also what XML cannot hold, and halves of characters that UTF-8 cannot.
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


@dataclass(frozen=True, slots=True)
class Line:
    """A segment as it is written. Times are seconds; `text` is never empty.

    text: what was said, or its translation where only that is asked for.
    translation: what stands under it; "" where there is none, or none is asked for.
    is_edited: somebody changed `text` since the engine wrote it.
    voice: tells speakers apart; `name` is shown, "" where nobody is named or names are not wanted.
    """

    start: float
    end: float
    text: str
    translation: str
    voice: str
    name: str
    is_edited: bool


@dataclass(frozen=True, slots=True)
class Script:
    """Everything to be written.

    dummy: what stands in for the text, marked; "" of a real transcript. Lines of a dummy are real.
    notices: what a reader must know first: that the text is not whole, or lines are left out.
    translation: of the whole, where it is not known line by line.
    glue, translation_glue: what joins sentences of the text, and of its translation.
    """

    dummy: str
    seconds: float
    notices: tuple[str, ...]
    lines: tuple[Line, ...]
    translation: str = ""
    glue: str = " "
    translation_glue: str = " "


def script_of(full: FullTranscript, options: ExportOptions, words: Words) -> Script:
    """What `options` ask for. Raises InvalidOption: a translation that there is not."""
    transcript = full.transcript
    spoken = [segment for segment in full.segments if clean(segment.text)]
    whole = _whole_translation(full, spoken, options)
    only = options.translation == "only"
    kept = [s for s in spoken if not only or clean(s.translation or "")]
    left_out = 0 if whole else len(spoken) - len(kept)
    names = names_of(full, words)
    lines = (_line(s, _name(s, names, words), options) for s in kept)
    target = _glue(_target_language(full))
    return Script(
        dummy=_dummy(full, words),
        seconds=transcript.duration or transcript.seconds_total or 0.0,
        notices=tuple(_notices(full, options, words, left_out)),
        lines=tuple(sorted(lines, key=lambda line: line.start)),
        translation=whole,
        glue=target if only else _glue(transcript.language),
        translation_glue=target,
    )


def clean(text: str) -> str:
    """One line; runs of white space and control characters are one space."""
    return " ".join(_UNPRINTABLE.sub(" ", text).split())


def marked(text: str) -> str:
    """A dummy's text, which begins with `[Dummy]`."""
    return text if text.startswith(DUMMY_MARK) else f"{DUMMY_MARK} {text}".rstrip()


def hms(seconds: float) -> str:
    """`00:03:07`; hours may pass 99."""
    minutes, second = divmod(max(0, int(seconds)), 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours:02}:{minute:02}:{second:02}"


def names_of(full: FullTranscript, words: Words) -> dict[str, str]:
    """What each speaker is called, by label: the name people gave, else the part in the call."""
    return {
        speaker.label: clean(speaker.name)
        or (words(f"role.{speaker.role}") if speaker.role else "")
        for speaker in full.speakers
    }


def _whole_translation(full: FullTranscript, spoken: list[Segment], options: ExportOptions) -> str:
    """The translation of the whole, if it is wanted and there is none of single lines."""
    if options.translation == "none" or any(clean(s.translation or "") for s in spoken):
        return ""
    analysis = full.analyses.get("translation")
    result = (analysis.result if analysis else None) or {}
    text = "" if result.get("is_dummy") else clean(result.get("text") or "")
    if not text:
        raise InvalidOption("translation: this transcript has none")
    if options.format in TIMED:
        raise InvalidOption("translation: not known line by line; txt and docx can hold it")
    return text


def _target_language(full: FullTranscript) -> str | None:
    analysis = full.analyses.get("translation")
    told = (analysis.result or {}).get("language") if analysis else None
    return str(told) if told else full.transcript.options.translate_to


def _glue(language: str | None) -> str:
    return "" if language in UNSPACED else " "


def _name(segment: Segment, names: dict[str, str], words: Words) -> str:
    """Who speaks; where nobody is named, the channel tells voices apart."""
    name = names.get(segment.speaker or "", "")
    if name or segment.channel is None:
        return name
    return words("file.channel", number=segment.channel + 1)


def _line(segment: Segment, name: str, options: ExportOptions) -> Line:
    translation = clean(segment.translation or "")
    only = options.translation == "only"
    voice = segment.speaker or ("" if segment.channel is None else str(segment.channel))
    return Line(
        start=segment.start,
        end=segment.end,
        text=translation if only else clean(segment.text),
        translation=translation if options.translation == "both" else "",
        voice=voice,
        name=name if options.speakers else "",
        is_edited=segment.is_edited and not only,
    )


def _dummy(full: FullTranscript, words: Words) -> str:
    transcript = full.transcript
    if not transcript.is_dummy:
        return ""
    text = marked(clean(transcript.dummy_text or ""))
    if not full.segments:
        return text
    real = words("file.dummy_partial", until=hms(transcript.seconds_done))
    return f"{text} {real}"


def _notices(
    full: FullTranscript, options: ExportOptions, words: Words, left_out: int
) -> Iterator[str]:
    transcript = full.transcript
    at_work = None if transcript.state in WHOLE else transcript.phase
    if at_work == "transcribe":
        how = transcript.state if transcript.state in _STOPPED else "running"
        yield words(f"file.incomplete.{how}", until=hms(transcript.seconds_done))
    if at_work == "translate" and options.translation != "none":
        yield words("file.incomplete.translation")
    if left_out:
        yield words("file.untranslated", count=left_out)
