"""The default backend: Whisper on CTranslate2, driven chunk by chunk.

faster-whisper loads the model, its tokenizer and its log-mel front end; the decoding is
ours, because `WhisperModel.transcribe` pads every clip to 30 s and reads files, not chunks.

Greedy first, in a window as long as the chunk needs; a second look with a beam on the same
encoder output where the model is unsure; a third in a full 30 s window, where loops and
swallowed sentences usually come right. Reusing the encoder output makes the second look
cheap; the window makes the first one cheap (the encoder's cost grows faster than its length).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import ctranslate2
import numpy as np
from faster_whisper import WhisperModel, __version__
from faster_whisper.tokenizer import Tokenizer
from faster_whisper.transcribe import get_suppressed_tokens

from stt_backends import ChunkJob, DecodeOptions, ModelInfo, ModelSpec
from stt_gates import doubts
from stt_halves import evidence_of
from stt_looks import (
    BEAM,
    FULL_WINDOW,
    GRAVE,
    Look,
    WhisperBackend,
    better,
    load_errors,
    most_tokens,
)
from stt_types import SAMPLE_RATE, Word

if TYPE_CHECKING:
    from stt_vad import Samples

WINDOW_FLOOR = 10.0
"""Shortest encoder window, seconds. Shorter ones are cheaper still, but loop: with a floor of
6 s the error rate of noisy Korean rose from 0.15 to 0.25."""

WINDOW_MARGIN = 2.0
"""Silence after the speech, seconds, so that the model sees it end."""

SMALL_MODEL_BYTES = 600e6
"""Weights up to this size (`small` in float16) decode faster on one thread than on several."""

_FRAMES_PER_SECOND = 100


@dataclass(frozen=True, slots=True)
class _Window:
    """Encoder output of a chunk; `frames` are log-mel frames of real audio in it."""

    encoded: Any
    frames: int
    seconds: float


class FasterWhisperBackend(WhisperBackend[_Window]):
    """A Whisper model on CTranslate2, CPU or CUDA."""

    def __init__(self, spec: ModelSpec) -> None:
        with load_errors():
            self._model = WhisperModel(
                str(spec.path),
                device=spec.device,
                device_index=spec.device_index,
                compute_type=_compute_type(spec),
                cpu_threads=_decoder_threads(spec),
                local_files_only=True,
            )
        self._tokenizers: dict[tuple[str, str], Tokenizer] = {}
        self.info = ModelInfo(
            backend="faster-whisper",
            model=spec.name,
            device=self._model.model.device,
            compute_type=self._model.model.compute_type,
            languages=tuple(self._model.supported_languages),
            versions={"faster-whisper": __version__, "ctranslate2": ctranslate2.__version__},
        )

    def _look_until_sure(
        self, job: ChunkJob, options: DecodeOptions, window: _Window
    ) -> tuple[Look, _Window, int]:
        best, window, looks = super()._look_until_sure(job, options, window)
        evidence = evidence_of(job)
        if not doubts(best.scores, evidence) & GRAVE or window.seconds >= FULL_WINDOW:
            return best, window, looks
        full = self._encode(job.audio, FULL_WINDOW)
        third = self._decode(full, options, beam=BEAM)
        if "repetition" in doubts(third.scores, evidence):
            third = better(third, self._decode(full, options, beam=BEAM, no_repeat=3), evidence)
        chosen = better(best, third, evidence)
        return chosen, full if chosen is third else window, looks + 1

    def _encode(self, audio: Samples, least: float = WINDOW_FLOOR) -> _Window:
        spoken = len(audio) / SAMPLE_RATE
        seconds = min(FULL_WINDOW, max(least, float(np.ceil(spoken + WINDOW_MARGIN))))
        size = int(seconds * SAMPLE_RATE)
        padded = np.pad(audio[:size], (0, max(0, size - len(audio))))
        features = self._model.feature_extractor(padded)[:, : int(seconds * _FRAMES_PER_SECOND)]
        encoded = self._model.encode(np.ascontiguousarray(features, dtype=np.float32))
        return _Window(encoded, min(int(spoken * _FRAMES_PER_SECOND), features.shape[1]), seconds)

    def _language_of(self, window: _Window) -> tuple[str, float]:
        if not self._model.model.is_multilingual:
            return "en", 1.0
        token, probability = self._model.model.detect_language(window.encoded)[0][0]
        return token.strip("<|>"), float(probability)

    def _decode(
        self, window: _Window, options: DecodeOptions, *, beam: int, no_repeat: int = 0
    ) -> Look:
        tokenizer = self._tokenizer(options)
        prompt = self._prompt(tokenizer, options)
        room = min(self._model.max_length, len(prompt) + most_tokens(window.seconds))
        sampled = bool(options.temperature)
        result = self._model.model.generate(
            window.encoded,
            [prompt],
            beam_size=1 if sampled else beam,
            sampling_temperature=options.temperature or 1.0,
            sampling_topk=0 if sampled else 1,
            no_repeat_ngram_size=no_repeat,
            max_length=room,
            suppress_blank=True,
            suppress_tokens=list(get_suppressed_tokens(tokenizer, [-1]) or ()),
            return_scores=True,
            return_no_speech_prob=True,
        )[0]
        tokens = tuple(result.sequences_ids[0])
        # CTranslate2 divides by the length without the end of text; Whisper by the length with it.
        logprob = result.scores[0] * len(tokens) / (len(tokens) + 1)
        text = tokenizer.decode(list(tokens)).strip()
        return Look(text, tokens, float(logprob), float(result.no_speech_prob))

    def _tokenizer(self, options: DecodeOptions) -> Tokenizer:
        key = (options.language or "en", options.task)
        if key not in self._tokenizers:
            multilingual = self._model.model.is_multilingual
            self._tokenizers[key] = Tokenizer(
                self._model.hf_tokenizer, multilingual, task=key[1], language=key[0]
            )
        return self._tokenizers[key]

    def _prompt(self, tokenizer: Tokenizer, options: DecodeOptions) -> list[int]:
        before: list[int] = []
        if options.initial_prompt:
            before = tokenizer.encode(" " + options.initial_prompt.strip())
        return list(
            self._model.get_prompt(
                tokenizer, before, without_timestamps=True, hotwords=options.hotwords
            )
        )

    def _word_times(self, look: Look, options: DecodeOptions, window: _Window) -> list[Word]:
        """Word times by cross-attention (openai/whisper, timing.py).

        CTranslate2 4.8 is reported to fail here on some GPUs (OpenNMT/CTranslate2 #2064).
        """
        tokenizer = self._tokenizer(options)
        tokens = [token for token in look.tokens if token < tokenizer.eot]
        try:
            batch = self._model.find_alignment(tokenizer, [tokens], window.encoded, window.frames)
            found = batch[0]
        except IndexError:  # faster-whisper on a text that is not a word
            return []
        return [
            Word(float(w["start"]), float(w["end"]), w["word"], float(w["probability"]))
            for w in found
        ]


def _decoder_threads(spec: ModelSpec) -> int:
    """A step of a small decoder is less work than waking a second thread for it: greedy decoding
    of a sentence took 0.07 s on one thread and 0.18 s on two (`base`, two cores). The encoder
    is not held to this number; it takes what OMP_NUM_THREADS allows."""
    small = (spec.path / "model.bin").stat().st_size <= SMALL_MODEL_BYTES
    return 1 if small else spec.cpu_threads


def _compute_type(spec: ModelSpec) -> str:
    on_cpu = spec.device == "cpu" or (
        spec.device == "auto" and ctranslate2.get_cuda_device_count() == 0
    )
    return "int8" if spec.compute_type == "default" and on_cpu else spec.compute_type
