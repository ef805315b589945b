"""web-ui's log: standard error, and a file that rotates, written by a thread of its own."""

from __future__ import annotations

import logging
import logging.handlers
import queue
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from serving import logs
from serving.errors import Fault
from serving.record import RequestRecord
from web_ui.errors import fault_of
from web_ui.settings import Settings

REQUESTS = logging.getLogger("web.requests")
ERRORS = logging.getLogger("web.errors")

FILE_NAME = "web-ui.log"
FILE_BYTES = 10 * 1024 * 1024
FILES_KEPT = 5
# A disk that hangs must not fill the memory: past this many, lines go to standard error alone.
WAITING_LINES = 10_000
# What the last lines get to be written when the service ends.
STOP_SECONDS = 2.0


class LogFile(logging.handlers.RotatingFileHandler):
    """The file. When it can no longer be written, that is said once and the service goes on."""

    def __init__(self, directory: Path) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        path = directory / FILE_NAME
        super().__init__(path, maxBytes=FILE_BYTES, backupCount=FILES_KEPT, encoding="utf-8")
        self._complained = False
        self._abandoned = False

    def emit(self, record: logging.LogRecord) -> None:
        """Nothing once the file was abandoned: the base class would open it again."""
        if not self._abandoned:
            super().emit(record)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's name
        if not self._complained:
            self._complained = True
            _complain(sys.exception())

    def createLock(self) -> None:  # noqa: N802 - logging's name
        """None, as only one thread writes: were it to hang, the end of the process, when Python
        closes all handlers, would wait for its lock."""
        self.lock = None

    def abandon(self) -> None:
        """Leave the stream to the thread that hangs in it: closing it would wait as well."""
        self._abandoned = True
        self.stream = None  # as the base class does when it closes


class LogQueue(logging.handlers.QueueHandler):
    """Makes the line where it was logged, and hands it to the thread that writes."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's name
        """The queue is full; standard error has the line."""


class LogListener(logging.handlers.QueueListener):
    """The thread that writes. However full the queue or slow the disk, it can be stopped."""

    queue: queue.Queue[logging.LogRecord | None]

    def enqueue_sentinel(self) -> None:
        while True:
            try:
                self.queue.put_nowait(None)
                return
            except queue.Full:
                with suppress(queue.Empty):  # the thread took it first
                    self.queue.get_nowait()

    def stop_soon(self) -> bool:
        """Whether the thread has ended, with every line written, within `STOP_SECONDS`."""
        self.enqueue_sentinel()
        if self._thread is None:
            return True
        self._thread.join(STOP_SECONDS)
        return not self._thread.is_alive()


@contextmanager
def configured(settings: Settings) -> Iterator[None]:
    """Log to standard error and to `WEB_UI_LOGS` until the context ends."""
    try:
        file = LogFile(settings.web_ui_logs)
    except OSError as error:
        logs.configure(settings.log_level, settings.log_format)
        _quieten()
        _complain(error)
        yield
        return
    waiting: queue.Queue[logging.LogRecord | None] = queue.Queue(WAITING_LINES)
    logs.configure(settings.log_level, settings.log_format, more=[LogQueue(waiting)])
    _quieten()
    listener = LogListener(waiting, file)
    listener.start()
    try:
        yield
    finally:
        if listener.stop_soon():
            with suppress(OSError):  # said already, when it was to be written
                file.close()
        else:
            file.abandon()


def report(error: BaseException, record: RequestRecord) -> Fault:
    """What the visitor is told of an error, noted for the log line of its request."""
    return logs.report(ERRORS, error, fault_of(error), record)


def _quieten() -> None:
    """httpx would add a line of its own to the one of each request."""
    logging.getLogger("httpx").setLevel(logging.WARNING)


def _complain(error: BaseException | None) -> None:
    reason = getattr(error, "strerror", None) or type(error).__name__
    print(
        f"web-ui: WEB_UI_LOGS cannot be written ({reason}); logging to standard error alone",
        file=sys.stderr,
    )
