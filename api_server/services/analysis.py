"""Everything that is said about a call: classification, sales check, summary, translation.

All that was asked for runs at once, under one deadline of AGENT_TIMEOUT. What needs no LLM does
not wait for it, and an LLM that fails takes nothing else with it.
"""

from __future__ import annotations

import asyncio
import logging
import traceback
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Literal, TypeAlias

from api_server.services import classification, summary, translation
from api_server.services.agent_types import Agent, AgentFailure, AgentReason, Target
from api_server.services.asking import Asking
from api_server.services.call_text import CallText
from api_server.services.conversation import Conversation
from api_server.services.incomplete_sales_validator import IncompleteSalesValidator
from api_server.services.label_rules import Labels
from api_server.services.results import Classification, SalesReport, Summary, Translation
from stt_threads import in_thread

log = logging.getLogger("api.analysis")

Kind: TypeAlias = Literal["classification", "incomplete_sales", "summary", "translation"]
KINDS: tuple[Kind, ...] = ("classification", "incomplete_sales", "summary", "translation")
EMPTY, BROKEN = "transcript_is_empty", "internal_error"
DEFAULT_SECONDS = 30.0
# How long before the deadline of the LLM its answers must be there, so that what stands in for
# them is ready in time.
SPARE_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked of a call. `translate_from` is its language, where it is known."""

    classify: bool = False
    validate_sales: bool = False
    summarize: bool = False
    translate_to: str | None = None
    translate_from: str | None = None
    product: str | None = None
    target: Target = field(default_factory=Target)

    @property
    def kinds(self) -> tuple[Kind, ...]:
        asked: dict[Kind, bool] = {
            "classification": self.classify,
            "incomplete_sales": self.validate_sales,
            "summary": self.summarize,
            "translation": self.translate_to is not None,
        }
        return tuple(kind for kind, wanted in asked.items() if wanted)


@dataclass(frozen=True, slots=True)
class Analyses:
    """What was found; None where it was not asked for, or where `errors` says why not.

    llm_used: an answer of the LLM is part of it. dummies: why, for each dummy in it.
    """

    classification: Classification | None = None
    incomplete_sales: SalesReport | None = None
    summary: Summary | None = None
    translation: Translation | None = None
    errors: dict[Kind, str] = field(default_factory=dict)
    llm_used: bool = False
    dummies: tuple[AgentReason, ...] = ()


@dataclass(frozen=True, slots=True)
class Done:
    """One analysis: its result, whether the LLM had a part in it, and how the LLM failed."""

    result: Classification | SalesReport | Summary | Translation
    llm_used: bool = False
    failure: AgentReason | None = None


@dataclass(frozen=True, slots=True)
class Ruled:
    """What the rules say of a call, as far as it was asked."""

    label: Classification | None = None
    report: SalesReport | None = None


class Analyst:
    """Analyses calls with the labels, the packs and the LLM it was given."""

    def __init__(self, agent: Agent, labels: Labels, checker: IncompleteSalesValidator) -> None:
        self._agent = agent
        self._labels = labels
        self._checker = checker

    @property
    def labels(self) -> tuple[str, ...]:
        return tuple(self._labels.names)

    @property
    def products(self) -> tuple[str, ...]:
        return tuple(alias for pack in self._checker.products for alias in pack.aliases[:1])

    def check(self, wanted: Wanted) -> None:
        """Refuse what cannot be done: raises `InvalidOption`, which names the field."""
        self._agent.check(wanted.target)
        self._checker.product_id(wanted.product)

    async def analyse(
        self,
        conversation: Conversation,
        wanted: Wanted,
        whisper: Callable[[], Awaitable[str]] | None = None,
    ) -> Analyses:
        """Do all that is wanted. `whisper` translates the recording into English, where there is
        one; it is asked when the LLM could not."""
        kinds = wanted.kinds
        if not kinds:
            return Analyses()
        if conversation.is_empty:
            return Analyses(errors=dict.fromkeys(kinds, EMPTY))
        asking = Asking.within(self._agent, wanted.target, self._seconds())
        ruling = asyncio.ensure_future(in_thread(partial(self._rule, conversation, wanted)))
        work: dict[Kind, Callable[[], Awaitable[Done]]] = {
            "classification": lambda: self._classify(conversation, ruling, asking),
            "incomplete_sales": lambda: self._validate(conversation, ruling, wanted, asking),
            "summary": lambda: self._summarize(conversation, asking),
            "translation": lambda: self._translate(conversation, wanted, asking, whisper),
        }
        try:
            async with asyncio.TaskGroup() as group:
                tasks = {kind: group.create_task(_guarded(kind, work[kind])) for kind in kinds}
        finally:
            ruling.cancel()
            await asyncio.wait({ruling})
        return _gathered({kind: task.result() for kind, task in tasks.items()})

    def _rule(self, conversation: Conversation, wanted: Wanted) -> Ruled:
        """What the rules say: of one reading, in one go, since two threads that compute keep each
        other and the event loop waiting."""
        if not (wanted.classify or wanted.validate_sales):
            return Ruled()
        call = CallText.of(conversation)
        return Ruled(
            self._labels.classify(call) if wanted.classify else None,
            self._checker.check(conversation, wanted.product, call)
            if wanted.validate_sales
            else None,
        )

    def _seconds(self) -> float:
        limit = self._agent.state.limits.get("timeout_seconds")
        seconds = float(limit) if isinstance(limit, int | float) else DEFAULT_SECONDS
        return max(seconds - SPARE_SECONDS, seconds / 2)

    async def _classify(
        self, conversation: Conversation, ruling: Awaitable[Ruled], asking: Asking
    ) -> Done:
        try:
            found = await classification.by_llm(conversation, self._labels, asking)
        except AgentFailure as failure:
            ruled = (await ruling).label
            instead = classification.in_place_of_llm(ruled, str(failure))
            return Done(instead, failure=failure.reason)
        return Done(found, llm_used=True)

    async def _validate(
        self, conversation: Conversation, ruling: Awaitable[Ruled], wanted: Wanted, asking: Asking
    ) -> Done:
        report = (await ruling).report
        if report is None:
            raise TypeError("the sale was not checked")
        if not self._agent.state.configured and wanted.target.url is None:
            return Done(report)
        try:
            reviewed = await self._checker.review(report, conversation, asking)
        except AgentFailure as failure:
            warning = f"incomplete_sales: rules only, the LLM did not answer: {failure}"
            return Done(report.with_warning(warning), failure=failure.reason)
        return Done(reviewed, llm_used=reviewed.elements != report.elements)

    async def _summarize(self, conversation: Conversation, asking: Asking) -> Done:
        try:
            return Done(await summary.by_llm(conversation, asking), llm_used=True)
        except AgentFailure as failure:
            extracted = await summary.by_extraction(conversation, str(failure))
            return Done(extracted, failure=failure.reason)

    async def _translate(
        self,
        conversation: Conversation,
        wanted: Wanted,
        asking: Asking,
        whisper: Callable[[], Awaitable[str]] | None,
    ) -> Done:
        language = wanted.translate_to or ""
        source = wanted.translate_from or translation.language_of(conversation.text)
        if language == source:
            reason = translation.SAME_LANGUAGE
            return Done(translation.none(language, reason, is_dummy=False))
        try:
            return Done(await translation.by_llm(conversation, language, asking), llm_used=True)
        except AgentFailure as failure:
            if language == "en" and whisper is not None:
                return await _by_whisper(whisper, conversation, failure)
            return Done(translation.none(language, str(failure)), failure=failure.reason)


async def _by_whisper(
    whisper: Callable[[], Awaitable[str]], conversation: Conversation, failure: AgentFailure
) -> Done:
    try:
        text = (await whisper()).strip()
    except WhisperFailed as error:
        reason = f"{failure}; and by Whisper: {error}"
        return Done(translation.none("en", reason), failure=failure.reason)
    if not translation.is_translation(text, conversation.text, "en"):
        reason = f"{failure}; and by Whisper: {translation.NOT_TRANSLATED}"
        return Done(translation.none("en", reason), failure=failure.reason)
    return Done(Translation(text, "en", "whisper", error_reason=str(failure)))


class WhisperFailed(Exception):
    """Whisper could not translate either; the text says why, in one line."""


async def _guarded(kind: Kind, work: Callable[[], Awaitable[Done]]) -> Done | None:
    """None where the work breaks on a defect of ours: it must not cost the transcript."""
    try:
        return await work()
    except Exception as error:
        # Its kind and place, not its text, which may hold what was said.
        last = traceback.extract_tb(error.__traceback__)[-1]
        place = f"{last.filename.rsplit('/', 1)[-1]}:{last.lineno}"
        log.error("analysis %s: unexpected %s at %s", kind, type(error).__name__, place)
        return None


def _gathered(done: dict[Kind, Done | None]) -> Analyses:
    results = {kind: one for kind, one in done.items() if one is not None}
    found: dict[str, object] = {kind: one.result for kind, one in results.items()}
    return Analyses(
        **found,  # type: ignore[arg-type]
        errors={kind: BROKEN for kind, one in done.items() if one is None},
        llm_used=any(one.llm_used for one in results.values()),
        dummies=tuple(
            one.failure or "request_failed" for one in results.values() if one.result.is_dummy
        ),
    )
