"""Home pages made by hand, each state a test needs, and what a browser makes of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from typing import Any

from starlette.requests import Request

from tests.web.fakes import READY
from tests.web.harness import Page
from web_ui.records import Options, State, Transcript
from web_ui.rendering import Renderer
from web_ui.upload_form import UploadForm
from web_ui.views import Filters, HomeView, ListItem, ListPage, Visitor

NONCE = "n0nce"
CREATED = datetime(2026, 11, 22, 1, 20, tzinfo=UTC)
ID = "0123456789abcdef0123456789abcdef"


def a_transcript(state: State = "done", **changes: Any) -> Transcript:
    """A call of twelve minutes and a half."""
    whole = Transcript(
        key=1,
        id=ID,
        title="해지 상담",
        file_name="call.wav",
        file_bytes=48_000_000,
        state=state,
        phase="transcribe",
        created_at=CREATED,
        updated_at=CREATED,
        options=Options(),
        language="ko",
        seconds_total=754.0,
    )
    return replace(whole, **changes)


def an_item(state: State = "done", /, **changes: Any) -> ListItem:
    """A line of the list; what is the line's own goes there, the rest to its transcript."""
    own = {"seconds_left", "ahead", "uploaded_bytes", "hits", "hit_count"}
    about = {name: value for name, value in changes.items() if name in own}
    kept = {name: value for name, value in changes.items() if name not in own}
    return ListItem(a_transcript(state, **kept), **about)


def a_list(*items: ListItem, **changes: Any) -> ListPage:
    return replace(ListPage(items, total=len(items), page=1, per_page=20), **changes)


def a_view(*items: ListItem, **changes: Any) -> HomeView:
    """`/` with these lines, the engine ready, nobody signed in."""
    view = HomeView(
        engine=READY,
        visitor=Visitor(),
        form=UploadForm(),
        filters=Filters(),
        listed=a_list(*items),
        languages=("ko", "en"),
        max_upload_mb=512,
        request_id="r-1",
    )
    return replace(view, **changes)


@cache
def renderer() -> Renderer:
    return Renderer()


def html_of(view: HomeView, language: str = "ko", target: str = "/", cookies: str = "") -> str:
    """The page of `view` for a visitor who reads `language` and asked for `target`."""
    path, _, query = target.partition("?")
    headers = [(b"accept-language", language.encode()), (b"cookie", cookies.encode())]
    state = {"nonce": NONCE, "visitor": view.visitor}
    scope = {
        "type": "http",
        "method": "GET",
        "path": path,
        "query_string": query.encode(),
        "headers": headers,
        "state": state,
    }
    return bytes(renderer().home(Request(scope), view).body).decode()


def page_of(view: HomeView, language: str = "ko", target: str = "/", cookies: str = "") -> Page:
    return Page(html_of(view, language, target, cookies))


def hooks(page: Page, name: str) -> list[dict[str, str]]:
    """Elements with the attribute `data-NAME`."""
    return [attrs for _, attrs in page.elements if f"data-{name}" in attrs]
