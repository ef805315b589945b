"""The service's errors, their status codes, and the one shape in which they are answered.

    ServiceError           and those that any service has (serving/errors.py)
    ├── Unauthorized       a key is missing or wrong
    ├── NotFound           no such route, or one that is not enabled
    ├── AgentFailed        the LLM did not answer, and nothing else can
    └── PathError          a file_path
        ├── PathRefused    outside the roots, or not permitted
        ├── PathMissing    inside a root, but not there
        └── PathUnusable   a directory, a device, a pipe

The engine's errors (stt_errors.py) and the framework's stand in the same table. An error's
text is one line, fit for the client: it names no recording and no path.
"""

from __future__ import annotations

from starlette.responses import JSONResponse

import stt_errors
from serving import errors as shared
from serving.errors import Fault, ServiceError, StatusTable


class Unauthorized(ServiceError):
    """A key is missing or wrong."""


class NotFound(ServiceError):
    """No such route, or one that is not enabled."""


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


STATUS: StatusTable = {
    **shared.STATUS,
    Unauthorized: (401, "unauthorized"),
    NotFound: (404, "not_found"),
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
}


def fault_of(error: BaseException) -> Fault:
    """An error as a client sees it."""
    return shared.fault_by(STATUS, error)


def error_body(fault: Fault, request_id: str) -> dict[str, object]:
    """The one shape of every error."""
    return {
        "success": False,
        "error_code": fault.code,
        "error_reason": fault.reason,
        "request_id": request_id,
    }


def error_response(fault: Fault, request_id: str) -> JSONResponse:
    """An error as an answer."""
    return JSONResponse(error_body(fault, request_id), fault.status, fault.headers)
