"""The cookie that holds a session.

Over https it is `Secure`, and its name begins with `__Host-`: no other host of the domain can set
one. Over http browsers would keep neither. Which of the two it is, the browser itself tells when
it signs in, by the `Origin` of its form; behind a proxy that ends TLS, so does
`X-Forwarded-Proto`. Either could be forged by the client alone, whose own cookie would then be
refused by its own browser; nobody else's cookie loses anything.
"""

from __future__ import annotations

from collections.abc import Iterator

from starlette.requests import HTTPConnection
from starlette.types import Scope

PLAIN = "stt_session"
SECURE = "__Host-stt_session"


def is_secure(scope: Scope) -> bool:
    """Whether the browser asked over https."""
    headers = HTTPConnection(scope).headers
    forwarded = headers.get("x-forwarded-proto", "").partition(",")[0].strip().lower()
    origin = headers.get("origin", "").lower()
    return scope["scheme"] in {"https", "wss"} or forwarded == "https" or origin[:8] == "https://"


def name_for(scope: Scope) -> str:
    """What a session's cookie is called that is made for this request."""
    return SECURE if is_secure(scope) else PLAIN


def found_in(scope: Scope) -> Iterator[tuple[str, str]]:
    """Names and values of what may be a session's cookies. Over https, one without the prefix may
    be another host's, and is no session's."""
    cookies = HTTPConnection(scope).cookies
    for name in (SECURE,) if is_secure(scope) else (SECURE, PLAIN):
        if value := cookies.get(name):
            yield name, value


def header(name: str, value: str, seconds: float) -> str:
    """`Set-Cookie` for a session of so many seconds; 0 takes the cookie away."""
    secure = "; Secure" if name == SECURE else ""
    return f"{name}={value}; Max-Age={int(seconds)}; Path=/; HttpOnly; SameSite=Lax{secure}"
