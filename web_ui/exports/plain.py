"""Plain text: to read in paragraphs, or line by line with times."""

from __future__ import annotations

from collections.abc import Iterator

from web_ui.exports.script import Line, Script, hms

# A pause this long begins a new paragraph; many calls know of no speakers.
PAUSE_SECONDS = 4.0


def to_txt(script: Script, *, times: bool) -> str:
    """The text. Without times, what one speaker says is a paragraph, until a long pause; with
    them, each segment is a line, `[00:03:07] Name: text`. A translation is the line below."""
    first = [part for part in (script.dummy, *script.notices) if part]
    body = _timed(script) if times else _paragraphs(script)
    parts = [*first, *body, *([script.translation] if script.translation else [])]
    return "\n\n".join(parts) + "\n" if parts else ""


def _timed(script: Script) -> Iterator[str]:
    """One block of lines, if there are any."""
    lines = [
        _with_translation(f"[{hms(line.start)}] {_named(line.name, line.text)}", line.translation)
        for line in script.lines
    ]
    if lines:
        yield "\n".join(lines)


def _paragraphs(script: Script) -> Iterator[str]:
    for group in paragraphs_of(script.lines):
        text = script.glue.join(line.text for line in group)
        translation = script.translation_glue.join(
            line.translation for line in group if line.translation
        )
        yield _with_translation(_named(group[0].name, text), translation)


def paragraphs_of(lines: tuple[Line, ...]) -> Iterator[list[Line]]:
    """Lines that follow each other, by one speaker and without a long pause between them."""
    group: list[Line] = []
    for line in lines:
        if group and (line.voice != group[-1].voice or _pause(group[-1], line) >= PAUSE_SECONDS):
            yield group
            group = []
        group.append(line)
    if group:
        yield group


def _pause(before: Line, after: Line) -> float:
    return after.start - before.end


def _named(name: str, text: str) -> str:
    return f"{name}: {text}" if name else text


def _with_translation(text: str, translation: str) -> str:
    return f"{text}\n{translation}" if translation else text
