"""The words of the pages, Korean and English: one catalogue, looked up by key.

A key that one language lacks is a failing test, so is a place-holder.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from web_ui.words_en import ENGLISH
from web_ui.words_ko import KOREAN

CATALOGUE = {"ko": KOREAN, "en": ENGLISH}
DEFAULT = "ko"

# What stt-api's reasons hold, and the key that says the same to a person. They do not begin with
# it: a reason may name the backend that was tried, or the directory, first.
REASONS = (
    ("the dummy backend was chosen", "reason.dummy_chosen"),
    ("there is no model", "reason.no_model"),
    ("no model is named", "reason.no_model"),
    ("is not a converted model", "reason.no_model"),
    ("there is no device", "reason.no_device"),
    ("the first inference failed", "reason.first_inference"),
    ("the file is empty", "reason.empty"),
    ("the file has no audio track", "reason.no_audio"),
    ("the recording breaks off", "reason.truncated"),
    ("the file is not", "reason.not_audio"),
)


@dataclass(frozen=True, slots=True)
class Words:
    """The catalogue in one language: `t("form.submit")`."""

    language: str

    def __call__(self, key: str, **values: object) -> str:
        return CATALOGUE[self.language][key].format(**values)

    def error(self, code: str, **values: object) -> str:
        """What an error means for the visitor; a code without words is an unexpected error."""
        return self._known(f"error.{code}", "error.internal_error", **values)

    def withheld(self, reason: str) -> str:
        return self._known(f"withheld.{reason}", "withheld.other")

    def language_name(self, code: str) -> str:
        """A language's name, or its code where the catalogue has none."""
        return CATALOGUE[self.language].get(f"language.{code}", code)

    def reason(self, told: str | None) -> str:
        """stt-api's reason for a dummy, as a person would say it."""
        keys = (key for words, key in REASONS if told and words in told)
        return self(next(keys, "reason.other"))

    def _known(self, key: str, otherwise: str, **values: object) -> str:
        return self(key if key in CATALOGUE[self.language] else otherwise, **values)


def words_for(wanted: str, accept_language: str) -> Words:
    """In the language `wanted`, else the first that the browser accepts and we speak."""
    if wanted in CATALOGUE:
        return Words(wanted)
    accepted = (code for code in _accepted(accept_language) if code in CATALOGUE)
    return Words(next(accepted, DEFAULT))


def _accepted(header: str) -> Iterator[str]:
    """The languages of an Accept-Language header (RFC 9110, 12.5.4), best first."""
    weighed = [_weighed(part) for part in header.split(",")]
    for weight, code in sorted(weighed, key=lambda pair: -pair[0]):
        if weight > 0:
            yield code


def _weighed(part: str) -> tuple[float, str]:
    tag, _, parameter = part.partition(";")
    code = tag.strip().partition("-")[0].lower()
    name, _, weight = parameter.strip().partition("=")
    if name != "q":
        return 1.0, code
    try:
        return float(weight), code
    except ValueError:
        return 0.0, code
