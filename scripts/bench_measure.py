"""The measurements. Whoever is compared takes turns, since a machine is never quiet for long."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import httpx
from bench_clips import Clip
from bench_contestants import Contestant, Service, post
from bench_process import MemoryWatch, cpu_seconds, memory_mib, peak_mib

HEALTH_PAUSE = 0.05
HEALTH_PATIENCE = 2.0
SETTLE_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Turn:
    """One contestant's turn with one set of clips. Seconds are totals over the set."""

    contestant: str
    material: str
    round: int
    audio_seconds: float
    cpu_seconds: float
    wall_seconds: float
    texts: tuple[str, ...]


@dataclass(slots=True)
class Latency:
    """Seconds, pair by pair: one after the other, in changing order.

    outside: the part of each request over HTTP that was not the engine's, by the answer itself;
    free of what the machine did between the two of a pair.
    """

    clip: str
    clip_seconds: float
    in_process: list[float] = field(default_factory=list)
    over_http: list[float] = field(default_factory=list)
    outside: list[float] = field(default_factory=list)


@dataclass(slots=True)
class Beside:
    """What a long file does to everybody else. Seconds; `lost` probes got no answer in time."""

    clip_seconds: float
    long_audio_seconds: float
    alone: list[float]
    beside: list[float] = field(default_factory=list)
    health: list[float] = field(default_factory=list)
    lost: int = 0
    long_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Memory:
    """MiB before any request, and the highest while a file was transcribed."""

    contestant: str
    audio_seconds: float
    idle: float
    peak: float
    wall_seconds: float


def take_turns(
    contestants: Sequence[Contestant], materials: dict[str, list[Clip]], rounds: int
) -> list[Turn]:
    """Every contestant with every material in every round; each round begins with another."""
    turns: list[Turn] = []
    for number in range(rounds):
        first = number % len(contestants)
        for name, clips in materials.items():
            for contestant in (*contestants[first:], *contestants[:first]):
                turn = _turn(contestant, name, clips, number)
                note(
                    f"round {number + 1}: {turn.contestant}, {name}: {turn.cpu_seconds:.1f} CPU-s, "
                    f"{turn.wall_seconds:.1f} s for {turn.audio_seconds:.0f} s"
                )
                turns.append(turn)
    return turns


def _turn(contestant: Contestant, material: str, clips: list[Clip], number: int) -> Turn:
    before = cpu_seconds(contestant.pid)
    heard = [contestant.hear(clip) for clip in clips]
    return Turn(
        contestant=contestant.name,
        material=material,
        round=number,
        audio_seconds=sum(clip.seconds for clip in clips),
        cpu_seconds=cpu_seconds(contestant.pid) - before,
        wall_seconds=sum(one.seconds for one in heard),
        texts=tuple(one.text for one in heard),
    )


def latency(engine: Contestant, service: Contestant, clip: Clip, pairs: int) -> Latency:
    """The same clip in process and over HTTP, in turns."""
    found = Latency(clip.path.name, clip.seconds)
    both = ((engine, found.in_process), (service, found.over_http))
    for contestant, _ in both:
        contestant.hear(clip)
    for number in range(pairs):
        for contestant, seconds in both if number % 2 else both[::-1]:
            heard = contestant.hear(clip)
            seconds.append(heard.seconds)
            if heard.engine_seconds is not None:
                found.outside.append(heard.seconds - heard.engine_seconds)
    return found


def beside(service: Service, long: Clip, short: Clip) -> Beside:
    """Short clips and health probes while a long file is transcribed."""
    alone = [service.hear(short).seconds for _ in range(5)]
    found = Beside(short.seconds, long.seconds, alone)
    over = threading.Event()
    with ThreadPoolExecutor(2) as pool, service.new_client() as client:
        transcribing = pool.submit(post, client, long)
        transcribing.add_done_callback(lambda _: over.set())
        probing = pool.submit(_probe, service, over, found)
        time.sleep(1.0)  # the long file is at work
        while not over.is_set():
            seconds = service.hear(short).seconds
            if not over.is_set():
                found.beside.append(seconds)
        found.long_seconds = transcribing.result().seconds
        probing.result()
    return found


def _probe(service: Service, over: threading.Event, found: Beside) -> None:
    with httpx.Client(base_url=service.url, timeout=HEALTH_PATIENCE, trust_env=False) as client:
        while not over.wait(HEALTH_PAUSE):
            began = time.perf_counter()
            try:
                client.get("/health").raise_for_status()
                found.health.append(time.perf_counter() - began)
            except httpx.HTTPError:
                found.lost += 1


def memory(contestant: Contestant, clip: Clip) -> Memory:
    """Of a contestant that has just started and was asked nothing yet."""
    time.sleep(SETTLE_SECONDS)
    idle = memory_mib(contestant.pid)
    note(f"{contestant.name}: {idle:.0f} MiB idle, {clip.seconds / 60:.0f} minutes of audio follow")
    with MemoryWatch(contestant.pid) as watch:
        heard = contestant.hear(clip)
    return Memory(contestant.name, clip.seconds, idle, watch.highest, heard.seconds)


def peaks(contestants: Sequence[Contestant]) -> dict[str, float]:
    return {one.name: peak_mib(one.pid) for one in contestants}


def note(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
