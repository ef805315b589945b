"""Passwords: what may be one, how it is kept, and how it is compared.

A hash takes about 0.2 s and 64 MiB on purpose, so only a few are computed at once, on threads.
"""

from __future__ import annotations

import asyncio
import base64
import re
import unicodedata
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol

from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError

from web_ui.errors import TooManyAttempts

# Length is what counts; rules about digits and signs only make passwords alike
# (NIST SP 800-63B, 3.1.1.2).
MIN_CHARS = 10
MAX_CHARS = 1024
# At most this many hashes at once, and this many that wait for their turn: about three seconds.
THREADS = 2
WAITING = 16
BUSY_SECONDS = 3

ENCODED = re.compile(
    r"(?P<head>\$argon2id\$v=19\$m=(?P<memory>\d{1,8}),t=(?P<time>[1-9]\d{0,3}),p=(?P<lanes>[1-9]\d?))"
    r"\$(?P<salt>[A-Za-z0-9+/]+)\$(?P<digest>[A-Za-z0-9+/]+)"
)
# Category Cc is control characters, Cs halves of a character: no keyboard has either.
UNTYPABLE = frozenset({"Cc", "Cs"})


class Hasher(Protocol):
    """One way to keep passwords."""

    def hash(self, password: str) -> str:
        """An encoded hash, with a salt of its own."""

    def matches(self, encoded: str, password: str) -> bool:
        """Whether the hash is this password's, in a time that does not depend on the answer."""


class Argon2:
    """Argon2id with the library's defaults (RFC 9106, low memory)."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher()

    def hash(self, password: str) -> str:
        return self._hasher.hash(prepared(password))

    def matches(self, encoded: str, password: str) -> bool:
        try:
            return self._hasher.verify(encoded, prepared(password))
        except VerifyMismatchError:
            return False


class Passwords:
    """Compares passwords off the event loop, a few at a time."""

    def __init__(self, hasher: Hasher) -> None:
        self._hasher = hasher
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="sign-in")
        self._under_way = 0

    async def match(self, encoded: str, password: str) -> bool:
        """Raises `TooManyAttempts` when too many wait already."""
        if self._under_way >= THREADS + WAITING:
            raise TooManyAttempts("too many people are signing in at once", BUSY_SECONDS)
        self._under_way += 1
        loop = asyncio.get_running_loop()
        future = loop.run_in_executor(self._threads, self._hasher.matches, encoded, password)
        # Not when this request ends: the thread of one that was cancelled works on.
        future.add_done_callback(self._ended)
        return await asyncio.shield(future)

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _ended(self, future: asyncio.Future[bool]) -> None:
        self._under_way -= 1
        if not future.cancelled():
            future.exception()  # nobody may be left to ask for it


def prepared(password: str) -> str:
    """The same characters, however a keyboard composed them (NIST SP 800-63B, 3.1.1.2)."""
    return unicodedata.normalize("NFKC", password)


def problem_of(password: str) -> str | None:
    """Why it cannot be taken as a new password, if so."""
    if any(unicodedata.category(character) in UNTYPABLE for character in password):
        return "the password has a character that cannot be typed"
    if len(prepared(password)) < MIN_CHARS:
        return f"the password is shorter than {MIN_CHARS} characters"
    if len(password) > MAX_CHARS or len(prepared(password)) > MAX_CHARS:
        return f"the password is longer than {MAX_CHARS} characters"
    return None


def is_encoded(text: str) -> bool:
    """Whether it is a whole hash in argon2id's encoded form, which the library can read."""
    found = ENCODED.fullmatch(text)
    return (
        found is not None
        and int(found["memory"]) >= 8 * int(found["lanes"])
        and _is_base64(found["salt"], at_least=8)
        and _is_base64(found["digest"], at_least=16)
    )


def stand_in_for(encoded: str) -> str:
    """A hash as costly to compare as this one, and no password's: its digest is all zeros."""
    found = ENCODED.fullmatch(encoded)
    if found is None:
        raise ValueError("not an encoded hash")
    return f"{found['head']}${'A' * len(found['salt'])}${'A' * len(found['digest'])}"


def _is_base64(text: str, at_least: int) -> bool:
    """Whether these are so many bytes, written the one way that the library reads."""
    try:
        content = base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except ValueError:
        return False
    return len(content) >= at_least and base64.b64encode(content).decode().rstrip("=") == text
