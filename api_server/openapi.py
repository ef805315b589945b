"""What the OpenAPI document says beyond the handlers' types.

Forms are read as they arrive (serving/uploads.py), so the framework cannot see their fields: they
are described here, from the same models. `python -m api_server.openapi` prints the document.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel

from api_server import __version__, examples
from api_server.analysis_schemas import SegmentIn
from api_server.options import RecordingForm, TranscribeForm
from api_server.schemas import ErrorResponse
from serving.open_routes import OPEN_ROUTES

Responses = dict[int | str, dict[str, Any]]

DESCRIPTION = """\
Speech to text that says honestly when it cannot: where no real transcript can be made, a
dummy answers, marked by `is_dummy`, `error_reason`, `component_status` and the header
`X-Dummy`. With `STT_FALLBACK=error` it is an error instead.

Every answer carries `X-Request-ID`; one sent with the request is kept. Errors have one shape.
"""
MEANINGS = {
    401: "A key is missing or wrong",
    403: "`file_path` is outside the permitted directories",
    404: "`file_path` names no file",
    408: "The client stopped sending",
    413: "The upload is larger than `STT_MAX_UPLOAD_MB`",
    415: "Neither a multipart nor a url-encoded form",
    422: "A field or the recording cannot be used; the reason names it and its limit",
    429: "Too much audio is waiting; `Retry-After` says when to come back",
    500: "An unexpected error",
    502: "The LLM did not answer and nothing else can (with `STT_FALLBACK=error`)",
    503: "No model, a failed transcription (with `STT_FALLBACK=error`), or shutting down",
    507: "The upload cannot be stored",
}
FILE = {
    "type": "string",
    "format": "binary",
    "description": "The recording: any container and codec with an audio track, of at most "
    "`STT_MAX_UPLOAD_MB`. Instead of `file_path`.",
}
TRANSCRIPT_CONTENT: Responses = {
    200: {
        "description": "The transcript in `response_format`, or its events with `stream=true`: "
        "`segment`, `progress`, then one `result`, or an `error`. A request that goes on at the "
        "`seconds_done` of a `progress` loses nothing: the seconds, `suppressed` and `gaps` of "
        "each `progress` came since the one before and add up to the whole.",
        "content": {
            "text/event-stream": {"schema": {"type": "string"}, "example": examples.EVENTS},
            "text/plain": {"schema": {"type": "string"}},
            "application/x-subrip": {"schema": {"type": "string"}, "example": examples.SRT},
            "text/vtt": {"schema": {"type": "string"}},
            "text/tab-separated-values": {"schema": {"type": "string"}},
        },
        "headers": {
            "X-Dummy": {
                "description": "`stt`, `agent` or both, where a dummy answers",
                "schema": {"type": "string"},
            },
            "Server-Timing": {"description": "Stages in ms", "schema": {"type": "string"}},
        },
    }
}


def errors(*statuses: int) -> Responses:
    """The errors a route may answer with."""
    return {
        status: {"model": ErrorResponse, "description": MEANINGS[status]} for status in statuses
    }


RECORDING_ERRORS = errors(401, 403, 404, 408, 413, 415, 422, 429, 500, 503, 507)


def json_request(kind: type[BaseModel]) -> dict[str, Any]:
    """`openapi_extra` for a route that reads its JSON body itself."""
    schema = kind.model_json_schema(ref_template="#/components/schemas/{model}")
    schema.pop("$defs", None)
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}


def form_body(form: type[BaseModel]) -> dict[str, Any]:
    """`openapi_extra` for a route that takes a recording and the fields of `form`."""
    schema = form.model_json_schema()
    multipart = {**schema, "properties": {"file": FILE, **schema["properties"]}}
    return {
        "requestBody": {
            "required": True,
            "content": {
                "multipart/form-data": {"schema": multipart},
                "application/x-www-form-urlencoded": {"schema": schema},
            },
        }
    }


TRANSCRIBE_BODY = form_body(TranscribeForm)
RECORDING_BODY = form_body(RecordingForm)


def describe(app: FastAPI) -> None:
    """Give the application its document: keys, where they are needed, and the rest."""

    def document() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _document(app)
        return app.openapi_schema

    app.openapi = document  # type: ignore[method-assign]


def _document(app: FastAPI) -> dict[str, Any]:
    document = get_openapi(
        title="stt-api", version=__version__, description=DESCRIPTION, routes=app.routes
    )
    document["components"]["schemas"][SegmentIn.__name__] = SegmentIn.model_json_schema()
    schemes = document.setdefault("components", {}).setdefault("securitySchemes", {})
    schemes["api_key"] = _scheme("Needed where `STT_API_KEYS` is set.")
    schemes["admin_key"] = _scheme("`STT_ADMIN_KEY`, which also enables these routes.")
    for path, operations in document["paths"].items():
        for operation in operations.values():
            operation["security"] = _security(path)
    return document


def _scheme(description: str) -> dict[str, str]:
    return {"type": "http", "scheme": "bearer", "description": description}


def _security(path: str) -> list[dict[str, list[str]]]:
    if path in OPEN_ROUTES:
        return []
    if path.startswith("/admin/"):
        return [{"admin_key": []}]
    return [{}, {"api_key": []}]


def main() -> None:
    """Print the document; it needs the routes, not an engine."""
    from api_server.app import ROUTERS

    app = FastAPI()
    for router in ROUTERS:
        app.include_router(router)
    describe(app)
    json.dump(app.openapi(), sys.stdout, indent=1, ensure_ascii=False)
    sys.stdout.write("\n")


if __name__ == "__main__":
    main()
