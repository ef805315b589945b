"""A Transformers checkpoint becomes a CTranslate2 model, in an environment of its own.

torch and transformers are needed once, for this, and weigh a gigabyte: they never enter
`requirements.txt`.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from model_store import Unavailable

REQUIREMENTS = Path(__file__).with_name("requirements-convert.txt")
WEIGHTS = ("model*.safetensors", "pytorch_model*.bin")
# Like the published conversions: half the size, nothing lost that int8 on a CPU would
# keep, and still the best a GPU can have.
QUANTIZATION = "float16"

# Older checkpoints have the slow tokenizer's files only.
_SAVE_TOKENIZER = (
    "import sys; from transformers import WhisperTokenizerFast as T; "
    "T.from_pretrained(sys.argv[1]).save_pretrained(sys.argv[2])"
)
_VERSIONS = (
    "import importlib.metadata as m; "
    "print(*(f'{n} {m.version(n)}' for n in ('ctranslate2', 'torch', 'transformers')), sep='\\n')"
)


def is_checkpoint(directory: Path) -> bool:
    """True for a Transformers checkpoint of a Whisper model."""
    try:
        config = json.loads((directory / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    weights = any(any(directory.glob(pattern)) for pattern in WEIGHTS)
    return weights and isinstance(config, dict) and config.get("model_type") == "whisper"


def convert(checkpoint: Path, output: Path, workplace: Path) -> dict[str, str]:
    """Fills `output`; answers with the versions of the tools. Raises `Unavailable`."""
    python = _environment(workplace / "convert-env")
    print(f"converting the checkpoint ({QUANTIZATION})", flush=True)
    converted = workplace / "converted"
    shutil.rmtree(converted, ignore_errors=True)
    converter = python.with_name("ct2-transformers-converter")
    arguments = ("--model", str(checkpoint), "--output_dir", str(converted))
    _run([str(converter), *arguments, "--quantization", QUANTIZATION], "the conversion failed")
    _add_tokenizer(python, checkpoint, converted)
    _add_preprocessor(checkpoint, converted)
    for path in converted.iterdir():
        if path.is_file():
            path.rename(output / path.name)
    versions = _run([str(python), "-c", _VERSIONS], "the converter's versions are unknown")
    return dict(line.split(" ", 1) for line in versions.splitlines())


def _environment(path: Path) -> Path:
    """The environment's python; one that an earlier run finished is used again."""
    python, ready = path / "bin" / "python", path / "ready"
    if ready.exists() and ready.read_text() == REQUIREMENTS.read_text():
        return python
    print("making the conversion environment (torch: some minutes, 1 GB or more)", flush=True)
    _run([sys.executable, "-m", "venv", "--clear", str(path)], "no environment could be made")
    install = ("-m", "pip", "install", "--quiet", "--requirement", str(REQUIREMENTS))
    _run([str(python), *install], "the conversion tools cannot be installed")
    shutil.copy(REQUIREMENTS, ready)
    return python


def _add_tokenizer(python: Path, checkpoint: Path, output: Path) -> None:
    if (checkpoint / "tokenizer.json").exists():
        shutil.copy(checkpoint / "tokenizer.json", output)
        return
    made = output / "tokenizer"
    command = [str(python), "-c", _SAVE_TOKENIZER, str(checkpoint), str(made)]
    _run(command, "the checkpoint has no usable tokenizer")
    (made / "tokenizer.json").rename(output / "tokenizer.json")


def _add_preprocessor(checkpoint: Path, output: Path) -> None:
    """faster-whisper takes the number of mel bands from this file, else assumes 80."""
    name = "preprocessor_config.json"
    if (checkpoint / name).exists():
        shutil.copy(checkpoint / name, output)
        return
    bands = json.loads((checkpoint / "config.json").read_text(encoding="utf-8"))["num_mel_bins"]
    (output / name).write_text(json.dumps({"feature_size": bands}) + "\n", encoding="utf-8")


def _run(command: list[str], failure: str) -> str:
    # A conversion reads local files only: nothing may wait for a hub that is not there.
    environment = {**os.environ, "HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        last = (done.stderr or done.stdout).strip().splitlines()[-1:] or ["no message"]
        raise Unavailable(f"{failure}: {last[0]}")
    return done.stdout
