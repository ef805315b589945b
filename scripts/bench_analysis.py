#!/usr/bin/env python3
"""What the analyses cost a transcription when the LLM is away.

    bench_analysis.py [--model base] [--pairs 60] [--timeout 2]

A clip is transcribed without and with `classify` and `validate_sales`, in turns, by one service
whose LLM refuses connections (with its circuit open) and by one whose LLM accepts and says nothing.
What is told is the difference of medians, beside the time of the transcription in the same run.
"""

from __future__ import annotations

import argparse
import socket
import statistics
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench_contestants import Service, working_service

ROOT = Path(__file__).resolve().parent.parent
CLIP = ROOT / "audio" / "samples" / "ko_sentence.flac"
ANALYSES = {"classify": "true", "validate_sales": "true", "product": "변액"}
WARM_UP = 6
HANGING_TURNS = 5


def transcribe(service: Service, analyses: dict[str, str]) -> float:
    """Seconds for one request."""
    with CLIP.open("rb") as file:
        began = time.perf_counter()
        answer = service.client.post(
            "/transcribe", data={"language": "ko", **analyses}, files={"file": (CLIP.name, file)}
        )
        seconds = time.perf_counter() - began
    answer.raise_for_status()
    return seconds


@contextmanager
def silent_server() -> Iterator[str]:
    """A server that accepts connections and never says a word."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=64)
    kept: list[socket.socket] = []

    def accept() -> None:
        while True:
            try:
                kept.append(listener.accept()[0])
            except OSError:
                return

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        listener.close()
        for connection in kept:
            connection.close()


def refusing_address() -> str:
    """An address where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        return f"http://127.0.0.1:{free.getsockname()[1]}"


def refused(model: Path, pairs: int) -> None:
    with working_service(model, AGENT_URL=refusing_address()) as service:
        for _ in range(WARM_UP):
            transcribe(service, ANALYSES)
        without, with_them = [], []
        for _ in range(pairs):
            without.append(transcribe(service, {}))
            with_them.append(transcribe(service, ANALYSES))
    plain, whole = statistics.median(without), statistics.median(with_them)
    differences = sorted(b - a for a, b in zip(without, with_them, strict=True))
    print(
        f"LLM refuses, circuit open: {plain * 1000:.1f} ms without, {whole * 1000:.1f} ms with; "
        f"{(whole - plain) * 1000:+.1f} ms ({whole / plain:.3f} times), median of the pairs' "
        f"differences {statistics.median(differences) * 1000:+.1f} ms, {pairs} pairs in turns"
    )


def hanging(model: Path, timeout: float) -> None:
    with (
        silent_server() as url,
        working_service(model, AGENT_URL=url, AGENT_TIMEOUT=str(timeout)) as service,
    ):
        plain = statistics.median(transcribe(service, {}) for _ in range(HANGING_TURNS))
        whole = [transcribe(service, ANALYSES) for _ in range(HANGING_TURNS)]
    added = [seconds - plain for seconds in whole]
    print(
        f"LLM hangs, AGENT_TIMEOUT {timeout:g} s: adds {max(added):.2f} s at most "
        f"({', '.join(f'{seconds:.2f}' for seconds in added)}: once the circuit is open, nothing)"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--model", type=Path, default=ROOT / "models" / "base")
    parser.add_argument("--pairs", type=int, default=60)
    parser.add_argument("--timeout", type=float, default=2.0)
    given = parser.parse_args()
    refused(given.model, given.pairs)
    hanging(given.model, given.timeout)


if __name__ == "__main__":
    main()
