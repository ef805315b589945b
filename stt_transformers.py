"""Whisper by Hugging Face Transformers: for checkpoints that were never converted.

The window is always 30 s, because the encoder takes no other. `generate` is the general one:
Whisper's own cuts recordings, falls back and detects languages, which is the engine's work here.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from safetensors import SafetensorError
from transformers import (
    GenerationConfig,
    GenerationMixin,
    WhisperForConditionalGeneration,
    WhisperProcessor,
)
from transformers.modeling_outputs import BaseModelOutput
from transformers.models.whisper.tokenization_whisper import LANGUAGES
from transformers.utils.logging import disable_progress_bar

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

_MULTILINGUAL = 51865
"""Vocabulary from which on a Whisper model knows languages (openai/whisper, model.py)."""

_NO_SPEECH = ("<|nospeech|>", "<|nocaptions|>")  # the later and the earlier name
_COMMANDS = frozenset(
    f"<|{name}|>"
    for name in ("startoftranscript", "startofprev", "notimestamps", "transcribe", "translate")
)
_WEIGHTS = ("model*.safetensors", "pytorch_model*.bin")


@dataclass(frozen=True, slots=True)
class _Window:
    """Encoder output of a chunk (1, 1500, width), and what the decoder thinks first of all.

    first: logits after <|startoftranscript|>, without a prompt: language and silence.
    """

    encoded: Any
    first: Any
    seconds: float


class TransformersBackend(WhisperBackend[_Window]):
    """A Whisper checkpoint in PyTorch, CPU or CUDA."""

    def __init__(self, spec: ModelSpec) -> None:
        _require_checkpoint(spec.path)
        self._device = place(spec)
        compute_type = precision(spec, self._device, ("float32", "float16", "bfloat16"))
        self._dtype = getattr(torch, compute_type)
        with load_errors(SafetensorError, TypeError, AttributeError):
            self._model = self._load(spec.path)
            processor = WhisperProcessor.from_pretrained(str(spec.path), local_files_only=True)
        self._features, self._tokenizer = processor.feature_extractor, processor.tokenizer
        self._ids: dict[str, int] = self._tokenizer.get_vocab()
        if not self._ids.keys() >= _COMMANDS | {"<|endoftext|>"}:
            raise ModelLoadError("the checkpoint has no Whisper tokenizer")
        self._eot = self._ids["<|endoftext|>"]
        self._no_speech = next((self._ids[n] for n in _NO_SPEECH if n in self._ids), None)
        self._languages = self._language_tokens()
        self._published = self._model.generation_config
        self._model.generation_config = self._generation()
        self.info = ModelInfo(
            backend="transformers",
            model=spec.name,
            device=self._device,
            compute_type=compute_type,
            languages=tuple(self._languages) or ("en",),
            versions=versions("transformers"),
        )

    def _load(self, path: Path) -> Any:
        disable_progress_bar()  # a service's log is no place for it
        model, report = WhisperForConditionalGeneration.from_pretrained(
            str(path), dtype=self._dtype, local_files_only=True, output_loading_info=True
        )
        # Transformers fills what a checkpoint lacks with random numbers and goes on.
        if report["missing_keys"]:
            raise ModelLoadError(f"the checkpoint lacks {len(report['missing_keys'])} weights")
        return model.to(self._device).eval()

    def _language_tokens(self) -> dict[str, int]:
        size = self._model.config.vocab_size
        if size < _MULTILINGUAL:
            return {}
        tokens = {code: self._ids.get(f"<|{code}|>", size) for code in LANGUAGES}
        return {code: token for code, token in tokens.items() if token < size}

    def _generation(self) -> Any:
        """What holds for every decoding; the published one is made for Whisper's `generate`."""
        suppressed = set(self._published.suppress_tokens or ())
        never = _COMMANDS | {"<|startoflm|>", *_NO_SPEECH}
        suppressed |= {i for name, i in self._ids.items() if name in never}
        blank = self._tokenizer.encode(" ", add_special_tokens=False)
        return GenerationConfig(
            decoder_start_token_id=self._ids["<|startoftranscript|>"],
            eos_token_id=self._eot,
            pad_token_id=self._eot,
            suppress_tokens=sorted(suppressed),
            begin_suppress_tokens=[*blank, self._eot],
            return_dict_in_generate=True,
            output_scores=True,
        )

    def _encode(self, audio: Samples) -> _Window:
        found = self._features(audio, sampling_rate=SAMPLE_RATE, return_tensors="pt")
        mel = found.input_features.to(self._device, self._dtype)
        with torch.inference_mode():
            encoded = self._model.get_encoder()(mel).last_hidden_state
        first = self._logits([self._ids["<|startoftranscript|>"]], encoded)[0]
        return _Window(encoded, first, len(audio) / SAMPLE_RATE)

    def _logits(self, tokens: list[int], encoded: Any) -> Any:
        """Logits after each token, (tokens, vocabulary), float32."""
        with torch.inference_mode():
            output = self._model(
                encoder_outputs=BaseModelOutput(encoded),
                decoder_input_ids=torch.tensor([tokens], device=self._device),
                use_cache=False,
            )
        return output.logits[0].float()

    def _language_of(self, window: _Window) -> tuple[str, float]:
        if not self._languages:
            return "en", 1.0
        codes, tokens = list(self._languages), list(self._languages.values())
        shares = window.first[tokens].softmax(-1)
        best = int(shares.argmax())
        return codes[best], float(shares[best])

    def _decode(self, window: _Window, options: DecodeOptions, *, beam: int) -> Look:
        start = self._start(options)
        prompt = [*self._before(options), *start]
        sampled = bool(options.temperature)
        if sampled:
            torch.manual_seed(0)  # the same input gives the same text
        # One place is left for the end of the text, which _word_times reads too.
        room = int(self._model.config.max_target_positions) - len(prompt) - 1
        with torch.inference_mode():
            # Unbound: see the head of this file.
            output = GenerationMixin.generate(
                self._model,
                encoder_outputs=BaseModelOutput(window.encoded),
                decoder_input_ids=torch.tensor([prompt], device=self._device),
                max_new_tokens=room_for(window.seconds, room),
                num_beams=1 if sampled else beam,
                # As openai-whisper: else a beam goes on looking for a longer, likelier loop.
                early_stopping=beam > 1 and not sampled,
                do_sample=sampled,
                **({"temperature": options.temperature, "top_k": 0} if sampled else {}),
            )
        return self._look(output, len(prompt), window)

    def _start(self, options: DecodeOptions) -> list[int]:
        """Start of transcript, language and task where the model knows them, no timestamps."""
        start = [self._ids["<|startoftranscript|>"]]
        if self._languages:
            if options.language not in self._languages:
                raise ValueError(f"the model does not know the language {options.language}")
            start += [self._languages[options.language], self._ids[f"<|{options.task}|>"]]
        return [*start, self._ids["<|notimestamps|>"]]

    def _before(self, options: DecodeOptions) -> list[int]:
        """The caller's prompt, its end if it is long; words that look like special tokens go."""
        text = prompt_text(options)
        if not text:
            return []
        tokens = self._tokenizer.encode(text, add_special_tokens=False)
        most = int(self._model.config.max_target_positions) // 2 - 1
        return [self._ids["<|startofprev|>"], *[t for t in tokens if t < self._eot][-most:]]

    def _look(self, output: Any, skipped: int, window: _Window) -> Look:
        steps = self._model.compute_transition_scores(
            output.sequences, output.scores, output.get("beam_indices"), normalize_logits=True
        )[0]
        tokens = output.sequences[0, skipped:].tolist()
        ended = self._eot in tokens
        length = tokens.index(self._eot) if ended else len(tokens)
        logprob = float(steps[: length + 1].sum()) / (length + 1)
        text = self._text([token for token in tokens[:length] if token < self._eot])
        silence = 0.0
        if self._no_speech is not None:
            silence = float(window.first.softmax(-1)[self._no_speech])
        return Look(text.strip(), tuple(tokens[:length]), logprob, silence)

    def _text(self, tokens: list[int]) -> str:
        return str(self._tokenizer.decode(tokens, clean_up_tokenization_spaces=False))

    def _word_times(self, look: Look, options: DecodeOptions, window: _Window) -> list[Word]:
        heads = getattr(self._published, "alignment_heads", None)
        if not heads:
            raise RuntimeError("the checkpoint names no alignment heads")
        text = [token for token in look.tokens if token < self._eot]
        start = self._start(options)
        logits, attention = self._attend([*start, *text, self._eot], window.encoded, heads)
        attended = Attended(text, len(start), logits[:, : self._eot], attention)
        smoothing = self._model.config.median_filter_width
        return attended.words(window.seconds, smoothing, self._text, options.language or "en")

    def _attend(self, tokens: list[int], encoded: Any, heads: Any) -> tuple[Any, Any]:
        """Logits, and the cross-attention (heads, tokens, frames) of the alignment heads."""
        layers = self._model.get_decoder().layers
        fast = self._model.config._attn_implementation
        with weights_of({layer: layers[layer].encoder_attn for layer, _ in heads}) as seen:
            try:
                # The fast implementations do not show their weights.
                self._model.set_attn_implementation("eager")
                logits = self._logits(tokens, encoded)
            finally:
                self._model.set_attn_implementation(fast)
        return logits, torch.stack([seen[layer][head].float() for layer, head in heads])


def _require_checkpoint(path: Path) -> None:
    """Raises ModelLoadError when the directory holds something else, or nothing."""
    try:
        config = json.loads((path / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        config = None
    weights = any(any(path.glob(pattern)) for pattern in _WEIGHTS)
    if not weights or not isinstance(config, dict) or config.get("model_type") != "whisper":
        raise ModelLoadError("no Transformers checkpoint in the model directory")
