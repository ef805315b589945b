"""An engine for those who need one, or a plain word that there is none."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess

import pytest

NO_ENGINE = (
    "no container engine: TEST_DOCKER_UP is not set (a command that starts one;"
    " `true` where one runs already)"
)


@pytest.fixture(scope="session")
def engine() -> None:
    """A container engine that answers, started by TEST_DOCKER_UP."""
    command = os.environ.get("TEST_DOCKER_UP")
    if not command:
        pytest.skip(NO_ENGINE)
    done = subprocess.run(
        shlex.split(command), capture_output=True, text=True, timeout=600, check=False
    )
    assert done.returncode == 0, f"TEST_DOCKER_UP failed: {done.stdout}{done.stderr}"
    assert shutil.which("docker"), "TEST_DOCKER_UP brought no docker"
