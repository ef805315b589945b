"""What the AGENT_* settings say. They are text, judged when they are needed: one that cannot
be used makes marked dummies, not a service that does not start."""

from __future__ import annotations

import math

from api_server.services.agent_targets import Endpoint, Origin, TargetProblem, Targets
from api_server.services.agent_types import ConfigurationInvalid, ConnectionFailed

MOST_SECONDS = 600.0


class AgentSettings:
    """The settings of one agent; see settings.py for what each means."""

    def __init__(
        self,
        url: str,
        *,
        model: str,
        api_key: str,
        request_format: str,
        timeout: float | str,
        allowed_urls: str,
    ) -> None:
        self.targets = Targets(url, request_format, allowed_urls)
        self.model = model.strip()
        self._key = api_key.strip()
        self._timeout = timeout

    def problem(self) -> str | None:
        """Why the configured server cannot be asked, one line; None where it can."""
        try:
            self._judge()
        except (TargetProblem, ConfigurationInvalid) as problem:
            return str(problem)
        return None

    def usable(self) -> Endpoint | None:
        """The configured server, where it can be asked."""
        return None if self.problem() else self.targets.configured()

    def _judge(self) -> None:
        self.key_for(self.targets.configured().origin)
        self.seconds()

    def seconds(self, given: float | str | None = None) -> float:
        """How long a question may take: as given, or else as set; never more than ten minutes.

        Raises `ConfigurationInvalid`, or `ConnectionFailed` where no time is left.
        """
        field, value = ("AGENT_TIMEOUT", self._timeout) if given is None else ("timeout", given)
        try:
            seconds = float(value)
        except (TypeError, ValueError, OverflowError):
            seconds = math.nan
        if given is not None and seconds <= 0:
            raise ConnectionFailed("timeout: no time left")
        if not 0 < seconds < math.inf:
            raise ConfigurationInvalid(f"{field}: must be a number of seconds above 0")
        return min(seconds, MOST_SECONDS)

    def key_for(self, origin: Origin) -> str:
        """The key, for the one origin that may have it. Raises `ConfigurationInvalid`."""
        if not self._key or origin != self.targets.own_origin:
            return ""
        if not (self._key.isascii() and self._key.isprintable()):
            raise ConfigurationInvalid("AGENT_API_KEY: holds a character that no header can")
        return self._key
