"""The upload form's fields: what may be chosen, and what was."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from serving.errors import InvalidOption

AUTO = "auto"
LANGUAGES = (AUTO, "ko", "en", "ja", "zh", "vi", "th", "id", "ru", "de", "fr", "es")
QUALITIES = ("balanced", "fast", "accurate")
MAX_SHOWN_CHARS = 50


@dataclass(frozen=True, slots=True)
class UploadForm:
    """What a visitor chose beside the file."""

    language: str = AUTO
    quality: str = QUALITIES[0]

    @classmethod
    def read(cls, fields: Mapping[str, str]) -> UploadForm:
        """Raises `InvalidOption` for a field or a value that the form does not have."""
        for name in fields:
            if name not in {"language", "quality"}:
                raise InvalidOption(f"{name[:MAX_SHOWN_CHARS]}: unknown")
        return cls(
            language=_one_of(LANGUAGES, fields, "language"),
            quality=_one_of(QUALITIES, fields, "quality"),
        )

    def options(self) -> dict[str, str]:
        """The same for stt-api."""
        language = {} if self.language == AUTO else {"language": self.language}
        return {**language, "quality": self.quality}


def _one_of(choices: tuple[str, ...], fields: Mapping[str, str], name: str) -> str:
    value = fields.get(name) or choices[0]
    if value not in choices:
        raise InvalidOption(f"{name}: one of {', '.join(choices)}")
    return value
