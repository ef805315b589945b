"""`/sign-in` and `/sign-out`."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Protocol

from fastapi import APIRouter, Depends, Request, Response
from starlette.responses import RedirectResponse

from serving.errors import InvalidOption, ServiceError
from serving.record import record_of
from serving.uploads import received_form
from web_ui.auth import cookies
from web_ui.auth.auth import Auth, Visit
from web_ui.auth.next_page import HOME, SIGN_IN, SIGN_OUT, local_page
from web_ui.auth.passwords import MAX_CHARS
from web_ui.auth.users import MAX_NAME_CHARS
from web_ui.errors import WrongPassword
from web_ui.logs import report
from web_ui.store import audit
from web_ui.store.audit import Action, AuditEntry
from web_ui.store.database import Database
from web_ui.views import SignInView

MAX_ADDRESS_CHARS = 64

log = logging.getLogger("web.sign_in")
router = APIRouter()


class SignInPages(Protocol):
    def sign_in(self, request: Request, view: SignInView) -> Response: ...


class SignInServices(Protocol):
    """What these routes need of `app.state.services`."""

    @property
    def auth(self) -> Auth: ...
    @property
    def database(self) -> Database: ...
    @property
    def renderer(self) -> SignInPages: ...


async def _services_of(request: Request) -> SignInServices:
    services: SignInServices = request.app.state.services
    return services


async def _visit_of(request: Request) -> Visit:
    visit: Visit = request.scope["state"]["visit"]
    return visit


Service = Annotated[SignInServices, Depends(_services_of)]
Visiting = Annotated[Visit, Depends(_visit_of)]


@dataclass(frozen=True, slots=True)
class SignInForm:
    """What was typed in."""

    name: str = ""
    password: str = ""
    next: str = HOME

    @classmethod
    async def read(cls, request: Request) -> SignInForm:
        """Raises what cannot be read, and `InvalidOption` for what is too long."""
        async with received_form(request, 0, None) as sent:
            fields = sent.fields
        for field, limit in (("name", MAX_NAME_CHARS), ("password", MAX_CHARS)):
            if len(fields.get(field, "")) > limit:
                raise InvalidOption(f"{field}: at most {limit} characters")
        page = local_page(fields.get("next", HOME))
        return cls(fields.get("name", ""), fields.get("password", ""), page)


@router.api_route(SIGN_IN, methods=["GET", "HEAD"])
async def show(request: Request, service: Service, visit: Visiting) -> Response:
    """The form; who need not sign in, or has done so, goes on."""
    page = local_page(request.query_params.get("next", HOME))
    if visit.may_enter:
        return _to(page)
    return service.renderer.sign_in(request, SignInView(page, record_of(request.scope).request_id))


@router.post(SIGN_IN)
async def sign_in(request: Request, service: Service, visit: Visiting) -> Response:
    """Let in whoever's password is right; or the form again, and why not."""
    if not visit.visitor.signs_in:
        return _to(HOME)
    form = SignInForm()
    try:
        form = await SignInForm.read(request)
        return await _let_in(request, service, visit, form)
    except ServiceError as error:
        fault = report(error, record_of(request.scope))
        request_id = record_of(request.scope).request_id
        view = SignInView(form.next, request_id, form.name, fault)
        return service.renderer.sign_in(request, view)


async def _let_in(
    request: Request, service: SignInServices, visit: Visit, form: SignInForm
) -> Response:
    try:
        session = await service.auth.sign_in(form.name, form.password, _address(request))
    except WrongPassword:
        # The name only where it is a user's: people type passwords there.
        await _note(request, service, "sign_in_failed", service.auth.known(form.name))
        raise
    await _note(request, service, "sign_in", session.name)
    if visit.session is not None:
        service.auth.sign_out(visit.session)
    response = _to(form.next)
    cookie = service.auth.cookie(cookies.name_for(request.scope), session)
    response.headers.append("Set-Cookie", cookie)
    return response


@router.post(SIGN_OUT)
async def sign_out(request: Request, service: Service, visit: Visiting) -> Response:
    """End the session, and take its cookie away."""
    response = _to(SIGN_IN)
    if visit.session is not None:
        service.auth.sign_out(visit.session)
        response.headers.append("Set-Cookie", cookies.header(visit.cookie, "", 0))
        await _note(request, service, "sign_out", visit.session.name)
    return response


async def _note(request: Request, service: SignInServices, action: Action, who: str) -> None:
    """To the log without a name, to the audit table with it."""
    request_id = record_of(request.scope).request_id
    log.info("request_id=%s %s", request_id, action)
    entry = AuditEntry(datetime.now(UTC), who, _address(request), action, request_id)
    await service.database.write(audit.add, entry)


def _address(request: Request) -> str:
    """Where the connection comes from. What a proxy says of its own client is not believed:
    whoever can connect can say the same."""
    return request.client.host[:MAX_ADDRESS_CHARS] if request.client else ""


def _to(page: str) -> RedirectResponse:
    return RedirectResponse(page, 303)
