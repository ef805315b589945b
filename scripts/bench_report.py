"""From measurements to tables: medians, ratios within a round, error rates, Markdown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from math import ceil
from statistics import median

from bench_clips import Clip
from bench_measure import Beside, Latency, Memory, Turn
from error_rate import cer, characters, wer, words

BY_CHARACTER = frozenset({"ko", "ja", "zh", "yue", "th", "lo", "my", "km", "bo"})
"""Languages whose words have no agreed borders: characters are counted."""


@dataclass(frozen=True, slots=True)
class Row:
    """One contestant with one material, over all rounds. Costs are per second of audio."""

    contestant: str
    cpu: float
    cpu_ratio: float
    wall: float
    wall_ratio: float
    errors: tuple[float, ...]


def rows(turns: Sequence[Turn], clips: Sequence[Clip], reference: str) -> list[Row]:
    """Rows for the turns of one material; ratios are against `reference` in the same round."""
    names = dict.fromkeys(turn.contestant for turn in turns)
    by_name = {
        name: sorted((t for t in turns if t.contestant == name), key=lambda t: t.round)
        for name in names
    }
    base = by_name[reference]
    return [
        Row(
            contestant=name,
            cpu=median(t.cpu_seconds / t.audio_seconds for t in own),
            cpu_ratio=ratio([t.cpu_seconds for t in own], [t.cpu_seconds for t in base]),
            wall=median(t.wall_seconds / t.audio_seconds for t in own),
            wall_ratio=ratio([t.wall_seconds for t in own], [t.wall_seconds for t in base]),
            errors=tuple(
                median(column) for column in zip(*(_errors(t, clips) for t in own), strict=True)
            ),
        )
        for name, own in by_name.items()
    ]


def ratio(own: Sequence[float], base: Sequence[float]) -> float:
    """Median of the ratios pair by pair: what slowed a whole round cancels out."""
    return median(a / b for a, b in zip(own, base, strict=True))


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least `share` of the values do not exceed (nearest rank)."""
    return sorted(values)[max(0, ceil(share * len(values)) - 1)]


def error_columns(clips: Sequence[Clip]) -> list[str]:
    """Titles of the error rates: characters where words have no borders, else words."""
    return [f"{unit} {' '.join(languages)}" for unit, languages in _units(clips)]


def _errors(turn: Turn, clips: Sequence[Clip]) -> list[float]:
    heard = list(zip(clips, turn.texts, strict=True))
    return [
        pooled(tuple((c.text, text) for c, text in heard if c.language in languages), unit)
        for unit, languages in _units(clips)
    ]


@cache  # the text is the same in most rounds, and long ones take seconds
def pooled(pairs: tuple[tuple[str, str], ...], unit: str) -> float:
    """Error rate over several pairs of reference and hypothesis, long ones weighing more."""
    rate, parts = (cer, characters) if unit == "CER" else (wer, words)
    lengths = [len(parts(reference)) for reference, _ in pairs]
    edits = sum(rate(*pair) * length for pair, length in zip(pairs, lengths, strict=True))
    return edits / sum(lengths)


def _units(clips: Sequence[Clip]) -> list[tuple[str, list[str]]]:
    languages = list(dict.fromkeys(clip.language for clip in clips))
    by_character = [language for language in languages if language in BY_CHARACTER]
    by_word = [language for language in languages if language not in BY_CHARACTER]
    return [(unit, some) for unit, some in (("CER", by_character), ("WER", by_word)) if some]


def cost_table(found: Sequence[Row], clips: Sequence[Clip], reference: str) -> str:
    titles = [
        "", "CPU-s per audio-s", f"× {reference}", "wall s per audio-s", f"× {reference}",
        *error_columns(clips),
    ]  # fmt: skip
    return table(
        titles,
        [
            [
                row.contestant, f"{row.cpu:.3f}", f"{row.cpu_ratio:.2f}",
                f"{row.wall:.3f}", f"{row.wall_ratio:.2f}", *(f"{e:.3f}" for e in row.errors),
            ]
            for row in found
        ],
    )  # fmt: skip


def latency_table(found: Latency) -> str:
    inside, over = found.in_process, found.over_http
    added = [b - a for a, b in zip(inside, over, strict=True)]
    named = {
        "`STTEngine.transcribe` in process": inside,
        "`POST /transcribe`, upload, kept-alive connection": over,
        "… of it outside the engine, by the answer's own timings": found.outside,
    }
    lines = [
        [name, _ms(min(v)), _ms(median(v)), _ms(percentile(v, 0.95))] for name, v in named.items()
    ]
    # The 95th percentile of a difference would say more of the machine than of the service.
    lines.append(
        ["added, over in process (median of the pairs)", _ms(min(over) - min(inside)),
         _ms(median(added)), ""]
    )  # fmt: skip
    title = f"{found.clip_seconds:.1f} s clip, {len(added)} pairs"
    return table([title, "fastest ms", "median ms", "p95 ms"], lines)


def beside_table(found: Beside) -> str:
    clip = f"{found.clip_seconds:.1f} s clip"
    named = {f"{clip}, alone": found.alone, f"{clip}, beside the long file": found.beside}
    named |= {"`GET /health` meanwhile": found.health}
    lines = [
        [name, str(len(v)), "0", *(_ms(x) for x in (median(v), percentile(v, 0.95), max(v)))]
        for name, v in named.items()
        if v
    ]
    if found.health:
        lines[-1][1:3] = [str(len(found.health) + found.lost), str(found.lost)]
    title = f"beside a file of {found.long_audio_seconds:.0f} s"
    return table([title, "asked", "lost", "median ms", "p95 ms", "max ms"], lines)


def memory_table(found: Sequence[Memory]) -> str:
    return table(
        ["memory, MiB", "audio min", "idle", "peak", "peak over idle"],
        [
            [
                one.contestant, f"{one.audio_seconds / 60:.0f}", f"{one.idle:.0f}",
                f"{one.peak:.0f}", f"{one.peak - one.idle:.0f}",
            ]
            for one in found
        ],
    )  # fmt: skip


def table(titles: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    """A Markdown table; the first column is text, the others are numbers."""
    rule = ["---", *("---:" for _ in titles[1:])]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (titles, rule, *lines))


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.1f}" if abs(seconds) < 0.1 else f"{seconds * 1000:.0f}"
