"""The same bundle with podman, RHEL's own engine: its units are run as systemd would run them.

systemd itself is a stand-in (systemctl.py beside this file): it is not to be had in a container or
on a machine that was started without it.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.docker.places import DOCKER, ROOT
from tests.docker.stack import clean_environment, free_port, run
from tests.docker.systemctl import read_unit

UNITS = sorted((DOCKER / "systemd" / "podman").glob("*.service"))
CLIP = ROOT / "audio" / "samples" / "ko_sentence.flac"
# A sandbox may forbid what podman raises by default; systemd is not there to be told of events.
CONTAINERS_CONF = """
[containers]
default_ulimits = ["nofile=1024:1024", "nproc=4096:4096"]
[engine]
events_logger = "file"
cgroup_manager = "cgroupfs"
"""
HARDENED = (
    "--init", "--user=10001:10001", "--read-only", "--cap-drop=ALL", "--pull=never", "--rm",
    "--security-opt=no-new-privileges", "--sdnotify=conmon", "--log-driver=journald",
)  # fmt: skip


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
def test_units_are_as_hard_as_the_compose_file(path: Path) -> None:
    """Every option of the hardening, a limit of memory and of processes, secrets as files."""
    unit = read_unit(path.read_text("utf-8"))
    words = unit["ExecStart"][0].split()
    assert set(HARDENED) <= set(words)
    assert any(word.startswith("--memory=") for word in words)
    assert any(word.startswith("--pids-limit=") for word in words)
    assert unit["Restart"] == ["always"]
    published = [word for word in words if word.startswith("--publish=")]
    assert bool(published) == (path.name == "stt-proxy.service")
    for mount in (word for word in words if word.startswith("--volume=")):
        source, _, options = mount.removeprefix("--volume=").partition(":")
        if "/secrets/" in source or "/models" in source or "/audio" in source:
            assert ":ro" in options
    assert not any("_KEY=" in word or "_KEYS=" in word for word in words)
    assert "network create" not in path.read_text("utf-8")


@pytest.mark.parametrize("folder", [DOCKER / "systemd", DOCKER / "systemd" / "podman"])
def test_systemd_accepts_the_units(folder: Path, tmp_path: Path) -> None:
    """As they are when install_release.sh has filled them in."""
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not installed here")
    for path in folder.glob("*.service"):
        assert complaints_of(path.name, path.read_text("utf-8"), tmp_path) == []


def test_systemd_refuses_a_wrong_unit(tmp_path: Path) -> None:
    """The check above can fail: on a value, on a key, on a path."""
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not installed here")
    text = UNITS[0].read_text("utf-8")
    for right, wrong in (("TimeoutStopSec=900", "TimeoutStopSec=abc"), ("Restart=", "Restrt="),
                         ("@STT_HOME@/current/.env", "current/.env")):  # fmt: skip
        assert right in text
        assert complaints_of("wrong.service", text.replace(right, wrong), tmp_path)


def complaints_of(name: str, text: str, place: Path) -> list[str]:
    """What systemd says of a unit, other than that units and programs of others are not here."""
    text = text.replace("@STT_HOME@", str(place)).replace("@GPU@", "").replace("@FILES@", "")
    text = re.sub(r"/usr/bin/(podman|docker)", "/bin/true", text)
    (place / name).write_text(text, "utf-8")
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(place / name)],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    lines = [line for line in done.stderr.splitlines() if name in line]
    absent = re.compile(r"Unit \S+ not found|Failed to (add dependency on|create .*/start): ")
    return [line for line in lines if not absent.search(line)]


@pytest.fixture
def podman(tmp_path: Path) -> Iterator[dict[str, str]]:
    """The environment of a root on a host with podman and, as it seems, systemd."""
    if shutil.which("podman") is None:
        pytest.skip("podman is not installed here")
    binaries, units = tmp_path / "bin", tmp_path / "units"
    binaries.mkdir()
    units.mkdir()
    fake = ROOT / "tests" / "docker" / "systemctl.py"
    (binaries / "systemctl").write_text(f'#!/bin/sh\nexec {sys.executable} {fake} "$@"\n', "utf-8")
    (binaries / "systemctl").chmod(0o755)
    (tmp_path / "containers.conf").write_text(CONTAINERS_CONF, "utf-8")
    environment = clean_environment()
    _between_containers("-I")
    yield environment | {
        "PATH": f"{binaries}:{environment['PATH']}",
        "CONTAINERS_CONF": str(tmp_path / "containers.conf"),
        "STT_ENGINE": "podman",
        "STT_UNIT_DIR": str(units),
        "STT_HOME": str(tmp_path / "stt"),
    }
    _podman("rm", "-f", "stt-api", "stt-web-ui", "stt-proxy")
    _podman("network", "rm", "stt-network", "stt-edge")
    _podman("volume", "rm", "stt_cuda-cache", "stt_uploads")
    names = run("podman", "images", "--format", "{{.Repository}}:{{.Tag}}").split()
    _podman("rmi", "-f", *(name for name in names if ":9.0.3-cpu" in name))
    _between_containers("-D")


@pytest.mark.docker
@pytest.mark.model
@pytest.mark.timeout(900)
def test_bundle_is_installed_with_podman(
    engine: None, podman: dict[str, str], tmp_path: Path
) -> None:
    """Loaded, recognised as what was built, started by its units, heard, asked over TLS."""
    run("bash", str(ROOT / "scripts" / "build_release.sh"), "--cpu", "--version", "9.0.3",
        "--out", str(tmp_path), env=dict(os.environ), timeout=600)  # fmt: skip
    with tarfile.open(tmp_path / "stt-9.0.3-cpu.tar") as tar:
        tar.extractall(tmp_path, filter="data")
    home, pages, api = tmp_path / "stt", free_port(), free_port()
    home.mkdir()
    (home / "stt.env").write_text(
        f"STT_BIND=127.0.0.1\nSTT_HTTPS_PORT={pages}\nSTT_API_HTTPS_PORT={api}\n", "utf-8"
    )
    script = tmp_path / "stt-9.0.3-cpu" / "install_release.sh"
    done = subprocess.run(
        ["bash", script], env=podman, capture_output=True, text=True, timeout=600, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "words with their times" in done.stdout
    key = {"Authorization": f"Bearer {(home / 'secrets' / 'stt_api_key').read_text('utf-8')}"}
    with httpx.Client(verify=False, timeout=60, trust_env=False) as client, CLIP.open("rb") as clip:  # noqa: S501 - its certificate is self-signed
        url = f"https://localhost:{api}/transcribe"
        assert client.post(url, files={"file": clip}).status_code == 401
        clip.seek(0)
        assert client.post(url, files={"file": clip}, headers=key).json()["is_dummy"] is False
        assert client.get(f"https://localhost:{pages}/").status_code == 200


def _podman(*words: str) -> None:
    subprocess.run(["podman", *words], capture_output=True, timeout=120, check=False)


def _between_containers(verb: str) -> None:
    """Docker's firewall drops what another engine's bridge forwards; where both run, podman's
    containers must be let through to one another."""
    pool = "10.89.0.0/16"
    rule = ["iptables", verb, "DOCKER-USER", "-s", pool, "-d", pool, "-j", "ACCEPT"]
    subprocess.run(rule, capture_output=True, timeout=30, check=False)
