"""Rule packs: what has to be said in the sale of a product, as data.

A pack is a YAML file (rules/README.md describes it). It is checked when it is read; an error is
one line that names the file, the line and what is wrong.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal, TypeAlias

import yaml
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    PlainValidator,
    model_validator,
)

from api_server.services.korean_search import Word
from api_server.services.sales_patterns import Pattern, compile_pattern
from api_server.services.yaml_lines import line_of, read_file

PRINCIPLES = (
    "적합성", "적정성", "설명의무", "불공정영업행위 금지", "부당권유행위 금지", "광고",
)  # fmt: skip


class PackProblem(ValueError):
    """A pack cannot be used. One line: file, line, what is wrong."""


def _pattern(value: object) -> Pattern:
    if not isinstance(value, str):
        raise ValueError("a pattern is text; quote it")
    return compile_pattern(value)


def _word(value: object) -> Word:
    if not isinstance(value, str) or not value.strip():
        raise ValueError("a word is text")
    return Word.of(value)


def _principle(value: str) -> str:
    if value not in PRINCIPLES:
        raise ValueError(f"one of {', '.join(PRINCIPLES)}")
    return value


Said: TypeAlias = Annotated[Pattern, PlainValidator(_pattern)]
Spoken: TypeAlias = Annotated[Word, PlainValidator(_word)]
Slug: TypeAlias = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{1,63}$")]


class Strict(BaseModel):
    """No unknown keys: a misspelt one must not be a rule that never holds."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)


class Together(Strict):
    """All of these, in any order, within so many sentences of one speaker."""

    together: tuple[Said, ...] = Field(min_length=2, max_length=8)
    sentences: int = Field(default=3, ge=1, le=20)


class Guarded(Strict):
    """One of `any`, in a sentence without any of `unless`."""

    any: tuple[Said, ...] = Field(min_length=1)
    unless: tuple[Said, ...] = Field(min_length=1)


def _member(value: object) -> Pattern | Guarded:
    return Guarded.model_validate(value) if isinstance(value, dict) else _pattern(value)


Member: TypeAlias = Annotated[Pattern | Guarded, PlainValidator(_member)]


class Each(Strict):
    """One of each group, anywhere in the call."""

    each: tuple[tuple[Member, ...], ...] = Field(min_length=2, max_length=8)


class After(Strict):
    """One of `says` within so many sentences after somebody else said one of `after`."""

    after: tuple[Said, ...] = Field(min_length=1)
    by: Literal["agent", "customer"] = "customer"
    says: tuple[Said, ...] = Field(min_length=1)
    sentences: int = Field(default=10, ge=1, le=100)


Statement: TypeAlias = Pattern | Together | Each | Guarded | After
SHAPES: dict[str, type[Together | Each | Guarded | After]] = {
    "together": Together, "each": Each, "any": Guarded, "after": After,
}  # fmt: skip


def _statement(value: object) -> Statement:
    if not isinstance(value, dict):
        return _pattern(value)
    for key, shape in SHAPES.items():
        if key in value:
            return shape.model_validate(value)
    raise ValueError(f"a pattern, or one of {', '.join(SHAPES)}")


class When(Strict):
    """The condition of an element: that one of these is said, and none of `unless` beside it."""

    said: tuple[Said, ...] = Field(min_length=1)
    by: Literal["agent", "customer", "any"] = "any"
    unless: tuple[Said, ...] = ()


class Rule(Strict):
    """One element."""

    id: Slug
    name: str = Field(min_length=1, max_length=100)
    principle: Annotated[str, AfterValidator(_principle)]
    kind: Literal["required", "forbidden", "consent"] = "required"
    description: str = Field(min_length=1, max_length=500)
    weight: float = Field(default=1, gt=0, le=100)
    speaker: Literal["agent", "customer", "any"] = "agent"
    form: Literal["statement", "any"] = "statement"
    when: When | None = None
    says: tuple[Annotated[Statement, PlainValidator(_statement)], ...] = ()
    unless: tuple[Said, ...] = ()
    warning: bool = False
    elsewhere: bool = False
    first_sentences: int | None = Field(default=None, ge=1, le=100)
    topic: tuple[Spoken, ...] = ()
    questions: tuple[Said, ...] = ()
    not_about: tuple[Said, ...] = ()
    never_about: tuple[Said, ...] = ()
    agreed: tuple[Said, ...] = ()
    refused: tuple[Said, ...] = ()
    volunteered: tuple[Said, ...] = ()

    @model_validator(mode="after")
    def _whole(self) -> Rule:
        consent = self.questions or self.agreed or self.volunteered
        if self.kind == "consent":
            if not (self.questions and self.agreed):
                raise ValueError("consent needs `questions` and `agreed`")
        elif consent or self.refused:
            raise ValueError("`questions`, `agreed`, `refused`, `volunteered` belong to consent")
        elif not self.says:
            raise ValueError("`says` is missing")
        return self


class Sign(Strict):
    """What tells that a call is about this product, and how strongly."""

    said: Said
    weight: float = Field(default=1, gt=0, le=10)


class Reading(Strict):
    """From when on a passage is read too fast to follow: both must hold."""

    times_median: float = Field(default=1.4, ge=1, le=10)
    syllables_per_second: float = Field(default=7.5, ge=1, le=30)


class PackFile(Strict):
    """A file: a pack, or (without `aliases` and `signs`) a library that packs include."""

    id: Slug
    name: str = Field(min_length=1, max_length=100)
    version: str = Field(min_length=1, max_length=32)
    aliases: tuple[str, ...] = ()
    include: tuple[Slug, ...] = ()
    always: tuple[Slug, ...] = ()
    signs: tuple[Sign, ...] = ()
    reading: Reading = Reading()
    elements: tuple[Rule, ...] = ()


class Pack(Strict):
    """A pack with what it includes put in."""

    id: str
    name: str
    version: str
    aliases: tuple[str, ...]
    signs: tuple[Sign, ...]
    reading: Reading
    rules: tuple[Rule, ...]


@dataclass(frozen=True, slots=True)
class Packs:
    """The packs by id, and what is checked where the product is not known."""

    products: dict[str, Pack]
    general: Pack


def load_packs(directories: Iterable[Path]) -> Packs:
    """Every pack of the directories; a later directory's pack or element takes the place of an
    earlier one of the same id. Raises `PackProblem`."""
    files: dict[str, tuple[Path, PackFile]] = {}
    for directory in directories:
        if not directory.is_dir():
            raise PackProblem(f"{directory}: no such directory of rule packs")
        for path in sorted(directory.glob("*.y*ml")):
            if path.stem != "labels":
                read = _read(path)
                files[read.id] = (path, read)
    library = {
        rule.id: rule for _, file in files.values() if not file.signs for rule in file.elements
    }
    packs = {file.id: _whole(path, file, library) for path, file in files.values() if file.signs}
    _check_aliases(packs)
    return Packs(packs, _general(files, library))


def _general(files: dict[str, tuple[Path, PackFile]], library: dict[str, Rule]) -> Pack:
    """The elements that the libraries name with `always`."""
    named = [(path, file) for path, file in files.values() if file.always]
    always = PackFile(
        id="common",
        name="common",
        version=" ".join(file.version for _, file in named) or "0",
        include=tuple(name for _, file in named for name in file.always),
    )
    return _whole(named[-1][0] if named else Path("common"), always, library)


def _whole(path: Path, file: PackFile, library: dict[str, Rule]) -> Pack:
    unknown = [name for name in file.include if name not in library]
    if unknown:
        raise PackProblem(f"{path.name}: include: no element is named {unknown[0]}")
    rules = {name: library[name] for name in file.include}
    rules |= {rule.id: rule for rule in file.elements}
    if not rules:
        raise PackProblem(f"{path.name}: the pack has no elements")
    return Pack(
        id=file.id,
        name=file.name,
        version=file.version,
        aliases=file.aliases,
        signs=file.signs,
        reading=file.reading,
        rules=tuple(rules.values()),
    )


def _check_aliases(packs: dict[str, Pack]) -> None:
    owners: dict[str, str] = {}
    for pack in packs.values():
        for alias in (pack.id, pack.name, *pack.aliases):
            owner = owners.setdefault(alias, pack.id)
            if owner != pack.id:
                raise PackProblem(f"{pack.id}: the alias {alias} is {owner}'s already")


def _read(path: Path) -> PackFile:
    file, tree = read_file(path, PackFile, PackProblem)
    _check_ids(path, tree, file)
    return file


def _check_ids(path: Path, tree: yaml.Node | None, file: PackFile) -> None:
    seen: set[str] = set()
    for index, rule in enumerate(file.elements):
        if rule.id in seen:
            line = line_of(tree, ("elements", index, "id"))
            raise PackProblem(f"{path.name}:{line}: a second element named {rule.id}")
        seen.add(rule.id)
