"""The /admin routes; the key is checked by the Gate (middleware.py)."""

from __future__ import annotations

import asyncio

from fastapi import APIRouter

from api_server.dependencies import Service
from api_server.openapi import errors
from api_server.routes.health import health_of
from api_server.schemas import HealthResponse
from stt_errors import ModelLoadError

router = APIRouter(prefix="/admin", tags=["administration"])


@router.post("/reload", summary="Load the model again", responses=errors(401, 404, 500, 503))
async def reload(service: Service) -> HealthResponse:
    """Answers when the outcome is known. 404 where `STT_ADMIN_KEY` is not set; 503 where
    nothing could be loaded and `STT_FALLBACK=error`."""
    # A client that hangs up must not leave a model half loaded.
    await asyncio.shield(service.engine.reload())
    if service.engine.state == "failed":
        raise ModelLoadError(service.engine.error_reason or "no model could be loaded")
    return health_of(service)
