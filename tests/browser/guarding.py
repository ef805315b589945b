"""Pages that ask for a name and a password."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.services import ROOT

NAME = "김상담"
PASSWORD = "올바른 말 배터리 스테이플"


def users(path: Path) -> Path:
    """A file with one user, made by the command that operators use."""
    command = [sys.executable, "-m", "web_ui.auth.add_user", NAME, "--file", str(path)]
    subprocess.run(
        command, cwd=ROOT, input=f"{PASSWORD}\n", text=True, check=True, capture_output=True
    )
    return path
