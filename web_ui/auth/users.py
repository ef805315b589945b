"""Who may sign in: a file of names and hashed passwords, read again when it changes.

    # one user a line
    kim:$argon2id$v=19$m=65536,t=3,p=4$…$…

`python -m web_ui.auth.add_user NAME` writes it.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import os
import unicodedata
from collections.abc import Mapping
from pathlib import Path
from typing import TypeAlias

from serving.settings import SettingsProblem
from web_ui.auth.passwords import is_encoded, stand_in_for

log = logging.getLogger("web.sign_in")

MAX_NAME_CHARS = 100
MAX_FILE_BYTES = 1024 * 1024
LOOK_SECONDS = 1.0
# For a file without a single user: what the command would write.
USUAL = "$argon2id$v=19$m=65536,t=3,p=4$" + "A" * 22 + "$" + "A" * 43

# Inode, size, and when its content and itself changed: two files of one size that are written
# within one tick of the clock differ by their inodes.
Stamp: TypeAlias = tuple[int, int, int, int]


class UserFileProblem(ValueError):
    """The file cannot be used. One line, with the line's number and nothing of what is in it."""


class Users:
    """The users of one file."""

    def __init__(self, path: Path, hashes: Mapping[str, str], stamp: Stamp | None) -> None:
        self._path = path
        self._hashes = hashes
        self._stamp = stamp
        self._looked = float("-inf")

    @classmethod
    def read(cls, path: Path) -> Users:
        """Raises `SettingsProblem`."""
        try:
            hashes, stamp = read_file(path)
        except UserFileProblem as problem:
            raise SettingsProblem(f"WEB_UI_USERS: {problem}") from None
        if not hashes:
            log.warning("WEB_UI_USERS has no users yet: nobody can sign in")
        return cls(path, hashes, stamp)

    def hash_of(self, name: str) -> str | None:
        return self._hashes.get(name)

    def fingerprint_of(self, name: str) -> str | None:
        """Stands for the password that holds now, and tells nothing of it: its hash is salted."""
        encoded = self._hashes.get(name)
        return None if encoded is None else hashlib.sha256(encoded.encode()).hexdigest()[:32]

    def stand_in(self) -> str:
        """What to compare with where a name is unknown; as costly as the file's first user."""
        return stand_in_for(next(iter(self._hashes.values()), USUAL))

    async def refresh(self, now: float) -> None:
        """Read the file again if it changed; look at most once a second. `now`: seconds of a
        clock that only goes on. A version that cannot be used changes nothing."""
        if now - self._looked < LOOK_SECONDS:
            return
        self._looked = now
        await asyncio.to_thread(self._look)

    def _look(self) -> None:
        if (stamp := _stamp_at(self._path)) == self._stamp:
            return
        self._stamp = stamp  # so that a broken version is complained of once
        try:
            self._hashes, self._stamp = read_file(self._path)
        except UserFileProblem as problem:
            log.error("WEB_UI_USERS: %s; those who could sign in before still can", problem)
            return
        log.info("WEB_UI_USERS was read again: users=%d", len(self._hashes))


def read_file(path: Path) -> tuple[dict[str, str], Stamp]:
    """Names and hashes, and what the file looked like. Raises `UserFileProblem`."""
    try:
        with path.open("rb") as file:
            stamp = _stamp(os.fstat(file.fileno()))
            content = file.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise UserFileProblem(f"the file cannot be read ({error.strerror})") from None
    if len(content) > MAX_FILE_BYTES:
        raise UserFileProblem(f"the file is longer than {MAX_FILE_BYTES} bytes")
    try:
        return parse(content.decode("utf-8-sig")), stamp
    except UnicodeDecodeError:
        raise UserFileProblem("the file is not UTF-8 text") from None


def parse(text: str) -> dict[str, str]:
    """Names and their hashes. Raises `UserFileProblem`."""
    hashes: dict[str, str] = {}
    for number, line in enumerate(text.split("\n"), start=1):
        if (named := name_in(line)) is None:
            continue
        name, encoded = named, line.partition(":")[2].strip()
        if problem := name_problem(name):
            raise UserFileProblem(f"line {number}: {problem}")
        if not is_encoded(encoded):
            raise UserFileProblem(f"line {number}: what follows the name is no argon2 hash")
        if name in hashes:
            raise UserFileProblem(f"line {number}: the name is there already")
        hashes[name] = encoded
    return hashes


def name_in(line: str) -> str | None:
    """The name that a line of the file begins with; None for a comment or an empty line."""
    if not line.strip() or line.lstrip().startswith("#"):
        return None
    return normal(line.partition(":")[0])


def normal(name: str) -> str:
    """A name as it is compared: composed (NFC), without white space around it."""
    return unicodedata.normalize("NFC", name).strip()


def name_problem(name: str) -> str | None:
    """Why this cannot be a user's name, if so. Invisible characters could pass one for another."""
    if not 1 <= len(name) <= MAX_NAME_CHARS:
        return f"a name has 1 to {MAX_NAME_CHARS} characters"
    if ":" in name or name.startswith("#"):
        return "a name has no colon, and does not begin with #"
    if not name.isprintable():
        return "a name has no control characters"
    return None


def _stamp_at(path: Path) -> Stamp | None:
    try:
        return _stamp(path.stat())
    except OSError:
        return None


def _stamp(status: os.stat_result) -> Stamp:
    return status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns
