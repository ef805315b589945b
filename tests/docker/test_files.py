"""What can be said of the files without an engine: syntax, rules, pins, what goes where."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from api_server.settings import Settings as ApiSettings
from tests.docker.places import COMPOSE_FILES, DEV, DOCKER, DOCKERFILES, ENGINE, PROD, ROOT
from tests.docker.policy import resolve
from web_ui.settings import Settings as WebSettings

BIN = Path(sys.executable).parent
PIN = re.compile(r"^([a-z0-9._-]+)==(\S+?)(?: ;.*)? \\$", re.MULTILINE)
LOCKS = (
    "requirements.txt",
    "api_server/requirements.txt",
    "web_ui/requirements.txt",
    "docker/requirements.engine.txt",
)
# Set for every container and not a choice of who runs it.
FIXED = frozenset(
    {
        "STT_MODEL_DIR",
        "STT_AUDIO_ROOTS",
        "WEB_UI_DATA",
        "WEB_UI_LOGS",
        "DATABASE_URL",  # SQLite, where the data is
        "WEB_UI_SECRET",  # made by the service, where the data is
    }
)
# Where a laptop has no say, or only production has the directories for it.
DEV_LEAVES_OUT = frozenset({"LABELS_FILE", "RULES_DIR", *FIXED})
PROD_LEAVES_OUT = FIXED


@pytest.mark.parametrize("path", DOCKERFILES, ids=lambda path: path.name)
def test_hadolint_is_silent(path: Path) -> None:
    """No finding of any level; what is ignored has its reason beside it."""
    _passes(str(BIN / "hadolint"), "--failure-threshold", "style", str(path))


def test_hadolint_can_fail(tmp_path: Path) -> None:
    """The tool is really asked."""
    bad = tmp_path / "Dockerfile"
    bad.write_text("FROM debian\nRUN cd /tmp && sudo apt-get install curl\n", "utf-8")
    done = subprocess.run([BIN / "hadolint", bad], capture_output=True, timeout=60, check=False)
    assert done.returncode != 0


@pytest.mark.parametrize("path", COMPOSE_FILES, ids=lambda path: path.name)
def test_compose_files_fit_the_specification(path: Path, tmp_path: Path) -> None:
    """Of every key and kind of value; `!reset` is Compose's own and no JSON."""
    plain = tmp_path / path.name
    plain.write_text(path.read_text("utf-8").replace("!reset ", ""), "utf-8")
    _passes(str(BIN / "check-jsonschema"), "--builtin-schema", "vendor.compose-spec", str(plain))


@pytest.mark.parametrize(
    "files", [(DEV,), (DEV, COMPOSE_FILES[1]), (PROD,), (PROD, COMPOSE_FILES[3])]
)
def test_compose_itself_accepts_the_files(
    files: tuple[Path, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Together with their overrides; this needs Compose, and no engine."""
    if shutil.which("docker") is None or _compose("version").returncode:
        pytest.skip("docker compose is not installed here")
    for name in ("STT_API_IMAGE", "WEB_UI_IMAGE", "PROXY_IMAGE", "STT_MODEL", "STT_HOME"):
        monkeypatch.setenv(name, "/x")
    named = [word for path in files for word in ("-f", str(path))]
    done = _compose(*named, "config", "--quiet")
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("path", DOCKERFILES, ids=lambda path: path.name)
def test_images_are_small_and_modest(path: Path) -> None:
    """Plain syntax, no root, no tool that only a build needs, exec form, packages before code."""
    text = path.read_text("utf-8")
    assert not re.search(r"RUN --mount|COPY --link|<<|^# syntax", text, re.MULTILINE)
    assert re.search(r"^USER 10001:10001$", text, re.MULTILINE)
    assert re.search(r'^CMD \["', text, re.MULTILINE)
    assert not re.search(r"\b(curl|wget|gcc|build-essential|git)\b", text)
    assert re.search(r"^ARG BASE_IMAGE=\S+$", text, re.MULTILINE)
    if "requirements" in text:
        assert text.index("install --no-cache-dir") < text.index("\nCOPY serving/")
        assert "HEALTHCHECK" in text


def test_context_holds_what_the_images_copy() -> None:
    """Nothing is sent to the engine but what is named: no model, recording, key or history."""
    lines = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    rules = [line for line in lines if line and not line.startswith("#")]
    assert rules[0] == "*"
    allowed = {rule[1:].rstrip("/") for rule in rules if rule.startswith("!")}
    for path in DOCKERFILES:
        for source in re.findall(r"^COPY (?!--from)(\S+) ", path.read_text("utf-8"), re.MULTILINE):
            known = source.replace("${REQUIREMENTS}", "docker/requirements.engine.txt").rstrip("/")
            assert known in allowed or str(Path(known).parent) in allowed, source
    assert {"web_ui/data/", "web_ui/logs/"} <= set(rules)


@pytest.mark.parametrize("name", LOCKS)
def test_every_package_is_locked(name: str) -> None:
    """Each has a hash, so that pip takes nothing else, and no file names an index."""
    text = (ROOT / name).read_text("utf-8")
    pins = PIN.findall(text)
    assert len(pins) > 15
    assert len(re.findall(r"^[a-z0-9._-]+==", text, re.MULTILINE)) == len(pins)
    for block in re.split(r"^(?=[a-z0-9._-]+==)", text, flags=re.MULTILINE)[1:]:
        assert "--hash=sha256:" in block
    assert not re.search(r"https?://|index-url", text)


@pytest.mark.parametrize("service", ["api_server", "web_ui"])
def test_each_image_has_its_own_of_one_set(service: str) -> None:
    """One set of versions serves both services, and neither image carries the other's packages."""
    assert _pins(f"{service}/requirements.txt") < _pins("requirements.txt")


def test_gpu_image_differs_in_one_pin() -> None:
    """CTranslate2 alone, and what it needs; all else is what the tests ran with."""
    other = _pins("docker/requirements.engine.txt") - _pins("api_server/requirements.txt")
    assert {name for name, _ in other} == {"ctranslate2", "setuptools"}
    assert ("ctranslate2", "4.7.2") in other
    assert "ARG REQUIREMENTS=docker/requirements.engine.txt" in ENGINE.read_text("utf-8")


def test_settings_reach_the_containers() -> None:
    """Every setting of a service is passed on or fixed; none is passed that does not exist."""
    for path, left_out in ((DEV, DEV_LEAVES_OUT), (PROD, PROD_LEAVES_OUT)):
        for service, settings in (("stt-api", ApiSettings), ("web-ui", WebSettings)):
            known = {name.upper() for name in settings.model_fields}
            passed = set(resolve(path)["services"][service]["environment"]) - {"OMP_NUM_THREADS"}
            plain = {name.removesuffix("_FILE") if name not in known else name for name in passed}
            assert plain <= known
            assert known - plain <= left_out


def test_variables_of_compose_are_documented() -> None:
    """What a compose file reads and no service knows is in .env.example too."""
    example = (DOCKER / ".env.example").read_text("utf-8")
    for path in COMPOSE_FILES:
        for name in re.findall(r"\$\{([A-Z_]+)", path.read_text("utf-8")):
            if name not in {"STT_API_IMAGE", "WEB_UI_IMAGE", "PROXY_IMAGE", "STT_HOME"}:
                assert re.search(rf"^#?{name}=", example, re.MULTILINE), name


def _pins(name: str) -> set[tuple[str, str]]:
    return set(PIN.findall((ROOT / name).read_text("utf-8")))


def _compose(*words: str) -> subprocess.CompletedProcess[str]:
    command = ["docker", "compose", *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def _passes(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
