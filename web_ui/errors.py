"""What can go wrong between a person and their transcripts, and the status each becomes.

    ServiceError              and those that any service has (serving/errors.py)
    ├── ForeignOrigin         a change asked for by another site's page
    ├── NotSignedIn           sign-in is on, and nobody is
    ├── WrongPassword         a name or a password that is not right
    ├── TooManyAttempts       sign-in was tried too often
    ├── NoRecording           a form without a file
    ├── TooManyUploads        as many as there is room for are under way
    ├── UploadConflict        bytes for another place than where the upload stands
    ├── UnsupportedTus        another version of the protocol for uploads
    ├── TranscriptMissing     there is none of that id
    ├── RecordingMissing      its recording is gone
    ├── WrongState            that cannot be done to it now
    ├── InvalidField          a value in JSON that cannot be used
    ├── DatabaseBusy          somebody holds its lock
    ├── DatabaseBroken        it cannot be used
    └── EngineError           stt-api, by way of its answers
        ├── EngineAway        it cannot be reached
        ├── EngineSilent      it did not answer in time
        ├── EngineBroken      its answer cannot be used
        └── EngineRefused     it answered with an error of its own

The pages put an error into words by its code: `error.CODE` in words.py.
"""

from __future__ import annotations

from dataclasses import replace

from serving import errors as shared
from serving.errors import Fault, ServiceError, StatusTable


class ForeignOrigin(ServiceError):
    """A change asked for by another site's page."""


class NotSignedIn(ServiceError):
    """Sign-in is on, and nobody is."""


class WrongPassword(ServiceError):
    """A name or a password that is not right."""


class TooManyAttempts(ServiceError):
    """Sign-in was tried too often."""

    def __init__(self, reason: str, retry_after: int) -> None:
        super().__init__(reason)
        self.retry_after = retry_after


class NoRecording(ServiceError):
    """A form without a file."""


class TooManyUploads(ServiceError):
    """As many uploads as there is room for are under way."""

    retry_after = 10


class UploadConflict(ServiceError):
    """Bytes for another place than where the upload stands."""


class UnsupportedTus(ServiceError):
    """Another version of the protocol for resumable uploads."""


class TranscriptMissing(ServiceError):
    """There is none of that id."""


class RecordingMissing(ServiceError):
    """Its recording is gone."""


class WrongState(ServiceError):
    """That cannot be done to it now."""


class InvalidField(ServiceError):
    """A value in JSON that cannot be used. The text begins with the field's name."""


class DatabaseBusy(ServiceError):
    """Somebody holds its lock."""

    retry_after = 2


class DatabaseBroken(ServiceError):
    """It cannot be used."""


class EngineError(ServiceError):
    """stt-api did not bring a transcript."""


class EngineAway(EngineError):
    """It cannot be reached."""

    retry_after = 5


class EngineSilent(EngineError):
    """It did not answer in time."""


class EngineBroken(EngineError):
    """Its answer cannot be used."""


class EngineRefused(EngineError):
    """It answered with an error of its own: `status`, `code` and a reason of one line."""

    def __init__(self, status: int, code: str, reason: str, retry_after: str | None) -> None:
        super().__init__(reason)
        self.status = status
        self.code = code
        self.retry_after = retry_after


STATUS: StatusTable = {
    **shared.STATUS,
    ForeignOrigin: (403, "foreign_origin"),
    NotSignedIn: (401, "not_signed_in"),
    WrongPassword: (403, "wrong_password"),
    TooManyAttempts: (429, "too_many_attempts"),
    NoRecording: (422, "no_recording"),
    TooManyUploads: (429, "too_many_uploads"),
    UploadConflict: (409, "upload_conflict"),
    UnsupportedTus: (412, "unsupported_tus"),
    TranscriptMissing: (404, "not_found"),
    RecordingMissing: (410, "recording_missing"),
    WrongState: (409, "wrong_state"),
    InvalidField: (422, "invalid_field"),
    DatabaseBusy: (503, "database_busy"),
    DatabaseBroken: (503, "database_broken"),
    EngineAway: (503, "engine_away"),
    EngineSilent: (504, "engine_silent"),
    EngineBroken: (502, "engine_broken"),
    EngineRefused: (502, "engine_refused"),
}

# What concerns the recording or the moment is the visitor's to know as it is; everything else
# (a key, a route, a bug) is between the two services, and a 502 here.
PASSED_ON = frozenset({408, 413, 415, 422, 429, 503, 507})


def fault_of(error: BaseException) -> Fault:
    """An error as a visitor sees it."""
    fault = shared.fault_by(STATUS, error)
    if isinstance(error, EngineRefused) and error.status in PASSED_ON:
        # Its limit may be lower than ours, and the words must not name the wrong one.
        code = "engine_too_large" if error.status == 413 else error.code
        return replace(fault, status=error.status, code=code)
    return fault
