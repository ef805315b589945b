"""How often sign-in may be tried: growing waits, by account and by address. Sans-IO.

An account is what somebody guesses a password for: five attempts are free, then each failure
doubles the wait. An address is where one password is tried on many names. Behind a proxy all of
an office comes from one address, and the morning's mistakes of a hundred people must not keep
each other out: so its limit is twenty times as wide, and its wait a tenth as long.

An attempt counts before its password is compared, so that a thousand at once are no way around.
One that is refused is not compared and does not count: pressing the button again does not make
the wait longer.
"""

from __future__ import annotations

import hashlib
import ipaddress
import math
from collections import OrderedDict
from dataclasses import dataclass

from web_ui.errors import TooManyAttempts

REST_SECONDS = 15 * 60.0
MAX_ENTRIES = 10_000


@dataclass(frozen=True, slots=True)
class Limit:
    """`free` attempts without a wait; then `first` seconds, doubled each time up to `longest`."""

    free: int
    first: float
    longest: float

    def wait_after(self, failures: int) -> float:
        if failures < self.free:
            return 0.0
        return min(self.first * 2.0 ** min(failures - self.free, 60), self.longest)


ACCOUNT = Limit(free=5, first=1.0, longest=300.0)
ADDRESS = Limit(free=100, first=1.0, longest=30.0)


@dataclass(slots=True)
class _Count:
    failures: int = 0
    last: float = float("-inf")


class _Counts:
    """Attempts by key, the longest at rest first; past `entries` these are forgotten."""

    def __init__(self, limit: Limit, entries: int) -> None:
        self._limit = limit
        self._entries = entries
        self._counts: OrderedDict[bytes, _Count] = OrderedDict()

    def __len__(self) -> int:
        return len(self._counts)

    def left(self, key: bytes, now: float) -> float:
        """Seconds to wait before the next attempt."""
        count = self._counts.get(key)
        if count is None or now - count.last >= REST_SECONDS:
            return 0.0
        return max(0.0, count.last + self._limit.wait_after(count.failures) - now)

    def add(self, key: bytes, now: float) -> None:
        count = self._counts.pop(key, None)
        if count is None or now - count.last >= REST_SECONDS:
            count = _Count()
        count.failures += 1
        count.last = now
        self._counts[key] = count
        while len(self._counts) > self._entries:
            self._counts.popitem(last=False)

    def take_back(self, key: bytes) -> None:
        """It was no failure."""
        if (count := self._counts.get(key)) is not None:
            count.failures -= 1
            if count.failures <= 0:
                del self._counts[key]

    def forget(self, key: bytes) -> None:
        self._counts.pop(key, None)


class Attempts:
    """Counts attempts. `now`: seconds of a clock that only goes on."""

    def __init__(self, entries: int = MAX_ENTRIES) -> None:
        self._accounts = _Counts(ACCOUNT, entries)
        self._addresses = _Counts(ADDRESS, entries)

    def __len__(self) -> int:
        """Entries kept of the kind that has more."""
        return max(len(self._accounts), len(self._addresses))

    def take(self, name: str, address: str, now: float) -> None:
        """Count one, as a failure until it is none. Raises `TooManyAttempts`."""
        account, network = _account(name), _network(address)
        left = max(self._accounts.left(account, now), self._addresses.left(network, now))
        if left > 0:
            seconds = math.ceil(left)
            raise TooManyAttempts(f"too many attempts; the next one in {seconds} s", seconds)
        self._accounts.add(account, now)
        self._addresses.add(network, now)

    def take_back(self, name: str, address: str) -> None:
        """The password was not compared after all."""
        self._accounts.take_back(_account(name))
        self._addresses.take_back(_network(address))

    def succeed(self, name: str, address: str) -> None:
        """The password was right. Its address keeps its other failures: whoever has one account
        could go on guessing at others."""
        self._accounts.forget(_account(name))
        self._addresses.take_back(_network(address))


def _account(name: str) -> bytes:
    """No name is kept as it was typed: people type passwords there."""
    return hashlib.sha256(name.encode("utf-8", "surrogatepass")).digest()


def _network(address: str) -> bytes:
    """An IPv6 client commands a whole /64 (RFC 4291, 2.5.4), so that counts as one address."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address.encode("utf-8", "surrogatepass")
    if isinstance(found, ipaddress.IPv6Address):
        return found.ipv4_mapped.packed if found.ipv4_mapped else found.packed[:8]
    return found.packed
