"""One catalogue: what one language can say, the other can."""

from __future__ import annotations

import re
import string
from pathlib import Path
from typing import get_args

import pytest

from stt_gates import Reason
from tests.web.harness import ROOT
from web_ui.errors import STATUS
from web_ui.upload_form import LANGUAGES, QUALITIES
from web_ui.words import CATALOGUE, REASONS, words_for
from web_ui.words_en import ENGLISH
from web_ui.words_ko import KOREAN

TEMPLATES = sorted((ROOT / "web_ui" / "templates").glob("*.html"))


def holes(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_languages_have_the_same_keys_and_place_holders() -> None:
    """No page falls back to the other language, or shows a brace."""
    assert KOREAN.keys() == ENGLISH.keys()
    assert [key for key in KOREAN if holes(KOREAN[key]) != holes(ENGLISH[key])] == []
    assert all(text.strip() for words in CATALOGUE.values() for text in words.values())


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_templates_hold_no_words_of_their_own(path: Path) -> None:
    """Every key a template asks for exists; no Korean stands in one but a language's own name."""
    text = path.read_text(encoding="utf-8")
    keys = set(re.findall(r"\bt\([\"']([\w.]+)[\"'][,)]", text))
    assert keys <= KOREAN.keys()
    assert set(re.findall(r"[가-힣]+", text)) <= {"한국어"}


def test_every_choice_and_every_reason_has_words() -> None:
    """Languages, qualities, reasons to withhold, reasons for a dummy."""
    keys = {f"language.{code}" for code in LANGUAGES} | {f"quality.{name}" for name in QUALITIES}
    keys |= {f"withheld.{reason}" for reason in get_args(Reason)}
    keys |= {key for _, key in REASONS}
    assert keys <= KOREAN.keys()


def test_every_error_has_words() -> None:
    """But those whose client reads no page, and those that are bugs."""
    codes = {code for _, code in STATUS.values()} - {"client_gone", "invalid_request"}
    assert {f"error.{code}" for code in codes} <= KOREAN.keys()


@pytest.mark.parametrize(
    "header", ["", ",", ";q=", "en;q=x", "*", "en;q=0", "ko;q=1;x", "a" * 9000]
)
def test_odd_headers_mean_korean(header: str) -> None:
    """A header that says nothing readable changes nothing."""
    assert words_for("", header).language == "ko"
