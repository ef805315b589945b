"""What every service of a compose file must have, or must not: a function of the resolved file.

`resolve` reads a file without an engine: YAML merges what is shared, variables stay as written.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

# Services that are not ours to harden (vLLM's image), or that write on purpose and then end.
FOREIGN = frozenset({"vllm"})
TOOLS = frozenset({"prepare-model"})
VARIABLE = re.compile(r"\$\{([A-Z_]+)(?::?-([^}]*)|:\?[^}]*)?\}")


class ComposeLoader(yaml.SafeLoader):
    """Knows Compose's own tags: `!reset` takes away what the file under it says."""


ComposeLoader.add_constructor("!reset", lambda _loader, _node: None)


def resolve(path: Path) -> dict[str, Any]:
    compose: dict[str, Any] = yaml.load(path.read_text("utf-8"), Loader=ComposeLoader)  # noqa: S506 - a SafeLoader
    return compose


def with_defaults(value: object) -> str:
    """A value with every variable replaced by its default, or by its name where it has none."""
    return VARIABLE.sub(lambda match: match[2] if match[2] is not None else match[1], str(value))


def violations(compose: dict[str, Any], production: bool) -> list[str]:
    """One line for each thing that is not as it must be; empty when all is well."""
    return [
        f"{name}: {problem}"
        for name, service in compose["services"].items()
        for problem in _of_service(name, service, production)
    ] + (list(_of_production(compose)) if production else [])


def _of_service(name: str, service: dict[str, Any], production: bool) -> Iterator[str]:
    yield from _privileges(service, may_keep=["DAC_OVERRIDE"] if name in TOOLS else [])
    yield from _mounts(service)
    yield from _ports(service, production)
    if name in FOREIGN | TOOLS:
        return
    yield from _own_service(service)
    if production:
        yield from _own_production_service(service)


def _privileges(service: dict[str, Any], may_keep: list[str]) -> Iterator[str]:
    if service.get("cap_drop") != ["ALL"] or service.get("cap_add", []) != may_keep:
        yield "keeps capabilities"
    if "no-new-privileges:true" not in service.get("security_opt", []):
        yield "may gain privileges"
    if service.get("privileged"):
        yield "is privileged"
    for space in ("pid", "ipc", "network_mode", "userns_mode"):
        if service.get(space) == "host":
            yield f"shares the host's {space}"


def _mounts(service: dict[str, Any]) -> Iterator[str]:
    for mount in service.get("volumes", []):
        if not isinstance(mount, dict):
            yield f"mounts {mount} in the short form, which makes what is not there"
            continue
        source, target = str(mount["source"]), str(mount["target"])
        if "docker.sock" in source:
            yield "holds the engine's socket"
        shared = target in {"/app/models", "/models"} or target.startswith("/app/audio")
        if shared and not mount.get("read_only") and service.get("profiles") != ["tools"]:
            yield f"can write to {target}"


def _ports(service: dict[str, Any], production: bool) -> Iterator[str]:
    for port in service.get("ports", []):
        if not production and not str(port).startswith("127.0.0.1:"):
            yield f"publishes {port} to the network"


def _own_service(service: dict[str, Any]) -> Iterator[str]:
    if not service.get("read_only"):
        yield "can write to its root"
    if not service.get("init"):
        yield "has nobody to reap its children"
    if "test" not in service.get("healthcheck", {}):
        yield "has no health check"
    if service.get("user") in {"0", "root", "0:0"}:
        yield "runs as root"
    if "max-size" not in service.get("logging", {}).get("options", {}):
        yield "has a log without end"
    if _pids(service) is None:
        yield "may start processes without end"


def _pids(service: dict[str, Any]) -> object:
    limits = service.get("deploy", {}).get("resources", {}).get("limits", {})
    return service.get("pids_limit") or limits.get("pids")


def _own_production_service(service: dict[str, Any]) -> Iterator[str]:
    if "build" in service:
        yield "is built on the target"
    if service.get("pull_policy") != "never":
        yield "may be pulled"
    if service.get("restart") != "unless-stopped":
        yield "stays down after a crash"
    if service.get("user") != "10001:10001":
        yield "does not name its user"
    if "memory" not in service.get("deploy", {}).get("resources", {}).get("limits", {}):
        yield "may take all memory"
    for name, value in (service.get("environment") or {}).items():
        if name.endswith(("_KEY", "_KEYS", "_PASSWORD", "_TOKEN")):
            yield f"has the secret {name} in its environment"
        if name == "STT_FALLBACK" and with_defaults(value) != "error":
            yield "lets a dummy into a store of transcripts"
    for mount in service.get("volumes", []):
        if mount["type"] == "bind" and mount.get("bind", {}).get("create_host_path") is not False:
            yield f"makes {mount['source']} as root where it is missing"


def _of_production(compose: dict[str, Any]) -> Iterator[str]:
    if with_defaults(compose["networks"]["stt-network"].get("internal")) != "true":
        yield "stt-network: has a way out"
    for name, service in compose["services"].items():
        if name != "proxy" and service.get("ports"):
            yield f"{name}: is published without TLS"
        if name != "proxy" and service.get("networks") != ["stt-network"]:
            yield f"{name}: is on a network with a way out"
    if "STT_FALLBACK" not in compose["services"]["stt-api"]["environment"]:
        yield "stt-api: lets a dummy into a store of transcripts"
