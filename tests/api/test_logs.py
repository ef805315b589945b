"""One line a request, and nothing in it that is a client's own."""

from __future__ import annotations

import json
import logging

import pytest

from api_server.logs import SafetyNet
from serving.logs import JsonFormatter, TextFormatter, log_request
from serving.open_routes import OPEN_ROUTES
from serving.record import RequestRecord
from tests.api.harness import WAV, client_of
from tests.fakes import DUMMY, FakeEngine

pytestmark = pytest.mark.anyio


@pytest.fixture(autouse=True)
def _all_levels(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)


def lines(caplog: pytest.LogCaptureFixture) -> list[logging.LogRecord]:
    return [record for record in caplog.records if record.name.startswith("api.")]


async def test_one_line_says_what_happened(caplog: pytest.LogCaptureFixture) -> None:
    """Id, method, route, status, time, audio and backend stand in one line."""
    async with client_of() as client:
        headers = {"X-Request-ID": "r-1"}
        await client.post("/transcribe", files={"file": WAV}, headers=headers)
    (record,) = lines(caplog)
    for part in (
        "request_id=r-1", "method=POST", "route=/transcribe", "status=200", "audio_seconds=3.89",
        "backend=faster-whisper",
    ):  # fmt: skip
        assert part in record.getMessage()
    assert "dummy" not in record.getMessage()


async def test_dummy_is_in_the_line(caplog: pytest.LogCaptureFixture) -> None:
    """A dummy is told from a result in the log, too."""
    async with client_of(FakeEngine(script=[DUMMY])) as client:
        await client.post("/transcribe", files={"file": WAV})
    assert "backend=dummy dummy=stt" in lines(caplog)[0].getMessage()


async def test_nothing_of_the_clients_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    """No name, no text, no key, no query, also when something breaks on them."""
    engine = FakeEngine(script=[ValueError("secret-name.wav")])
    headers = {"Authorization": "Bearer secret-key"}
    async with client_of(stt_api_keys="secret-key") as client:
        files = {"file": ("secret-name.wav", b"x")}
        await client.post("/transcribe", files=files, headers=headers)
        await client.get("/info?secret-query=1", headers=headers)
        await client.get("/secret-path", headers=headers)
        form = {"file_path": "/secret-path/secret-name.wav"}
        await client.post("/transcribe", data=form, headers=headers)
    async with client_of(engine) as client:
        await client.post("/transcribe", files={"file": ("secret-name.wav", b"x")})
    text = "\n".join(record.getMessage() for record in lines(caplog))
    assert "secret" not in text
    assert "안녕" not in text
    assert "unexpected ValueError at fakes.py:" in text


async def test_transcripts_are_logged_on_request(caplog: pytest.LogCaptureFixture) -> None:
    """LOG_TRANSCRIPTS=1 logs what was said."""
    async with client_of(log_transcripts=True) as client:
        await client.post("/transcribe", files={"file": WAV})
    assert "안녕하세요." in lines(caplog)[0].getMessage()


@pytest.mark.parametrize("name", ["api.agent", "stt", "httpx"])
def test_others_lines_are_masked(name: str) -> None:
    """A number that slips into a line of any logger is not written down."""
    record = logging.LogRecord(name, logging.INFO, "", 0, "asked of %s", ("010-1234-5678",), None)
    assert SafetyNet().filter(record)
    assert record.getMessage() == "asked of ***-****-****"


def test_request_id_is_never_masked() -> None:
    """An id that looks like an account still finds its request."""
    line = "request_id=544a0723-1919-4244-9532-403e98770123"
    record = logging.LogRecord("api.requests", logging.INFO, "", 0, line, (), None)
    assert SafetyNet().filter(record)
    assert record.getMessage() == line


def record_of(message: str, **extra: object) -> logging.LogRecord:
    record = logging.LogRecord("stt", logging.INFO, "", 0, message, (), None)
    record.__dict__.update(extra)
    return record


def test_text_is_one_line() -> None:
    """A line break in a message breaks no line."""
    text = TextFormatter().format(record_of("[STT] Model loaded: a\nERROR forged"))
    assert text.endswith("INFO [STT] Model loaded: a\\nERROR forged")


def test_json_carries_the_fields() -> None:
    """A collector finds the figures as fields."""
    line = json.loads(JsonFormatter().format(record_of("x", fields={"status": 200})))
    assert (line["level"], line["message"], line["status"]) == ("INFO", "x", 200)


@pytest.mark.parametrize("route", sorted(OPEN_ROUTES))
@pytest.mark.parametrize(("status", "level"), [(200, "DEBUG"), (503, "INFO")])
def test_probes_that_are_well_are_for_debugging(
    route: str, status: int, level: str, caplog: pytest.LogCaptureFixture
) -> None:
    """What is asked every few seconds drowns nothing, unless it says that something is wrong."""
    record = RequestRecord("r-1", "GET", status=status)
    log_request(logging.getLogger("api.requests"), record, route)
    assert [record.levelname for record in lines(caplog)] == [level]


def test_work_is_always_told(caplog: pytest.LogCaptureFixture) -> None:
    """A request that is no probe is INFO when it is well."""
    record = RequestRecord("r-1", "POST", status=200)
    log_request(logging.getLogger("api.requests"), record, "/transcribe")
    assert [record.levelname for record in lines(caplog)] == ["INFO"]
