"""Who may come in: everybody, or users of a file and programs with a key. Two peers."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from starlette.types import Scope

from web_ui.auth import cookies
from web_ui.auth.api_keys import ApiKeys
from web_ui.auth.attempts import Attempts
from web_ui.auth.passwords import Passwords
from web_ui.auth.sessions import Session, Sessions
from web_ui.auth.users import Users, normal
from web_ui.errors import TooManyAttempts, WrongPassword
from web_ui.views import Visitor


@dataclass(frozen=True, slots=True)
class Visit:
    """Who asks. `session`: theirs, if it is one; `cookie`: the name it came under."""

    visitor: Visitor
    session: Session | None = None
    cookie: str = ""

    @property
    def may_enter(self) -> bool:
        return bool(self.visitor.name) or not self.visitor.signs_in


class Auth(Protocol):
    """What the pages ask about visitors."""

    nobody: Visit
    """One of whom nothing is known."""

    async def visit(self, scope: Scope) -> Visit:
        """Who asks, by what their request brings."""

    async def sign_in(self, name: str, password: str, address: str) -> Session:
        """Raises `WrongPassword`, `TooManyAttempts`."""

    def known(self, name: str) -> str:
        """The user's name as it is kept; empty where there is none such."""

    def sign_out(self, session: Session) -> None:
        """No copy of its cookie is worth anything any more."""

    def renewed(self, session: Session) -> Session | None:
        """The same with a later end, when it is time for one."""

    def cookie(self, name: str, session: Session) -> str:
        """`Set-Cookie` for it, under this name."""

    def close(self) -> None:
        """Let the threads go."""


class SignInOff:
    """No users are configured: everybody may do everything, and nobody has a name."""

    nobody = Visit(Visitor())

    async def visit(self, scope: Scope) -> Visit:
        return self.nobody

    async def sign_in(self, name: str, password: str, address: str) -> Session:
        raise WrongPassword("nobody signs in here")

    def known(self, name: str) -> str:
        return ""

    def sign_out(self, session: Session) -> None:
        pass

    def renewed(self, session: Session) -> Session | None:
        return None

    def cookie(self, name: str, session: Session) -> str:
        return cookies.header(name, "", 0)

    def close(self) -> None:
        pass


class SignInOn:
    """Users of a file, and programs with a key.

    wall: seconds since 1970, for sessions, which outlive this process; steady: seconds of a clock
    that only goes on, for what is measured in this process.
    """

    nobody = Visit(Visitor(signs_in=True))

    def __init__(
        self,
        users: Users,
        sessions: Sessions,
        passwords: Passwords,
        keys: ApiKeys,
        wall: Callable[[], float] = time.time,
        steady: Callable[[], float] = time.monotonic,
    ) -> None:
        self._users = users
        self._sessions = sessions
        self._passwords = passwords
        self._keys = keys
        self._attempts = Attempts()
        self._wall = wall
        self._steady = steady

    async def visit(self, scope: Scope) -> Visit:
        if is_api(scope["path"]) and (holder := self._keys.holder(scope)):
            return Visit(Visitor(signs_in=True, name=holder))
        await self._users.refresh(self._steady())
        for name, value in cookies.found_in(scope):
            session = self._sessions.read(value, self._wall())
            if session and self._users.fingerprint_of(session.name) == session.fingerprint:
                return Visit(Visitor(signs_in=True, name=session.name), session, name)
        return self.nobody

    async def sign_in(self, name: str, password: str, address: str) -> Session:
        """An unknown name costs as long as a wrong password, and is answered alike."""
        name, now = normal(name), self._steady()
        self._attempts.take(name, address, now)
        await self._users.refresh(now)
        fingerprint = self._users.fingerprint_of(name)
        encoded = self._users.hash_of(name) or self._users.stand_in()
        try:
            matches = await self._passwords.match(encoded, password)
        except TooManyAttempts:
            self._attempts.take_back(name, address)
            raise
        if fingerprint is None or not matches:
            raise WrongPassword("the name or the password is not right")
        self._attempts.succeed(name, address)
        return self._sessions.begin(name, fingerprint, self._wall())

    def known(self, name: str) -> str:
        name = normal(name)
        return name if self._users.hash_of(name) else ""

    def sign_out(self, session: Session) -> None:
        self._sessions.end(session, self._wall())

    def renewed(self, session: Session) -> Session | None:
        return self._sessions.renewed(session, self._wall())

    def cookie(self, name: str, session: Session) -> str:
        seconds = session.expires - self._wall()
        return cookies.header(name, self._sessions.seal(session), max(1.0, seconds))

    def close(self) -> None:
        self._passwords.close()


def is_api(path: str) -> bool:
    return path == "/api" or path.startswith("/api/")
