"""Pages from templates: everything escaped, each with its words and its nonce."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeAlias
from urllib.parse import urlencode

from jinja2 import Environment, FileSystemLoader, StrictUndefined, TemplateError
from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.staticfiles import StaticFiles
from starlette.types import Message, Receive, Scope, Send

from serving.errors import Fault
from web_ui import upload_form
from web_ui.compliance import STATUSES, VERDICTS
from web_ui.records import STATES
from web_ui.views import FaultView, HomeView, SignInView, TranscriptView, Visitor, clock
from web_ui.words import Words, words_for

HERE = Path(__file__).parent
TEMPLATES = ("home.html", "transcript.html", "report.html", "sign_in.html", "fault.html")
STATIC_SECONDS = 365 * 24 * 3600
COOKIE_SECONDS = 365 * 24 * 3600
THEMES = frozenset({"light", "dark"})

View: TypeAlias = HomeView | TranscriptView | SignInView | FaultView


class Renderer:
    """Fills the templates; they are read once. Each page takes the time its content takes: a
    transcript's belongs on a thread."""

    def __init__(self) -> None:
        self._environment = Environment(
            loader=FileSystemLoader(HERE / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        version = version_of(HERE / "static")
        self._environment.filters["clock"] = clock
        self._environment.globals.update(
            static=lambda path: f"{Static.path}/{version}/{path}",
            languages=upload_form.LANGUAGES,
            targets=upload_form.TARGETS,
            qualities=upload_form.QUALITIES,
            channels=upload_form.CHANNELS,
            states=STATES,
            verdicts=VERDICTS,
            statuses=STATUSES,
        )

    def home(self, request: Request, view: HomeView) -> HTMLResponse:
        return self._page(request, "home.html", view, view.fault)

    def transcript(self, request: Request, view: TranscriptView) -> HTMLResponse:
        return self._marked(self._page(request, "transcript.html", view, view.fault), view)

    def report(self, request: Request, view: TranscriptView) -> HTMLResponse:
        return self._marked(self._page(request, "report.html", view, view.fault), view)

    def sign_in(self, request: Request, view: SignInView) -> HTMLResponse:
        return self._page(request, "sign_in.html", view, view.fault)

    def fault(self, request: Request, view: FaultView) -> HTMLResponse:
        return self._page(request, "fault.html", view, view.fault)

    def problem(self) -> str | None:
        """Why no page can be made, if so."""
        try:
            for name in TEMPLATES:
                self._environment.get_template(name)
        except TemplateError as error:
            return f"a template cannot be used: {type(error).__name__}"
        return None

    def _marked(self, page: HTMLResponse, view: TranscriptView) -> HTMLResponse:
        if view.transcript.is_dummy:
            page.headers["X-Dummy"] = "stt"
        return page

    def _page(self, request: Request, name: str, view: View, fault: Fault | None) -> HTMLResponse:
        words = words_asked_for(request)
        html = self._environment.get_template(name).render(
            view=view,
            t=words,
            lang=words.language,
            theme=theme_of(request),
            nonce=request.scope["state"]["nonce"],
            visitor=request.scope["state"].get("visitor") or Visitor(),
            path=_own_path(request),
            now=datetime.now(UTC),
        )
        headers = {
            "Content-Language": words.language,
            "Vary": "Accept-Language, Cookie",
            **(fault.headers if fault else {}),
        }
        page = HTMLResponse(html, fault.status if fault else 200, headers)
        if request.query_params.get("lang") == words.language:
            page.set_cookie(
                "lang", words.language, COOKIE_SECONDS, path="/", samesite="lax", httponly=True
            )
        return page


def words_asked_for(request: Request) -> Words:
    """In the language of `?lang=`, or the one chosen before, or the one the browser prefers."""
    wanted = request.query_params.get("lang") or request.cookies.get("lang", "")
    return words_for(wanted, request.headers.get("accept-language", ""))


def theme_of(request: Request) -> str | None:
    """`light` or `dark` where somebody chose; None: as the system has it."""
    theme = request.cookies.get("theme", "")
    return theme if theme in THEMES else None


def _own_path(request: Request) -> str:
    """The page's path and query, but for the language. What answers a form is shown by GET at
    the page that holds the form."""
    path = request.url.path
    if request.method == "POST" and path.startswith("/transcripts/"):
        path = "/".join(path.split("/")[:3])
    query = [(name, value) for name, value in request.query_params.multi_items() if name != "lang"]
    return f"{path}?{urlencode(query)}" if query and request.method != "POST" else path


class Static(StaticFiles):
    """Style sheets, scripts and images. Behind the version of all of them, as pages name them,
    browsers keep them for good: scripts name each other relatively, and so by version too.

    path: what logs and metrics call them all.
    """

    path = "/static"

    def __init__(self, directory: Path) -> None:
        super().__init__(directory=directory)
        self._version = version_of(directory)

    def get_path(self, scope: Scope) -> str:
        path = super().get_path(scope)
        first, _, rest = path.partition("/")
        return rest if first == self._version else path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope["route"] = self
        kept = f"/{self._version}/" in scope["path"]

        async def kept_send(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] < 400:
                headers = MutableHeaders(scope=message)
                headers["Cache-Control"] = (
                    f"public, max-age={STATIC_SECONDS}, immutable" if kept else "no-cache"
                )
            await send(message)

        await super().__call__(scope, receive, kept_send)


def version_of(directory: Path) -> str:
    """Changes when any file of the directory does."""
    files = sorted(path for path in directory.rglob("*") if path.is_file())
    return hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()[:12]
