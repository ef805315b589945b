"""What every answer to a tus client carries, whoever gives it: a handler or an error."""

from __future__ import annotations

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from web_ui.recordings.tus import ALWAYS


class TusAnswers:
    """Middleware: marks the answers below `path` as the protocol's. It belongs outside of
    whatever turns errors into answers."""

    def __init__(self, app: ASGIApp, path: str = "/api/uploads") -> None:
        self.app = app
        self.path = path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not self._is_ours(scope["path"]):
            await self.app(scope, receive, send)
            return

        async def marked_send(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(ALWAYS)
            await send(message)

        await self.app(scope, receive, marked_send)

    def _is_ours(self, path: str) -> bool:
        return path == self.path or path.startswith(f"{self.path}/")
