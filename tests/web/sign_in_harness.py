"""A small service behind sign-in, in process: its pages, its clock, its users."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import httpx
from argon2 import PasswordHasher
from fastapi import FastAPI, Request
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.middleware import Middleware
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.types import Scope

from serving.metrics import RequestMetrics
from serving.middleware import ErrorBoundary, RequestRecorder
from serving.record import record_of
from web_ui import logs
from web_ui.auth.api_keys import ApiKeys
from web_ui.auth.auth import Auth, SignInOff, SignInOn
from web_ui.auth.middleware import SignIn
from web_ui.auth.passwords import Argon2, Hasher, Passwords
from web_ui.auth.routes import router
from web_ui.auth.sessions import Sessions
from web_ui.auth.users import Users
from web_ui.rendering import HERE
from web_ui.security import ContentPolicy, OwnPagesOnly
from web_ui.store import audit
from web_ui.store.audit import AuditEntry
from web_ui.store.database import Database, sqlite_url
from web_ui.views import SignInView, Visitor
from web_ui.words import words_for

# The real algorithm at its cheapest: a test is no attack.
CHEAP = Argon2(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
ENGLISH = {"Accept-Language": "en-GB,en;q=0.9"}
KIM = ("kim", "correct horse battery")
PARK = ("박 영희", "다람쥐 헌 쳇바퀴에")
SECRET = "s" * 64
KEY = "a-key-of-a-program"
# Always the same: of a random one, a shortened copy is sometimes a hash as well.
HASH = f"$argon2id$v=19$m=8,t=1,p=1${'c2FsdHNhbHRzYWx0c2FsdA'}${'YWJj' * 10}ZGU"
HOURS = 12
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC).timestamp()


@dataclass
class Clock:
    """The time, as a test wants it."""

    now: float = NOON

    def __call__(self) -> float:
        return self.now


@dataclass
class CountingHasher:
    """The real one, counted."""

    compared: list[str] = field(default_factory=list)

    def hash(self, password: str) -> str:
        return CHEAP.hash(password)

    def matches(self, encoded: str, password: str) -> bool:
        self.compared.append(encoded)
        return CHEAP.matches(encoded, password)


@dataclass
class Pages:
    """The sign-in page from its template, as every page is made."""

    environment: Environment = field(
        default_factory=lambda: Environment(
            loader=FileSystemLoader(HERE / "templates"), autoescape=True, undefined=StrictUndefined
        )
    )

    def sign_in(self, request: Request, view: SignInView) -> Response:
        words = words_for("", request.headers.get("accept-language", ""))
        html = self.environment.get_template("sign_in.html").render(
            view=view,
            t=words,
            lang=words.language,
            theme="",
            nonce=request.scope["state"]["nonce"],
            visitor=request.scope["state"]["visitor"],
            path=request.url.path,
            now=datetime.now(UTC),
        )
        fault = view.fault
        return HTMLResponse(html, fault.status if fault else 200, fault.headers if fault else {})


def pages() -> Pages:
    made = Pages()
    made.environment.globals["static"] = "/static/{}".format
    return made


@dataclass
class Site:
    """The service and what it is made of."""

    auth: Auth
    database: Database
    renderer: Pages
    client: httpx.AsyncClient
    clock: Clock
    hasher: CountingHasher
    path: Path
    app: FastAPI

    async def sign_in(self, who: tuple[str, str] = KIM, **more: str) -> httpx.Response:
        name, password = who
        return await self.client.post("/sign-in", data={"name": name, "password": password, **more})

    async def visitor(self) -> str | None:
        """Whom a page greets; None where it asks to sign in."""
        answer = await self.client.get("/")
        return answer.text if answer.status_code == 200 else None

    async def audited(self) -> list[AuditEntry]:
        return list(reversed(await self.database.read(audit.recent)))


def write_users(path: Path, *users: tuple[str, str]) -> None:
    lines = [f"{name}:{CHEAP.hash(password)}\n" for name, password in users]
    path.write_text("# the staff\n\n" + "".join(lines), encoding="utf-8")


@asynccontextmanager
async def site_of(
    directory: Path, users: tuple[tuple[str, str], ...] = (KIM, PARK), base: str = "http://web"
) -> AsyncIterator[Site]:
    """A service whose users these are; none at all: sign-in is off."""
    clock, hasher, path = Clock(), CountingHasher(), directory / "users"
    if users:
        write_users(path, *users)
    auth = signing_in(path, hasher, clock) if users else SignInOff()
    database = Database(sqlite_url(directory))
    await database.open()
    app = _app(auth)
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url=base) as client:
        site = Site(auth, database, pages(), client, clock, hasher, path, app)
        app.state.services = site
        try:
            yield site
        finally:
            auth.close()
            await database.close()


def signing_in(path: Path, hasher: Hasher, clock: Callable[[], float]) -> SignInOn:
    return SignInOn(
        Users.read(path),
        Sessions(SECRET, HOURS * 3600),
        Passwords(hasher),
        ApiKeys([KEY, "another-key"]),
        wall=clock,
        steady=clock,
    )


def _app(auth: Auth) -> FastAPI:
    def answer(error: BaseException, scope: Scope) -> Response:
        fault = logs.report(error, record_of(scope))
        return JSONResponse({"error_code": fault.code}, fault.status, fault.headers)

    app = FastAPI(
        openapi_url=None,
        redirect_slashes=False,
        middleware=[
            Middleware(
                RequestRecorder,
                metrics=RequestMetrics("test"),
                logger=logging.getLogger("web.requests"),
                headers={},
            ),
            Middleware(ContentPolicy),
            Middleware(ErrorBoundary, answer=answer),
            Middleware(OwnPagesOnly),
            Middleware(SignIn, auth=auth),
        ],
    )
    app.include_router(router)
    for path in ("/", "/transcripts/{id}", "/health", "/ready", "/metrics", "/static/{name}"):
        app.add_api_route(path, _greet, methods=["GET", "HEAD", "POST"])
    app.add_api_route("/api/transcripts", _greet, methods=["GET", "POST"])
    return app


async def _greet(request: Request) -> Response:
    visitor: Visitor = request.scope["state"]["visitor"]
    return PlainTextResponse(visitor.name or ("nobody" if visitor.signs_in else "anybody"))


def cookies_of(answer: httpx.Response) -> list[str]:
    return answer.headers.get_list("set-cookie")
