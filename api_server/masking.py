"""Personal data masked in what is returned, where MASK_PII asks for it."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import aclosing
from dataclasses import replace

from api_server.services.analysis import Analyses
from api_server.services.pii import mask, masked
from stt_types import Event, Segment, Suppressed, Transcript, Word


def masked_transcript(transcript: Transcript) -> Transcript:
    """The transcript with personal data masked in every text it holds.

    Segments are masked together, since a number may run over two of them; the whole text is
    masked as one. A dummy holds nothing that was said.
    """
    if transcript.is_dummy:
        return transcript
    return replace(
        transcript,
        text=masked(transcript.text),
        segments=_segments(transcript.segments),
        suppressed=_suppressed(transcript.suppressed),
    )


async def masked_events(events: AsyncGenerator[Event, None]) -> AsyncGenerator[Event, None]:
    """The engine's events, masked; a segment waits for the next, with which it may share a
    number."""
    waiting: list[Segment] = []
    async with aclosing(events):
        async for event in events:
            if isinstance(event, Segment):
                # The one before the last is masked already, but its number may run on.
                waiting = [*waiting[-2:], event]
                if len(waiting) > 1:
                    yield _segments(waiting)[-2]
            elif isinstance(event, Transcript):
                if waiting:
                    yield _segments(waiting)[-1]
                yield masked_transcript(event)
            else:
                yield event


def masked_analyses(found: Analyses) -> Analyses:
    """The texts that are not pieces of the masked transcript."""
    summary, translation = found.summary, found.translation
    if summary is not None and summary.text is not None:
        summary = replace(summary, text=masked(summary.text))
    if translation is not None and translation.text is not None:
        translation = replace(translation, text=masked(translation.text))
    return replace(found, summary=summary, translation=translation)


def _segments(segments: Sequence[Segment]) -> tuple[Segment, ...]:
    texts = mask([segment.text for segment in segments])
    words = iter(mask([word.word for segment in segments for word in segment.words or ()]))
    return tuple(
        replace(segment, text=text, words=_words(segment.words, words))
        for segment, text in zip(segments, texts, strict=True)
    )


def _words(words: tuple[Word, ...] | None, texts: Iterator[str]) -> tuple[Word, ...] | None:
    if words is None:
        return None
    return tuple(replace(word, word=next(texts)) for word in words)


def _suppressed(withheld: Sequence[Suppressed]) -> tuple[Suppressed, ...]:
    texts = mask([one.text for one in withheld])
    return tuple(replace(one, text=text) for one, text in zip(withheld, texts, strict=True))
