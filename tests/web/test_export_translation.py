"""Translations in text, subtitles and table: beside the source, alone, or not to be had."""

from __future__ import annotations

import pytest

from serving.errors import InvalidOption
from tests.web.export_calls import WRITTEN, call, exported, said, text_of, whole_call
from web_ui.exports.options import Format
from web_ui.records import Analysis, FullTranscript


def translated_whole(text: str | None, *, is_dummy: bool = False) -> FullTranscript:
    """A call of which a translation is known as a whole only, if at all."""
    full = call(said("안녕하세요."), said("네.", 4, 5, number=1))
    result = {"text": text, "language": "en", "is_dummy": is_dummy}
    made = Analysis("translation", result, None, full.transcript.updated_at)
    return FullTranscript(full.transcript, full.segments, analyses={"translation": made})


def test_text_is_whole_before_its_analyses_are() -> None:
    """What is being analysed is not called incomplete; what is being translated only where the
    translation is asked for."""
    analysed = call(said("네", translation="Yes"), state="running", phase="analyse")
    translating = call(said("네", translation="Yes"), state="running", phase="translate")
    assert text_of(analysed, "txt", translation="both") == "네\nYes\n"
    assert text_of(translating, "txt") == "네\n"
    assert text_of(translating, "txt", translation="only").startswith("[미완성] 번역이")


def test_bilingual() -> None:
    """The translation is a second line, or column; a segment without one shows only the source."""
    full = whole_call()
    paragraphs = text_of(full, "txt", translation="both").split("\n\n")
    assert paragraphs[0] == "김하늘: 한빛생명 김하늘입니다.\nThis is Kim of Hanbit."
    assert paragraphs[-1] == "고객: 이해했습니다.\n"
    assert "\n김하늘: 한빛생명 김하늘입니다.\nThis is Kim of Hanbit.\n\n" in text_of(
        full, "srt", translation="both"
    )
    assert "\n<v 고객>네, 말씀하세요.\nYes, go on.\n" in text_of(full, "vtt", translation="both")
    rows = text_of(full, "tsv", translation="both").splitlines()
    assert rows[0] == "start\tend\ttext\tspeaker\ttranslation"
    assert [row.split("\t")[4] for row in rows[1:]] == [
        "This is Kim of Hanbit.", "Yes, go on.", "50,000 won.", "",
    ]  # fmt: skip
    timed = text_of(full, "txt", translation="both", times=True).splitlines()
    assert timed[2:4] == ["[00:00:02] 고객: 네, 말씀하세요.", "Yes, go on."]


def test_translation_alone_says_what_it_leaves_out() -> None:
    """No source text is passed off as a translation, and nothing is left out in silence."""
    full = whole_call()
    assert text_of(full, "txt", translation="only", speakers=False) == (
        "[알림] 번역이 없는 구간 1곳은 빠져 있습니다.\n\n"
        "This is Kim of Hanbit.\n\nYes, go on.\n\n50,000 won.\n"
    )
    assert "NOTE [알림]" in text_of(full, "vtt", translation="only")
    assert "이해했습니다" not in text_of(full, "srt", translation="only")


def test_translation_of_the_whole_follows_the_text() -> None:
    """Where it is not known line by line, text and document hold it after the text."""
    full = translated_whole("Hello. Yes.")
    assert text_of(full, "txt", translation="both") == "안녕하세요. 네.\n\nHello. Yes.\n"
    assert text_of(full, "txt", translation="only") == "Hello. Yes.\n"


@pytest.mark.parametrize("name", ["srt", "vtt", "tsv"])
def test_translation_of_the_whole_has_no_times(name: Format) -> None:
    """What needs times is refused, with what can be had instead."""
    with pytest.raises(InvalidOption, match=r"^translation: not known line by line; txt and docx"):
        exported(translated_whole("Hello."), name, translation="both")


@pytest.mark.parametrize("name", [*WRITTEN, "docx"])
def test_translation_that_is_not_there_is_refused(name: Format) -> None:
    """A transcript without one, one that failed, and a dummy of one are the same to a reader."""
    for full in (
        call(said("네")),
        translated_whole(None),
        translated_whole("[Dummy]", is_dummy=True),
    ):
        with pytest.raises(InvalidOption, match=r"^translation: this transcript has none$"):
            exported(full, name, translation="only")
