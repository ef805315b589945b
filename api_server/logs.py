"""The log: one line a request, as text for people or as JSON for collectors.

No line holds a recording's name, a query string or a key; what was said, only where
LOG_TRANSCRIPTS asks for it.
"""

from __future__ import annotations

import json
import logging
import sys
import time
import traceback

from api_server.errors import Fault, fault_of
from api_server.record import RequestRecord
from api_server.services.pii import MaskingFilter, masked
from stt_types import Transcript

REQUESTS = logging.getLogger("api.requests")
ERRORS = logging.getLogger("api.errors")
TRANSCRIPTS = logging.getLogger("api.transcripts")


# Their lines are made here: an id must stay whole, and what was said is masked already.
OWN = frozenset({REQUESTS.name, ERRORS.name, TRANSCRIPTS.name})


class SafetyNet(MaskingFilter):
    """Masks personal data in every line that others write, libraries too."""

    def filter(self, record: logging.LogRecord) -> bool:
        return record.name in OWN or super().filter(record)


class TextFormatter(logging.Formatter):
    """`2026-11-22T09:30:00Z INFO message`, always one line."""

    def format(self, record: logging.LogRecord) -> str:
        message = _one_line(record.getMessage() + _cause(record))
        return f"{_stamp(record)} {record.levelname} {message}"


class JsonFormatter(logging.Formatter):
    """One JSON object a line; a request's figures are fields of their own."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": _stamp(record),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage() + _cause(record),
            **getattr(record, "fields", {}),
        }
        return json.dumps(line, ensure_ascii=False)


def configure(level: str, style: str) -> None:
    """Send every log of this process to standard error in one format."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter() if style == "json" else TextFormatter())
    handler.addFilter(SafetyNet())
    logging.basicConfig(level=level, handlers=[handler], force=True)
    # It warns of every malformed form, which the request's own line tells already.
    logging.getLogger("python_multipart").setLevel(logging.ERROR)


def log_request(record: RequestRecord, route: str) -> None:
    """The one line of a request."""
    fields: dict[str, object] = {
        "request_id": record.request_id,
        "method": record.method,
        "route": route,
        "status": record.status,
        "ms": round(record.elapsed() * 1000, 1),
        "audio_seconds": record.audio_seconds,
        "backend": record.backend,
        "dummy": ",".join(record.dummies) or None,
        "error": record.error_code,
    }
    known = {name: value for name, value in fields.items() if value is not None}
    text = " ".join(f"{name}={value}" for name, value in known.items())
    REQUESTS.info(text, extra={"fields": known})


def log_transcript(transcript: Transcript, request_id: str) -> None:
    """What was said, without numbers of persons; only where LOG_TRANSCRIPTS asks for it."""
    TRANSCRIPTS.info("request_id=%s text=%s", request_id, masked(transcript.text))


def report(error: BaseException, record: RequestRecord) -> Fault:
    """What the client is told of an error, noted for the log line of its request."""
    fault = fault_of(error)
    record.error_code = fault.code
    if fault.status == 500:
        _log_unexpected(error, record.request_id)
    return fault


def _log_unexpected(error: BaseException, request_id: str) -> None:
    """Its kind and its frames, not its text, which may hold a recording's name."""
    frames = traceback.extract_tb(error.__traceback__)
    where = " < ".join(f"{f.filename.rsplit('/', 1)[-1]}:{f.lineno}" for f in reversed(frames))
    ERRORS.error("request_id=%s unexpected %s at %s", request_id, type(error).__name__, where)


def _cause(record: logging.LogRecord) -> str:
    if not record.exc_info or record.exc_info[1] is None:
        return ""
    return " | " + "".join(traceback.format_exception(record.exc_info[1]))


def _stamp(record: logging.LogRecord) -> str:
    whole = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
    return f"{whole}.{int(record.msecs):03d}Z"


def _one_line(text: str) -> str:
    return text.replace("\r", "\\r").replace("\n", "\\n")
