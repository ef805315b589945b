"""How the service is: /health, /ready, /info, /metrics."""

from __future__ import annotations

import platform
from typing import Literal, get_args

from fastapi import APIRouter, Request, Response

from api_server import __version__
from api_server.dependencies import Service, Services
from api_server.openapi import errors
from api_server.options import MAX_PROMPT_CHARS, ResponseFormat
from api_server.rendering import status_of
from api_server.schemas import AgentHealth, HealthResponse, InfoResponse, Limits, ReadyResponse
from api_server.services.agent_types import Agent

router = APIRouter(tags=["state"])


@router.get("/health", summary="How the service is")
async def health(service: Service) -> HealthResponse:
    """Answered with 200 while the process lives, whatever the model does."""
    return health_of(service)


@router.get(
    "/ready",
    summary="Whether requests should be sent here",
    responses={503: {"model": ReadyResponse, "description": "Not now; the reason says why"}},
)
async def ready(service: Service, response: Response) -> ReadyResponse:
    """503 until an inference has succeeded or the fallback was chosen, and while draining."""
    reason = _not_ready(service)
    if reason is not None:
        response.status_code = 503
    return ReadyResponse(ready=reason is None, reason=reason)


@router.get("/info", summary="Versions, model and limits", responses=errors(401, 500, 503))
async def info(service: Service) -> InfoResponse:
    """What runs here, and every limit in force."""
    engine, settings = service.engine, service.settings
    return InfoResponse(
        version=__version__,
        python=platform.python_version(),
        fallback=settings.stt_fallback,
        backend=engine.backend,
        model=engine.model_name,
        is_dummy=engine.is_dummy,
        error_reason=engine.error_reason,
        limits=Limits(
            max_upload_mb=settings.stt_max_upload_mb,
            max_audio_seconds=settings.stt_max_audio_seconds,
            max_queue_seconds=settings.stt_max_queue_seconds,
            drain_seconds=settings.stt_drain_seconds,
            max_prompt_chars=MAX_PROMPT_CHARS,
        ),
        languages=sorted(engine.languages),
        response_formats=list(get_args(ResponseFormat)),
        engine=engine.describe(),
        agent=service.agent.state.limits,
        labels=list(service.analyst.labels),
        products=list(service.analyst.products),
    )


@router.get(
    "/metrics",
    summary="Figures for Prometheus",
    response_class=Response,
    responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
)
async def metrics(request: Request, service: Service) -> Response:
    """Requests, stages, dummies, model; in the text format Prometheus reads."""
    service.metrics.observe_engine(service.engine)
    return service.metrics.response(request.headers.get("accept", ""))


def health_of(service: Services) -> HealthResponse:
    """The state of engine and LLM in the words of `/health`. An LLM that is away does not make
    the service degraded: it transcribes, and the rules answer."""
    engine = service.engine
    statuses: dict[str, Literal["loading", "healthy"]] = {"loading": "loading", "ready": "healthy"}
    real = engine.state == "ready" and not engine.is_dummy
    return HealthResponse(
        status=statuses.get(engine.state, "degraded"),
        backend=engine.backend,
        model=engine.model_name,
        is_dummy=engine.is_dummy,
        error_reason=engine.error_reason,
        component_status=status_of(service.agent, stt=real),
        agent=_agent_of(service.agent),
        version=__version__,
    )


def _agent_of(agent: Agent) -> AgentHealth:
    state = agent.state
    return AgentHealth(
        configured=state.configured,
        available=state.available,
        type=state.agent_type,
        model=state.model,
        error_reason=state.error_reason,
    )


def _not_ready(service: Services) -> str | None:
    if service.drain.requested:
        return "the service is shutting down"
    if service.engine.proved:
        return None
    return service.engine.error_reason or "the model is loading"
