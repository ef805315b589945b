"""The errors that any request may meet, and how an error becomes a status.

    ServiceError
    ├── ClientGone         the client hung up; nobody reads the answer
    ├── Draining           the service is shutting down
    ├── UnsupportedBody    neither a multipart nor a url-encoded form
    ├── MalformedBody      a form that cannot be read
    ├── UploadTooLarge     more bytes than may be sent
    ├── UploadStalled      the client stopped sending
    ├── StorageFull        the upload cannot be stored
    └── InvalidOption      a field's value, or a field nobody knows

Each service adds its own. An error's text is one line, fit for the client: it names no
recording and no path.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect


class ServiceError(Exception):
    """Base of every error a service itself raises."""


class ClientGone(ServiceError):
    """The client hung up."""


class Draining(ServiceError):
    """The service is shutting down; another replica, or a later try, will serve."""

    retry_after = 5


class UnsupportedBody(ServiceError):
    """A body of a kind that is not read."""


class MalformedBody(ServiceError):
    """A form that cannot be read."""


class UploadTooLarge(ServiceError):
    """More bytes than may be sent."""


class UploadStalled(ServiceError):
    """The client stopped sending."""


class StorageFull(ServiceError):
    """The upload cannot be stored."""


class InvalidOption(ServiceError):
    """A field's value cannot be used. The text begins with the field's name."""


StatusTable: TypeAlias = Mapping[type[Exception], tuple[int, str]]

STATUS: StatusTable = {
    ClientGone: (499, "client_gone"),
    ClientDisconnect: (499, "client_gone"),
    Draining: (503, "draining"),
    UnsupportedBody: (415, "unsupported_body"),
    MalformedBody: (422, "malformed_body"),
    UploadTooLarge: (413, "upload_too_large"),
    UploadStalled: (408, "upload_stalled"),
    StorageFull: (507, "storage_full"),
    InvalidOption: (422, "invalid_option"),
    RequestValidationError: (422, "invalid_request"),
    Exception: (500, "internal_error"),
}

HTTP_CODES = {404: "not_found", 405: "method_not_allowed"}


@dataclass(frozen=True, slots=True)
class Fault:
    """An error as a client sees it."""

    status: int
    code: str
    reason: str
    headers: dict[str, str] = field(default_factory=dict)


def fault_by(table: StatusTable, error: BaseException) -> Fault:
    """Find an error's status by its class, or the nearest class above it."""
    if isinstance(error, HTTPException):
        code = HTTP_CODES.get(error.status_code, "http_error")
        return Fault(error.status_code, code, error.detail, dict(error.headers or {}))
    nearest = next((cls for cls in type(error).__mro__ if cls in table), Exception)
    status, code = table[nearest]
    return Fault(status, code, _reason(error, status), _headers(error, status))


def _reason(error: BaseException, status: int) -> str:
    if isinstance(error, RequestValidationError):
        return "; ".join(f"{problem['loc'][-1]}: {problem['msg']}" for problem in error.errors())
    if status == 500:
        return "an unexpected error; the log has more under this request_id"
    return str(error) or "the client hung up"


def _headers(error: BaseException, status: int) -> dict[str, str]:
    headers: dict[str, str] = {}
    if status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    if retry_after := getattr(error, "retry_after", None):
        headers["Retry-After"] = str(retry_after)
    if isinstance(error, Draining):
        headers["Connection"] = "close"
    return headers
