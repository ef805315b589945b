"""What the two torch backends have in common: device, precision, prompt, attention."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import torch

from stt_alignment import FRAMES_PER_SECOND, timed_words, token_times
from stt_errors import ModelLoadError
from stt_looks import most_tokens

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from stt_backends import DecodeOptions, ModelSpec
    from stt_types import Word

_ROOM = 10.0
"""Seconds granted beyond the audio when the length of a text is bounded."""


def place(spec: ModelSpec) -> str:
    """The device as torch names it. Raises ModelLoadError for one that is not there."""
    if spec.cpu_threads > 0:
        torch.set_num_threads(spec.cpu_threads)
    if spec.device == "cpu" or (spec.device == "auto" and not torch.cuda.is_available()):
        return "cpu"
    if spec.device not in {"auto", "cuda"}:
        raise ModelLoadError(f"torch backends know the devices cpu and cuda, not {spec.device}")
    if spec.device_index >= torch.cuda.device_count():
        raise ModelLoadError(f"torch finds no CUDA device {spec.device_index}")
    return f"cuda:{spec.device_index}"


def precision(spec: ModelSpec, device: str, offered: tuple[str, ...]) -> str:
    """The compute type asked for where it is offered, else the device's own.

    CTranslate2's quantized types have no counterpart here, and half precision is slower than
    single on most CPUs: `default` and the like mean float32 there and float16 on a GPU.
    """
    if spec.compute_type in offered:
        return spec.compute_type
    return "float32" if device == "cpu" else "float16"


def versions(library: str) -> dict[str, str]:
    """For ModelInfo.versions: the library and torch."""
    return {library: version(library), "torch": version("torch")}


def prompt_text(options: DecodeOptions) -> str:
    """What the model is told before it reads; Whisper's tokenizer wants a leading space."""
    parts = (options.hotwords, options.initial_prompt)
    text = " ".join(part.strip() for part in parts if part)
    return f" {text}" if text.strip() else ""


def room_for(seconds: float, most: int) -> int:
    """Bound on the tokens of a chunk's text: by its length, so that a loop ends early."""
    return min(most, most_tokens(seconds + _ROOM))


@dataclass(frozen=True, slots=True)
class Attended:
    """A text read once more: logits (tokens, vocabulary), attention (heads, tokens, frames).

    Over all tokens given to the decoder: the `start` special ones, the text, the end.
    """

    text: Sequence[int]
    start: int
    logits: Any
    attention: Any

    def words(
        self, seconds: float, smoothing: int, decode: Callable[[list[int]], str], language: str
    ) -> list[Word]:
        """The words, with times within `seconds` and the model's probability."""
        # A token's row says where the next one is heard; that of the last, where the text ends.
        rows = slice(self.start - 1, self.start + len(self.text))
        heard = max(1, int(seconds * FRAMES_PER_SECOND))
        weights = self.attention[:, rows, :heard].double().cpu().numpy()
        shares = self.logits[rows][:-1].softmax(-1)
        wanted = torch.tensor(self.text, device=shares.device)[:, None]
        probabilities = shares.gather(1, wanted)[:, 0].double().cpu().numpy()
        times = token_times(weights, smoothing)
        return timed_words(self.text, times, probabilities, decode, language)


@contextmanager
def weights_of(modules: dict[int, Any]) -> Iterator[dict[int, Any]]:
    """The weights of attention modules, (heads, tokens, frames), by the keys given.

    Filled while within; RuntimeError out of the model when one keeps its weights to itself.
    """
    seen: dict[int, Any] = {}

    def keep(key: int, _module: Any, _inputs: Any, outputs: Any) -> None:
        if outputs[1] is None:
            raise RuntimeError("this attention does not show its weights")
        seen[key] = outputs[1][0]

    hooks = [module.register_forward_hook(partial(keep, key)) for key, module in modules.items()]
    try:
        yield seen
    finally:
        for hook in hooks:
            hook.remove()
