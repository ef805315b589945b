"""Measures this service against faster-whisper in process, in one run, and prints Markdown.

    .venv/bin/python scripts/bench.py [--rounds 3] [--two-hours] [--json FILE]

CPU and wall time with the error rates beside them, the latency the service adds to a short
clip, what a long file does to other requests, and peak memory. Who is compared takes turns
on the same clips, cores, model and compute type (int8). Linux only. Progress goes to
standard error; --help lists the options.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import tempfile
from contextlib import ExitStack
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench_clips import Clip, clip_of, joined, long_clips, nearest, read_manifest, short_clips
from bench_contestants import BenchError, Contestant, InProcess, Service, worker, working_service
from bench_measure import Memory, Turn, beside, latency, memory, note, peaks, take_turns
from bench_report import (
    beside_table,
    cost_table,
    latency_table,
    memory_table,
    rows,
    table,
)

ROOT = Path(__file__).resolve().parent.parent
PARTS = ("cost", "latency", "beside", "memory")
REFERENCE = "batched"
FASTER_WHISPER = {
    "faster-whisper `transcribe`": "default",
    "faster-whisper `transcribe`, `vad_filter`": "vad_filter",
    "faster-whisper `BatchedInferencePipeline`, 8": "batched",
}
BATCHED = "faster-whisper `BatchedInferencePipeline`, 8"
ENGINE = "STTEngine in process"


def main(arguments: list[str] | None = None) -> int:
    options = _options(arguments)
    if not Path("/proc/self/smaps_rollup").exists():
        print("bench.py reads Linux's /proc; there is none here", file=sys.stderr)
        return 1
    try:
        with tempfile.TemporaryDirectory(prefix="bench-") as folder:
            Bench(options, Path(folder)).run()
    except BenchError as error:
        print(f"bench.py: {error}", file=sys.stderr)
        return 1
    return 0


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench.py", description=(__doc__ or "").splitlines()[0])
    add = parser.add_argument
    add("--model", type=Path, default=ROOT / "models" / "base", help="directory of a model")
    add("--rounds", type=int, default=3, help="turns of every contestant")
    add("--pairs", type=int, default=30, help="pairs of the latency measurement")
    add("--minutes", type=float, default=2.0, help="length of each long file made of the clips")
    add("--hours", type=float, default=0.25, help="length of the file of the memory measurement")
    add("--two-hours", action="store_const", const=2.0, dest="hours", help="same as --hours 2")
    add("--memory-reference", action="store_true", help="faster-whisper's memory as well")
    add("--parts", default=",".join(PARTS), help=f"some of {','.join(PARTS)}")
    samples = ROOT / "audio" / "samples" / "manifest.jsonl"
    add("--manifest", type=Path, default=samples, help="JSON lines of file, language, text")
    add("--audio", type=Path, help="a long recording instead of one made of the clips")
    add("--reference", default="", help="what is said in it, or @FILE")
    add("--language", default="ko", help="its language")
    add("--json", type=Path, dest="json_file", help="where every figure goes")
    options = parser.parse_args(arguments)
    options.parts = options.parts.split(",")
    if unknown := set(options.parts) - set(PARTS):
        parser.error(f"--parts: unknown {', '.join(sorted(unknown))}")
    if options.audio and not options.reference:
        parser.error("--audio needs --reference: no speed without its errors")
    return options


class Bench:
    """One run: its material, its measurements, its report."""

    def __init__(self, options: argparse.Namespace, folder: Path) -> None:
        self._options, self._folder = options, folder
        note("preparing the clips")
        self._clips = read_manifest(options.manifest)
        self._materials = {"long files": self._long(), "short clips": short_clips(self._clips)}
        self._raw: dict[str, Any] = {}
        self._versions: dict[str, str] = {}
        self._load = os.getloadavg()

    def run(self) -> None:
        parts = self._options.parts
        report: list[str] = []
        if {"cost", "latency", "beside"} & set(parts):
            report += self._compare()
        if "memory" in parts:
            report.append(self._memory())
        print("\n\n".join([self._machine(), *report]))
        if self._options.json_file:
            text = json.dumps(self._raw, ensure_ascii=False, indent=1)
            self._options.json_file.write_text(text, encoding="utf-8")

    def _long(self) -> list[Clip]:
        options = self._options
        if options.audio is None:
            return long_clips(self._clips, options.minutes, self._folder)
        reference = options.reference
        if reference.startswith("@"):
            reference = Path(reference[1:]).read_text(encoding="utf-8")
        return [clip_of(options.audio, options.language, reference)]

    def _compare(self) -> list[str]:
        """Everything that is asked of several contestants while they wait for each other."""
        model, parts, report = self._options.model, self._options.parts, []
        with ExitStack() as stack:
            engine_worker = stack.enter_context(worker("engine", model))
            self._versions = engine_worker.versions
            engine = InProcess(ENGINE, engine_worker)
            service = stack.enter_context(working_service(model))
            if "latency" in parts:
                report.append(self._latency(engine, service))
            if "beside" in parts:
                report.append(self._beside(service))
            if "cost" in parts:
                contestants: list[Contestant] = [
                    InProcess(name, stack.enter_context(worker(kind, model)))
                    for name, kind in FASTER_WHISPER.items()
                ]
                contestants += [
                    InProcess(f"{ENGINE}, {quality}", engine_worker, quality)
                    for quality in ("balanced", "fast", "accurate")
                ]
                report = [*self._cost([*contestants, service]), *report]
        return report

    def _cost(self, contestants: list[Contestant]) -> list[str]:
        short = self._materials["short clips"][0]
        for contestant in contestants:
            contestant.hear(short)  # the first inference of a process is not its usual one
        turns = take_turns(contestants, self._materials, self._options.rounds)
        self._raw["turns"] = [asdict(turn) for turn in turns]
        self._raw["peak_mib"] = peaks(contestants)
        return [self._cost_part(name, clips, turns) for name, clips in self._materials.items()]

    def _cost_part(self, name: str, clips: list[Clip], turns: list[Turn]) -> str:
        found = rows([turn for turn in turns if turn.material == name], clips, BATCHED)
        lengths = ", ".join(f"{clip.language} {clip.seconds:.0f} s" for clip in clips)
        title = f"{name.capitalize()} ({lengths}), medians of {self._options.rounds} rounds:"
        return f"{title}\n\n{cost_table(found, clips, REFERENCE)}"

    def _latency(self, engine: Contestant, service: Service) -> str:
        note(f"latency, {self._options.pairs} pairs")
        clip = nearest(self._materials["short clips"], 4.0)
        found = latency(engine, service, clip, self._options.pairs)
        self._raw["latency"] = asdict(found)
        return latency_table(found)

    def _beside(self, service: Service) -> str:
        note("short clips and health beside a long file")
        short = nearest(self._materials["short clips"], 4.0)
        long = max(self._materials["long files"], key=lambda clip: clip.seconds)
        found = beside(service, long, short)
        self._raw["beside"] = asdict(found)
        return beside_table(found)

    def _memory(self) -> str:
        model, found = self._options.model, list[Memory]()
        few = self._materials["short clips"]
        same = [clip for clip in few if clip.language == few[0].language]
        clip = joined(same, self._options.hours * 3600, self._folder / "hours.wav")
        with working_service(model) as service:
            found.append(memory(service, clip))
        for name, kind in FASTER_WHISPER.items() if self._options.memory_reference else ():
            with worker(kind, model) as one:
                found.append(memory(InProcess(name, one), clip))
        self._raw["memory"] = [asdict(one) for one in found]
        return memory_table(found)

    def _machine(self) -> str:
        about = {
            "date": datetime.now(UTC).date().isoformat(),
            "processor": f"{_processor()}, {len(os.sched_getaffinity(0))} cores",
            "load when it began": f"{self._load[0]:.1f}",
            "model": f"{self._options.model.name}, int8",
            "versions": ", ".join(
                [f"Python {platform.python_version()}", *map(" ".join, self._versions.items())]
            ),
        }
        self._raw["machine"] = about
        return table(["measured", ""], [list(pair) for pair in about.items()])


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


if __name__ == "__main__":
    sys.exit(main())
