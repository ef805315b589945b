"""What signs the sessions: `WEB_UI_SECRET`, or a key made at the first start and kept."""

from __future__ import annotations

import os
import secrets
import tempfile
from pathlib import Path

from serving.settings import SettingsProblem

FILE_NAME = "session.key"
MIN_CHARS = 32


def secret_from(given: str, directory: Path) -> str:
    """`given`, or what is in the key's file in `directory`. Raises `SettingsProblem`."""
    if given:
        return _long_enough(given, "WEB_UI_SECRET")
    path = directory / FILE_NAME
    try:
        return _long_enough(_kept(path), f"{FILE_NAME} in WEB_UI_DATA")
    except OSError as error:
        raise SettingsProblem(
            f"WEB_UI_DATA: {FILE_NAME} cannot be read or made ({error.strerror}); WEB_UI_SECRET "
            "can stand in for it"
        ) from None


def _kept(path: Path) -> str:
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        _make(path)
    return path.read_text(encoding="ascii", errors="replace").strip()


def _make(path: Path) -> None:
    """Whole, before it has its name: of two processes that start together, the second finds the
    first one's. The temporary file is created exclusively, for its owner alone."""
    handle, waiting = tempfile.mkstemp(dir=path.parent, prefix=f".{FILE_NAME}.")
    try:
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(secrets.token_hex(32) + "\n")
            file.flush()
            os.fsync(file.fileno())
        try:
            path.hardlink_to(waiting)
        except FileExistsError:
            pass  # another process was first
    finally:
        Path(waiting).unlink()


def _long_enough(secret: str, source: str) -> str:
    if len(secret) < MIN_CHARS:
        raise SettingsProblem(f"{source}: shorter than {MIN_CHARS} characters")
    return secret
