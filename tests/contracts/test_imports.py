"""Who may know whom: the engine knows nothing of HTTP, the services nothing of models or of each
other; what both are served with knows none of them."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ENGINE = sorted(ROOT.glob("stt_*.py"))
SERVICE = sorted((ROOT / "api_server").rglob("*.py"))
WEB_UI = sorted((ROOT / "web_ui").rglob("*.py"))
SERVING = sorted((ROOT / "serving").rglob("*.py"))

MODELS = {"ctranslate2", "faster_whisper", "av", "onnxruntime", "numpy", "torch", "transformers"}
HTTP = {"fastapi", "starlette", "uvicorn", "httpx", "serving", "api_server", "web_ui"}
# Packages whose module has another name.
PACKAGES = {
    "argon2": "argon2-cffi",
    "docx": "python-docx",
    "prometheus_client": "prometheus-client",
    "pydantic_settings": "pydantic-settings",
    "python_multipart": "python-multipart",
}


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield node.module.partition(".")[0]


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", ENGINE, ids=name)
def test_engine_knows_nothing_of_http(path: Path) -> None:
    """No module of the engine imports a web framework, or a service."""
    assert HTTP.isdisjoint(imports(path))


@pytest.mark.parametrize("path", SERVICE, ids=name)
def test_service_knows_nothing_of_models(path: Path) -> None:
    """No module of the service imports a model's library, or the other service."""
    assert (MODELS | {"web_ui"}).isdisjoint(imports(path))


@pytest.mark.parametrize("path", WEB_UI, ids=name)
def test_web_ui_knows_neither_engine_nor_service(path: Path) -> None:
    """The two services meet over HTTP only; web-ui decodes sound, and knows no model."""
    assert (MODELS - {"av"} | {"api_server"}).isdisjoint(imports(path))
    assert "av" not in imports(path) or path.parent.name == "recordings"
    assert not [module for module in imports(path) if module.startswith("stt_")]


@pytest.mark.parametrize("path", SERVING, ids=name)
def test_serving_knows_neither_service_nor_engine(path: Path) -> None:
    """What both services share depends on neither, and web-ui's image has nothing of the engine."""
    assert (MODELS | {"api_server", "web_ui"}).isdisjoint(imports(path))
    assert not [module for module in imports(path) if module.startswith("stt_")]


def test_every_package_of_web_ui_is_asked_for() -> None:
    """requirements.in names what web_ui and serving import, all of it known to the root's."""
    asked = requirements(ROOT / "web_ui" / "requirements.in")
    pinned = requirements(ROOT / "requirements.txt")
    imported = {module for path in WEB_UI + SERVING for module in imports(path)}
    third_party = imported - set(sys.stdlib_module_names) - {"serving", "web_ui"}
    # Starlette comes with FastAPI, which decides on its version.
    assert {PACKAGES.get(module, module) for module in third_party} - {"starlette"} <= asked
    assert asked <= pinned


def requirements(path: Path) -> set[str]:
    lines = path.read_text(encoding="utf-8").splitlines()
    found = (re.match(r"[a-z0-9-]+", line) for line in lines)
    return {match[0] for match in found if match}


def test_importing_the_service_loads_no_model_library() -> None:
    """Nothing heavy comes in through a side door, and nothing is built at import."""
    code = f"import sys, api_server.app;print(*sorted(set(sys.modules) & {MODELS!r}))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == ""


def test_importing_web_ui_loads_no_decoder() -> None:
    """What decodes sound runs in a process of its own, which a hostile recording may crash."""
    code = "import sys, web_ui.app, web_ui.recordings.listening, web_ui.recordings.serve;"
    code += f"print(*sorted(set(sys.modules) & {MODELS!r}))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == ""


def test_importing_the_engine_loads_no_heavy_library() -> None:
    """`import stt_engine` is quick: models, decoders and arrays come with their first use."""
    code = f"import sys, stt_engine;print(*sorted(set(sys.modules) & {MODELS | HTTP!r}))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == ""
