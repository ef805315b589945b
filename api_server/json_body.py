"""A request's JSON body: bounded in size and patience, with errors that name the field."""

from __future__ import annotations

import json
from functools import partial
from typing import TypeVar

from pydantic import BaseModel, ValidationError
from starlette.requests import Request

from serving.errors import InvalidOption, MalformedBody, UnsupportedBody, UploadTooLarge
from serving.uploads import chunks
from stt_threads import in_thread

MAX_BODY_BYTES = 8 * 1024 * 1024

Body = TypeVar("Body", bound=BaseModel)


async def read_json(request: Request, kind: type[Body]) -> Body:
    """Read the body as `kind`; parsed in a thread, since it may hold hours of speech."""
    declared = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if declared != "application/json":
        raise UnsupportedBody("Content-Type: send application/json")
    length = request.headers.get("content-length", "")
    if length.isdecimal() and int(length) > MAX_BODY_BYTES:
        raise _too_large()
    body = bytearray()
    async for chunk in chunks(request):
        body += chunk
        if len(body) > MAX_BODY_BYTES:
            raise _too_large()
    return await in_thread(partial(_parse, bytes(body), kind))


def _parse(body: bytes, kind: type[Body]) -> Body:
    try:
        value = json.loads(body.decode("utf-8"))
    except json.JSONDecodeError as error:
        place = f"line {error.lineno} column {error.colno}"
        raise MalformedBody(f"the body is not JSON: {error.msg} at {place}") from None
    except UnicodeDecodeError:
        raise MalformedBody("the body is not UTF-8") from None
    except RecursionError:
        raise MalformedBody("the body is nested too deeply") from None
    except ValueError:  # Python reads no number of more than 4300 digits
        raise MalformedBody("the body holds a number that is too long") from None
    try:
        return kind.model_validate(value)
    except ValidationError as error:
        raise InvalidOption("; ".join(_line(dict(one)) for one in error.errors()[:10])) from None


def _line(problem: dict[str, object]) -> str:
    place = problem["loc"]
    name = ".".join(str(part) for part in place)[:100] if isinstance(place, tuple) else ""
    message = str(problem["msg"]).removeprefix("Value error, ")
    if problem["type"] == "extra_forbidden":
        message = "unknown field"
    return f"{name}: {message}" if name else message


def _too_large() -> UploadTooLarge:
    return UploadTooLarge(f"the body is larger than {MAX_BODY_BYTES} bytes")
