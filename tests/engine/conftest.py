"""The engine with the prepared model, loaded once for all tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from stt_engine import STTEngine
from tests.engine.service import Service

MODELS = Path(__file__).parents[2] / "models"


@pytest.fixture(scope="session")
def prepared() -> Path:
    """The directory of models, with `base` in it."""
    if not (MODELS / "base" / "model.bin").is_file():
        pytest.fail("prepare the model first: bash scripts/prepare_model_local.sh base")
    return MODELS


@pytest.fixture(scope="session")
def engine(prepared: Path) -> STTEngine:
    """As a script has it: in this process."""
    engine = STTEngine("base", model_dir=prepared, fallback="error")
    assert engine.state == "ready", engine.error_reason
    return engine


@pytest.fixture(scope="session")
def service(prepared: Path) -> Iterator[Service]:
    """As a service has it: in a worker process."""
    service = Service(STTEngine("base", model_dir=prepared, isolation="process"))
    assert service.engine.state == "ready", service.engine.error_reason
    yield service
    service.close()
