"""The GPU's image, as far as a machine without its base and without a GPU can tell."""

from __future__ import annotations

import subprocess

import pytest
from error_rate import cer

from tests.docker.places import DOCKER, ENGINE, ROOT
from tests.docker.stack import discard, free_port, inside, run, transcribed

pytestmark = [pytest.mark.docker, pytest.mark.model, pytest.mark.timeout(900)]
NAME = "stt-gpu-try"
CLIP = "audio/samples/ko_sentence.flac"
SAID = "그는 이리저리 피하면서 길 한 옆으로 걸어갔다."
LOCKED = (
    "--init", "--read-only", "--tmpfs", "/tmp",  # noqa: S108 - in a container
    "--cap-drop", "ALL", "--security-opt", "no-new-privileges",
)  # fmt: skip


def test_gpu_image_builds_and_hears(engine: None) -> None:
    """All of its Dockerfile but CUDA's own packages, with CTranslate2 4.7.2, on the CPU."""
    discard("rm", "-f", "-v", NAME)
    stand_in = str(ROOT / "tests" / "docker" / "stand_in_el8")
    run("docker", "build", "-q", "-t", "stt-stand-in-el8", stand_in, timeout=120)
    run("docker", "build", "-q", "-f", str(ENGINE), "--build-arg", "BASE_IMAGE=stt-stand-in-el8",
        "-t", "stt-api:gpu-try", str(ROOT), timeout=600)  # fmt: skip
    port = free_port()
    run("docker", "run", "-d", "--name", NAME, *LOCKED, "-p", f"127.0.0.1:{port}:8003",
        "-v", f"{ROOT}/models:/app/models:ro", "-v", f"{ROOT}/audio/samples:/app/audio/samples:ro",
        "stt-api:gpu-try")  # fmt: skip
    try:
        assert "words with their times" in _smoke_test()
        answer = transcribed(f"http://127.0.0.1:{port}", data={"file_path": CLIP})
        assert cer(SAID, answer["text"]) < 0.2
        code = "import ctranslate2; print(ctranslate2.__version__)"
        assert inside(NAME, "python", "-c", code).stdout.strip() == "4.7.2"
        assert inside(NAME, "touch", "/var/cache/cuda/x").returncode == 0
    finally:
        discard("rm", "-f", "-v", NAME)
        discard("rmi", "stt-api:gpu-try", "stt-stand-in-el8")


def _smoke_test() -> str:
    with (DOCKER / "smoke_test.py").open("rb") as script:
        return subprocess.run(
            ["docker", "exec", "-i", NAME, "python", "-", CLIP],
            stdin=script, capture_output=True, text=True, timeout=120, check=True,
        ).stdout  # fmt: skip
