"""From a recording to all that is answered about it: transcript, masking, analyses."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeAlias

from api_server import masking
from api_server.dependencies import Received, Services
from api_server.options import TranscribeForm
from api_server.services.analysis import Analyses, Wanted, WhisperFailed
from api_server.services.conversation import Conversation, Line, Speaker
from stt_errors import STTError
from stt_threads import in_thread
from stt_types import Event, Progress, Segment, Transcript

TRANSCRIPT_IS_DUMMY = "transcript_is_dummy"


@dataclass(frozen=True, slots=True)
class Finished:
    """The end of a request for a transcript."""

    transcript: Transcript
    analyses: Analyses


WorkEvent: TypeAlias = Segment | Progress | Finished


async def work(
    received: Received[TranscribeForm], service: Services
) -> AsyncGenerator[WorkEvent, None]:
    """The engine's segments and progress, and last the transcript with its analyses.

    Closing it cancels what still runs.
    """
    events = service.engine.stream(received.source, received.form.options())
    if service.settings.mask_pii:
        events = masking.masked_events(events)
    transcript: Transcript | None = None
    async with aclosing(events):
        async for event in events:
            if isinstance(event, Transcript):
                transcript = event
            else:
                yield event
    # Only now: while its stream is open, the engine keeps the request's place in the queue.
    if transcript is not None:
        yield Finished(transcript, await _analyses(transcript, received, service))


async def _analyses(
    transcript: Transcript, received: Received[TranscribeForm], service: Services
) -> Analyses:
    wanted = received.form.wanted(transcript.language)
    if not wanted.kinds:
        return Analyses()
    if transcript.is_dummy:
        return Analyses(errors=dict.fromkeys(wanted.kinds, TRANSCRIPT_IS_DUMMY))
    conversation = _conversation(transcript, received.form.agent_channel)
    whisper = partial(_translated, received, service) if _may_translate(wanted, received) else None
    found = await service.analyst.analyse(conversation, wanted, whisper)
    return masking.masked_analyses(found) if service.settings.mask_pii else found


def _conversation(transcript: Transcript, agent_channel: int | None) -> Conversation:
    return Conversation(tuple(_line(segment, agent_channel) for segment in transcript.segments))


def _line(segment: Segment, agent_channel: int | None) -> Line:
    """Whoever is not on the seller's channel is the customer."""
    if agent_channel is None or segment.channel is None:
        return Line(segment.id, segment.text, segment.start, segment.end, channel=segment.channel)
    speaker: Speaker = "agent" if segment.channel == agent_channel else "customer"
    return Line(segment.id, segment.text, segment.start, segment.end, speaker, segment.channel)


def _may_translate(wanted: Wanted, received: Received[TranscribeForm]) -> bool:
    return wanted.translate_to == "en" and received.form.task == "transcribe"


async def _translated(received: Received[TranscribeForm], service: Services) -> str:
    """Whisper's own translation of the recording into English. Raises `WhisperFailed`."""
    options = replace(received.form.options(), task="translate", word_timestamps=False)
    try:
        await in_thread(partial(received.source.file.seek, 0))
        events: AsyncGenerator[Event, None] = service.engine.stream(
            received.source, options, fallback="error"
        )
        async with aclosing(events):
            texts = [event.text async for event in events if isinstance(event, Transcript)]
    except (STTError, OSError) as error:
        raise WhisperFailed(str(error)) from None
    return texts[-1]
