"""Where a visitor goes after signing in: a page of this service, and nowhere else."""

from __future__ import annotations

from urllib.parse import quote, urlsplit

from starlette.types import Scope

HOME = "/"
SIGN_IN = "/sign-in"
SIGN_OUT = "/sign-out"
MAX_CHARS = 2000


def local_page(asked: str) -> str:
    """`asked` where it is a path of this service, else the home page.

    Browsers take a backslash for a slash, and leave out tabs and line breaks anywhere: `/\\t/host`
    would be another host's (https://url.spec.whatwg.org/#concept-basic-url-parser).
    """
    if not asked.startswith("/") or asked.startswith("//") or len(asked) > MAX_CHARS:
        return HOME
    if "\\" in asked or not asked.isprintable() or " " in asked:
        return HOME
    try:
        parts = urlsplit(asked)
    except ValueError:
        return HOME
    if parts.scheme or parts.netloc or parts.path in {SIGN_IN, SIGN_OUT}:
        return HOME
    return asked


def sign_in_page(scope: Scope) -> str:
    """The sign-in page's address for a visitor who asked for a page; it leads back there."""
    if scope["method"] not in {"GET", "HEAD"}:
        return SIGN_IN
    query: bytes = scope["query_string"]
    page = quote(scope["path"]) + (f"?{query.decode('ascii', 'replace')}" if query else "")
    page = local_page(page)
    return SIGN_IN if page == HOME else f"{SIGN_IN}?next={quote(page, safe='')}"
