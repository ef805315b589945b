"""The agent: an LLM server, asked over HTTP, that may fail but never silently.

    settings ──► circuit ──► slot ──► connection ──► answer ──► does it fit?
        │           └───────────┴─────────┴──┬──────────┴───────────┘
        ▼                                    ▼
    Configuration invalid     Connection failed, Request failed

A failure is logged and counted here, once, and raised as an `AgentFailure`; `call` answers a
marked dummy in its place. Neither the key nor anything that was said is part of a failure.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING

from api_server.services.agent_dispatch import Dispatcher, Question
from api_server.services.agent_resolver import Lookup, system_lookup
from api_server.services.agent_servers import CircuitOpen, Servers
from api_server.services.agent_settings import AgentSettings
from api_server.services.agent_stream import ANSWER_BYTES
from api_server.services.agent_targets import Endpoint, TargetProblem
from api_server.services.agent_types import (
    AgentFailure,
    AgentReason,
    AgentResult,
    AgentState,
    Answer,
    Ask,
    ConfigurationInvalid,
    Target,
)
from api_server.services.agent_watch import Pace
from serving.errors import InvalidOption

if TYPE_CHECKING:
    from api_server.settings import Settings

log = logging.getLogger("api.agent")

AS_CONFIGURED = Target()
CALL_TOKENS = 1024
CALL_INSTRUCTIONS = "You are a helpful assistant. Answer the message."
DUMMY_CHARS = 50


def build(
    settings: Settings, on_dummy: Callable[[AgentReason], None] | None = None
) -> AgentBackend:
    """Make the agent that the AGENT_* settings describe; nothing connects yet."""
    return AgentBackend(
        settings.agent_url,
        model=settings.agent_model,
        api_key=settings.agent_api_key.get_secret_value(),
        request_format=settings.agent_request_format,
        timeout=settings.agent_timeout,
        allowed_urls=settings.agent_allowed_urls,
        on_dummy=on_dummy,
    )


class AgentBackend:
    """Asks the LLM; a peer of the fakes behind the `Agent` protocol.

    Nothing connects before it is started or asked. Started, it keeps connections and looks
    after its server; a script that asks now and then need not start it. It serves one event
    loop at a time. TLS is always verified, against certifi's authorities or those that
    SSL_CERT_FILE or SSL_CERT_DIR name.

    url, model, api_key, request_format, timeout, allowed_urls: the AGENT_* settings.
    max_concurrency, max_waiting: how many questions are out at once, and how many may wait.
    on_dummy: told the reason of each question that failed.
    pace, lookup: how often the server is probed, and how names are looked up.
    """

    def __init__(
        self,
        url: str = "",
        *,
        model: str = "",
        api_key: str = "",
        request_format: str = "prompt_based",
        timeout: float | str = 30,
        allowed_urls: str = "",
        max_concurrency: int = 8,
        max_waiting: int = 64,
        on_dummy: Callable[[AgentReason], None] | None = None,
        pace: Pace | None = None,
        lookup: Lookup = system_lookup,
    ) -> None:
        self._settings = AgentSettings(
            url,
            model=model,
            api_key=api_key,
            request_format=request_format,
            timeout=timeout,
            allowed_urls=allowed_urls,
        )
        self._targets = self._settings.targets
        self._most_at_once, self._most_waiting = max_concurrency, max_waiting
        self._on_dummy = on_dummy
        configured = self._settings.usable()
        self._servers = Servers(configured, self._settings.model)
        self._dispatcher = Dispatcher(
            self._servers,
            self._settings.key_for(configured.origin) if configured else "",
            concurrency=max_concurrency,
            waiting=max_waiting,
            pace=pace or Pace(),
            lookup=lookup,
        )
        if self._targets.unreadable:
            log.warning("[AGENT] AGENT_ALLOWED_URLS: %d not understood", self._targets.unreadable)

    @property
    def state(self) -> AgentState:
        server = self._servers.configured
        if server is None:
            configured, reason = self._targets.is_configured, self._settings.problem()
            return AgentState(configured, False, reason, limits=self._limits())
        model = server.model
        return AgentState(
            configured=True,
            available=server.available,
            error_reason=server.reason,
            agent_type=server.endpoint.agent_type,
            model=model.id if model else None,
            context_tokens=model.context_tokens if model else None,
            limits=self._limits(),
        )

    async def start(self) -> None:
        """Begins to look after the configured server; does not wait for it."""
        await self._dispatcher.start()

    async def stop(self) -> None:
        """Ends what is being asked, within a second or two; what is asked later fails at once."""
        await self._dispatcher.stop()

    async def __aenter__(self) -> AgentBackend:
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.stop()

    def check(self, target: Target) -> None:
        """Refuse a target that a request may not name: raises `InvalidOption`."""
        try:
            self._targets.check(target)
        except TargetProblem as problem:
            raise InvalidOption(str(problem)) from None

    async def ask(
        self,
        ask: Ask,
        target: Target = AS_CONFIGURED,
        timeout: float | None = None,  # noqa: ASYNC109 - a bound on retries and waiting as well
    ) -> Answer:
        """Raises `AgentFailure`, when `timeout` seconds have passed at the latest."""
        try:
            return await self._answer(ask, self._endpoint(target), timeout)
        except AgentFailure as failure:
            self._report(failure)
            raise

    async def call(
        self,
        request_text: str,
        url: str | None = None,
        request_format: str | None = None,
        timeout: float | str | None = None,  # noqa: ASYNC109 - the contract's name
    ) -> AgentResult:
        """The LLM's answer to a text, or a marked dummy; None means: as the settings say.

        Where the settings name no URL and permit none, any `url` takes the place of AGENT_URL,
        but the key is not sent there: that is a script's way to ask, not a request's.
        """
        began = time.perf_counter()
        try:
            endpoint = self._endpoint(Target(url or None, request_format or None), script=True)
            instructions = "" if endpoint.request_format == "text_only" else CALL_INSTRUCTIONS
            ask = Ask("call", instructions, request_text, max_tokens=CALL_TOKENS)
            answer = await self._answer(ask, endpoint, timeout)
        except AgentFailure as failure:
            level = self._report(failure)
            log.log(level, "[AGENT-DUMMY] Using dummy response")
            return _dummy(request_text, failure, time.perf_counter() - began)
        return AgentResult(
            success=True,
            response=answer.text,
            is_dummy=False,
            error_reason=None,
            agent_type=answer.agent_type,
            model=answer.model,
            latency_seconds=answer.latency_seconds,
        )

    async def _answer(self, ask: Ask, endpoint: Endpoint, given: float | str | None) -> Answer:
        seconds, key = self._settings.seconds(given), self._settings.key_for(endpoint.origin)
        answer = await self._dispatcher.answer(Question(ask, endpoint, key, seconds))
        log.info("[AGENT] Success")
        return answer

    def _endpoint(self, target: Target, *, script: bool = False) -> Endpoint:
        unbound = not self._targets.is_configured and not self._targets.allowed
        try:
            if script and unbound and target.url:
                return self._targets.stand_in(target)
            return self._targets.resolve(target)
        except TargetProblem as problem:
            raise ConfigurationInvalid(str(problem)) from None

    def _report(self, failure: AgentFailure) -> int:
        """Log and count a failure once. Returns the level at which it was logged."""
        known = isinstance(failure, CircuitOpen) and failure.told
        level = logging.DEBUG if known else logging.WARNING
        log.log(level, "[AGENT-DUMMY] %s: %s", failure.step, failure)
        if self._on_dummy is not None:
            self._on_dummy(failure.reason)
        return level

    def _limits(self) -> dict[str, object]:
        try:
            seconds = self._settings.seconds()
        except AgentFailure:
            seconds = None
        return {
            "timeout_seconds": seconds,
            "max_concurrency": self._most_at_once,
            "max_waiting": self._most_waiting,
            "max_answer_bytes": ANSWER_BYTES,
        }


def _dummy(request_text: str, failure: AgentFailure, seconds: float) -> AgentResult:
    return AgentResult(
        success=True,
        response=f"[Dummy] Processed: {request_text[:DUMMY_CHARS]}",
        is_dummy=True,
        error_reason=str(failure),
        agent_type="dummy",
        model=None,
        latency_seconds=seconds,
    )
