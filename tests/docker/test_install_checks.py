"""What install_release.sh refuses, each with one line, before it changes anything.

The host is made of stand-ins: commands on the PATH that answer as a host would.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import socket
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.docker.places import DOCKER as DOCKER_FILES
from tests.docker.places import ROOT
from tests.docker.stack import free_port

RELEASE = {
    "STT_VERSION": "1.2.3", "STT_RELEASE": "1.2.3-gpu-1", "STT_FLAVOR": "gpu", "STT_MODEL": "base",
    "STT_API_IMAGE": "localhost/stt/stt-api:1.2.3-gpu",
    "WEB_UI_IMAGE": "localhost/stt/web-ui:1.2.3-gpu",
    "PROXY_IMAGE": "localhost/stt/stt-proxy:1.2.3-gpu",
    "STT_API_IDENTITY": "0" * 64, "WEB_UI_IDENTITY": "0" * 64, "PROXY_IDENTITY": "0" * 64,
    "SMOKE_CLIP": "clip.flac", "NEEDED_MEGABYTES": "4000",
    "MIN_DRIVER": "525", "MIN_DRIVER_JIT": "570",
    "MIN_CAPABILITY": "5.3", "NATIVE_CAPABILITY": "8.9",
}  # fmt: skip
PODMAN = """
case "$*" in
  "version "*) echo 4.9.4 ;; *NetworkBackend*) echo netavark ;; "info "*) echo / ;; *) exit 1 ;;
esac
"""
DOCKER = """
case "$*" in
  --version) %(name)s ;;
  "version --format {{.Server.Version}}") %(version)s ;;
  "compose version --short") %(compose)s ;;
  "info --format {{.DockerRootDir}}") echo / ;;
  "info --format {{json .Runtimes}}") echo '%(runtimes)s' ;;
  "port stt-proxy") %(published)s ;;
  "load "*) %(load)s ;;
  *) echo "docker $*: not expected" >&2; exit 97 ;;
esac
"""


def nvidia_smi(driver: str, *capabilities: str) -> str:
    """A driver and the GPUs it sees; an old one does not know the second question."""
    told = "; ".join(f"echo {value}" for value in capabilities) or "echo no such field >&2; exit 2"
    return f"""case "$*" in
  *driver_version*) echo {driver} ;;
  *compute_cap*) {told} ;;
  *) echo banner ;;
esac"""


@dataclass
class Host:
    """A target and the bundle on it; every word of it can be otherwise."""

    place: Path
    docker: dict[str, str] = field(
        default_factory=lambda: {
            "name": "echo Docker version 26.1.3", "version": "echo 26.1.3",
            "compose": "echo 2.27.0", "published": "exit 1",
            "runtimes": '{"nvidia":{},"runc":{}}', "load": "exit 1",
        }
    )  # fmt: skip
    commands: dict[str, str] = field(
        default_factory=lambda: {
            "id": "echo 0", "uname": "echo x86_64",
            "nvidia-smi": nvidia_smi("550.54.15", "8.0"),
            "df": "echo Filesystem; echo 'disk 99999999 1 90000000 1% /'",
        }
    )  # fmt: skip
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def bundle(self) -> Path:
        return self.place / "stt-1.2.3-gpu"

    @property
    def home(self) -> Path:
        return self.place / "home"

    def settings(self, **values: str) -> None:
        self.home.mkdir(exist_ok=True)
        text = "".join(f"{name}={value}\n" for name, value in values.items())
        (self.home / "stt.env").write_text(text, encoding="utf-8")

    def install(self, *words: str) -> subprocess.CompletedProcess[str]:
        bin_ = self.place / "bin"
        bin_.mkdir(exist_ok=True)
        for name, text in {**self.commands, "docker": DOCKER % self.docker}.items():
            (bin_ / name).write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
            (bin_ / name).chmod(0o755)
        env = {"PATH": f"{bin_}:{os.environ['PATH']}", "STT_HOME": str(self.home)}
        return subprocess.run(
            ["bash", self.bundle / "install_release.sh", *words],
            env=env | self.environment, capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip


@pytest.fixture
def host(tmp_path: Path) -> Host:
    made = Host(tmp_path)
    made.bundle.mkdir()
    (made.bundle / "images").mkdir()
    (made.bundle / "images" / "images.tar.gz").write_bytes(b"layers")
    text = "".join(f"{name}={value}\n" for name, value in RELEASE.items())
    (made.bundle / "release.env").write_text(text, encoding="utf-8")
    for name in ("install_release.sh", "_install_host.sh", "_install_services.sh"):
        shutil.copy(ROOT / "scripts" / name, made.bundle / name)
    shutil.copy(DOCKER_FILES / ".env.example", made.bundle)
    write_sums(made.bundle)
    made.settings(STT_HTTPS_PORT=str(free_port()), STT_API_HTTPS_PORT=str(free_port()))
    return made


def write_sums(bundle: Path) -> None:
    names = [p for p in bundle.rglob("*") if p.is_file() and p.name != "SHA256SUMS"]
    lines = (
        f"{hashlib.sha256(p.read_bytes()).hexdigest()}  {p.relative_to(bundle)}\n" for p in names
    )
    (bundle / "SHA256SUMS").write_text("".join(lines), encoding="utf-8")


def refused(host: Host, *words: str) -> str:
    """The one line of a refusal; nothing was made under STT_HOME."""
    done = host.install(*words)
    assert done.returncode == 1, done.stdout + done.stderr
    assert done.stderr.count("\n") == 1, done.stderr
    assert done.stderr.startswith("install_release.sh: ")
    assert {path.name for path in host.home.iterdir()} <= {"stt.env", "release_key.pem"}
    return done.stderr


def test_host_that_fits_is_told_so(host: Host) -> None:
    """--check says yes and changes nothing."""
    done = host.install("--check")
    assert (done.returncode, done.stdout) == (0, "this host fits 1.2.3 (gpu)\n"), done.stderr
    assert {path.name for path in host.home.iterdir()} == {"stt.env"}


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        ({"id": "echo 1000"}, "run it as root"),
        ({"uname": "echo aarch64"}, "this host is aarch64"),
        ({"df": "echo F; echo 'disk 9 1 2048000 1% /'"}, "2000 MB free, 4000 are needed"),
        ({"nvidia-smi": "echo 'No devices were found'; exit 6"}, "finds no GPU: No devices"),
        ({"nvidia-smi": nvidia_smi("520.61", "8.0")}, "the driver is 520.61, 525 or newer"),
        ({"nvidia-smi": nvidia_smi("418.40")}, "the driver is 418.40, 525 or newer"),
        ({"nvidia-smi": nvidia_smi("550.54")}, "does not tell the GPU's compute capability"),
        ({"nvidia-smi": nvidia_smi("550.54", "9.0")}, "capability 9.0 needs 570 or newer"),
        ({"nvidia-smi": nvidia_smi("550.54", "8.0", "10.0")}, "capability 10.0 needs 570"),
        ({"nvidia-smi": nvidia_smi("550.54", "5.0")}, "5.3 or more is needed"),
        ({"nvidia-smi": nvidia_smi("550.54", "8.0", "3.7")}, "compute capability 3.7"),
    ],
)  # fmt: skip
def test_host_that_does_not_fit(host: Host, answers: dict[str, str], said: str) -> None:
    """Root, architecture, disk, driver and GPU."""
    host.commands |= answers
    for words in ((), ("--check",)):
        assert said in refused(host, *words)


@pytest.mark.parametrize(
    ("driver", "capability"),
    [("570.26", "9.0"), ("525.60.13", "8.9"), ("535.1", "7.5"), ("580.1", "12.0")],
)
def test_drivers_that_do(host: Host, driver: str, capability: str) -> None:
    """The least for code that is there, and for code that is compiled at the first start."""
    host.commands["nvidia-smi"] = nvidia_smi(driver, capability)
    assert host.install("--check").returncode == 0


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        ({"version": "exit 1"}, "the Docker engine does not answer"),
        ({"version": "echo 19.03.15"}, "the Docker engine is 19.03.15, 20.10 or newer"),
        ({"compose": "exit 1"}, "docker compose is not installed"),
        ({"compose": "echo v2.17.3"}, "docker compose is v2.17.3, 2.24.4 or newer"),
        ({"runtimes": '{"runc":{}}'}, "Docker knows no NVIDIA runtime"),
        ({"load": "exit 1"}, "the engine could not load the images"),
    ],
)  # fmt: skip
def test_engine_that_does_not_fit(host: Host, answers: dict[str, str], said: str) -> None:
    """Its version, Compose's, the runtime for GPUs, an archive it cannot read."""
    host.docker |= answers
    done = host.install()
    assert done.returncode == 1
    assert said in done.stderr.splitlines()[-1]


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        ({"podman": "exit 125"}, "podman does not answer"),
        ({"podman": "echo 3.4.4"}, "podman is 3.4.4, 4.2 or newer is needed"),
        ({"podman": PODMAN.replace("netavark", "cni")}, "network backend is cni"),
        ({"podman": PODMAN}, "podman knows no GPU"),
    ],
)
def test_podman_that_does_not_fit(host: Host, answers: dict[str, str], said: str) -> None:
    """Where podman is the engine, its version and its GPUs."""
    host.commands |= {**answers, "systemctl": "exit 0"}
    host.environment["STT_ENGINE"] = "podman"
    assert said in refused(host)


def test_podman_with_a_gpu_that_fits(host: Host) -> None:
    """The container toolkit's description of the GPU is there: nothing stands in the way."""
    host.commands |= {"podman": PODMAN, "systemctl": "exit 0"}
    (host.place / "cdi").mkdir()
    (host.place / "cdi" / "nvidia.yaml").touch()
    host.environment |= {"STT_ENGINE": "podman", "CDI_DIRS": str(host.place / "cdi")}
    done = host.install("--check")
    assert done.returncode == 0, done.stderr


def test_engine_is_found(host: Host) -> None:
    """A `docker` that is podman in disguise is podman; a name that is neither is refused."""
    host.commands |= {"podman": "echo 3.4.4"}
    host.docker |= {"name": "echo podman version 3.4.4"}
    assert "podman is 3.4.4" in refused(host)
    host.environment["STT_ENGINE"] = "containerd"
    assert "STT_ENGINE is 'containerd'" in refused(host)


def test_port_that_is_taken(host: Host) -> None:
    """Named, with the setting that names another."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        host.settings(STT_HTTPS_PORT=str(port))
        assert f"port {port} is in use: free it, or write STT_HTTPS_PORT=" in refused(host)
        host.docker["published"] = f"echo '8443/tcp -> 0.0.0.0:{port}'"
        host.settings(STT_HTTPS_PORT=str(port), STT_API_HTTPS_PORT=str(free_port()))
        assert host.install("--check").returncode == 0


@pytest.mark.parametrize(
    ("value", "said"), [("many", "a port is a number"), ("70000", "1 to 65535")]
)
def test_port_that_is_none(host: Host, value: str, said: str) -> None:
    """With the setting's name."""
    host.settings(STT_API_HTTPS_PORT=value, STT_HTTPS_PORT=str(free_port()))
    line = refused(host)
    assert "STT_API_HTTPS_PORT" in line
    assert said in line


def test_settings_that_are_none(host: Host) -> None:
    """A line without a value is shown."""
    (host.home / "stt.env").write_text("# ours\nexport A\n", encoding="utf-8")
    assert "'export A' is not NAME=VALUE" in refused(host)


@pytest.mark.parametrize("name", ["images/images.tar.gz", "release.env"])
def test_damaged_bundle(host: Host, name: str) -> None:
    """One byte is enough, and the file is named; nothing of it is run before."""
    path = host.bundle / name
    path.write_bytes(path.read_bytes() + b"touch /tmp/never\n")
    assert f"damaged or incomplete: {name}: FAILED" in refused(host)


def test_incomplete_bundle(host: Host) -> None:
    """A file that is missing, and no bundle at all."""
    (host.bundle / "images" / "images.tar.gz").unlink()
    assert "damaged or incomplete: images/images.tar.gz" in refused(host)
    (host.bundle / "release.env").unlink()
    assert "holds no release" in refused(host)


def test_stranger_in_the_bundle(host: Host) -> None:
    """A file that nobody summed up would be obeyed, were it a compose file."""
    (host.bundle / "compose.yaml").write_text("services: {}\n", encoding="utf-8")
    assert "a file that is not in SHA256SUMS: compose.yaml" in refused(host)


def test_signature(host: Host, tmp_path: Path) -> None:
    """Where the site holds a key, a bundle is signed with its other half or refused."""
    for name in ("ours", "theirs"):
        key = str(tmp_path / name)
        subprocess.run(["openssl", "genrsa", "-out", key, "2048"], check=True, capture_output=True)
    public = ["openssl", "rsa", "-in", str(tmp_path / "ours"), "-pubout"]
    trusted = subprocess.run(public, check=True, capture_output=True).stdout
    (host.home / "release_key.pem").write_bytes(trusted)
    sums = host.bundle / "SHA256SUMS"
    for key, code in (("", 1), ("theirs", 1), ("ours", 0)):
        if key:
            sign = ["openssl", "dgst", "-sha256", "-sign", str(tmp_path / key), "-out"]
            subprocess.run([*sign, f"{sums}.sig", str(sums)], check=True, capture_output=True)
        done = host.install("--check")
        assert done.returncode == code, done.stderr
        assert ("not signed with the key" in done.stderr) == bool(code)


@pytest.mark.parametrize("value", ["relative", "/with space", "/", "/a#b", "/a&b"])
def test_home_that_is_none(host: Host, value: str) -> None:
    """It goes into unit files and mounts, where such a path would mean something else."""
    host.environment["STT_HOME"] = value
    done = host.install("--check")
    assert done.returncode == 1
    assert done.stderr.startswith(f"install_release.sh: STT_HOME is '{value}'")


def test_secret_among_the_settings(host: Host) -> None:
    """It belongs into a file; a name that means nothing is said and does no harm."""
    host.settings(STT_API_KEYS="a,b")
    assert "STT_API_KEYS is a secret: put it into" in refused(host)
    host.settings(
        STT_HTTPS_PORT=str(free_port()), STT_API_HTTPS_PORT=str(free_port()), NONSENSE="1"
    )
    done = host.install("--check")
    assert done.returncode == 0
    assert "NONSENSE is no setting of 1.2.3" in done.stderr


@pytest.mark.parametrize("word", ["--restart", "--rollback"])
def test_not_root(host: Host, word: str) -> None:
    """Said at once by every way in."""
    host.commands["id"] = "echo 1000"
    assert "run it as root" in refused(host, word)


def test_nothing_to_go_back_to(host: Host) -> None:
    """On a host that has one release, or none."""
    assert "there is no release before" in refused(host, "--rollback")
    assert "no release is installed" in refused(host, "--restart")


def test_word_that_is_none(host: Host) -> None:
    """A misspelt option does not install."""
    assert "usage: " in refused(host, "--dry-run")
