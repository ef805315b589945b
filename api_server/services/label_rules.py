"""What a call is about, by rules: labels with their cues, as data (rules/labels.yaml).

A label's score is the sum of its cues' weights, each counted where it is said by the right one and
meant. No cue decides alone: greetings and identity questions occur in every call, a complaint
mentions surrender, a sale mentions premiums.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import Field, StringConstraints

from api_server.services import sales_evidence
from api_server.services.call_text import CallText, Sentence
from api_server.services.results import Classification
from api_server.services.sales_pack import Said, Strict
from api_server.services.sales_patterns import Match, Pattern, find, modality
from api_server.services.yaml_lines import line_of, read_file

BUILT_IN = Path(__file__).resolve().parent.parent / "rules" / "labels.yaml"
MAX_LABELS = 100
# Said again and again, a cue proves no more than said twice.
MAX_COUNT = 2
# Who spoke follows from the words alone: the cue of one may have been said by the other.
UNSURE_SPEAKER = 0.8
OTHER_SPEAKER = 0.5
LEAST_CONFIDENCE, MOST_CONFIDENCE = 0.3, 0.95
# A lead over the next label counts in full from so many points on: one weak cue is no certainty.
FULL_POINTS = 6.0


class LabelProblem(ValueError):
    """A file of labels cannot be used. One line: file, line, what is wrong."""


class Cue(Strict):
    """What tells that a call is about a label, and how strongly; not in a sentence of `unless`."""

    said: Said
    weight: float = Field(default=1, gt=0, le=10)
    by: Literal["agent", "customer", "any"] = "any"
    unless: tuple[Said, ...] = ()


Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=60)]
Description = Annotated[str, Field(min_length=1, max_length=300, pattern=r"^[^\r\n]+$")]


class Label(Strict):
    """A label; below `minimum` points a call is not about it."""

    name: Name
    description: Description
    minimum: float = Field(default=2, gt=0, le=100)
    cues: tuple[Cue, ...] = ()


class LabelFile(Strict):
    """A file of labels. Of equal scores, the label that stands first wins."""

    version: str = Field(min_length=1, max_length=32)
    labels: tuple[Label, ...] = Field(min_length=1, max_length=MAX_LABELS)


@dataclass(frozen=True, slots=True)
class _Hit:
    """One place where a cue is said and meant, and what it is worth there."""

    match: Match
    weight: float


@dataclass(frozen=True, slots=True)
class _Score:
    """A label with its points, and the places they come from."""

    label: Label
    points: float
    hits: tuple[_Hit, ...]


class Labels:
    """The labels that calls are given. Thread-safe: nothing changes after it is made."""

    def __init__(self, file: LabelFile) -> None:
        self.version = file.version
        self._labels = {label.name: label for label in file.labels}

    @property
    def names(self) -> tuple[str, ...]:
        """The names, in the order of the file."""
        return tuple(self._labels)

    def description(self, name: str) -> str:
        """What a label means, in one line. Raises `KeyError` for an unknown name."""
        return self._labels[name].description

    def classify(self, call: CallText) -> Classification | None:
        """What a call is about, or None where no label reaches its minimum."""
        scores = [_score(label, call) for label in self._labels.values()]
        sure = 1.0 if call.roles in {"given", "channels"} else UNSURE_SPEAKER
        reached = [score for score in scores if score.points >= score.label.minimum * sure]
        if not reached:
            return None
        best = max(reached, key=lambda score: score.points)
        others = [score.points for score in scores if score is not best]
        return Classification(
            label=best.label.name,
            confidence=_confidence(best.points, max(others, default=0.0)),
            method="rules",
            evidence=sales_evidence.quotes(_strongest(best.hits), call),
        )


def load_labels(path: Path | None = None) -> Labels:
    """The labels of a file, or the built-in ones. Raises `LabelProblem`."""
    path = path or BUILT_IN
    file, tree = read_file(path, LabelFile, LabelProblem)
    _check_names(path, tree, file)
    return Labels(file)


def _check_names(path: Path, tree: yaml.Node | None, file: LabelFile) -> None:
    seen: set[str] = set()
    for index, label in enumerate(file.labels):
        if label.name in seen:
            line = line_of(tree, ("labels", index, "name"))
            place = f"labels.{index}.name"
            raise LabelProblem(f"{path.name}:{line}: {place}: a second label named {label.name}")
        seen.add(label.name)


def _score(label: Label, call: CallText) -> _Score:
    hits = [hit for cue in label.cues for hit in _counted(cue, call)]
    return _Score(label, sum(hit.weight for hit in hits), tuple(hits))


def _counted(cue: Cue, call: CallText) -> list[_Hit]:
    """The weightiest places of a cue, one a sentence."""
    if not find(cue.said, call):
        return []
    by_sentence = {hit.match.sentence: hit for hit in _hits(cue, call)}
    hits = sorted(by_sentence.values(), key=lambda hit: (-hit.weight, hit.match.start))
    return hits[:MAX_COUNT]


def _hits(cue: Cue, call: CallText) -> Iterator[_Hit]:
    matches = [match for match in find(cue.said, call) if _is_meant(match, call)]
    excused = _sentences_with(cue.unless, call) if matches else frozenset()
    for match in matches:
        trust = _trust(cue, call.sentences[match.sentence], call)
        if trust and match.sentence not in excused:
            yield _Hit(match, cue.weight * trust)


def _is_meant(match: Match, call: CallText) -> bool:
    """Not denied, unless the pattern itself says which of the two it wants."""
    return match.polarity is not None or not modality(match, call).negated


def _sentences_with(patterns: tuple[Pattern, ...], call: CallText) -> frozenset[int]:
    return frozenset(match.sentence for pattern in patterns for match in find(pattern, call))


def _trust(cue: Cue, sentence: Sentence, call: CallText) -> float:
    """How sure it is that the right one said it."""
    if cue.by in {"any", sentence.speaker}:
        told = cue.by == "any" or not sentence.inferred or call.roles == "channels"
        return 1.0 if told else UNSURE_SPEAKER
    if sentence.speaker is None:
        return UNSURE_SPEAKER
    return OTHER_SPEAKER if sentence.inferred and call.roles != "channels" else 0.0


def _confidence(best: float, next_best: float) -> float:
    """From the margin to the next label: none is 0.3, no other label at all is up to 0.95."""
    margin = max(0.0, best - next_best) / max(best, FULL_POINTS)
    return round(LEAST_CONFIDENCE + (MOST_CONFIDENCE - LEAST_CONFIDENCE) * margin, 2)


def _strongest(hits: tuple[_Hit, ...]) -> Iterator[Match]:
    ordered = sorted(hits, key=lambda hit: (-hit.weight, hit.match.start))
    return (hit.match for hit in ordered)
