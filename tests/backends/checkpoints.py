"""Checkpoints for the tests, as Transformers and as openai-whisper have them."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import torch
from transformers import (
    GenerationConfig,
    WhisperConfig,
    WhisperFeatureExtractor,
    WhisperForConditionalGeneration,
)

ROOT = Path(__file__).parents[2]
BASE = ROOT / "models" / "base"
# Transformers' names of modules, and what openai-whisper calls them.
RENAMED = (
    (r"^model\.", ""),
    (r"\.layers\.", ".blocks."),
    (r"\.self_attn\.", ".attn."),
    (r"\.encoder_attn\.", ".cross_attn."),
    (r"\.self_attn_layer_norm\.", ".attn_ln."),
    (r"\.encoder_attn_layer_norm\.", ".cross_attn_ln."),
    (r"\.final_layer_norm\.", ".mlp_ln."),
    (r"\.q_proj\.", ".query."),
    (r"\.k_proj\.", ".key."),
    (r"\.v_proj\.", ".value."),
    (r"\.out_proj\.", ".out."),
    (r"\.fc1\.", ".mlp.0."),
    (r"\.fc2\.", ".mlp.2."),
    (r"^encoder\.layer_norm\.", "encoder.ln_post."),
    (r"^decoder\.layer_norm\.", "decoder.ln."),
    (r"embed_positions\.weight$", "positional_embedding"),
    (r"^decoder\.embed_tokens\.", "decoder.token_embedding."),
)


def tiny() -> Any:
    """Two layers of 32 dimensions that know nothing; the same ones every time."""
    torch.manual_seed(1)
    sizes = {"encoder": 2, "decoder": 2}
    return WhisperForConditionalGeneration(
        WhisperConfig(
            vocab_size=51865,
            d_model=32,
            **{f"{part}_layers": count for part, count in sizes.items()},
            **{f"{part}_attention_heads": count for part, count in sizes.items()},
            **{f"{part}_ffn_dim": 128 for part in sizes},
            init_std=0.5,
            suppress_tokens=[],
        )
    )


def save_transformers(model: Any, directory: Path, heads: list[list[int]] | None) -> Path:
    """A directory as published checkpoints are; `heads` time the words."""
    suppressed = model.generation_config.suppress_tokens
    model.generation_config = GenerationConfig(suppress_tokens=suppressed, alignment_heads=heads)
    model.save_pretrained(directory)
    WhisperFeatureExtractor().save_pretrained(directory)
    shutil.copy(BASE / "tokenizer.json", directory)
    words = {"tokenizer_class": "WhisperTokenizer", "eos_token": "<|endoftext|>"}
    (directory / "tokenizer_config.json").write_text(json.dumps(words))
    return directory


def save_openai(model: Any, file: Path) -> Path:
    """A file as openai-whisper's, with the same weights."""
    config = model.config
    dims = {
        "n_mels": config.num_mel_bins,
        "n_audio_ctx": config.max_source_positions,
        "n_audio_state": config.d_model,
        "n_audio_head": config.encoder_attention_heads,
        "n_audio_layer": config.encoder_layers,
        "n_vocab": config.vocab_size,
        "n_text_ctx": config.max_target_positions,
        "n_text_state": config.d_model,
        "n_text_head": config.decoder_attention_heads,
        "n_text_layer": config.decoder_layers,
    }
    weights = {}
    for theirs, value in model.state_dict().items():
        name = theirs
        for pattern, new in RENAMED:
            name = re.sub(pattern, new, name)
        if name != "proj_out.weight":  # tied to the embedding of the tokens
            weights[name] = value.clone()
    file.parent.mkdir(parents=True, exist_ok=True)
    torch.save({"dims": dims, "model_state_dict": weights}, file)
    return file
