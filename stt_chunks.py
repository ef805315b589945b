"""The chunk grid: one utterance a chunk, cut where the audio alone says.

A chunk is the unit of work of the whole engine: what the scheduler orders, what crosses
to the worker, what a cancelled request stops between, what a resumed one begins at. Its
borders follow from the samples before and shortly after it, never from who asked or when,
so the same recording always gives the same chunks.

The cutter is sans-IO: it takes audio and speech probabilities, and returns chunks as soon
as no later audio can change them. It holds at most two chunks of audio.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from stt_types import SAMPLE_RATE, VadOptions
from stt_vad import FRAME, FRAME_SECONDS, Samples

JOIN_GAP_SECONDS = 1.0
"""Utterances with a shorter pause between them may share a chunk."""

JOIN_SECONDS = 11.0
"""…as long as they fit in this: the sentence goes on after many a pause («ask not … what your
country can do»), and a shared window costs less than two. Longer ones lose sentences."""

SHORT_SECONDS = 2.5
"""A shorter utterance joins its neighbour up to the longest chunk: it is little to go by."""

MOST_SECONDS = 30.0
"""What the model can take at once."""

_HYSTERESIS = 0.15
_LEAST_NEGATIVE = 0.05
_VOICED = 0.5
_SILENT_RMS = 1e-4  # -80 dBFS: nothing in it that could be a voice


@dataclass(frozen=True, slots=True)
class Chunk:
    """A stretch of audio to transcribe on its own, and what the voice activity says of it.

    start, end: samples from the start of the recording; audio has end - start of them.
    speech: stretches of speech inside, in samples from the start of the recording.
    speech_seconds: their total; voiced_seconds: the part with a probability of 0.5 or more.
    """

    index: int
    channel: int | None
    start: int
    end: int
    audio: Samples
    speech: tuple[tuple[int, int], ...]
    speech_seconds: float
    voiced_seconds: float

    @property
    def start_seconds(self) -> float:
        return self.start / SAMPLE_RATE

    @property
    def end_seconds(self) -> float:
        return self.end / SAMPLE_RATE


@dataclass(slots=True)
class _Utterance:
    """Frames [first, last) of speech, hysteresis included."""

    first: int
    last: int

    @property
    def seconds(self) -> float:
        return (self.last - self.first) * FRAME_SECONDS


class ChunkCutter:
    """Cuts one channel into chunks.

    keep_all: cover the whole audio instead of its speech alone; stretches without speech
    become chunks of their own (`speech` empty), and pure silence is still left out.
    """

    def __init__(
        self, options: VadOptions, *, channel: int | None = None, keep_all: bool = False
    ) -> None:
        self._options = options
        self._channel = channel
        self._keep_all = keep_all
        self._negative = max(options.threshold - _HYSTERESIS, _LEAST_NEGATIVE)
        self._longest = round(options.max_chunk_seconds / FRAME_SECONDS)
        self._audio: Samples = np.zeros(0, np.float32)
        self._probs: Samples = np.zeros(0, np.float32)
        self._base = 0  # frame of self._probs[0], and of the first sample kept
        self._seen = 0  # frames judged so far
        self._samples = 0  # samples pushed so far
        self._open: _Utterance | None = None
        self._held: _Utterance | None = None
        self._cursor = 0  # sample up to which everything was emitted or given up
        self._count = 0

    def push(self, audio: Samples, probs: Samples) -> list[Chunk]:
        """Takes the next audio and the probabilities of the frames it completed."""
        self._audio = np.concatenate((self._audio, audio))
        self._samples += len(audio)
        self._probs = np.concatenate((self._probs, probs))
        chunks: list[Chunk] = []
        for probability in probs:
            chunks += self._step(float(probability))
        self._forget()
        return chunks

    @property
    def settled(self) -> int:
        """No chunk to come ends at or before this sample (but for the end of the audio)."""
        if self._keep_all:
            return self._cursor
        if self._held is not None:
            return self._held.last * FRAME - 1
        if self._open is not None:
            return self._open.first * FRAME
        return self._seen * FRAME

    def finish(self) -> list[Chunk]:
        """The chunks that only the end of the audio completes."""
        chunks: list[Chunk] = []
        if self._open is not None:
            chunks += self._close()
        if self._held is not None:
            chunks += self._emit(self._held, self._samples)
            self._held = None
        if self._keep_all:
            chunks += self._fill(self._samples)
        return chunks

    def _step(self, probability: float) -> list[Chunk]:
        self._seen += 1
        speech = self._open
        if speech is None:
            if probability >= self._options.threshold:
                self._open = _Utterance(self._seen - 1, self._seen)
                return []
            return self._release()
        if probability >= self._negative:
            speech.last = self._seen
        elif (self._seen - speech.last) * FRAME_SECONDS * 1000 >= self._options.min_silence_ms:
            return self._close()
        if self._seen - speech.first >= self._longest:
            return self._split(speech)
        return []

    def _close(self) -> list[Chunk]:
        """The open utterance ended: join it to the one held, or let that one go."""
        ended, self._open = self._open, None
        if ended is None or not self._is_speech(ended):
            return []
        held = self._held
        if held is None:
            self._held = ended
            return []
        if self._belong_together(held, ended):
            self._held = _Utterance(held.first, ended.last)
            return []
        self._held = ended
        return self._emit(held, ended.first * FRAME)

    def _split(self, speech: _Utterance) -> list[Chunk]:
        """Too long: cut where speech is least likely in the later part."""
        low = speech.first + int(self._longest * 0.4)
        window = self._probs[low - self._base : self._seen - self._base]
        smooth = np.convolve(window, np.full(7, 1 / 7), "same")
        smooth[:3] = smooth[-3:] = np.inf  # the average reaches past the window there
        cut = low + int(np.argmin(smooth))
        rest = _Utterance(cut, max(cut, speech.last))
        speech.last = cut
        chunks = self._close()
        self._open = rest
        return chunks

    def _release(self) -> list[Chunk]:
        """In a pause: let go what nothing can join any more."""
        held = self._held
        patience = max(JOIN_GAP_SECONDS, 2 * self._options.speech_pad_ms / 1000)
        if held is not None and (self._seen - held.last) * FRAME_SECONDS > patience:
            self._held = None
            return self._emit(held, self._seen * FRAME)
        if held is None and self._keep_all:
            waiting = self._seen * FRAME - self._cursor
            if waiting >= self._longest * FRAME:
                return self._fill(self._cursor + self._longest * FRAME)
        return []

    def _belong_together(self, first: _Utterance, second: _Utterance) -> bool:
        gap = (second.first - first.last) * FRAME_SECONDS
        both = second.last - first.first
        if gap >= JOIN_GAP_SECONDS or both > self._longest:
            return False
        shorter = min(first.seconds, second.seconds)
        return both * FRAME_SECONDS <= JOIN_SECONDS or shorter < SHORT_SECONDS

    def _is_speech(self, utterance: _Utterance) -> bool:
        probs = self._between(utterance.first, utterance.last)
        seconds = float((probs >= self._options.threshold).sum()) * FRAME_SECONDS
        return seconds * 1000 >= self._options.min_speech_ms

    def _emit(self, utterance: _Utterance, next_sample: int) -> list[Chunk]:
        """Pads the utterance by at most half the pause on either side."""
        first, last = utterance.first * FRAME, min(utterance.last * FRAME, self._samples)
        pad = self._options.speech_pad_ms * SAMPLE_RATE // 1000
        at_end = next_sample >= self._samples
        room = next_sample - last if at_end else (next_sample - last) // 2
        end = min(last + min(pad, max(room, 0)), self._samples)
        start = max(self._cursor, first - pad)
        chunks: list[Chunk] = []
        if self._keep_all:
            gap = start - self._cursor
            too_long = end - self._cursor > MOST_SECONDS * SAMPLE_RATE
            if gap > JOIN_GAP_SECONDS * SAMPLE_RATE or too_long:
                chunks += self._fill(start)
            start = self._cursor
        chunks.append(self._cut(start, end, self._speech_in(utterance)))
        self._cursor = end
        return chunks

    def _fill(self, until: int) -> list[Chunk]:
        """What lies between the cursor and `until` without speech, in chunks of its own."""
        chunks: list[Chunk] = []
        while self._cursor < until:
            end = min(until, self._cursor + self._longest * FRAME)
            if _rms(self._slice(self._cursor, end)) > _SILENT_RMS:
                chunks.append(self._cut(self._cursor, end, ()))
            self._cursor = end
        return chunks

    def _cut(self, start: int, end: int, speech: tuple[tuple[int, int], ...]) -> Chunk:
        first, last = start // FRAME, -(-end // FRAME)
        voiced = float((self._between(first, last) >= _VOICED).sum()) * FRAME_SECONDS
        self._count += 1
        return Chunk(
            index=self._count - 1,
            channel=self._channel,
            start=start,
            end=end,
            audio=self._slice(start, end).copy(),
            speech=speech,
            speech_seconds=sum(b - a for a, b in speech) / SAMPLE_RATE,
            voiced_seconds=voiced,
        )

    def _speech_in(self, utterance: _Utterance) -> tuple[tuple[int, int], ...]:
        """Runs of frames at or above the threshold, across gaps of up to 200 ms."""
        above = self._between(utterance.first, utterance.last) >= self._options.threshold
        runs: list[list[int]] = []
        for frame in np.flatnonzero(above) + utterance.first:
            if runs and (frame - runs[-1][1]) * FRAME_SECONDS <= 0.2:
                runs[-1][1] = int(frame) + 1
            else:
                runs.append([int(frame), int(frame) + 1])
        return tuple((a * FRAME, min(b * FRAME, self._samples)) for a, b in runs)

    def _between(self, first: int, last: int) -> Samples:
        return self._probs[max(0, first - self._base) : max(0, last - self._base)]

    def _slice(self, start: int, end: int) -> Samples:
        base = self._base * FRAME
        return self._audio[start - base : end - base]

    def _forget(self) -> None:
        """Drops audio that no coming chunk can contain."""
        pad = -(-self._options.speech_pad_ms * SAMPLE_RATE // (1000 * FRAME))
        oldest = [self._seen - pad - 1]
        oldest += [u.first - pad - 1 for u in (self._held, self._open) if u is not None]
        if self._keep_all:
            oldest.append(self._cursor // FRAME)
        drop = max(min(oldest), self._base) - self._base
        self._audio = self._audio[drop * FRAME :]
        self._probs = self._probs[drop:]
        self._base += drop


def _rms(audio: Samples) -> float:
    return float(np.sqrt(np.mean(np.square(audio)))) if len(audio) else 0.0
