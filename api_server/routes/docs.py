"""GET /docs and /openapi.json: Swagger UI from files on this host, which may have no internet."""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec
from pathlib import Path

from anyio.to_thread import run_sync
from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse

from api_server.errors import NotFound

router = APIRouter(include_in_schema=False)

ASSETS = {"swagger-ui-bundle.js": "text/javascript", "swagger-ui.css": "text/css"}
HEADERS = {
    "Content-Security-Policy": "default-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; frame-ancestors 'none'"
}
PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>stt-api</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="docs/swagger-ui.css">
</head>
<body>
<div id="docs"></div>
<noscript>This page needs JavaScript; <a href="openapi.json">openapi.json</a> does not.</noscript>
<script src="docs/swagger-ui-bundle.js"></script>
<script src="docs/start.js"></script>
</body>
</html>
"""
START = """SwaggerUIBundle({
  url: new URL("openapi.json", document.baseURI).href,
  dom_id: "#docs",
  deepLinking: true,
  validatorUrl: null,
});
"""


@router.get("/docs")
async def docs() -> Response:
    return HTMLResponse(PAGE, headers=HEADERS)


@router.get("/openapi.json")
async def document(request: Request) -> Response:
    return JSONResponse(request.app.openapi())


@router.get("/docs/start.js")
async def start() -> Response:
    return Response(START, media_type="text/javascript")


@router.get("/docs/{name}")
async def asset(name: str) -> Response:
    if name not in ASSETS:
        raise NotFound("no such page")
    content = await run_sync(_asset, name)
    headers = {"Cache-Control": "public, max-age=86400"}
    return Response(content, media_type=ASSETS[name], headers=headers)


@cache
def _asset(name: str) -> bytes:
    # Only the package's files are wanted, so its code is never imported.
    package = find_spec("fastapi_offline")
    if package is None or package.origin is None:
        raise NotFound("Swagger UI is not installed here; /openapi.json holds the same")
    return (Path(package.origin).parent / "static" / name).read_bytes()
