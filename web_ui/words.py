"""The words of the pages, Korean and English: one catalogue, looked up by key.

A key that one language lacks is a failing test, so is a place-holder.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from web_ui.catalogue import ENGLISH, KOREAN

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

# The same for what is told of an analysis, and for its warnings.
ANALYSIS_REASONS = (
    ("transcript_is_dummy", "analysis.reason.transcript_is_dummy"),
    ("AGENT_URL: not set", "analysis.reason.no_llm"),
    ("too_long_for_llm", "analysis.reason.too_long"),
    ("same_language", "analysis.reason.same_language"),
    ("not_translated", "analysis.reason.not_translated"),
    ("nothing was said", "analysis.reason.nothing_said"),
    ("product_unknown", "analysis.reason.product_unknown"),
    ("role_uncertain", "analysis.reason.role_uncertain"),
    ("evidence_not_found", "analysis.reason.evidence_not_found"),
    ("evidence_not_relevant", "report.not_relevant"),
    ("evidence_wrong_speaker", "report.wrong_speaker"),
)
WARNINGS = (
    ("product: inferred as", "analysis.warning.inferred"),
    ("no product could be inferred", "analysis.warning.no_product"),
    ("hide words from the rules", "analysis.warning.unsearchable"),
    ("addressed to the machine", "analysis.warning.addressed"),
    ("from start_seconds on", "analysis.warning.part"),
    ("the recording is cut off", "analysis.warning.cut_off"),
    ("damaged pieces", "analysis.warning.damaged"),
    ("the recording has one channel", "analysis.warning.one_channel"),
    ("the channels are identical", "analysis.warning.same_channels"),
    ("rules only, the LLM did not answer", "report.rules_only"),
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

    def waiting(self, code: str) -> str:
        """Why a recording waits although it could run."""
        return self._known(f"wait.{code}", "wait.other")

    def withheld(self, reason: str) -> str:
        return self._known(f"withheld.{reason}", "withheld.other")

    def language_name(self, code: str) -> str:
        """A language's name, or its code where the catalogue has none."""
        return CATALOGUE[self.language].get(f"language.{code}", code)

    def reason(self, told: str | None) -> str:
        """stt-api's reason for a dummy, as a person would say it."""
        keys = (key for words, key in REASONS if told and words in told)
        return self(next(keys, "reason.other"))

    def named(self, group: str, name: str) -> str:
        """What the catalogue calls one of a group: `named("check.status", "met")`; else `name`."""
        return CATALOGUE[self.language].get(f"{group}.{name}", name)

    def analysis_reason(self, told: str | None) -> str:
        """Why an analysis is not, or not wholly, what it could be; "" where we have no words."""
        if told and f"error.{told}" in CATALOGUE[self.language]:
            return self(f"error.{told}", limit="", seconds="")
        return self._said(told, ANALYSIS_REASONS)

    def warning(self, told: str) -> str:
        """A warning of the engine or of an analysis; "" where we have no words for it."""
        return self._said(told, WARNINGS)

    def _said(self, told: str | None, known: tuple[tuple[str, str], ...]) -> str:
        key = next((key for words, key in known if told and words in told), None)
        return self(key) if key else ""

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
