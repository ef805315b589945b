"""Hears one clip of `audio/samples/` with a model, offline, and says what it heard.

    python scripts/verify_model.py models/base

Run as a process of its own, because a broken model or library can abort the whole
process. Prints one line of JSON; exits 1 with one line on stderr when it cannot.
"""

from __future__ import annotations

import json
import os
import sys
import time
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path

SAMPLES = Path(__file__).resolve().parent.parent / "audio" / "samples"


@dataclass(frozen=True, slots=True)
class Heard:
    """What a model made of a clip, and how long it took in seconds."""

    clip: str
    audio_seconds: float
    text: str
    load_seconds: float
    transcribe_seconds: float
    tools: dict[str, str]


def hear(model_directory: Path) -> Heard:
    """Transcribes Korean, or English where the model knows nothing else; int8 on the CPU."""
    from faster_whisper import WhisperModel

    begin = time.perf_counter()
    model = WhisperModel(
        str(model_directory), device="cpu", compute_type="int8", local_files_only=True
    )
    loaded = time.perf_counter()
    language = "ko" if model.model.is_multilingual else "en"
    clip = SAMPLES / f"{language}_sentence.flac"
    segments, about = model.transcribe(str(clip), language=language, temperature=0.0)
    text = "".join(segment.text for segment in segments).strip()
    return Heard(
        clip=clip.name,
        audio_seconds=round(about.duration, 2),
        text=text,
        load_seconds=round(loaded - begin, 2),
        transcribe_seconds=round(time.perf_counter() - loaded, 2),
        tools={name: version(name) for name in ("ctranslate2", "faster-whisper")},
    )


def main() -> int:
    os.environ["HF_HUB_OFFLINE"] = "1"
    try:
        heard = hear(Path(sys.argv[1]))
    except Exception as error:  # any failure of a library means one thing here: not usable
        print(" ".join(f"{type(error).__name__}: {error}".split()), file=sys.stderr)
        return 1
    print(json.dumps(asdict(heard), ensure_ascii=False))
    return 0


if __name__ == "__main__":
    sys.exit(main())
