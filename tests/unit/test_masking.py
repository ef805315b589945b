"""Masking a transcript, whole and as it streams."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from dataclasses import replace

import pytest

from api_server.masking import (
    masked_analyses,
    masked_events,
    masked_segments,
    masked_transcript,
)
from api_server.services.analysis import Analyses
from api_server.services.results import TranslatedLine, Translation
from stt_types import Event, Gap, Progress, Segment, Suppressed, Word
from tests.fakes import DUMMY, TRANSCRIPT

pytestmark = pytest.mark.anyio


def segments(*texts: str, channels: Sequence[int | None] | None = None) -> tuple[Segment, ...]:
    given = channels or [None] * len(texts)
    return tuple(
        Segment(n, float(n), n + 1.0, text, channel)
        for n, (text, channel) in enumerate(zip(texts, given, strict=True))
    )


async def streamed(*events: Event) -> list[Event]:
    async def source() -> AsyncGenerator[Event, None]:
        for event in events:
            yield event

    return [event async for event in masked_events(source())]


def texts(events: Sequence[Event]) -> list[str]:
    return [event.text for event in events if isinstance(event, Segment)]


def test_whole_text_follows_the_segments() -> None:
    """What is masked in a segment is masked in the text, and nothing else is changed there."""
    said = segments("제 번호는 공일공", "일이삼사 오육칠팔이에요.", "보험료는 30,000원이죠?")
    whole = replace(TRANSCRIPT, segments=said, text=" ".join(s.text for s in said))
    masked = masked_transcript(whole)
    assert texts(masked.segments) == ["제 번호는 ***", "**** ****이에요.", said[2].text]
    assert masked.text == " ".join(texts(masked.segments))


def test_words_stand_as_in_their_segment() -> None:
    """Words keep their number and their times, and show no more than the text does."""
    words = tuple(
        Word(float(n), n + 1.0, word, 0.9)
        for n, word in enumerate(["번호는", "010-1234-5678", "맞죠", "010"])
    )
    (segment,) = segments("번호는 010-1234-5678 맞죠")
    (masked,) = masked_segments([replace(segment, words=words)])
    assert [word.word for word in masked.words or ()] == ["번호는", "***-****-****", "맞죠", "***"]
    assert [word.start for word in masked.words or ()] == [0.0, 1.0, 2.0, 3.0]


def test_other_channel_does_not_part_a_number() -> None:
    """A number dictated on one channel is masked, whatever the other says between its groups."""
    said = segments("공일공", "네 고객님 말씀하세요", "일이삼사에 오육칠팔", channels=[1, 0, 1])
    assert texts(masked_segments(said)) == ["***", "네 고객님 말씀하세요", "****에 ****"]


def test_withheld_text_is_masked_and_a_dummy_is_left() -> None:
    """Suppressed text is shown too; a dummy's text is no speech."""
    withheld = (Suppressed(0.0, 1.0, "010-1234-5678", "repetition"),)
    assert masked_transcript(replace(TRANSCRIPT, suppressed=withheld)).suppressed[0].text == (
        "***-****-****"
    )
    assert masked_transcript(DUMMY) is DUMMY


async def test_number_over_two_segments_is_masked_in_both() -> None:
    """The first half waits for the second."""
    said = segments("번호는 010-1234", "5678입니다", "네, 감사합니다")
    assert texts(await streamed(*said, TRANSCRIPT)) == [
        "번호는 ***-****",
        "****입니다",
        "네, 감사합니다",
    ]


async def test_number_dictated_in_pieces_is_masked_in_all() -> None:
    """Segments that are but digits wait for the one that ends the number."""
    said = segments(
        "제 번호는 공일공", "네", "일이삼사", "네", "오육칠팔이요", "확인했습니다 고객님"
    )
    shown = texts(await streamed(*said, TRANSCRIPT))
    assert shown == ["제 번호는 ***", "네", "****", "네", "****이요", "확인했습니다 고객님"]


async def test_progress_never_overtakes_its_segment() -> None:
    """Whoever resumes behind a progress has been given every segment before it."""
    one, two = segments("안녕하세요", "반갑습니다")
    events: list[Event] = [one, Progress(1.0, 3.0), two, Progress(2.0, 3.0), TRANSCRIPT]
    assert await streamed(*events) == events


async def test_withheld_text_of_a_progress_is_masked() -> None:
    """As in the transcript: a number that was withheld in two parts is masked in the second, and
    everything else that the progress tells is left."""
    one = Suppressed(0.0, 1.0, "번호는 010-1234-5678", "repetition")
    half, rest = replace(one, text="그러면 010-2345"), replace(one, text="6789요")
    told = Progress(1.0, 9.0, "ko", 0.9, 2.0, 1.5, (one, half), (Gap(0.5, 1.0),))
    first, second, _ = await streamed(told, Progress(2.0, 9.0, suppressed=(rest,)), TRANSCRIPT)
    assert isinstance(first, Progress)
    assert [piece.text for piece in first.suppressed] == ["번호는 ***-****-****", half.text]
    assert replace(first, suppressed=told.suppressed) == told
    assert isinstance(second, Progress)
    assert [piece.text for piece in second.suppressed] == ["****요"]


def test_translated_lines_are_masked_as_their_text() -> None:
    """The text is its lines, masked together, as a number may run over two of them."""
    lines = (TranslatedLine(3, "My number is 010-1234"), TranslatedLine(1, "5678, yes."))
    text = "\n".join(line.text for line in lines)
    found = masked_analyses(Analyses(translation=Translation(text, "en", "llm", lines)))
    assert found.translation is not None
    assert found.translation.lines == (
        TranslatedLine(3, "My number is ***-****"), TranslatedLine(1, "****, yes."),
    )  # fmt: skip
    assert found.translation.text == "My number is ***-****\n****, yes."


@pytest.mark.parametrize("text", [None, "It is 010-1234-5678."])
def test_a_translation_without_lines_is_masked(text: str | None) -> None:
    """Whisper's has none, and a dummy has no text at all."""
    found = masked_analyses(Analyses(translation=Translation(text, "en", "whisper")))
    assert found.translation is not None
    assert found.translation.lines is None
    assert found.translation.text == (text and "It is ***-****-****.")


async def test_segment_is_not_held_longer_than_it_must() -> None:
    """It comes with the next one; only digits wait for more, and not for ever."""
    source = iter(segments("안녕하세요", "반갑습니다", *["일이삼사"] * 20))
    taken = 0

    async def events() -> AsyncGenerator[Event, None]:
        nonlocal taken
        for segment in source:
            taken += 1
            yield segment

    masked = masked_events(events())
    behind = [taken - n async for n, _ in _numbered(masked)]
    assert behind[0] == 2 - 0
    assert max(behind) <= 8


async def _numbered(events: AsyncGenerator[Event, None]) -> AsyncGenerator[tuple[int, Event], None]:
    n = 0
    async for event in events:
        yield n, event
        n += 1
