"""A request's JSON, bounded, and read into a model."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError
from starlette.requests import Request

from serving.errors import MalformedBody, UnsupportedBody
from serving.uploads import chunks
from web_ui.errors import InvalidField

MAX_BYTES = 256 * 1024

Kind = TypeVar("Kind", bound="JsonBody")


class JsonBody(BaseModel):
    """What a route takes; a field it does not know is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


async def read_json(request: Request, kind: type[Kind]) -> Kind:
    """Raises `UnsupportedBody`, `MalformedBody`, and `InvalidField`, which names the field."""
    content = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if content != "application/json":
        raise UnsupportedBody("Content-Type: send application/json")
    body = bytearray()
    async for chunk in chunks(request):
        body += chunk
        if len(body) > MAX_BYTES:
            raise MalformedBody(f"the body is longer than {MAX_BYTES} bytes")
    with named_fields():
        return kind.model_validate_json(bytes(body) or b"{}")


@contextmanager
def named_fields() -> Iterator[None]:
    """A model's complaints as one line that names every field. Raises `InvalidField`."""
    try:
        yield
    except ValidationError as error:
        problems = [_problem(dict(problem)) for problem in error.errors(include_url=False)]
        raise InvalidField("; ".join(problems)) from None


def _problem(problem: dict[str, Any]) -> str:
    name = ".".join(str(part) for part in problem["loc"])[:100] or "body"
    if problem["type"] == "extra_forbidden":
        return f"{name}: unknown field"
    return f"{name}: {str(problem['msg']).removeprefix('Value error, ')}"
