"""Where a model is: a name in the model directory, or a directory of its own."""

from __future__ import annotations

from pathlib import Path

from stt_errors import ModelLoadError

_CONVERTED = ("model.bin", "config.json", "tokenizer.json")


def locate(name: str, model_dir: Path) -> Path:
    """The directory of a model. Raises ModelLoadError when there is none.

    A name (`base`) is looked for in `model_dir`; anything else that is a directory is taken
    as it is.
    """
    if not name or "\0" in name:
        raise ModelLoadError("no model is named")
    named = model_dir / name
    for candidate in (named, Path(name)):
        if candidate.is_dir():
            return candidate
    if "/" in name or name.startswith("."):
        raise ModelLoadError(f"there is no model directory {name}")
    raise ModelLoadError(
        f"there is no model {name} in {model_dir}; "
        f"prepare it with: bash scripts/prepare_model_local.sh {name}"
    )


def require_converted(path: Path) -> None:
    """Raises ModelLoadError when a file of a converted model (CTranslate2) is missing."""
    missing = [name for name in _CONVERTED if not (path / name).is_file()]
    if missing:
        raise ModelLoadError(f"{path} is not a converted model: {', '.join(missing)} missing")
