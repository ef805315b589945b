"""The log: one line a request, as text for people or as JSON for collectors.

No line holds a recording's name, a query string or a key.
"""

from __future__ import annotations

import json
import logging
import sys
import time
import traceback
from collections.abc import Sequence

from serving.errors import Fault
from serving.open_routes import is_open
from serving.record import RequestRecord


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


def configure(
    level: str,
    style: str,
    *,
    filters: Sequence[logging.Filter] = (),
    more: Sequence[logging.Handler] = (),
) -> None:
    """Send every log of this process, in one format, to standard error and to `more`."""
    handlers = [logging.StreamHandler(sys.stderr), *more]
    for handler in handlers:
        handler.setFormatter(JsonFormatter() if style == "json" else TextFormatter())
        for each in filters:
            handler.addFilter(each)
    logging.basicConfig(level=level, handlers=handlers, force=True)
    # It warns of every malformed form, which the request's own line tells already.
    logging.getLogger("python_multipart").setLevel(logging.ERROR)


def log_request(logger: logging.Logger, record: RequestRecord, route: str) -> None:
    """The one line of a request. What probes and collectors ask every few seconds, and are told
    is well, would drown the rest: that is for DEBUG."""
    fields: dict[str, object] = {
        "request_id": record.request_id,
        "method": record.method,
        "route": route,
        "status": record.status,
        "ms": round(record.elapsed() * 1000, 1),
        **record.details(),
        "error": record.error_code,
    }
    known = {name: value for name, value in fields.items() if value is not None}
    text = " ".join(f"{name}={value}" for name, value in known.items())
    level = logging.DEBUG if is_open(route) and record.status == 200 else logging.INFO
    logger.log(level, text, extra={"fields": known})


def report(
    logger: logging.Logger, error: BaseException, fault: Fault, record: RequestRecord
) -> Fault:
    """What is told of an error, noted for the log line of its request."""
    record.error_code = fault.code
    if fault.status == 500:
        log_unexpected(logger, error, record.request_id)
    return fault


def log_unexpected(logger: logging.Logger, error: BaseException, request_id: str) -> None:
    """Its kind and its frames, not its text, which may hold a recording's name."""
    frames = traceback.extract_tb(error.__traceback__)
    where = " < ".join(f"{f.filename.rsplit('/', 1)[-1]}:{f.lineno}" for f in reversed(frames))
    logger.error("request_id=%s unexpected %s at %s", request_id, type(error).__name__, where)


def _cause(record: logging.LogRecord) -> str:
    if not record.exc_info or record.exc_info[1] is None:
        return ""
    return " | " + "".join(traceback.format_exception(record.exc_info[1]))


def _stamp(record: logging.LogRecord) -> str:
    whole = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
    return f"{whole}.{int(record.msecs):03d}Z"


def _one_line(text: str) -> str:
    return text.replace("\r", "\\r").replace("\n", "\\n")
