"""What is known of each LLM server, from asking it: no more than a bounded number of them."""

from __future__ import annotations

import logging
from collections import OrderedDict
from dataclasses import dataclass, field

from api_server.services.agent_circuit import Circuit
from api_server.services.agent_targets import Endpoint
from api_server.services.agent_types import AgentFailure, AgentType, ConnectionFailed
from api_server.services.agent_wire import Dialect, Refused

log = logging.getLogger("api.agent")

MOST_NAMED = 32
NAMES: dict[AgentType, str] = {
    "vllm": "vLLM",
    "openai": "OpenAI",
    "text_agent": "text agent",
    "dummy": "dummy",
}


class CircuitOpen(ConnectionFailed):
    """Not asked: the server was found not to answer a moment ago.

    told: the log has it already.
    """

    def __init__(self, text: str, *, told: bool) -> None:
        super().__init__(text)
        self.told = told


@dataclass(frozen=True, slots=True)
class Model:
    """A model that a server lists. context_tokens: of question and answer together."""

    id: str
    context_tokens: int | None = None


@dataclass(slots=True)
class Server:
    """One server, as its last answers and its silences tell it.

    wanted: the model of the settings, or empty.
    insists: it is asked for that model whether it lists it or not.
    models: what it lists, or None where that is not known.
    models_url: where that list was read.
    missing: a model that it was asked for and does not have.
    reason: why it is not available.
    proved: it has answered a question since it last failed.
    loss_told, refusal_told: the log has it already that it is away, that it is left alone.
    """

    endpoint: Endpoint
    wanted: str = ""
    insists: bool = True
    circuit: Circuit = field(default_factory=Circuit)
    dialect: Dialect = field(init=False)
    models: tuple[Model, ...] | None = None
    models_url: str = ""
    missing: str | None = None
    available: bool = False
    reason: str | None = "not contacted yet"
    proved: bool = False
    loss_told: bool = False
    refusal_told: bool = False

    def __post_init__(self) -> None:
        self.dialect = Dialect.of(self.endpoint.agent_type)

    @property
    def model(self) -> Model | None:
        """The model to ask for: the one wanted, else the first listed. None: the server's own."""
        listed = {model.id: model for model in self.models or ()}
        if self.wanted in listed or not self.needs_list:
            return listed.get(self.wanted, Model(self.wanted))
        return next(iter(listed.values()), None)

    @property
    def needs_list(self) -> bool:
        return not (self.wanted and self.insists)

    def answered(self) -> None:
        """It gave an answer that could be used."""
        self.proved, self.missing = True, None
        self._found()

    def failed(self, failure: AgentFailure) -> None:
        """A question failed. Answers that are merely useless say nothing of the server."""
        refused = failure.status if isinstance(failure, Refused) else 0
        if failure.outage or refused in (401, 403, 404, 405):
            self._lose(str(failure))
            self.loss_told = True

    def probed(self, models: tuple[Model, ...] | None, url: str = "") -> None:
        """A probe was answered; with None for models by a server that has no list of them."""
        if models is not None:
            self.models, self.models_url = models, url
        listed = {model.id for model in models or ()}
        if self.missing is not None and self.missing not in listed:
            self._lose("configuration: the model asked for is not served")
        elif models is not None or self.proved or self.endpoint.request_format == "text_only":
            self._found()
        else:
            self._lose("no list of models there")

    def probe_failed(self, failure: AgentFailure) -> None:
        self._lose(str(failure))
        if not self.loss_told:
            log.warning(
                "[AGENT] %s is not available: %s: %s", self.name, self.endpoint.origin, failure
            )
        self.loss_told = True

    def refusal(self) -> CircuitOpen:
        told, self.refusal_told = self.refusal_told, True
        return CircuitOpen(f"left alone for a moment: {self.reason}", told=told)

    @property
    def name(self) -> str:
        return NAMES[self.endpoint.agent_type]

    def _found(self) -> None:
        if not self.available:
            log.info("[AGENT] %s is available: %s", self.name, self.endpoint.origin)
        self.available, self.reason = True, None
        self.loss_told = self.refusal_told = False

    def _lose(self, reason: str) -> None:
        self.available, self.reason = False, reason
        self.proved = False
        # It may come back with another model, or another version of itself.
        self.models, self.dialect = None, Dialect.of(self.endpoint.agent_type)


class Servers:
    """The configured server, always; of those that requests name, the latest ones."""

    def __init__(self, configured: Endpoint | None, model: str) -> None:
        self._model = model
        self.configured = Server(configured, model) if configured else None
        self._named: OrderedDict[tuple[object, str], Server] = OrderedDict()

    def at(self, endpoint: Endpoint) -> Server:
        """What is known of the server there.

        The configured one stands apart: questions to another path of its origin, which
        anybody may name, must not close it off.
        """
        if self.configured is not None and _same(self.configured.endpoint, endpoint):
            return self.configured
        key = (endpoint.origin, endpoint.request_format)
        if key not in self._named:
            self._named[key] = Server(endpoint, self._model, insists=self.configured is None)
        self._named.move_to_end(key)
        if len(self._named) > MOST_NAMED:
            self._named.popitem(last=False)
        return self._named[key]


def _same(one: Endpoint, other: Endpoint) -> bool:
    return (one.url, one.request_format) == (other.url, other.request_format)
