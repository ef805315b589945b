"""The prepared CTranslate2 model as Transformers has it: real weights for the other backends.

The layout is CTranslate2's (python/ctranslate2/specs/model_spec.py, version 6 of the binary).
"""

from __future__ import annotations

import json
import re
import struct
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np
import torch
from transformers import WhisperConfig, WhisperForConditionalGeneration

from tests.backends.checkpoints import BASE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

_FLOAT16 = 4


def prepared() -> tuple[Any, list[list[int]]]:
    """The model, and its alignment heads."""
    with (BASE / "model.bin").open("rb") as file:
        held = dict(_variables(file))
    vocabulary, width = held["decoder/embeddings/weight"].shape
    layers = len([name for name in held if re.fullmatch(r"encoder/.*/ffn/linear_0/bias", name)])
    parts = ("encoder", "decoder")
    config = WhisperConfig(
        vocab_size=vocabulary,
        d_model=width,
        **{f"{part}_layers": layers for part in parts},
        **{f"{part}_attention_heads": width // 64 for part in parts},
        **{f"{part}_ffn_dim": 4 * width for part in parts},
    )
    model = WhisperForConditionalGeneration(config)
    weights = {
        name: torch.from_numpy(value.astype(np.float32))
        for held_name, held_value in held.items()
        for name, value in _renamed(held_name, held_value)
    }
    # The keys have no bias, and CTranslate2 keeps zeros for them.
    unknown = model.load_state_dict(weights, strict=False)
    assert unknown.missing_keys == ["proj_out.weight"]
    said = json.loads((BASE / "config.json").read_text())
    model.generation_config.suppress_tokens = said["suppress_ids"]
    return model.eval(), said["alignment_heads"]


def _variables(file: BinaryIO) -> Iterator[tuple[str, NDArray[np.float16]]]:
    def number(kind: str) -> int:
        return int(struct.unpack(f"<{kind}", file.read(struct.calcsize(f"<{kind}")))[0])

    def text() -> str:
        return file.read(number("H"))[:-1].decode()

    assert (number("I"), text()) == (6, "WhisperSpec")
    number("I")  # revision
    for _ in range(number("I")):
        name = text()
        shape = [number("I") for _ in range(number("B"))]
        kind, content = number("B"), file.read(number("I"))
        if kind == _FLOAT16:
            yield name, np.frombuffer(content, np.float16).reshape(shape)


def _renamed(name: str, value: NDArray[np.float16]) -> Iterator[tuple[str, NDArray[np.float16]]]:
    """Transformers' names; joined projections are taken apart."""
    part, *inner, block, kind = name.split("/")
    kind = {"gamma": "weight", "beta": "bias", "encodings": "weight"}.get(kind, kind)
    plain = {"embeddings": "embed_tokens", "position_encodings": "embed_positions"}
    if not inner:
        yield f"model.{part}.{plain.get(block, block)}.{kind}", value
        return
    layer = f"model.{part}.layers.{inner[0].removeprefix('layer_')}"
    group = inner[1]
    own = {"ffn": "final", "self_attention": "self_attn", "attention": "encoder_attn"}[group]
    if block == "layer_norm":
        yield f"{layer}.{own}_layer_norm.{kind}", value
    elif group == "ffn":
        yield f"{layer}.{'fc1' if block == 'linear_0' else 'fc2'}.{kind}", value
    else:
        joined = {
            ("self_attention", "linear_0"): "qkv",
            ("attention", "linear_0"): "q",
            ("attention", "linear_1"): "kv",
        }.get((group, block))
        names = [f"{letter}_proj" for letter in joined] if joined else ["out_proj"]
        for projection, share in zip(names, np.split(value, len(names)), strict=True):
            if (projection, kind) != ("k_proj", "bias"):
                yield f"{layer}.{own}.{projection}.{kind}", share
