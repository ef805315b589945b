"""How the service is: /health, /ready, /metrics."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import asdict

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from serving.errors import ServiceError
from web_ui import __version__
from web_ui.services import Service, Services
from web_ui.store.transcripts import count_by_state

router = APIRouter()

COUNT_SECONDS = 2.0


@router.get("/health")
async def health(service: Service) -> JSONResponse:
    """Always 200 while the process lives; without a real engine the service is degraded."""
    engine = await service.watch.state()
    healthy = engine.status == "healthy"
    return JSONResponse(
        {
            "status": "healthy" if healthy else "degraded",
            "error_reason": None if healthy else _why(engine.status, engine.error_reason),
            "version": __version__,
            "stt_api": asdict(engine),
        }
    )


@router.get("/ready")
async def ready(service: Service) -> JSONResponse:
    """200 while pages can be made and uploads stored; the engine's state is /health's to tell."""
    reason = await _not_ready(service)
    return JSONResponse({"ready": reason is None, "reason": reason}, 503 if reason else 200)


@router.get("/metrics")
async def metrics(request: Request, service: Service) -> Response:
    """For Prometheus. While the database cannot be read, the counts are those of before."""
    with suppress(ServiceError, TimeoutError):
        async with asyncio.timeout(COUNT_SECONDS):
            service.metrics.set_transcripts(await service.database.read(count_by_state))
    return service.metrics.response(request.headers.get("accept", ""))


def _why(status: str, reason: str | None) -> str:
    return f"stt-api is {status}" + (f": {reason}" if reason else "")


async def _not_ready(service: Services) -> str | None:
    if service.drain.requested:
        return "the service is shutting down"
    if problem := service.renderer.problem():
        return problem
    return await service.storage.problem() or await service.database.problem()
