"""The laptop's stack, as its user meets it: built, started, asked, restarted, stopped."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from error_rate import cer

from tests.api.harness import wait_until
from tests.docker.places import DEV, ROOT
from tests.docker.stack import (
    Stack,
    get,
    image_bytes,
    inside,
    inspected,
    logs_of,
    started,
    transcribed,
)  # fmt: skip

pytestmark = [pytest.mark.model, pytest.mark.timeout(900)]
CLIP = ROOT / "audio" / "samples" / "ko_sentence.flac"
SAID = "그는 이리저리 피하면서 길 한 옆으로 걸어갔다."
BOTH = ("stt-api", "stt-web-ui")
MB = 1_000_000


@pytest.fixture(scope="module")
def stack(engine: None) -> Iterator[Stack]:
    with started(Stack((DEV,))) as running:
        yield running


def test_both_are_healthy(stack: Stack) -> None:
    """Over their ports, and by the checks inside the containers."""
    api, pages = get(f"{stack.api}/health").json(), get(f"{stack.pages}/health").json()
    assert (api["status"], api["is_dummy"], api["backend"]) == ("healthy", False, "faster-whisper")
    assert pages["status"] == "healthy"
    assert [inspected(name)["State"]["Health"]["Status"] for name in BOTH] == ["healthy"] * 2


@pytest.mark.parametrize("prefix", ["/app/", ""])
def test_sample_is_transcribed_by_its_path(stack: Stack, prefix: str) -> None:
    """As the container names it, and as it is named from the working directory."""
    path = f"{prefix}audio/samples/{CLIP.name}"
    answer = transcribed(stack.api, data={"file_path": path, "word_timestamps": "true"})
    assert (answer["status"], answer["is_dummy"]) == (200, False)
    assert cer(SAID, answer["text"]) < 0.2
    assert answer["segments"][0]["words"]


def test_upload_is_transcribed(stack: Stack) -> None:
    """The root is read-only; an upload has a place all the same."""
    with CLIP.open("rb") as stream:
        answer = transcribed(stack.api, files={"file": stream}, data={"language": "ko"})
    assert (answer["status"], answer["is_dummy"]) == (200, False)
    assert cer(SAID, answer["text"]) < 0.2


def test_page_shows_what_was_said(stack: Stack) -> None:
    """The form is there, and a recording sent with it becomes text on a page of its own, which can
    be listened to."""
    home = get(f"{stack.pages}/")
    assert (home.status_code, 'type="file"' in home.text) == (200, True)
    with CLIP.open("rb") as stream:
        sent = httpx.post(
            f"{stack.pages}/", files={"file": stream}, data={"language": "ko"}, timeout=120,
            trust_env=False,
        )  # fmt: skip
    assert sent.status_code == 303
    place = sent.headers["location"]
    known = f"{stack.pages}/api{place}"
    wait_until(lambda: get(known).json()["state"] == "done", 60)
    wait_until(lambda: get(f"{known}/peaks").status_code == 200, 60)
    page = get(f"{stack.pages}{place}")
    assert "피하면서" in page.text
    assert "[Dummy]" not in page.text
    assert get(f"{known}/audio").headers["content-type"] == "audio/flac"


@pytest.mark.parametrize(
    "path", ["/etc/passwd", "/app/models/base/config.json", "/proc/self/environ"]
)
def test_path_outside_the_samples_is_refused(stack: Stack, path: str) -> None:
    """The container's own files are no recordings."""
    answer = transcribed(stack.api, data={"file_path": path})
    assert 400 <= answer["status"] < 500
    assert answer["error_code"] == "path_refused"


@pytest.mark.parametrize("name", BOTH)
def test_process_has_no_power(stack: Stack, name: str) -> None:
    """Not root, no capability, none to be gained, one of whose children is never lost."""
    status = inside(name, "cat", "/proc/1/status", "/proc/self/status").stdout
    fields = [line.split() for line in status.splitlines()]
    assert {words[1] for words in fields if words[0] == "Uid:"} == {"10001"}
    assert {words[1] for words in fields if words[0] in {"CapEff:", "CapBnd:"}} == {"0" * 16}
    assert {words[1] for words in fields if words[0] == "NoNewPrivs:"} == {"1"}
    assert inspected(name)["HostConfig"]["Init"] is True


@pytest.mark.parametrize(
    ("name", "path"),
    [("stt-api", "/app/x"), ("stt-api", "/opt/venv/x"), ("stt-api", "/app/models/x"),
     ("stt-api", "/app/audio/samples/x"), ("stt-web-ui", "/app/web_ui/x"),
     ("stt-web-ui", "/etc/x")],
)  # fmt: skip
def test_what_is_not_to_be_written_cannot_be(stack: Stack, name: str, path: str) -> None:
    """Code, packages, models and samples stay as they are, for root too."""
    for user in ("10001", "0"):
        done = inside(name, "touch", path, user=user)
        assert done.returncode != 0
        assert "Read-only file system" in done.stderr


@pytest.mark.parametrize("path", ["/app/data/x", "/app/logs/x", "/tmp/x"])  # noqa: S108 - in a container
def test_what_is_to_be_written_can_be(stack: Stack, path: str) -> None:
    """Data, logs, and what lasts as long as the container."""
    done = inside("stt-web-ui", "sh", "-c", f"touch {path} && rm {path}")
    assert done.returncode == 0, done.stderr


def test_ports_are_for_this_machine_alone(stack: Stack) -> None:
    """Another address of the same machine is refused."""
    address = socket.gethostbyname(socket.gethostname())
    if address.startswith("127."):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.connect(("192.0.2.1", 9))
            address = str(probe.getsockname()[0])
    for url in (stack.api, stack.pages):
        with pytest.raises(OSError, match="refused"):
            socket.create_connection((address, int(url.rpartition(":")[2])), 3).close()


def test_images_are_as_small_as_promised(stack: Stack) -> None:
    """Above the base they stand on."""
    base = image_bytes("python:3.11-slim")
    assert image_bytes("stt-api:dev") - base <= 520 * MB
    assert image_bytes("stt-web-ui:dev") - base <= 250 * MB


def test_logs_are_for_reading(stack: Stack) -> None:
    """The model's line is there; the checks, every few seconds, are not; no name, no text."""
    log = logs_of("stt-api") + logs_of("stt-web-ui")
    assert "[STT] Model loaded: faster-whisper" in log
    assert "route=/health" not in log
    assert CLIP.name not in log
    assert "피하면서" not in log


def test_restart_loses_nothing(stack: Stack) -> None:
    """What is in the volumes outlasts a restart, and the containers themselves."""
    assert inside("stt-web-ui", "sh", "-c", "echo kept > /app/data/kept").returncode == 0
    stack.compose("restart")
    stack.up(build=False)
    _is_kept(stack)
    stack.down()
    stack.up(build=False)
    _is_kept(stack)


def _is_kept(stack: Stack) -> None:
    assert inside("stt-web-ui", "cat", "/app/data/kept").stdout == "kept\n"
    assert inside("stt-web-ui", "grep", "-c", "route=/", "/app/logs/web-ui.log").returncode == 0
    answer = transcribed(stack.api, data={"file_path": f"audio/samples/{CLIP.name}"})
    assert answer["is_dummy"] is False


def test_stop_is_heard(stack: Stack) -> None:
    """SIGTERM reaches the services: they end by themselves, long before they would be killed."""
    stack.compose("stop", "--timeout", "5")
    assert [inspected(name)["State"]["ExitCode"] for name in BOTH] == [0, 0]
    assert [inspected(name)["State"]["OOMKilled"] for name in BOTH] == [False, False]


def test_tree_is_untouched(stack: Stack) -> None:
    """Nothing of the containers is left in the checkout."""
    assert not (ROOT / "web_ui" / "data").exists() or not _owned_by_service(ROOT / "web_ui")


def _owned_by_service(directory: Path) -> bool:
    return any(path.stat().st_uid == 10001 for path in directory.rglob("*"))
