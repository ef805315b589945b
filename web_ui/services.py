"""What one application is made of; kept in `app.state.services`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from serving.drain import Drain
from web_ui.auth import Auth
from web_ui.client import EngineClient
from web_ui.engine_watch import EngineWatch
from web_ui.library import Library
from web_ui.metrics import Metrics
from web_ui.recordings.listening import Listening
from web_ui.rendering import Renderer
from web_ui.settings import Settings
from web_ui.startup import Startup
from web_ui.storage import Storage
from web_ui.store.database import Database
from web_ui.upload_places import UploadPlaces


@dataclass(frozen=True, slots=True)
class Services:
    """The collaborators of the handlers."""

    settings: Settings
    engine: EngineClient
    watch: EngineWatch
    renderer: Renderer
    metrics: Metrics
    drain: Drain
    storage: Storage
    places: UploadPlaces
    auth: Auth
    database: Database
    library: Library
    listening: Listening
    startup: Startup


async def services_of(request: Request) -> Services:
    services: Services = request.app.state.services
    return services


Service = Annotated[Services, Depends(services_of)]
