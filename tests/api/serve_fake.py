"""Serve a fake engine as a process of its own: `python -m tests.api.serve_fake SECONDS`."""

from __future__ import annotations

import sys

from api_server import logs
from api_server.app import create_app
from api_server.settings import load_settings
from serving import server
from stt_types import Progress
from tests.fakes import SEGMENT, TRANSCRIPT, FakeEngine


def main() -> None:
    settings = load_settings()
    logs.configure(settings.log_level, settings.log_format)
    seconds = float(sys.argv[1])
    engine = FakeEngine(script=[SEGMENT, Progress(3.4, 3.89), seconds, TRANSCRIPT])
    app = create_app(settings, engine)
    server.serve(app, settings, app.state.services.drain)


if __name__ == "__main__":
    main()
