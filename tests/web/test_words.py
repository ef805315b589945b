"""One catalogue: what one language can say, the other can."""

from __future__ import annotations

import io
import re
import string
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NoReturn, get_args

import av
import pytest

from stt_container import DecodeLimits, Recording
from stt_errors import AudioError, InferenceError, ModelLoadError
from stt_gates import Reason
from stt_loading import load_runner
from stt_runner import prove
from stt_slot import LoadPlan, Watch
from stt_source import GuardedFile
from tests.model_fakes import put_model
from tests.web.harness import ROOT
from web_ui import catalogue
from web_ui.catalogue import ENGLISH, KOREAN
from web_ui.errors import STATUS
from web_ui.upload_form import LANGUAGES, QUALITIES
from web_ui.words import CATALOGUE, REASONS, words_for

TEMPLATES = sorted((ROOT / "web_ui" / "templates").rglob("*.html"))


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


class Unreadable:
    """A backend that loads and cannot read."""

    info = SimpleNamespace(languages=("ko",))

    def transcribe(self, jobs: object) -> NoReturn:
        raise InferenceError("CUDA out of memory")


def loading(model_dir: Path, **changes: Any) -> str:
    """Why a model cannot be loaded, in the engine's own words."""
    asked = LoadPlan("base", model_dir, "faster-whisper", "cpu", "default", "inline")
    with pytest.raises(ModelLoadError) as caught:
        load_runner(replace(asked, **changes), Watch(lambda _: None, lambda _: None))
    return str(caught.value)


def decoding(content: bytes) -> str:
    """Why a recording cannot be read, in the engine's own words."""
    with pytest.raises(AudioError) as caught:
        Recording(GuardedFile(io.BytesIO(content), 30.0), DecodeLimits())
    return str(caught.value)


def first_inference() -> str:
    with pytest.raises(ModelLoadError) as caught:
        prove(Unreadable())  # type: ignore[arg-type]
    return str(caught.value)


def test_no_key_is_there_twice() -> None:
    """A word that two files of the catalogue define would be whichever came last."""
    for language in ("KOREAN", "ENGLISH"):
        keys = [key for file in catalogue.FILES for key in getattr(file, language)]
        assert len(keys) == len(set(keys))


def test_engines_own_reasons_are_understood(tmp_path: Path) -> None:
    """What the engine really says becomes a sentence of its own, not that something failed;
    also where the name of a backend stands before it."""
    put_model(tmp_path / "base")
    (tmp_path / "empty" / "base").mkdir(parents=True)
    told = {
        loading(tmp_path, backend="dummy"): "reason.dummy_chosen",
        loading(tmp_path, model="small"): "reason.no_model",
        loading(tmp_path, model="no/such"): "reason.no_model",
        loading(tmp_path, model=""): "reason.no_model",
        loading(tmp_path / "empty"): "reason.no_model",
        loading(tmp_path, device="tpu"): "reason.no_device",
        first_inference(): "reason.first_inference",
        f"faster-whisper: {first_inference()}; whisper: no": "reason.first_inference",
        decoding(b""): "reason.empty",
        decoding(b"plain text, no sound at all" * 40): "reason.not_audio",
        decoding(b"RIFF" + bytes(4) + b"WAVE"): "reason.truncated",
        decoding(film()): "reason.no_audio",
    }
    words = words_for("en", "")
    assert {reason: words.reason(reason) for reason in told} == {
        reason: ENGLISH[key] for reason, key in told.items()
    }
    assert set(told.values()) == {key for _, key in REASONS}


def film() -> bytes:
    """A film without sound."""
    out = io.BytesIO()
    with av.open(out, "w", format="matroska") as container:
        stream = container.add_stream("mpeg4", rate=5)
        stream.width = stream.height = 16
        stream.pix_fmt = "yuv420p"
        for packet in (*stream.encode(av.VideoFrame(16, 16, "yuv420p")), *stream.encode(None)):
            container.mux(packet)
    return out.getvalue()


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
