"""Where to ask: reading URLs, and deciding which of them a request may name."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from api_server.services.agent_addresses import canonical_host, is_forbidden_host
from api_server.services.agent_types import REQUEST_FORMATS, AgentType, RequestFormat, Target

DEFAULT_PORTS = {"http": 80, "https": 443}
OPENAI = "api.openai.com"
CHAT = "/chat/completions"
VERSION = re.compile(r"v\d+[a-z0-9]*")
UNSAFE = re.compile(r"[\x00-\x20\x7f\\\"<>^`{|}]")
PATH_CHARACTERS = "/%:@!$&'()*+,;=~-._"


class TargetProblem(ValueError):
    """A URL or a format that cannot be used. One line, which begins with the field's name."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Scheme, host and port: what decides who is asked. Its text may be logged."""

    scheme: str
    host: str
    port: int

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        if self.port == DEFAULT_PORTS[self.scheme]:
            return f"{self.scheme}://{host}"
        return f"{self.scheme}://{host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A server, and how it is to be asked.

    path: as it was given.
    named: not by the settings: such a one is never connected to a forbidden address.
    """

    origin: Origin
    path: str
    request_format: RequestFormat
    named: bool = False

    @property
    def agent_type(self) -> AgentType:
        if self.request_format == "text_only":
            return "text_agent"
        host = self.origin.host
        return "openai" if host == OPENAI or host.endswith(f".{OPENAI}") else "vllm"

    @property
    def url(self) -> str:
        """Where a question is posted."""
        if self.request_format == "text_only":
            return f"{self.origin}{self.path or '/'}"
        return f"{self.origin}{_base_path(self.path)}{CHAT}"

    @property
    def models_url(self) -> str:
        return f"{self.origin}{_base_path(self.path)}/models"


class Targets:
    """The configured server, and those that a request may name in its place.

    A setting that cannot be used is found when it is needed: a request may do without it.

    allowed: the origins that a request may name. unreadable: how many were not understood.
    own_origin: that of the configured URL.
    """

    def __init__(self, url: str, request_format: str, allowed_urls: str) -> None:
        self._url = url.strip()
        self._format = request_format.strip() or "prompt_based"
        self.unreadable = 0
        self.allowed = frozenset(self._read_allowed(allowed_urls))
        self.own_origin = next(self._read_allowed(""), None)

    @property
    def is_configured(self) -> bool:
        return bool(self._url)

    def configured(self, request_format: str | None = None) -> Endpoint:
        """The server of the settings. Raises `TargetProblem`."""
        if not self._url:
            raise TargetProblem("AGENT_URL: not set")
        return Endpoint(*read_url(self._url, "AGENT_URL"), self._wanted(request_format))

    def resolve(self, target: Target) -> Endpoint:
        """The server to ask. Raises `TargetProblem` for one that cannot or may not be asked."""
        if target.url is None:
            return self.configured(target.request_format)
        return self._named(*self._permit(target.url), target.request_format)

    def check(self, target: Target) -> None:
        """Judge what a request says, and nothing else. Raises `TargetProblem`."""
        if target.url is not None:
            self._permit(target.url)
        if target.request_format is not None:
            read_format(target.request_format, "request_format")

    def stand_in(self, target: Target) -> Endpoint:
        """The URL of a caller in place of AGENT_URL, whether permitted or not."""
        return self._named(*read_url(target.url or "", "agent_url"), target.request_format)

    def _named(self, origin: Origin, path: str, request_format: str | None) -> Endpoint:
        return Endpoint(origin, path, self._wanted(request_format), named=True)

    def _wanted(self, request_format: str | None) -> RequestFormat:
        if request_format is None:
            return read_format(self._format, "AGENT_REQUEST_FORMAT")
        return read_format(request_format, "request_format")

    def _permit(self, url: str) -> tuple[Origin, str]:
        origin, path = read_url(url, "agent_url")
        if origin not in self.allowed or is_forbidden_host(origin.host):
            raise TargetProblem("agent_url: this server may not be named")
        return origin, path

    def _read_allowed(self, allowed_urls: str) -> Iterator[Origin]:
        listed = [part.strip() for part in allowed_urls.split(",") if part.strip()]
        for url in listed or ([self._url] if self._url else []):
            try:
                yield read_url(url, "AGENT_ALLOWED_URLS")[0]
            except TargetProblem:
                self.unreadable += bool(listed)


def read_format(text: str, field: str) -> RequestFormat:
    """Raises `TargetProblem` for an unknown one."""
    if text not in REQUEST_FORMATS:
        raise TargetProblem(f"{field}: one of {', '.join(REQUEST_FORMATS)}")
    return text


def read_url(text: str, field: str) -> tuple[Origin, str]:
    """An http or https URL as its origin and its path. Raises `TargetProblem`."""
    text = text.strip()
    if UNSAFE.search(text):
        raise TargetProblem(f"{field}: a character in it cannot stand in a URL")
    try:
        parts = urlsplit(text)
        port, name = parts.port, parts.hostname
    except ValueError:
        raise TargetProblem(f"{field}: not a URL") from None
    if parts.scheme not in DEFAULT_PORTS or not name or port == 0:
        raise TargetProblem(f"{field}: must be like http://host:8001 or https://host")
    if "@" in parts.netloc:
        raise TargetProblem(f"{field}: must not hold a user name or a password")
    if "?" in text or "#" in text:
        raise TargetProblem(f"{field}: must not hold a query or a fragment")
    try:
        host = canonical_host(name)
    except ValueError:
        raise TargetProblem(f"{field}: its host cannot be used") from None
    origin = Origin(parts.scheme, host, port or DEFAULT_PORTS[parts.scheme])
    return origin, quote(parts.path, safe=PATH_CHARACTERS)


def _base_path(path: str) -> str:
    """Up to and with the version: `/v1` is added where the path names none."""
    path = path.rstrip("/").removesuffix(CHAT).rstrip("/")
    if any(VERSION.fullmatch(part) for part in path.split("/")):
        return path
    return f"{path}/v1"
