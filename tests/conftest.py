"""What every suite shares."""

from __future__ import annotations

import os

import pytest

from tests.services import is_ours


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(autouse=True)
def _default_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """A developer's own environment must not change what a test sees."""
    for name in list(os.environ):
        if is_ours(name):
            monkeypatch.delenv(name)
