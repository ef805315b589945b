"""What may be asked of an export, read from an address's query."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias, TypeVar, get_args

from serving.errors import InvalidOption

Format: TypeAlias = Literal["txt", "srt", "vtt", "tsv", "json", "docx"]
Translated: TypeAlias = Literal["none", "both", "only"]

FORMATS: tuple[Format, ...] = get_args(Format)
TRANSLATED: tuple[Translated, ...] = get_args(Translated)
SWITCH = {"1": True, "0": False}

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class ExportOptions:
    """What an export holds. JSON always holds everything, and heeds none of them.

    speakers: names before what they said (of a tsv: in a column).
    times: of txt and docx; None: as is usual, in a docx only. The others cannot be without.
    translation: `both`: under the source; `only`: in its place, and what has none is left out.
    """

    format: Format
    speakers: bool = True
    times: bool | None = None
    translation: Translated = "none"

    @property
    def shows_times(self) -> bool:
        return self.format == "docx" if self.times is None else self.times


def read(params: Mapping[str, str]) -> ExportOptions:
    """The options of a query. Fields that are not about exports are passed over.

    Raises InvalidOption: it names the field and what may be chosen.
    """
    if "format" not in params:
        raise InvalidOption(f"format: missing; one of {', '.join(FORMATS)}")
    return ExportOptions(
        format=_choice(params, "format", {name: name for name in FORMATS}),
        speakers=_choice(params, "speakers", SWITCH) if "speakers" in params else True,
        times=_choice(params, "times", SWITCH) if "times" in params else None,
        translation=(
            _choice(params, "translation", {name: name for name in TRANSLATED})
            if "translation" in params
            else "none"
        ),
    )


def _choice(params: Mapping[str, str], field: str, choices: Mapping[str, T]) -> T:
    value = params[field].strip().lower()
    if value not in choices:
        raise InvalidOption(f"{field}: one of {', '.join(choices)}")
    return choices[value]
