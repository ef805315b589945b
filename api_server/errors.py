"""The service's errors, their status codes, and the one shape in which they are answered.

    ServiceError
    ├── Unauthorized       a key is missing or wrong
    ├── NotFound           no such route, or one that is not enabled
    ├── ClientGone         the client hung up; nobody reads the answer
    ├── Draining           the service is shutting down
    ├── UnsupportedBody    neither a multipart nor a url-encoded form
    ├── MalformedBody      a form that cannot be read
    ├── UploadTooLarge     more bytes than may be sent
    ├── UploadStalled      the client stopped sending
    ├── StorageFull        the upload cannot be stored
    ├── InvalidOption      a field's value, or a field nobody knows
    ├── AgentFailed        the LLM did not answer, and nothing else can
    └── PathError          a file_path
        ├── PathRefused    outside the roots, or not permitted
        ├── PathMissing    inside a root, but not there
        └── PathUnusable   a directory, a device, a pipe

The engine's errors (stt_errors.py) and the framework's stand in the same table. An error's
text is one line, fit for the client: it names no recording and no path.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse

import stt_errors


class ServiceError(Exception):
    """Base of every error the service itself raises."""


class Unauthorized(ServiceError):
    """A key is missing or wrong."""


class NotFound(ServiceError):
    """No such route, or one that is not enabled."""


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


class AgentFailed(ServiceError):
    """The LLM did not answer, and nothing else can."""


class PathError(ServiceError):
    """A file_path that cannot be opened."""


class PathRefused(PathError):
    """Outside the roots, or not permitted."""


class PathMissing(PathError):
    """Inside a root, but not there."""


class PathUnusable(PathError):
    """Not a regular file."""


STATUS: dict[type[Exception], tuple[int, str]] = {
    Unauthorized: (401, "unauthorized"),
    NotFound: (404, "not_found"),
    ClientGone: (499, "client_gone"),
    ClientDisconnect: (499, "client_gone"),
    Draining: (503, "draining"),
    UnsupportedBody: (415, "unsupported_body"),
    MalformedBody: (422, "malformed_body"),
    UploadTooLarge: (413, "upload_too_large"),
    UploadStalled: (408, "upload_stalled"),
    StorageFull: (507, "storage_full"),
    InvalidOption: (422, "invalid_option"),
    AgentFailed: (502, "agent_failed"),
    PathRefused: (403, "path_refused"),
    PathMissing: (404, "file_not_found"),
    PathUnusable: (422, "not_a_file"),
    stt_errors.OptionError: (422, "invalid_option"),
    stt_errors.AudioError: (422, "invalid_audio"),
    stt_errors.AudioTooLong: (422, "audio_too_long"),
    stt_errors.QueueFull: (429, "queue_full"),
    stt_errors.ModelLoadError: (503, "model_unavailable"),
    stt_errors.InferenceError: (503, "transcription_failed"),
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

    def body(self, request_id: str) -> dict[str, object]:
        return {
            "success": False,
            "error_code": self.code,
            "error_reason": self.reason,
            "request_id": request_id,
        }


def fault_of(error: BaseException) -> Fault:
    """Find an error's status by its class, or the nearest class above it."""
    if isinstance(error, HTTPException):
        code = HTTP_CODES.get(error.status_code, "http_error")
        return Fault(error.status_code, code, error.detail, dict(error.headers or {}))
    nearest = next((cls for cls in type(error).__mro__ if cls in STATUS), Exception)
    status, code = STATUS[nearest]
    return Fault(status, code, _reason(error, status), _headers(error, status))


def error_response(fault: Fault, request_id: str) -> JSONResponse:
    """The one shape in which every error is answered."""
    return JSONResponse(fault.body(request_id), fault.status, fault.headers)


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
