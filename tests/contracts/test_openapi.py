"""The OpenAPI document is a contract: it changes on purpose, or not at all.

After a wanted change: `python -m api_server.openapi > tests/contracts/openapi.json`.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from api_server.app import create_app
from api_server.options import RecordingForm, TranscribeForm
from api_server.settings import Settings
from tests.fakes import FakeEngine

STORED = Path(__file__).with_name("openapi.json")
FORMS = {"/transcribe": TranscribeForm, "/detect-language": RecordingForm}


@pytest.fixture(name="document", scope="module")
def _document() -> dict[str, Any]:
    return create_app(Settings(), FakeEngine()).openapi()


def test_document_is_the_stored_one(document: dict[str, Any]) -> None:
    """What clients were told is what they get."""
    assert document == json.loads(STORED.read_text(encoding="utf-8"))


def test_contracts_routes_are_there(document: dict[str, Any]) -> None:
    """Every route of this version, with its method."""
    routes = {(path, method) for path, methods in document["paths"].items() for method in methods}
    assert routes == {
        ("/transcribe", "post"), ("/detect-language", "post"), ("/health", "get"),
        ("/classify", "post"), ("/validate/incomplete-sales", "post"), ("/summarize", "post"),
        ("/translate", "post"), ("/ready", "get"), ("/info", "get"), ("/metrics", "get"),
        ("/admin/reload", "post"),
    }  # fmt: skip


@pytest.mark.parametrize("path", FORMS)
def test_forms_fields_are_described(path: str, document: dict[str, Any]) -> None:
    """Each field the form takes stands in the document, with a description."""
    content = document["paths"][path]["post"]["requestBody"]["content"]
    fields = content["multipart/form-data"]["schema"]["properties"]
    assert set(fields) == {"file", *FORMS[path].model_fields}
    assert [name for name, field in fields.items() if not field.get("description")] == []
    plain = content["application/x-www-form-urlencoded"]["schema"]["properties"]
    assert set(plain) == set(FORMS[path].model_fields)


def test_errors_have_the_one_shape(document: dict[str, Any]) -> None:
    """Every documented error is an ErrorResponse, but for /ready, which says why not."""
    for path, operations in document["paths"].items():
        for operation in operations.values():
            for status, response in operation["responses"].items():
                if int(status) >= 400 and path != "/ready":
                    schema = response["content"]["application/json"]["schema"]
                    assert schema == {"$ref": "#/components/schemas/ErrorResponse"}


def test_every_route_says_what_it_does(document: dict[str, Any]) -> None:
    """A summary and a description each."""
    for operations in document["paths"].values():
        for operation in operations.values():
            assert operation["summary"]
            assert operation["description"]


def test_keys_are_asked_where_they_are_needed(document: dict[str, Any]) -> None:
    """The document knows which routes are open and which are the administrator's."""
    security = {
        path: operation["security"]
        for path, operations in document["paths"].items()
        for operation in operations.values()
    }
    assert security["/health"] == security["/ready"] == security["/metrics"] == []
    assert security["/admin/reload"] == [{"admin_key": []}]
    assert {"api_key": []} in security["/transcribe"]
