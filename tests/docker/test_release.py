"""A release, the whole way: built, carried as one file, installed where nothing of it was, used,
replaced, taken back. The CPU's images stand in for the GPU's, which differ in their base."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import ssl
import subprocess
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from error_rate import cer
from release_manifest import write_sums

from tests.api.harness import wait_until
from tests.docker.places import ROOT
from tests.docker.stack import (
    NAMES,
    clean_environment,
    discard,
    free_port,
    inside,
    inspected,
    logs_of,
    refuse_strangers,
    run,
)

pytestmark = [pytest.mark.docker, pytest.mark.model, pytest.mark.timeout(900)]
CLIP = ROOT / "audio" / "samples" / "ko_sentence.flac"
SAID = "그는 이리저리 피하면서 길 한 옆으로 걸어갔다."
VERSIONS = ("9.0.1", "9.0.2")


@dataclass
class Target:
    """A host that reaches nothing: STT_HOME, and what was carried there."""

    carried: dict[str, Path]
    home: Path
    pages: int
    api: int

    def install(self, version: str, *words: str) -> subprocess.CompletedProcess[str]:
        return self.script(self.carried[version] / "install_release.sh", *words)

    def installed(self, *words: str) -> subprocess.CompletedProcess[str]:
        """The copy that lies there, which knows where it is installed."""
        return self.script(self.home / "current" / "install_release.sh", *words, home="")

    def script(
        self, path: Path, *words: str, home: str | None = None
    ) -> subprocess.CompletedProcess[str]:
        env = {**clean_environment(), "STT_HOME": str(self.home) if home is None else home}
        return subprocess.run(
            ["bash", path, *words], env=env, capture_output=True, text=True, timeout=600,
            check=False,
        )  # fmt: skip

    def client(self) -> httpx.Client:
        certificate = self.home / "secrets" / "tls_certificate.pem"
        context = ssl.create_default_context(cafile=str(certificate))
        return httpx.Client(verify=context, timeout=120, trust_env=False)

    @property
    def key(self) -> dict[str, str]:
        key = (self.home / "secrets" / "stt_api_key").read_text("utf-8")
        return {"Authorization": f"Bearer {key}"}


@pytest.fixture(scope="module")
def bundles(engine: None, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Both releases, unpacked as on the target; their images are no longer in the engine."""
    out = tmp_path_factory.mktemp("release")
    carried = {}
    for version in VERSIONS:
        run("bash", str(ROOT / "scripts" / "build_release.sh"), "--cpu", "--version", version,
            "--out", str(out), env=dict(os.environ), timeout=600)  # fmt: skip
        archive = out / f"stt-{version}-cpu.tar"
        run("sh", "-c", f"cd {out} && sha256sum -c {archive.name}.sha256")
        with tarfile.open(archive) as tar:
            tar.extractall(out / "carried", filter="data")
        archive.unlink()
        carried[version] = out / "carried" / f"stt-{version}-cpu"
    _wipe()
    return carried


@pytest.fixture(scope="module")
def target(bundles: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    refuse_strangers()
    home = tmp_path_factory.mktemp("opt") / "stt"
    home.mkdir()
    made = Target(bundles, home, free_port(), free_port())
    (home / "stt.env").write_text(
        f"STT_BIND=127.0.0.1\nSTT_HTTPS_PORT={made.pages}\nSTT_API_HTTPS_PORT={made.api}\n", "utf-8"
    )
    try:
        done = made.install("9.0.1")
        assert done.returncode == 0, done.stdout + done.stderr
        assert "words with their times" in done.stdout
        yield made
    finally:
        discard("rm", "-f", *NAMES)
        discard("network", "rm", "stt-network", "stt_edge")
        discard("volume", "rm", "stt_cuda-cache", "stt_uploads")
        _wipe()


def test_bundle_describes_itself(bundles: dict[str, Path]) -> None:
    """Versions, images, model and materials; and no recording, key or history came along."""
    bundle = bundles["9.0.1"]
    manifest = json.loads((bundle / "MANIFEST.json").read_text("utf-8"))
    assert (manifest["version"], manifest["flavor"], manifest["host"]["gpu"]) == (
        "9.0.1", "cpu", False,
    )  # fmt: skip
    assert len(manifest["images"]) == 3
    assert manifest["model"]["files"]["model.bin"]["sha256"]
    materials = json.loads((bundle / "sbom" / "stt-api.cdx.json").read_text("utf-8"))
    purls = {component.get("purl", "") for component in materials["components"]}
    assert f"pkg:pypi/ctranslate2@{manifest['packages']['ctranslate2']}" in purls
    assert any(purl.startswith("pkg:deb/") for purl in purls)
    named = {
        line.split("  ")[1] for line in (bundle / "SHA256SUMS").read_text("utf-8").splitlines()
    }
    there = {str(p.relative_to(bundle)) for p in bundle.rglob("*") if p.is_file()}
    assert named == there - {"SHA256SUMS"}
    assert not [name for name in there if ".git/" in name or "secret" in name]


def test_installed_release_transcribes(target: Target) -> None:
    """Over TLS, with the key that was made here and not without; by upload and by path."""
    url = f"https://localhost:{target.api}/transcribe"
    with target.client() as client, CLIP.open("rb") as stream:
        assert client.post(url, files={"file": stream}).status_code == 401
        stream.seek(0)
        answer = client.post(url, files={"file": stream}, headers=target.key).json()
        assert answer["is_dummy"] is False
        assert cer(SAID, answer["text"]) < 0.2
        form = {"file_path": f"audio/samples/{CLIP.name}", "stream": "true"}
        events = client.post(url, data=form, headers=target.key).text
        assert "event: segment" in events
        assert "event: result" in events


def test_installed_pages_work(target: Target) -> None:
    """The form over TLS, as a browser sends it; figures are not for the world."""
    url = f"https://localhost:{target.pages}"
    origin = {"Origin": url, "Sec-Fetch-Site": "same-origin"}
    with target.client() as client, CLIP.open("rb") as stream:
        sent = client.post(f"{url}/", files={"file": stream}, headers=origin)
        assert sent.status_code == 303
        page = f"{url}{sent.headers['location']}"
        wait_until(lambda: "피하면서" in client.get(page).text, 60)
        assert client.get(f"{url}/metrics").status_code == 404
        foreign = {"Origin": "https://elsewhere.example"}
        assert client.post(f"{url}/", data={}, headers=foreign).status_code == 403


def test_installed_release_reaches_nothing(target: Target) -> None:
    """A listener that any other container reaches is out of reach for these."""
    serve = "import socket; s = socket.create_server(('', 9)); [s.accept() for _ in iter(int, 1)]"
    run("docker", "run", "-d", "--name", "stt-listener", "python:3.11-slim", "python3", "-c", serve)
    try:
        address = inspected("stt-listener")["NetworkSettings"]["IPAddress"]
        code = f"import socket; socket.create_connection(('{address}', 9), 3)"
        run("docker", "run", "--rm", "python:3.11-slim", "python3", "-c", code)
        for name in ("stt-api", "stt-web-ui"):
            assert inside(name, "python", "-c", code).returncode != 0
            assert inspected(name)["HostConfig"]["PortBindings"] in (None, {})
    finally:
        discard("rm", "-f", "stt-listener")


def test_installed_secrets_stay_secret(target: Target) -> None:
    """Not in the environment, the log or the process list; unreadable to others on the host."""
    key = target.key["Authorization"].split()[1]
    assert len(key) == 43
    for name in ("stt-api", "stt-web-ui", "stt-proxy"):
        assert key not in json.dumps(inspected(name))
        assert key not in logs_of(name)
        assert CLIP.name not in logs_of(name)
    assert {path.stat().st_mode & 0o777 for path in (target.home / "secrets").iterdir()} == {0o400}


@pytest.mark.parametrize("name", ["stt-api", "stt-web-ui", "stt-proxy"])
def test_installed_process_has_no_power(target: Target, name: str) -> None:
    """Not root, no capability, nothing to write but what is meant to be, limits in force."""
    status = inside(name, "cat", "/proc/self/status").stdout
    fields = {line.split()[0]: line.split()[1] for line in status.splitlines() if line.strip()}
    assert (fields["Uid:"], fields["CapEff:"], fields["NoNewPrivs:"]) == ("10001", "0" * 16, "1")
    for path in ("/app/x", "/etc/x", "/opt/x", "/app/models/x"):
        for user in ("10001", "0"):
            assert inside(name, "touch", path, user=user).returncode != 0
    host = inspected(name)["HostConfig"]
    assert host["Memory"] > 0
    assert host["RestartPolicy"]["Name"] == "unless-stopped"
    assert host["LogConfig"]["Config"]["max-size"]


def test_release_that_does_not_work_is_not_kept(target: Target, tmp_path: Path) -> None:
    """A model that is garbage, in the next version or in another build of this one: what ran
    before runs again, and data are untouched."""
    (target.home / "data" / "kept").write_text("kept", "utf-8")
    for version in VERSIONS:
        bundle = broken(target, version, tmp_path / version)
        (bundle / "models" / "base" / "model.bin").write_bytes(b"garbage")
        write_sums(bundle)
        done = target.script(bundle / "install_release.sh")
        assert done.returncode == 1
        assert "the model does not work" in done.stderr
        last = done.stderr.splitlines()[-1]
        assert last.startswith(f"install_release.sh: {version}-cpu-0: it does not work here; 9.0.1")
        assert _version_of("stt-api") == "9.0.1"
        assert "there is no release before" in target.installed("--rollback").stderr
    test_installed_release_transcribes(target)


def test_reinstalled_release_goes_on(target: Target) -> None:
    """The same bundle again: all is put there anew, and there is still nothing to go back to."""
    done = target.install("9.0.1")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "there is no release before" in target.installed("--rollback").stderr
    test_installed_release_transcribes(target)


def test_interrupted_upgrade_leaves_what_ran(target: Target, tmp_path: Path) -> None:
    """The terminal goes away while the clip is heard: the release before serves again."""
    bundle = broken(target, "9.0.2", tmp_path)
    (bundle / "smoke_test.py").write_text("import time\ntime.sleep(600)\n", "utf-8")
    write_sums(bundle)
    env = {**clean_environment(), "STT_HOME": str(target.home)}
    installing = subprocess.Popen(
        ["bash", bundle / "install_release.sh"], env=env, stdout=subprocess.PIPE, text=True,
        stderr=subprocess.PIPE, start_new_session=True,
    )  # fmt: skip
    assert installing.stdout is not None
    for line in installing.stdout:
        if line.startswith("hearing a clip"):
            break
    os.killpg(installing.pid, signal.SIGTERM)
    _, said = installing.communicate(timeout=300)
    assert installing.returncode == 1
    assert "it was interrupted; 9.0.1" in said.splitlines()[-1]
    assert _version_of("stt-api") == "9.0.1"
    test_installed_release_transcribes(target)


def broken(target: Target, version: str, place: Path) -> Path:
    """A copy of a bundle that calls itself another build of its version."""
    bundle = place / f"stt-{version}-cpu"
    shutil.copytree(target.carried[version], bundle)
    release = bundle / "release.env"
    text = re.sub(
        r"(?m)^STT_RELEASE=.*$", f"STT_RELEASE={version}-cpu-0", release.read_text("utf-8")
    )
    release.write_text(text, "utf-8")
    return bundle


def test_upgrade_and_back(target: Target) -> None:
    """The next release, back to this one, and forth again; keys and data stay what they were."""
    key = target.key
    (target.home / "data" / "kept").write_text("kept", "utf-8")
    for words, version in (((), "9.0.2"), (("--rollback",), "9.0.1"), (("--rollback",), "9.0.2")):
        done = target.installed(*words) if words else target.install("9.0.2")
        assert done.returncode == 0, done.stdout + done.stderr
        assert _version_of("stt-api") == _version_of("stt-proxy") == version
        assert str((target.home / "current").readlink()).startswith(f"releases/{version}-cpu-")
    assert target.key == key
    assert inside("stt-web-ui", "cat", "/app/data/kept").stdout == "kept"
    assert {path.stat().st_uid for path in (target.home / "current").rglob("*")} == {0}
    test_installed_release_transcribes(target)


def test_settings_of_the_site_take_effect(target: Target) -> None:
    """A line in stt.env, --restart, and the service has it; a wrong one is said and named."""
    file = target.home / "stt.env"
    before = file.read_text("utf-8")
    try:
        file.write_text(before + "STT_MAX_UPLOAD_MB=7\n", "utf-8")
        done = target.installed("--restart")
        assert done.returncode == 0, done.stdout + done.stderr
        with target.client() as client:
            info = client.get(f"https://localhost:{target.api}/info", headers=target.key).json()
        assert info["limits"]["max_upload_mb"] == 7
        file.write_text(before + "STT_MAX_UPLOAD_MB=many\n", "utf-8")
        done = target.installed("--restart")
        assert done.returncode == 1
        assert "stt-api: STT_MAX_UPLOAD_MB: " in done.stderr
    finally:
        file.write_text(before, "utf-8")
        assert target.installed("--restart").returncode == 0


def test_certificate_of_the_site_is_taken(target: Target, tmp_path: Path) -> None:
    """Put there by root with root's rights, it serves after --restart; half of one is refused."""
    secrets = target.home / "secrets"
    kept = {name: (secrets / name).read_bytes() for name in ("tls_certificate.pem", "tls_key.pem")}
    new = {name: str(tmp_path / name) for name in kept}
    run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
        "-subj", "/CN=site", "-addext", "subjectAltName=DNS:localhost",
        "-keyout", new["tls_key.pem"], "-out", new["tls_certificate.pem"])  # fmt: skip
    run("install", "-m", "0600", new["tls_key.pem"], str(secrets / "tls_key.pem"))
    assert "do not belong together" in target.installed("--restart").stderr
    run("install", "-m", "0600", new["tls_certificate.pem"], str(secrets / "tls_certificate.pem"))
    assert target.installed("--restart").returncode == 0
    with target.client() as client:
        assert client.get(f"https://localhost:{target.pages}/health").status_code == 200
    for name, content in kept.items():
        (secrets / name).write_bytes(content)
    assert target.installed("--restart").returncode == 0


def test_image_that_is_another_is_refused(target: Target) -> None:
    """Something else under the name of the release before: no way back, and all goes on."""
    text = (target.carried["9.0.1"] / "release.env").read_text("utf-8")
    name = text.partition("STT_API_IMAGE=")[2].splitlines()[0]
    run("docker", "tag", name, "stt-kept:9.0.1")
    try:
        run("docker", "tag", "python:3.11-slim", name)
        done = target.installed("--rollback")
        assert done.returncode == 1
        assert "is not the image that was built" in done.stderr
        assert _version_of("stt-api") == "9.0.2"
    finally:
        run("docker", "tag", "stt-kept:9.0.1", name)
        run("docker", "rmi", "stt-kept:9.0.1")


def _version_of(container: str) -> str:
    return str(inspected(container)["Config"]["Labels"]["org.opencontainers.image.version"])


def _wipe() -> None:
    """No image of a release is left in the engine."""
    names = run("docker", "images", "--format", "{{.Repository}}:{{.Tag}}").split()
    ours = [name for name in names if name.startswith("localhost/stt/") and ":9.0." in name]
    if ours:
        run("docker", "rmi", "-f", *ours)
