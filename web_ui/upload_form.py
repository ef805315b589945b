"""The upload form's fields: what may be chosen, and what was."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from serving.errors import InvalidOption
from web_ui.records import Options

AUTO = "auto"
LANGUAGES = (AUTO, "ko", "en", "ja", "zh", "vi", "th", "id", "ru", "de", "fr", "es")
TARGETS = ("en", "ko", "ja", "zh", "vi", "th", "id", "ru", "de", "fr", "es")
QUALITIES = ("balanced", "fast", "accurate")
CHANNELS = ("mix", "split")
YES = frozenset({"true", "1", "on", "yes"})
NO = frozenset({"false", "0", "off", "no", ""})
FIELDS = frozenset(
    {
        "title",
        "language",
        "quality",
        "channels",
        "classify",
        "validate_sales",
        "summarize",
        "translate_to",
        "product",
    }
)
MAX_SHOWN_CHARS = 50
MAX_TITLE_CHARS = 200
MAX_PRODUCT_CHARS = 100


@dataclass(frozen=True, slots=True)
class UploadForm:
    """What a visitor chose beside the file. `title` "": the file's name."""

    language: str = AUTO
    quality: str = QUALITIES[0]
    channels: str = CHANNELS[0]
    classify: bool = False
    validate_sales: bool = False
    summarize: bool = False
    translate_to: str = ""
    product: str = ""
    title: str = ""

    @classmethod
    def read(cls, fields: Mapping[str, str]) -> UploadForm:
        """Raises `InvalidOption` for a field or a value that the form does not have."""
        for name in fields:
            if name not in FIELDS:
                raise InvalidOption(f"{name[:MAX_SHOWN_CHARS]}: unknown")
        return cls(
            language=_one_of(LANGUAGES, fields, "language"),
            quality=_one_of(QUALITIES, fields, "quality"),
            channels=_one_of(CHANNELS, fields, "channels"),
            classify=_flag(fields, "classify"),
            validate_sales=_flag(fields, "validate_sales"),
            summarize=_flag(fields, "summarize"),
            translate_to=_one_of(("", *TARGETS), fields, "translate_to"),
            product=_text(fields, "product", MAX_PRODUCT_CHARS),
            title=_text(fields, "title", MAX_TITLE_CHARS),
        )

    def chosen(self) -> Options:
        """The same as it is kept."""
        return Options(
            language=None if self.language == AUTO else self.language,
            quality=self.quality,
            channels=self.channels,
            classify=self.classify,
            validate_sales=self.validate_sales,
            summarize=self.summarize,
            translate_to=self.translate_to or None,
            product=self.product or None,
        )


def _one_of(choices: tuple[str, ...], fields: Mapping[str, str], name: str) -> str:
    value = fields.get(name) or choices[0]
    if value not in choices:
        raise InvalidOption(f"{name}: one of {', '.join(filter(None, choices))}")
    return value


def _flag(fields: Mapping[str, str], name: str) -> bool:
    value = fields.get(name, "").lower()
    if value not in YES | NO:
        raise InvalidOption(f"{name}: true or false")
    return value in YES


def _text(fields: Mapping[str, str], name: str, limit: int) -> str:
    value = "".join(char for char in fields.get(name, "") if char.isprintable()).strip()
    if len(value) > limit:
        raise InvalidOption(f"{name}: longer than {limit} characters")
    return value
