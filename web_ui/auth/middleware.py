"""Lets nobody in who has not signed in, where sign-in is on; says who asks, everywhere."""

from __future__ import annotations

from starlette.datastructures import MutableHeaders
from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serving.open_routes import is_open
from web_ui.auth.auth import Auth, Visit, is_api
from web_ui.auth.next_page import SIGN_IN, sign_in_page
from web_ui.errors import NotSignedIn

STATIC = "/static/"
# What a WebSocket's client is told: it breaks the rules (RFC 6455, 7.4.1).
POLICY_VIOLATION = 1008


class SignIn:
    """Sets `state.visit` and `state.visitor`, or refuses: a page leads to the sign-in page, /api
    answers 401. Inside ErrorBoundary, which makes an answer of what is raised."""

    def __init__(self, app: ASGIApp, auth: Auth) -> None:
        self.app = app
        self.auth = auth

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in {"http", "websocket"}:
            await self.app(scope, receive, send)
            return
        # Probes must not wait for anything, and nobody needs to be known for a style sheet.
        free = is_open(scope["path"]) or scope["path"].startswith(STATIC)
        visit = self.auth.nobody if free else await self.auth.visit(scope)
        scope.setdefault("state", {}).update(visit=visit, visitor=visit.visitor)
        if free or visit.may_enter or scope["path"] == SIGN_IN:
            await self.app(scope, receive, self._renewing(visit, send))
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": POLICY_VIOLATION})
        elif is_api(scope["path"]):
            raise NotSignedIn("sign in, or send Authorization: Bearer KEY")
        else:
            await RedirectResponse(sign_in_page(scope), 303)(scope, receive, send)

    def _renewing(self, visit: Visit, send: Send) -> Send:
        """Sends a new cookie along while its session is in use."""
        session = visit.session
        if session is None:
            return send

        async def renewing_send(message: Message) -> None:
            if message["type"] == "http.response.start":
                # Asked only now: a handler may just have signed it out.
                later = self.auth.renewed(session)
                if later is not None:
                    cookie = self.auth.cookie(visit.cookie, later)
                    MutableHeaders(scope=message).append("Set-Cookie", cookie)
            await send(message)

        return renewing_send
