"""/health, /ready, /info, /metrics, /docs: what the service says of itself."""

from __future__ import annotations

import re
from dataclasses import replace

import httpx
import pytest

from api_server.app import create_app
from api_server.metrics import DUMMY_REASONS
from api_server.settings import Settings
from stt_errors import ModelLoadError
from stt_types import Timings
from tests.api.harness import WAV, client_of
from tests.fakes import TRANSCRIPT, FakeEngine

pytestmark = pytest.mark.anyio

DUMMY_ENGINE = {
    "state": "dummy", "is_dummy": True, "backend": "dummy", "error_reason": "no model named base",
}  # fmt: skip


@pytest.mark.parametrize(
    ("engine", "status", "real"),
    [
        (FakeEngine(state="loading", proved=False), "loading", False),
        (FakeEngine(), "healthy", True),
        (FakeEngine(**DUMMY_ENGINE), "degraded", False),  # type: ignore[arg-type]
        (FakeEngine(state="failed", error_reason="no model"), "degraded", False),
    ],
)
async def test_health_is_200_and_honest(engine: FakeEngine, status: str, real: bool) -> None:
    """Whatever the engine does, /health answers 200 and says how it is."""
    async with client_of(engine) as client:
        response = await client.get("/health")
    body = response.json()
    assert response.status_code == 200
    assert (body["status"], body["component_status"]["stt"]) == (status, real)
    assert body["component_status"]["vllm"] is False
    assert body["error_reason"] == engine.error_reason
    assert set(body) == {
        "status", "backend", "model", "is_dummy", "error_reason", "component_status", "agent",
            "version",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("engine", "status", "reason"),
    [
        (FakeEngine(state="loading", proved=False), 503, "the model is loading"),
        (FakeEngine(state="failed", proved=False, error_reason="no model"), 503, "no model"),
        (FakeEngine(), 200, None),
        (FakeEngine(**DUMMY_ENGINE), 200, None),  # type: ignore[arg-type]
    ],
)
async def test_ready_waits_for_proof(engine: FakeEngine, status: int, reason: str | None) -> None:
    """Ready means that an inference succeeded or that the fallback was chosen."""
    async with client_of(engine) as client:
        response = await client.get("/ready")
    assert response.status_code == status
    assert response.json() == {"ready": status == 200, "reason": reason}


async def test_draining_is_unready_and_takes_no_work() -> None:
    """Once it goes down, the service says so and refuses what is new; /health stays."""
    app = create_app(Settings(), FakeEngine())
    app.state.services.drain.begin()
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://stt"
    ) as client:
        ready = await client.get("/ready")
        refused = await client.post("/transcribe", files={"file": WAV})
        health = await client.get("/health")
    assert (ready.status_code, health.status_code) == (503, 200)
    assert refused.status_code == 503
    assert refused.json()["error_code"] == "draining"
    assert refused.headers["retry-after"] == "5"
    assert refused.headers["connection"] == "close"


async def test_info_states_every_limit() -> None:
    """Versions, model, languages and each limit in force."""
    async with client_of(stt_max_upload_mb=7, stt_fallback="error") as client:
        body = (await client.get("/info")).json()
    assert body["limits"] == {
        "max_upload_mb": 7, "max_audio_seconds": 14400.0, "max_queue_seconds": 7200.0,
        "drain_seconds": 30.0, "max_prompt_chars": 2000,
    }  # fmt: skip
    assert body["fallback"] == "error"
    assert body["languages"] == ["en", "ko"]
    assert body["engine"] == {"ctranslate2": "4.8.5"}
    assert "srt" in body["response_formats"]


async def test_every_dummy_reason_is_there_from_the_start() -> None:
    """All six reasons are series from the first scrape, at zero."""
    async with client_of() as client:
        text = (await client.get("/metrics")).text
    found = re.findall(r'stt_dummy_responses_total\{component="(\w+)",reason="(\w+)"\} 0\.0', text)
    assert set(found) == {(c, r) for c, reasons in DUMMY_REASONS.items() for r in reasons}
    assert len(found) == 6


async def test_a_transcript_is_measured() -> None:
    """A real transcript counts its audio, its stages and its real-time factor; the model and
    the queue are read from the engine."""
    transcript = replace(TRANSCRIPT, duration=10.0, timings=Timings(0.1, 0.2, 0.3, 0.4, 1.0))
    async with client_of(FakeEngine(script=[transcript], backlog_seconds=61.5)) as client:
        await client.post("/transcribe", files={"file": WAV})
        text = (await client.get("/metrics")).text
    for line in (
        "stt_audio_seconds_total 10.0",
        "stt_decode_seconds_sum 0.1",
        "stt_vad_seconds_sum 0.2",
        "stt_queue_wait_seconds_sum 0.3",
        "stt_inference_seconds_sum 0.4",
        "stt_real_time_factor_sum 0.1",
        "stt_queue_audio_seconds 61.5",
        'stt_http_requests_total{method="POST",route="/transcribe",status="200"} 1.0',
        'stt_model_info{backend="faster-whisper",compute_type="int8",device="cpu",'
        'model="base"} 1.0',
    ):
        assert f"\n{line}\n" in text


async def test_labels_are_bounded() -> None:
    """Paths and methods nobody knows share one label each."""
    async with client_of() as client:
        for path in ("/a", "/b", "/admin/x/y"):
            await client.request("BREW", path)
        await client.get("/docs/nothing")
        text = (await client.get("/metrics")).text
    lines = [line for line in text.splitlines() if line.startswith("stt_http_requests_total")]
    assert lines == [
        'stt_http_requests_total{method="other",route="unmatched",status="404"} 3.0',
        'stt_http_requests_total{method="GET",route="/docs/{name}",status="404"} 1.0',
    ]


async def test_applications_share_no_metrics() -> None:
    """Each application has a registry of its own."""
    async with client_of() as first, client_of() as second:
        await first.post("/transcribe", files={"file": WAV})
        text = (await second.get("/metrics")).text
    assert "stt_audio_seconds_total 0.0" in text


async def test_reload_loads_again() -> None:
    """The admin route asks the engine and answers with what came of it."""
    engine = FakeEngine()
    async with client_of(engine, stt_admin_key="k") as client:
        response = await client.post("/admin/reload", headers={"Authorization": "Bearer k"})
    assert response.status_code == 200
    assert response.json()["status"] == "healthy"
    assert engine.reloads == 1


async def test_reload_that_finds_nothing_is_503() -> None:
    """Where failures are errors, a reload that failed is one."""
    engine = FakeEngine(state="failed", error_reason="no model")
    async with client_of(engine, stt_admin_key="k") as client:
        response = await client.post("/admin/reload", headers={"Authorization": "Bearer k"})
    assert response.status_code == 503
    assert response.json()["error_code"] == fault_code(ModelLoadError("no model"))


async def test_docs_need_no_other_host() -> None:
    """The documentation's page, script and style all come from here."""
    async with client_of() as client:
        page = await client.get("/docs")
        for name, kind in (
            ("docs/swagger-ui-bundle.js", "text/javascript"),
            ("docs/swagger-ui.css", "text/css"),
            ("docs/start.js", "text/javascript"),
            ("openapi.json", "application/json"),
        ):
            assert name in page.text
            asset = await client.get(f"/{name}")
            assert asset.status_code == 200
            assert asset.headers["content-type"].startswith(kind)
    assert "http" not in re.sub(r"http-equiv", "", page.text)
    assert "default-src 'self'" in page.headers["content-security-policy"]


async def test_lifespan_starts_and_stops_the_engine() -> None:
    """The engine runs as long as the application."""
    engine = FakeEngine()
    app = create_app(Settings(), engine)
    async with app.router.lifespan_context(app):
        assert engine.started
    assert engine.state == "stopped"


def fault_code(error: Exception) -> str:
    from api_server.errors import fault_of

    return fault_of(error).code
