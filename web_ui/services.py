"""What one application is made of; kept in `app.state.services`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from serving.drain import Drain
from serving.metrics import RequestMetrics
from web_ui.client import EngineClient
from web_ui.engine_watch import EngineWatch
from web_ui.rendering import Renderer
from web_ui.settings import Settings
from web_ui.storage import Storage
from web_ui.upload_places import UploadPlaces


@dataclass(frozen=True, slots=True)
class Services:
    """The collaborators of the handlers."""

    settings: Settings
    engine: EngineClient
    watch: EngineWatch
    renderer: Renderer
    metrics: RequestMetrics
    drain: Drain
    storage: Storage
    places: UploadPlaces


async def services_of(request: Request) -> Services:
    services: Services = request.app.state.services
    return services


Service = Annotated[Services, Depends(services_of)]
