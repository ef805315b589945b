"""Ways to run the pages in a test: in process, before a fake or the real stt-api, or alone."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import httpx
from fastapi import FastAPI
from pydantic import SecretStr

from api_server.app import create_app as create_stt_api
from api_server.settings import Settings as SttApiSettings
from tests.fakes import FakeEngine
from web_ui.app import create_app
from web_ui.client import EngineClient, SttApi
from web_ui.settings import Settings

ROOT = Path(__file__).parents[2]
WAV = ("call.wav", b"RIFF not really")
KOREAN = {"Accept-Language": "ko-KR,ko;q=0.9,en;q=0.8"}
ENGLISH = {"Accept-Language": "en-GB,en;q=0.9"}


@asynccontextmanager
async def client_of(
    engine: EngineClient, data: Path, **settings: Any
) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the pages in this process, without a socket."""
    async with client_and_app(engine, data, **settings) as (client, _):
        yield client


@asynccontextmanager
async def client_and_app(
    engine: EngineClient, data: Path, **settings: Any
) -> AsyncIterator[tuple[httpx.AsyncClient, FastAPI]]:
    """The same, and the application that it asks."""
    app = create_app(Settings(web_ui_data=data, **settings), engine)
    transport = httpx.ASGITransport(app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://web") as client,
    ):
        yield client, app


def real_stt_api(engine: FakeEngine, key: str = "", **settings: Any) -> SttApi:
    """The real client before the real stt-api, both in this process; only the model is a fake."""
    app = create_stt_api(SttApiSettings(**settings), engine)
    return SttApi(Settings(stt_api_key=SecretStr(key)), httpx.ASGITransport(app))


@contextmanager
def serving_process(**environment: str) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """The address of `python -m web_ui.app` as a process of its own, once it answers."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    env = {**os.environ, "PORT": str(port), **environment}
    command = [sys.executable, "-m", "web_ui.app"]
    with subprocess.Popen(command, cwd=ROOT, env=env, stderr=subprocess.PIPE) as process:
        try:
            yield f"http://127.0.0.1:{port}", process
        finally:
            process.kill()


def answers(address: str) -> bool:
    """Whether the process serves by now."""
    try:
        return httpx.get(f"{address}/ready", timeout=1).status_code == 200
    except httpx.TransportError:
        return False


class Page(HTMLParser):
    """What a browser would make of a page: its elements, and the text a person reads."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.text = ""
        self.title = ""
        self._open = ""
        self._silent = False
        self.feed(html)
        self.text = re.sub(r"\s+", " ", self.text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        self._open = tag
        self._silent = tag in {"script", "style"}

    def handle_endtag(self, tag: str) -> None:
        self._open = ""
        self._silent = False

    def handle_data(self, data: str) -> None:
        if self._open == "title":
            self.title += data
        if not self._silent:
            self.text += data

    def all(self, tag: str) -> list[dict[str, str]]:
        return [attributes for name, attributes in self.elements if name == tag]

    def with_class(self, name: str) -> list[dict[str, str]]:
        return [attrs for _, attrs in self.elements if name in attrs.get("class", "").split()]
