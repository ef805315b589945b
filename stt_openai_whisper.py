"""Whisper by its authors' package, openai-whisper: for the checkpoints they publish (`*.pt`).

The window is always 30 s, because the encoder takes no other.
"""

from __future__ import annotations

from dataclasses import dataclass
from pickle import UnpicklingError
from typing import TYPE_CHECKING, Any

import torch
import whisper
from whisper.model import disable_sdpa
from whisper.tokenizer import LANGUAGES, Tokenizer, get_tokenizer

from stt_backends import DecodeOptions, ModelInfo, ModelSpec
from stt_errors import ModelLoadError
from stt_looks import Look, WhisperBackend, load_errors
from stt_torch import (
    Attended,
    place,
    precision,
    prompt_text,
    room_for,
    versions,
    weights_of,
)
from stt_types import SAMPLE_RATE, Word

if TYPE_CHECKING:
    from pathlib import Path

    from stt_vad import Samples

_SMOOTHING = 7  # frames: the package's own


@dataclass(frozen=True, slots=True)
class _Window:
    """Encoder output of a chunk, (1500, width)."""

    encoded: Any
    seconds: float


class OpenAIWhisperBackend(WhisperBackend[_Window]):
    """A checkpoint of openai-whisper, CPU or CUDA."""

    def __init__(self, spec: ModelSpec) -> None:
        checkpoint = _checkpoint(spec)
        self._device = place(spec)
        compute_type = precision(spec, self._device, ("float32", "float16"))
        self._half = compute_type == "float16"
        # UnpicklingError, EOFError, TypeError, IndexError: a file that is no checkpoint.
        with load_errors(UnpicklingError, EOFError, TypeError, IndexError):
            self._model = whisper.load_model(str(checkpoint), device=self._device)
            self._set_alignment_heads(checkpoint)
        self.info = ModelInfo(
            backend="whisper",
            model=spec.name,
            device=self._device,
            compute_type=compute_type,
            languages=self._languages(),
            versions=versions("openai-whisper"),
        )

    def _set_alignment_heads(self, checkpoint: Path) -> None:
        """The package knows the heads of the models it downloads, by their names.

        Without them it takes the upper half of the layers: times are less exact.
        """
        heads = getattr(whisper, "_ALIGNMENT_HEADS", {}).get(checkpoint.stem)
        if heads is not None:
            self._model.set_alignment_heads(heads)

    def _languages(self) -> tuple[str, ...]:
        if not self._model.is_multilingual:
            return ("en",)
        return tuple(LANGUAGES)[: self._model.num_languages]

    def _encode(self, audio: Samples) -> _Window:
        padded = whisper.pad_or_trim(torch.tensor(audio, device=self._device))
        mel = whisper.log_mel_spectrogram(padded, n_mels=self._model.dims.n_mels)
        with torch.inference_mode():
            encoded = self._model.encoder((mel.half() if self._half else mel)[None])[0]
        return _Window(encoded, len(audio) / SAMPLE_RATE)

    def _language_of(self, window: _Window) -> tuple[str, float]:
        if not self._model.is_multilingual:
            return "en", 1.0
        _, shares = whisper.detect_language(self._model, window.encoded)
        best = max(shares, key=shares.__getitem__)
        return str(best), float(shares[best])

    def _decode(self, window: _Window, options: DecodeOptions, *, beam: int) -> Look:
        sampled = bool(options.temperature)
        if sampled:
            torch.manual_seed(0)  # the same input gives the same text
        found = whisper.decode(
            self._model,
            window.encoded,
            whisper.DecodingOptions(
                language=options.language,
                task=options.task,
                temperature=options.temperature or 0.0,
                beam_size=beam if beam > 1 and not sampled else None,
                sample_len=room_for(window.seconds, self._model.dims.n_text_ctx // 2),
                prompt=self._before(options),
                without_timestamps=True,
                fp16=self._half,
            ),
        )
        return Look(
            found.text, tuple(found.tokens), float(found.avg_logprob), float(found.no_speech_prob)
        )

    def _before(self, options: DecodeOptions) -> list[int]:
        """The caller's prompt, as plain text even where it looks like a special token."""
        text = prompt_text(options)
        return list(self._tokenizer(options).encode(text, disallowed_special=())) if text else []

    def _word_times(self, look: Look, options: DecodeOptions, window: _Window) -> list[Word]:
        """By cross-attention.

        whisper.timing does the same, but encodes the audio again and compiles its dynamic time
        warping at first use, which takes seconds in every process.
        """
        tokenizer = self._tokenizer(options)
        start = tokenizer.sot_sequence_including_notimestamps
        text = [token for token in look.tokens if token < tokenizer.eot]
        logits, attention = self._attend([*start, *text, tokenizer.eot], window.encoded)
        attended = Attended(text, len(start), logits[:, : tokenizer.eot], attention)
        return attended.words(
            window.seconds, _SMOOTHING, tokenizer.decode, options.language or "en"
        )

    def _attend(self, tokens: list[int], encoded: Any) -> tuple[Any, Any]:
        """Logits, and the cross-attention (heads, tokens, frames) of the alignment heads."""
        heads = self._model.alignment_heads.indices().T.tolist()
        blocks = self._model.decoder.blocks
        crossed = {layer: blocks[layer].cross_attn for layer, _ in heads}
        # The fast attention does not show its weights.
        with weights_of(crossed) as seen, torch.inference_mode(), disable_sdpa():
            given = torch.tensor([tokens], device=self._device)
            logits = self._model.decoder(given, encoded[None])[0]
        weights = torch.stack([seen[layer][head] for layer, head in heads])
        return logits, weights.float().softmax(-1)

    def _tokenizer(self, options: DecodeOptions) -> Tokenizer:
        return get_tokenizer(
            self._model.is_multilingual,
            num_languages=self._model.num_languages,
            language=options.language,
            task=options.task,
        )


def _checkpoint(spec: ModelSpec) -> Path:
    """The .pt file to load: the path itself, the model's namesake, or the only one."""
    if spec.path.suffix == ".pt" and spec.path.is_file():
        return spec.path
    found = sorted(spec.path.glob("*.pt"))
    named = [path for path in found if path.stem == spec.name]
    if not found:
        raise ModelLoadError("no .pt checkpoint in the model directory")
    if len(found) > 1 and not named:
        raise ModelLoadError(f"the model directory holds {len(found)} .pt checkpoints")
    return (named or found)[0]
