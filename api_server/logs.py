"""What stt-api logs: nothing of a person's, and what was said only where LOG_TRANSCRIPTS asks."""

from __future__ import annotations

import logging

from api_server.errors import fault_of
from api_server.services.pii import MaskingFilter, masked
from serving import logs
from serving.errors import Fault
from serving.record import RequestRecord
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


def configure(level: str, style: str) -> None:
    """Send every log of this process to standard error in one format."""
    logs.configure(level, style, filters=[SafetyNet()])


def log_transcript(transcript: Transcript, request_id: str) -> None:
    """What was said, without numbers of persons; only where LOG_TRANSCRIPTS asks for it."""
    TRANSCRIPTS.info("request_id=%s text=%s", request_id, masked(transcript.text))


def report(error: BaseException, record: RequestRecord) -> Fault:
    """What the client is told of an error, noted for the log line of its request."""
    return logs.report(ERRORS, error, fault_of(error), record)
