"""Sessions: signed cookies that name a user, and end with their password.

A session lives for `WEB_UI_SESSION_HOURS` from when its cookie was made; one that is used past
half of that gets a new cookie, and none lives longer than 30 days after the sign-in. Nothing is
kept on the server but the ids of the sessions that were signed out, until they would have ended:
a signed cookie cannot be taken back. These are forgotten when the service starts anew.
"""

from __future__ import annotations

import hashlib
import secrets
from collections import OrderedDict
from dataclasses import astuple, dataclass, replace

from itsdangerous import BadData, URLSafeSerializer

# NIST SP 800-63B, 2.1.3: sign in again after 30 days, however busy.
LONGEST_SECONDS = 30 * 24 * 3600.0
# A signature holds for one form of the content and one purpose.
PURPOSE = "web-ui session 1"
MAX_ENDED = 10_000


@dataclass(frozen=True, slots=True)
class Session:
    """Who signed in, when, and until when that holds. Times are seconds since 1970.

    fingerprint: of the password that was right then.
    """

    id: str
    name: str
    fingerprint: str
    began: float
    made: float
    expires: float


class Sessions:
    """Makes sessions and knows them again. `now`: seconds since 1970."""

    def __init__(self, secret: str, seconds: float) -> None:
        # The library's timed signer asks the clock itself; here the times are signed as content.
        self._signer = URLSafeSerializer(
            secret,
            salt=PURPOSE,
            signer_kwargs={"digest_method": hashlib.sha256, "key_derivation": "hmac"},
        )
        self._seconds = seconds
        self._ended: OrderedDict[str, float] = OrderedDict()

    def begin(self, name: str, fingerprint: str, now: float) -> Session:
        """A new one with an id of its own, whatever a browser sent before."""
        session = Session(secrets.token_hex(16), name, fingerprint, now, now, now)
        return self._made(session, now)

    def seal(self, session: Session) -> str:
        """The cookie's value."""
        value: str | bytes = self._signer.dumps(astuple(session))
        return value if isinstance(value, str) else value.decode()

    def read(self, value: str, now: float) -> Session | None:
        """The session of a cookie; None where it is forged, over, or signed out."""
        try:
            session = Session(*self._signer.loads(value))
        except BadData:
            return None
        # One from the future was made by a clock that was wrong: its end would be as well.
        holds = session.made - 60 <= now < session.expires
        return session if holds and session.id not in self._ended else None

    def renewed(self, session: Session, now: float) -> Session | None:
        """With a later end, once half its time is over; None where it stays as it is."""
        if now < (session.made + session.expires) / 2 or session.id in self._ended:
            return None
        later = self._made(session, now)
        return later if later.expires > session.expires else None

    def end(self, session: Session, now: float) -> None:
        """Sign it out: no cookie of its id is taken any more, copies included."""
        # A copy may have been renewed up to now.
        self._ended[session.id] = now + self._seconds
        self._ended.move_to_end(session.id)
        while len(self._ended) > MAX_ENDED or next(iter(self._ended.values())) <= now:
            self._ended.popitem(last=False)

    def _made(self, session: Session, now: float) -> Session:
        end = min(now + self._seconds, session.began + LONGEST_SECONDS)
        return replace(session, made=now, expires=end)
