"""From a setting to a loaded model: what is tried, in which order, and what is said."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from stt_errors import ModelLoadError, STTError
from stt_loading import load_runner, usable_cores
from stt_slot import LoadPlan, Watch

CONVERTED = ("model.bin", "config.json", "tokenizer.json")


def never_lost(error: STTError) -> None:
    raise AssertionError(f"nothing was loaded that could be lost: {error}")


def plan(model_dir: Path, **changes: object) -> LoadPlan:
    asked = LoadPlan("base", model_dir, "faster-whisper", "cpu", "default", "inline")
    return replace(asked, **changes)  # type: ignore[arg-type]


def refusal(asked: LoadPlan) -> str:
    with pytest.raises(ModelLoadError) as caught:
        load_runner(asked, Watch(lambda runner: None, never_lost))
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    """A model directory whose `base` has every file, and nothing in them."""
    (tmp_path / "base").mkdir()
    for name in CONVERTED:
        (tmp_path / "base" / name).write_bytes(b"{}")
    return tmp_path


def test_a_missing_model_says_how_to_prepare_it(tmp_path: Path) -> None:
    """The reason names the model, where it was looked for and the command that prepares it."""
    reason = refusal(plan(tmp_path))
    assert f"there is no model base in {tmp_path}" in reason
    assert "bash scripts/prepare_model_local.sh base" in reason


@pytest.mark.parametrize("name", ["no/such/directory", "./missing", "", "a\0b"])
def test_a_model_that_is_no_name_is_refused(tmp_path: Path, name: str) -> None:
    """A path that is not there, an empty name or one with a NUL is refused in one line."""
    reason = refusal(plan(tmp_path, model=name))
    assert "no model" in reason
    assert "prepare_model_local" not in reason


@pytest.mark.parametrize("missing", CONVERTED)
def test_an_incomplete_model_names_what_is_missing(broken: Path, missing: str) -> None:
    """A directory without one of the files of a converted model is refused by their names."""
    (broken / "base" / missing).unlink()
    assert f"{missing} missing" in refusal(plan(broken))


@pytest.mark.parametrize("isolation", ["inline", "process"])
def test_a_broken_model_is_refused(broken: Path, isolation: str) -> None:
    """Files that hold no model become a reason, in this process and in one of its own."""
    assert refusal(plan(broken, isolation=isolation)).startswith("faster-whisper: ")


def test_the_dummy_is_a_choice(tmp_path: Path) -> None:
    """An operator who chose the dummy is told so, and nothing is looked for."""
    assert "STT_BACKEND=dummy" in refusal(plan(tmp_path, backend="dummy"))


def test_auto_gives_a_reason_for_each_backend(tmp_path: Path) -> None:
    """Every backend is tried, in order, and the reason of each is told."""
    (tmp_path / "base").mkdir()
    reason = refusal(plan(tmp_path, backend="auto"))
    assert re.findall(r"(?:^|; )(faster-whisper|transformers|whisper): ", reason) == [
        "faster-whisper", "transformers", "whisper",
    ]  # fmt: skip


@pytest.mark.parametrize("device", ["gpu", "cuda:", "cuda:a", "cuda:0,", "cpu cuda", "", "mps"])
def test_a_device_that_is_none_is_refused(broken: Path, device: str) -> None:
    """A device that cannot be read is named, with what would be accepted."""
    reason = refusal(plan(broken, device=device))
    assert f"there is no device {device!r}: auto, cpu, cuda or cuda:0,1" in reason


def test_cores_are_bounded() -> None:
    """A model uses the cores this process may run on, and no more than four."""
    assert 1 <= usable_cores() <= 4
