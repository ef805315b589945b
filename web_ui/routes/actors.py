"""Who asks: for the audit, and beside every edit and verdict."""

from __future__ import annotations

from starlette.requests import Request

from serving.record import record_of
from web_ui.errors import InvalidField
from web_ui.library import Actor
from web_ui.views import Visitor

# Where sign-in is off nobody has a name.
NOBODY = "anonymous"
MAX_NAME_CHARS = 100


def visitor_of(request: Request) -> Visitor:
    visitor: Visitor = request.scope["state"].get("visitor") or Visitor()
    return visitor


def actor_of(request: Request) -> Actor:
    address = request.client.host if request.client else ""
    return Actor(visitor_of(request).name or NOBODY, address, record_of(request.scope).request_id)


def reviewer_of(request: Request, told: str) -> Actor:
    """Whose verdict it is: the one signed in, or the name that was told. Raises `InvalidField`."""
    actor, name = actor_of(request), " ".join(told.split())
    if visitor_of(request).name:
        return actor
    if not name or len(name) > MAX_NAME_CHARS or not name.isprintable():
        raise InvalidField(f"who: the reviewer's name is needed, up to {MAX_NAME_CHARS} characters")
    return Actor(name, actor.address, actor.request_id)
