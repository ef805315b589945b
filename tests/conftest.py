"""What every suite shares."""

from __future__ import annotations

import os

import pytest

from api_server.settings import Settings as SttApiSettings
from web_ui.settings import Settings as WebUiSettings

OURS = SttApiSettings.model_fields.keys() | WebUiSettings.model_fields.keys()


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(autouse=True)
def _default_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """A developer's own environment must not change what a test sees."""
    for name in list(os.environ):
        if name.removesuffix("_FILE").lower() in OURS:
            monkeypatch.delenv(name)
