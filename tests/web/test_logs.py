"""One line a request, on standard error and in a file, and nothing in it that is a visitor's."""

from __future__ import annotations

import io
import json
import logging
import re
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.web.calls import ended
from tests.web.fakes import FakeSttApi, said
from tests.web.harness import client_of
from web_ui import logs
from web_ui.errors import EngineRefused
from web_ui.settings import Settings

pytestmark = pytest.mark.anyio


@pytest.fixture(autouse=True)
def _handlers() -> Iterator[None]:
    """Put pytest's own handlers back afterwards."""
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    yield
    root.handlers[:] = before
    root.setLevel(level)


async def test_file_holds_the_lines_and_nothing_of_the_visitors(tmp_path: Path) -> None:
    """No name, no text, no path, no query, also when something breaks on them."""
    ends: list[Exception | None] = [None, ValueError("secret-name.wav")]
    ends.append(EngineRefused(422, "invalid_audio", "secret reason", None))
    settings = Settings(web_ui_logs=tmp_path / "logs", log_level="DEBUG")
    with logs.configured(settings):
        for end in ends:
            engine = FakeSttApi(segments=(said(0, "secret words"),), ends_with=end)
            async with client_of(engine, tmp_path / "data") as client:
                files = {"file": ("secret-name.wav", b"x")}
                sent = await client.post("/?lang=en&secret-query=1", files=files)
                id = sent.headers["location"].rsplit("/", 1)[-1]
                await ended(client, id)
                await client.patch(f"/api/transcripts/{id}/segments/0", json={"text": "secret"})
                await client.get("/?q=secret")
                await client.get(f"/api/transcripts/{id}/export?format=txt")
                await client.delete(f"/api/transcripts/{id}")
                await client.get("/secret-path")
    text = (tmp_path / "logs" / "web-ui.log").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if "request_id=" in line]
    assert "secret" not in text
    assert "method=POST route=/ status=303 ms=" in lines[0]
    assert "unexpected ValueError at fakes.py:" in text
    assert re.search(r"transcript \w+: invalid_audio", text)
    assert "route=/api/transcripts/{id} status=204" in text


def test_json_lines_are_the_same_in_the_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The file is written by a thread, but each line as it was made, percent signs included."""
    with logs.configured(Settings(web_ui_logs=tmp_path, log_format="json")):
        logging.getLogger("web").info("at %d %%s", 50, extra={"fields": {"status": 200}})
    written = (tmp_path / "web-ui.log").read_text(encoding="utf-8")
    assert written == capsys.readouterr().err
    assert json.loads(written)["message"] == "at 50 %s"
    assert json.loads(written)["status"] == 200


def test_unwritable_directory_is_said_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The service goes on with standard error alone."""
    (tmp_path / "file").write_text("no directory")
    with logs.configured(Settings(web_ui_logs=tmp_path / "file")):
        for _ in range(3):
            logging.getLogger("web").info("hello")
    said = capsys.readouterr().err
    assert said.count("WEB_UI_LOGS cannot be written") == 1
    assert said.count("hello") == 3


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="Linux's full disk")
def test_full_disk_is_said_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Also when the disk fills while the service runs."""
    (tmp_path / "web-ui.log").symlink_to("/dev/full")
    with logs.configured(Settings(web_ui_logs=tmp_path)):
        for _ in range(3):
            logging.getLogger("web").info("hello")
    said = capsys.readouterr().err
    assert said.count("WEB_UI_LOGS cannot be written") == 1
    assert "Traceback" not in said


def test_file_rotates(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Five old files are kept, no more."""
    monkeypatch.setattr(logs, "FILE_BYTES", 200)
    with logs.configured(Settings(web_ui_logs=tmp_path)):
        for number in range(50):
            logging.getLogger("web").info("line %d %s", number, "x" * 50)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "web-ui.log", *(f"web-ui.log.{number}" for number in range(1, 6)),
    ]  # fmt: skip


class Stuck(io.StringIO):
    """A disk that takes a line only when it is let go."""

    def __init__(self) -> None:
        super().__init__()
        self.entered, self.released = threading.Event(), threading.Event()

    def write(self, text: str) -> int:
        self.entered.set()
        self.released.wait(30)
        return super().write(text)


@pytest.mark.parametrize("lines", [1, 50])
def test_hanging_disk_does_not_hold_the_end(
    lines: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a thread that hangs, and a queue that is full or not, stopping takes its time limit,
    and closing all handlers, as Python does at its end, takes none."""
    monkeypatch.setattr(logs, "WAITING_LINES", 10)
    monkeypatch.setattr(logs, "STOP_SECONDS", 0.2)
    disk, others = Stuck(), set(threading.enumerate())
    monkeypatch.setattr(logs.LogFile, "_open", lambda _: disk)
    began = time.monotonic()
    with logs.configured(Settings(web_ui_logs=tmp_path)):
        for number in range(lines):
            logging.getLogger("web").info("line %d", number)
        assert disk.entered.wait(5)
    logging.shutdown()
    assert time.monotonic() - began < 2
    monkeypatch.undo()  # from here on a file would be a real one
    disk.released.set()
    for thread in set(threading.enumerate()) - others:
        thread.join(5)
    assert list(tmp_path.iterdir()) == []


def test_full_queue_does_not_hold_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One waiting line makes room for the word to stop; the others are written."""
    monkeypatch.setattr(logs, "WAITING_LINES", 10)
    disk = Stuck()
    monkeypatch.setattr(logs.LogFile, "_open", lambda _: disk)
    with logs.configured(Settings(web_ui_logs=tmp_path)):
        logging.getLogger("web").info("first")
        assert disk.entered.wait(5)
        for number in range(20):
            logging.getLogger("web").info("line %d", number)
        threading.Timer(0.2, disk.released.set).start()
        written: list[str] = []
        monkeypatch.setattr(disk, "close", lambda: written.extend(disk.getvalue().splitlines()))
    assert [line.split("INFO ")[1] for line in written] == [
        "first", *(f"line {number}" for number in range(1, 10)),
    ]  # fmt: skip
