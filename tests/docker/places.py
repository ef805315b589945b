"""Where the files are that these tests are about."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCKER = ROOT / "docker"
DEV = DOCKER / "docker-compose.dev.yml"
GPU = DOCKER / "docker-compose.gpu.yml"
PROD = DOCKER / "docker-compose.prod.yml"
PROD_CPU = DOCKER / "docker-compose.prod.cpu.yml"
STT_API = DOCKER / "Dockerfile.stt-api"
ENGINE = DOCKER / "Dockerfile.engine.rhel89"
PROXY = DOCKER / "Dockerfile.proxy"
WEB_UI = ROOT / "web_ui" / "docker" / "Dockerfile.web_ui"
DOCKERFILES = (STT_API, ENGINE, PROXY, WEB_UI)
COMPOSE_FILES = (DEV, GPU, PROD, PROD_CPU)
