"""Personal data masked in what is returned, where MASK_PII asks for it."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import aclosing
from dataclasses import replace
from functools import partial

from api_server.services.analysis import Analyses
from api_server.services.conversation import Conversation
from api_server.services.pii import mask, masked
from api_server.services.results import Translation
from stt_threads import in_thread
from stt_types import Event, Progress, Segment, Suppressed, Transcript, Word

# A number that is dictated comes in a few segments; no stream waits for more of them.
MOST_WAITING = 6
# What was said before tells what a number is: its beginning, or "계좌번호 말씀해 주세요".
CONTEXT_SEGMENTS = MOST_WAITING + 3
# Segments after which a number may go on: they end in a digit, or only say that one listens.
OPEN = re.compile(
    r"[\d공영일이삼사오육륙칠팔구](?:번|에|에요|예요|요|이요|이고|이고요|다시|입니다)?[\s.,…-]*$"
    r"|^\W*(?:네|예|네네|음|어)\W*$"
)


def masked_transcript(transcript: Transcript) -> Transcript:
    """The transcript with personal data masked in every text it holds.

    Segments are masked together, since a number may run over two of them; words and the whole
    text follow them. A dummy holds nothing that was said.
    """
    if transcript.is_dummy:
        return transcript
    segments = masked_segments(transcript.segments)
    raw, shown = ([one.text for one in side] for side in (transcript.segments, segments))
    return replace(
        transcript,
        text="".join(_followed(transcript.text, raw, shown)),
        segments=segments,
        suppressed=_suppressed(transcript.suppressed),
    )


async def masked_events(events: AsyncGenerator[Event, None]) -> AsyncGenerator[Event, None]:
    """The engine's events in their order, masked. A segment waits for the next, with which it may
    share a number, and so does the progress behind it: whoever resumes from there has seen it."""
    waiting = _Waiting()
    async with aclosing(events):
        async for event in events:
            if isinstance(event, Transcript):
                for ready in waiting.rest():
                    yield ready
                yield await in_thread(partial(masked_transcript, event))
            else:
                for ready in waiting.then(event):
                    yield ready


def masked_conversation(conversation: Conversation) -> Conversation:
    """The call with personal data masked in its lines."""
    texts = mask([line.text for line in conversation.lines])
    lines = zip(conversation.lines, texts, strict=True)
    return replace(conversation, lines=tuple(replace(line, text=text) for line, text in lines))


def masked_analyses(found: Analyses) -> Analyses:
    """The texts that are not pieces of the masked transcript."""
    summary, translation = found.summary, found.translation
    if summary is not None and summary.text is not None:
        summary = replace(summary, text=masked(summary.text))
    if translation is not None:
        translation = _translation(translation)
    return replace(found, summary=summary, translation=translation)


def masked_segments(segments: Sequence[Segment]) -> tuple[Segment, ...]:
    """Consecutive segments with personal data masked in their texts and words. Of split channels
    each is read by itself first: the other's "네" stands between the halves of a number."""
    texts = [segment.text for segment in segments]
    for channel in {segment.channel for segment in segments} - {None}:
        own = [i for i, segment in enumerate(segments) if segment.channel == channel]
        for i, text in zip(own, mask([texts[i] for i in own]), strict=True):
            texts[i] = text
    shown = mask(texts)
    return tuple(
        replace(segment, text=text, words=_words(segment, text))
        for segment, text in zip(segments, shown, strict=True)
    )


class _Waiting:
    """Events of a stream that must not be shown yet, in their order."""

    def __init__(self) -> None:
        self._events: deque[Segment | Progress] = deque()
        self._seen: list[Segment] = []
        self._withheld: list[Suppressed] = []

    def then(self, event: Segment | Progress) -> Iterator[Segment | Progress]:
        """Take one more event; give those that need to wait no longer."""
        self._events.append(event)
        while self._events and self._is_settled():
            yield self._next()

    def rest(self) -> Iterator[Segment | Progress]:
        while self._events:
            yield self._next()

    def _is_settled(self) -> bool:
        segments = self._segments()
        if not isinstance(self._events[0], Segment):
            return True
        if len(segments) == 1:
            return False
        return len(segments) > MOST_WAITING or any(not OPEN.search(one.text) for one in segments)

    def _next(self) -> Segment | Progress:
        segments = self._segments()
        event = self._events.popleft()
        if not isinstance(event, Segment):
            return self._masked_progress(event)
        shown = masked_segments([*self._seen, *segments])[len(self._seen)]
        self._seen = [*self._seen, event][-CONTEXT_SEGMENTS:]
        return shown

    def _masked_progress(self, progress: Progress) -> Progress:
        """What it withheld is read after what was withheld before, as in the transcript."""
        withheld = [*self._withheld, *progress.suppressed]
        shown = _suppressed(withheld)[len(self._withheld) :]
        self._withheld = withheld[-CONTEXT_SEGMENTS:]
        return replace(progress, suppressed=shown)

    def _segments(self) -> list[Segment]:
        return [event for event in self._events if isinstance(event, Segment)]


def _words(segment: Segment, text: str) -> tuple[Word, ...] | None:
    """The words as they stand in the masked text; one that is not found there is masked alone."""
    if segment.words is None or text == segment.text:
        return segment.words
    done = 0
    words = []
    for word in segment.words:
        at = segment.text.find(word.word, done)
        if at >= 0:
            done = at + len(word.word)
        words.append(replace(word, word=text[at:done] if at >= 0 else _starred(word.word)))
    return tuple(words)


def _starred(word: str) -> str:
    """A word of a segment in which something was masked, where it cannot be told what."""
    return re.sub(r"\d", "*", masked(word))


def _followed(text: str, raw: Sequence[str], shown: Sequence[str]) -> Iterator[str]:
    """A text made of the raw pieces, with the shown ones in their places."""
    done = 0
    for before, after in zip(raw, shown, strict=True):
        at = text.find(before, done)
        if at >= 0:
            yield masked(text[done:at])
            yield after
            done = at + len(before)
    yield masked(text[done:])


def _translation(translation: Translation) -> Translation:
    """The text is its lines, where it has any, and reads as they do."""
    if translation.lines is None:
        text = translation.text and masked(translation.text)
        return replace(translation, text=text)
    texts = mask([line.text for line in translation.lines])
    lines = zip(translation.lines, texts, strict=True)
    shown = tuple(replace(line, text=text) for line, text in lines)
    return replace(translation, text="\n".join(texts), lines=shown)


def _suppressed(withheld: Sequence[Suppressed]) -> tuple[Suppressed, ...]:
    texts = mask([one.text for one in withheld])
    return tuple(replace(one, text=text) for one, text in zip(withheld, texts, strict=True))
