"""When to leave a server alone: a circuit breaker that is told the time and does nothing else.

    closed ── 3 failures in a row ──► open ── a probe is answered ──► closed, on probation
                                       │ ▲
                      10 s, if nobody  │ │ the trial fails
                      probes           ▼ │
                                    on trial: one question at a time ── answered ──► closed

On probation, one more failure opens it again: a server whose list of models answers while its
questions do not would otherwise cost three questions at every probe.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

Permit: TypeAlias = Literal["free", "trial"]
THRESHOLD = 3
COOLDOWN_SECONDS = 10.0


@dataclass(slots=True)
class Circuit:
    """Times are seconds of a clock that never goes back.

    cooldown: how long after opening, or after the last trial failed, a trial may begin.
    """

    threshold: int = THRESHOLD
    cooldown: float = COOLDOWN_SECONDS
    _failures: int = field(default=0, init=False)
    _missed: int = field(default=0, init=False)
    _opened_at: float | None = field(default=None, init=False)
    _on_trial: bool = field(default=False, init=False)

    @property
    def is_open(self) -> bool:
        return self._opened_at is not None

    def admit(self, now: float, *, trials: bool = True) -> Permit | None:
        """May a question go out? A permit has to be given back by one of the three below.

        trials: whether an open circuit tries a question by itself, or waits for a probe.
        """
        if self._opened_at is None:
            return "free"
        if not trials or self._on_trial or now - self._opened_at < self.cooldown:
            return None
        self._on_trial = True
        return "trial"

    def succeeded(self) -> None:
        """The server answered, be it that the question was bad."""
        self._failures = self._missed = 0
        self._close()

    def failed(self, now: float, permit: Permit) -> None:
        """No connection, no answer in time, or the server said that it is broken."""
        self._failures += 1
        worn_out = self._opened_at is None and self._failures >= self.threshold
        if worn_out or permit == "trial":
            self._open(now)

    def abandoned(self, permit: Permit) -> None:
        """The question ended without telling anything of the server."""
        if permit == "trial":
            self._on_trial = False

    def probe_answered(self) -> None:
        self._missed = 0
        if self.is_open:
            self._failures = self.threshold - 1
            self._close()

    def probe_failed(self, now: float) -> None:
        self._missed += 1
        if self._opened_at is None and self._missed >= self.threshold:
            self._open(now)

    def _open(self, now: float) -> None:
        self._opened_at, self._on_trial = now, False

    def _close(self) -> None:
        self._opened_at, self._on_trial = None, False
