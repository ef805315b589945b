"""How much audio was accepted and is not yet transcribed, and when that is too much."""

from __future__ import annotations

import math
import threading
import time

from stt_errors import QueueFull

_GUESSED_SPEED = 5.0  # audio-seconds a second, until it has been measured
_LONGEST_WAIT = 600
_IDLE_SECONDS = 20.0  # a longer pause between two advances says nothing of the speed


class Backlog:
    """Thread-safe sum over the requests at work. A request holds a `Permit`."""

    def __init__(self, limit_seconds: float) -> None:
        self.limit_seconds = limit_seconds
        self._lock = threading.Lock()
        self._waiting: dict[Permit, float] = {}
        self._speed = _GUESSED_SPEED
        self._last = time.monotonic()

    @property
    def seconds(self) -> float:
        with self._lock:
            return sum(self._waiting.values())

    def refuse_if_full(self, coming: float = 0.0) -> None:
        """Raises QueueFull when `coming` seconds more would pass the limit.

        A recording longer than the limit by itself is served when nothing else waits.
        """
        waiting = self.seconds
        if waiting > 0 and waiting + coming > self.limit_seconds:
            wait = math.ceil(waiting / max(self._speed, 0.1))
            raise QueueFull(waiting, self.limit_seconds, min(max(wait, 1), _LONGEST_WAIT))

    def admit(self, seconds: float, done: float = 0.0) -> Permit:
        """A permit for a recording of (about) that length, of which `done` seconds are not
        wanted any more. Raises QueueFull."""
        coming = max(seconds - done, 0.0)
        self.refuse_if_full(coming)
        permit = Permit(self, seconds, done)
        self._set(permit, coming)
        return permit

    def _set(self, permit: Permit, seconds: float) -> None:
        with self._lock:
            self._waiting[permit] = max(seconds, 0.0)

    def _remove(self, permit: Permit) -> None:
        with self._lock:
            self._waiting.pop(permit, None)

    def _learn(self, seconds: float) -> None:
        """A moving average of what was transcribed a second while there was work."""
        with self._lock:
            now = time.monotonic()
            elapsed, self._last = now - self._last, now
            if elapsed < _IDLE_SECONDS:
                speed = min(seconds / max(elapsed, 1e-3), 1000.0)
                self._speed += 0.1 * (speed - self._speed)


class Permit:
    """One request's share of the backlog; close it when the request ends."""

    def __init__(self, backlog: Backlog, seconds: float, done: float = 0.0) -> None:
        self._backlog = backlog
        self._total = seconds
        self._done = done

    def advance(self, done: float, known_total: float) -> None:
        """`done` seconds are transcribed; the recording has at least `known_total`."""
        self._backlog._learn(done - self._done)
        self._done = done
        self._total = max(self._total, known_total)
        self._backlog._set(self, self._total - done)

    def close(self) -> None:
        self._backlog._remove(self)
