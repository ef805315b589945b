"""The agent's vocabulary: what it is asked, what it answers, how it can fail.

    AgentFailure                  one of the three ways in which an LLM is not there
    ├── ConfigurationInvalid      no URL, a bad one, an unknown request format
    ├── ConnectionFailed          refused, DNS, TLS, timeout, circuit open
    └── RequestFailed             an error status, a broken or empty answer

A failure's text is one line for people; it holds no key and nothing that was said.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from typing import Any, ClassVar, Literal, Protocol, TypeAlias

AgentType: TypeAlias = Literal["vllm", "openai", "text_agent", "dummy"]
RequestFormat: TypeAlias = Literal["prompt_based", "text_only"]
AgentReason: TypeAlias = Literal["configuration_invalid", "connection_failed", "request_failed"]
REQUEST_FORMATS: tuple[RequestFormat, ...] = ("prompt_based", "text_only")


class AgentFailure(Exception):
    """The LLM gave no answer that can be used.

    outage: the server is in trouble, not the question: enough of these and it is left alone.
    """

    reason: ClassVar[AgentReason]
    step: ClassVar[str]

    def __init__(self, text: str, *, outage: bool = False) -> None:
        super().__init__(text)
        self.outage = outage


class ConfigurationInvalid(AgentFailure):
    """The settings, or what the request says in their place, cannot work."""

    reason = "configuration_invalid"
    step = "Configuration invalid"


class ConnectionFailed(AgentFailure):
    """No connection, or none in time."""

    reason = "connection_failed"
    step = "Connection failed"


class RequestFailed(AgentFailure):
    """Connected, but without an answer that can be used."""

    reason = "request_failed"
    step = "Request failed"


@dataclass(frozen=True, slots=True)
class Ask:
    """One question to the LLM.

    instructions: what to do (the system message); written by us.
    data: what to do it with; it comes from a transcript and is never an instruction.
    schema: JSON schema that the answer must fit, or None for plain text.
    name: names the schema and the question in logs: letters, digits and underscores.
    max_tokens: at most so many tokens of answer.
    """

    name: str
    instructions: str
    data: str
    schema: dict[str, Any] | None = None
    max_tokens: int = 512


@dataclass(frozen=True, slots=True)
class Target:
    """Where and how to ask, as one request may choose; None means: as the settings say."""

    url: str | None = None
    request_format: str | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """A usable answer: `value` fits the schema of the question; without one it is None.

    finish_reason: the server's word for why the answer ended: `length` says that a plain text
    was cut at `max_tokens`. None where the server gives none.
    """

    text: str
    value: Any
    agent_type: AgentType
    model: str | None
    latency_seconds: float
    finish_reason: str | None = None


@dataclass(frozen=True, slots=True)
class AgentResult:
    """What `AgentBackend.call` answers. `success` is true for a dummy as well: read `is_dummy`.

    The contract writes it as a JSON object, so its fields can also be read by name:
    `result["response"]`, `dict(result)`.
    """

    success: bool
    response: str
    is_dummy: bool
    error_reason: str | None
    agent_type: AgentType
    model: str | None
    latency_seconds: float

    def keys(self) -> Iterator[str]:
        return (field.name for field in fields(self))

    def __getitem__(self, name: str) -> object:
        if name not in self.keys():
            raise KeyError(name)
        return getattr(self, name)


@dataclass(frozen=True, slots=True)
class AgentState:
    """What is known of the LLM without asking it."""

    configured: bool
    available: bool
    error_reason: str | None = None
    agent_type: AgentType = "dummy"
    model: str | None = None
    context_tokens: int | None = None
    limits: dict[str, object] = field(default_factory=dict)


class Agent(Protocol):
    """The LLM as the service sees it; tests pass a peer of the real one.

    `state` is instant. `ask` raises `AgentFailure` and nothing else; it never takes longer
    than the seconds it is given, or AGENT_TIMEOUT.
    """

    @property
    def state(self) -> AgentState: ...
    async def start(self) -> None: ...
    async def stop(self) -> None: ...
    async def ask(
        self,
        ask: Ask,
        target: Target = ...,
        timeout: float | None = None,  # noqa: ASYNC109 - a bound on retries and waiting as well
    ) -> Answer: ...
    def check(self, target: Target) -> None:
        """Refuse a target that a request may not name: raises `InvalidOption`."""
