"""The compose files keep what they promise, and the check that says so can fail."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from tests.docker.places import DEV, GPU, PROD, PROD_CPU, ROOT
from tests.docker.policy import resolve, violations, with_defaults

REMOVED = object()
# Where, what instead, and what must be said of it.
Change = tuple[str, object, str]

EVERYWHERE: list[Change] = [
    ("cap_drop", [], "keeps capabilities"),
    ("cap_add", ["SYS_ADMIN"], "keeps capabilities"),
    ("security_opt", ["no-new-privileges:false"], "may gain privileges"),
    ("security_opt", REMOVED, "may gain privileges"),
    ("privileged", True, "is privileged"),
    ("pid", "host", "shares the host's pid"),
    ("network_mode", "host", "shares the host's network_mode"),
    ("read_only", False, "can write to its root"),
    ("init", False, "has nobody to reap its children"),
    ("healthcheck", {"disable": True}, "has no health check"),
    ("user", "root", "runs as root"),
    ("logging", REMOVED, "has a log without end"),
]
IN_PRODUCTION: list[Change] = [
    ("build", {"context": ".."}, "is built on the target"),
    ("pull_policy", "always", "may be pulled"),
    ("restart", "no", "stays down after a crash"),
    ("user", REMOVED, "does not name its user"),
    ("deploy", {}, "may take all memory"),
    ("environment", {"STT_API_KEY": "x"}, "has the secret STT_API_KEY"),
]


@pytest.mark.parametrize(("path", "production"), [(DEV, False), (PROD, True)])
def test_files_are_as_they_must_be(path: Any, production: bool) -> None:
    """Nothing is to be said of the files as they are."""
    assert violations(resolve(path), production) == []


@pytest.mark.parametrize("name", ["stt-api", "web-ui"])
@pytest.mark.parametrize(("key", "value", "said"), EVERYWHERE)
def test_opposite_is_found(name: str, key: str, value: object, said: str) -> None:
    """Each setting of the hardening, turned round, is noticed, in both files."""
    for path, production in ((DEV, False), (PROD, True)):
        changed = _changed(resolve(path), name, key, value)
        assert any(said in line for line in violations(changed, production))


@pytest.mark.parametrize("name", ["stt-api", "web-ui", "proxy"])
@pytest.mark.parametrize(("key", "value", "said"), IN_PRODUCTION)
def test_opposite_is_found_in_production(name: str, key: str, value: object, said: str) -> None:
    """What production adds, turned round, is noticed."""
    changed = _changed(resolve(PROD), name, key, value)
    assert any(said in line for line in violations(changed, production=True))


def test_opposite_of_the_rest_is_found() -> None:
    """Ports, mounts, networks, the fallback."""
    dev = _changed(resolve(DEV), "stt-api", "ports", ["8003:8003"])
    assert violations(dev, False) == ["stt-api: publishes 8003:8003 to the network"]
    for service in resolve(DEV)["services"]:
        if service in {"web-ui", "prepare-model"}:
            continue
        loose = resolve(DEV)
        for mount in loose["services"][service]["volumes"]:
            mount.pop("read_only", None)
        assert any("can write to" in line for line in violations(loose, False))
    prod = resolve(PROD)
    prod["networks"]["stt-network"]["internal"] = "${STT_NETWORK_INTERNAL:-false}"
    prod["services"]["stt-api"]["environment"]["STT_FALLBACK"] = "${STT_FALLBACK:-dummy}"
    prod["services"]["stt-api"]["ports"] = ["8003:8003"]
    prod["services"]["web-ui"]["networks"] = ["stt-network", "edge"]
    assert violations(prod, True) == [
        "stt-api: lets a dummy into a store of transcripts",
        "stt-network: has a way out",
        "stt-api: is published without TLS",
        "web-ui: is on a network with a way out",
    ]


def test_gpu_is_an_override() -> None:
    """The laptop's file asks for no GPU; production does, unless the CPU's file is on top."""
    assert "deploy" not in resolve(DEV)["services"]["stt-api"]
    wanted = [{"driver": "nvidia", "count": 1, "capabilities": ["gpu"]}]
    for path in (GPU, PROD):
        resources = resolve(path)["services"]["stt-api"]["deploy"]["resources"]
        assert resources["reservations"]["devices"] == wanted
    assert "!reset" in PROD_CPU.read_text("utf-8")


def test_paths_of_builds_exist() -> None:
    """Contexts count from the file, Dockerfiles from the context; Compose checks neither."""
    for path in (DEV, GPU):
        for service in resolve(path)["services"].values():
            build = service.get("build")
            if build is None:
                continue
            context = (path.parent / build.get("context", "..")).resolve()
            assert context == ROOT
            assert (context / build["dockerfile"]).is_file()
    for mount in resolve(DEV)["services"]["stt-api"]["volumes"]:
        assert mount["type"] == "volume" or (DEV.parent / mount["source"]).is_dir()


def test_names_and_ports_are_the_contracts() -> None:
    """What clients and operators were promised."""
    services = resolve(DEV)["services"]
    assert services["stt-api"]["container_name"] == "stt-api"
    assert services["web-ui"]["container_name"] == "stt-web-ui"
    assert [with_defaults(p) for p in services["stt-api"]["ports"]] == ["127.0.0.1:8003:8003"]
    assert [with_defaults(p) for p in services["web-ui"]["ports"]] == ["127.0.0.1:8100:8100"]
    assert services["web-ui"]["depends_on"]["stt-api"]["condition"] == "service_healthy"
    assert resolve(DEV)["networks"]["stt-network"]["name"] == "stt-network"
    image = with_defaults(services["vllm"]["image"])
    assert image.startswith("vllm/vllm-openai:v")


def _changed(compose: dict[str, Any], name: str, key: str, value: object) -> dict[str, Any]:
    changed = copy.deepcopy(compose)
    if value is REMOVED:
        del changed["services"][name][key]
    else:
        changed["services"][name][key] = value
    return changed
