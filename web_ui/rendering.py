"""Pages from templates: everything escaped, each with its words and its nonce."""

from __future__ import annotations

import hashlib
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, TemplateError
from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.staticfiles import StaticFiles
from starlette.types import Message, Receive, Scope, Send

from serving.errors import Fault
from web_ui import upload_form
from web_ui.views import FaultView, HomeView, clock
from web_ui.words import Words, words_for

HERE = Path(__file__).parent
TEMPLATES = ("home.html", "fault.html")
STATIC_SECONDS = 24 * 3600


class Renderer:
    """Fills the templates; they are read once."""

    def __init__(self) -> None:
        self._environment = Environment(
            loader=FileSystemLoader(HERE / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        version = _version_of(HERE / "static")
        self._environment.filters["clock"] = clock
        self._environment.globals.update(
            static=lambda path: f"/static/{path}?v={version}",
            languages=upload_form.LANGUAGES,
            qualities=upload_form.QUALITIES,
        )

    def home(self, request: Request, view: HomeView) -> HTMLResponse:
        page = self._page(request, "home.html", view, view.fault)
        if view.result and view.result.is_dummy:
            page.headers["X-Dummy"] = "stt"
        return page

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

    def _page(
        self, request: Request, name: str, view: HomeView | FaultView, fault: Fault | None
    ) -> HTMLResponse:
        words = words_asked_for(request)
        html = self._environment.get_template(name).render(
            view=view, t=words, lang=words.language, nonce=request.scope["state"]["nonce"]
        )
        headers = {
            "Content-Language": words.language,
            "Vary": "Accept-Language",
            **(fault.headers if fault else {}),
        }
        return HTMLResponse(html, fault.status if fault else 200, headers)


def words_asked_for(request: Request) -> Words:
    """In the language of `?lang=`, or the one the browser prefers."""
    wanted = request.query_params.get("lang", "")
    return words_for(wanted, request.headers.get("accept-language", ""))


class Static(StaticFiles):
    """Style sheets, scripts and images, kept by browsers: an address names its content.

    path: what logs and metrics call them all.
    """

    path = "/static"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope["route"] = self

        async def kept_send(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] < 400:
                headers = MutableHeaders(scope=message)
                headers["Cache-Control"] = f"public, max-age={STATIC_SECONDS}"
            await send(message)

        await super().__call__(scope, receive, kept_send)


def _version_of(directory: Path) -> str:
    """Changes when any file of the directory does."""
    files = sorted(path for path in directory.rglob("*") if path.is_file())
    return hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()[:12]
