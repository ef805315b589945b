"""A contestant of the bench in a process of its own: a model that answers line by line.

    python scripts/bench_worker.py KIND MODEL_DIRECTORY

KIND is one of KINDS. Started by bench_contestants.py. Standard input: one JSON object a
line with `file`, `language` and `quality`. Standard output: first `{"ready": …}`, then for
each line `text` and the `seconds` it took.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from importlib.metadata import version
from typing import Any, TypeAlias

# file, language, quality (the engine's own) → text
Transcribe: TypeAlias = Callable[[str, str, str], str]


def engine(directory: str) -> Transcribe:
    from stt_engine import STTEngine

    stt = STTEngine(directory, "cpu", "int8", backend="faster-whisper", fallback="error")
    if stt.error_reason:
        raise SystemExit(stt.error_reason)

    def transcribe(file: str, language: str, quality: str) -> str:
        return stt.transcribe(file, language, quality=quality).text

    return transcribe


def plain(directory: str, **options: Any) -> Transcribe:
    model = _whisper(directory)

    def transcribe(file: str, language: str, _: str) -> str:
        segments, _about = model.transcribe(file, language=language, **options)
        return " ".join(segment.text.strip() for segment in segments)

    return transcribe


def batched(directory: str) -> Transcribe:
    from faster_whisper import BatchedInferencePipeline

    pipeline = BatchedInferencePipeline(_whisper(directory))

    def transcribe(file: str, language: str, _: str) -> str:
        segments, _about = pipeline.transcribe(file, language=language, batch_size=8)
        return " ".join(segment.text.strip() for segment in segments)

    return transcribe


KINDS: dict[str, Callable[[str], Transcribe]] = {
    "engine": engine,
    "default": plain,
    "vad_filter": lambda directory: plain(directory, vad_filter=True),
    "batched": batched,
}


def _whisper(directory: str) -> Any:
    """int8 on as many threads as the engine takes, so that nobody has an advantage."""
    from faster_whisper import WhisperModel

    from stt_loading import usable_cores

    return WhisperModel(
        directory,
        device="cpu",
        compute_type="int8",
        cpu_threads=usable_cores(),
        local_files_only=True,
    )


def main() -> None:
    os.environ["HF_HUB_OFFLINE"] = "1"
    out, sys.stdout = sys.stdout, sys.stderr  # a library that prints must not break the answers
    transcribe = KINDS[sys.argv[1]](sys.argv[2])
    libraries = ("ctranslate2", "faster-whisper", "onnxruntime", "av")
    print(json.dumps({"ready": {name: version(name) for name in libraries}}), file=out, flush=True)
    for line in sys.stdin:
        asked = json.loads(line)
        began = time.perf_counter()
        text = transcribe(asked["file"], asked["language"], asked["quality"])
        answer = {"text": text, "seconds": time.perf_counter() - began}
        print(json.dumps(answer, ensure_ascii=False), file=out, flush=True)


if __name__ == "__main__":
    main()
