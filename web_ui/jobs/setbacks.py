"""What a failed attempt means: wait and try again, with the reason, or give up. Sans-IO."""

from __future__ import annotations

from dataclasses import dataclass

from serving.errors import ServiceError, StorageFull
from web_ui.errors import DatabaseBroken, DatabaseBusy, EngineError, EngineRefused, fault_of

# Waits grow to this while stt-api is away.
LONGEST_WAIT = 30.0
FIRST_WAIT = 1.0
# A refusal that only an operator can end is asked about this often.
OPERATOR_WAIT = 60.0
# What fails on the same spot this often will fail there always.
MOST_FAILURES = 5

# The recording or what was asked of it: another try brings the same answer.
FINAL = frozenset({400, 405, 413, 415, 422})
# stt-api cannot now, and says so.
NOT_NOW = frozenset({408, 429, 502, 503, 504, 507})
# Reasons that pass by themselves, whatever their status was.
PASSING = frozenset({"draining", "queue_full", "model_unavailable", "model_loading"})


@dataclass(frozen=True, slots=True)
class Setback:
    """A code and a reason for people. `wait`: seconds until the next try; None: no more."""

    code: str
    reason: str
    wait: float | None
    failures: int


def setback_of(error: ServiceError, failures: int) -> Setback:
    """What to do about an error; `failures` have come before it without any progress between."""
    fault = fault_of(error)
    told, failures = str(error), failures + 1
    if isinstance(error, EngineRefused):
        return _refused(error, fault.code, told, failures)
    if isinstance(error, EngineError | DatabaseBusy | DatabaseBroken | StorageFull):
        return Setback(fault.code, told, growing(failures), failures)
    return Setback(fault.code, told, None, failures)


def _refused(error: EngineRefused, code: str, told: str, failures: int) -> Setback:
    if error.status in NOT_NOW or error.code in PASSING:
        return Setback(error.code, told, _asked(error.retry_after, failures), failures)
    if error.status in FINAL:
        return Setback(code, told, None, failures)
    if error.status in (401, 403, 404):
        return Setback(code, told, OPERATOR_WAIT, failures)
    wait = growing(failures) if failures < MOST_FAILURES else None
    return Setback(error.code, told, wait, failures)


def growing(failures: int) -> float:
    """1, 2, 4 … seconds."""
    return float(min(LONGEST_WAIT, FIRST_WAIT * 2 ** min(failures - 1, 10)))


def _asked(retry_after: str | None, failures: int) -> float:
    """As long as stt-api asks for, within bounds."""
    if retry_after is None or not retry_after.isdecimal():
        return growing(failures)
    return min(max(FIRST_WAIT, float(retry_after)), LONGEST_WAIT)
