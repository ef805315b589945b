"""불완전판매요소 검증: was the product sold properly, and which words prove it?

Rules decide (rules/*.yaml); the LLM may add to what they leave open (sales_review.py). Nothing
here needs an LLM.
"""

from __future__ import annotations

import unicodedata
from dataclasses import replace
from pathlib import Path

from api_server.services import sales_review
from api_server.services.asking import Asking
from api_server.services.call_text import CallText
from api_server.services.conversation import Conversation
from api_server.services.reading_speed import reading_speed
from api_server.services.results import Element, ReadingSpeed, SalesReport, Verdict
from api_server.services.sales_pack import Pack, Packs, load_packs
from api_server.services.sales_patterns import find
from api_server.services.sales_review import UNSEEN
from api_server.services.sales_rules import check as check_rule
from serving.errors import InvalidOption

RULES = Path(__file__).resolve().parent.parent / "rules"
# Signs of one product must outweigh those of the next by so much.
MARGIN = 1.2
MIN_SIGNS = 2.0
UNSEARCHABLE = "incomplete_sales: the text holds characters that hide words from the rules"
NO_PRODUCT = "no product could be inferred; name it with `product`"


class IncompleteSalesValidator:
    """Checks calls against the packs it was given; for any number of threads at once."""

    def __init__(self, loaded: Packs) -> None:
        self._packs = packs = loaded.products
        self._general = loaded.general
        self._names = {
            name.casefold(): pack.id
            for pack in packs.values()
            for name in (pack.id, pack.name, *pack.aliases)
        }

    @property
    def products(self) -> tuple[Pack, ...]:
        return tuple(self._packs.values())

    def product_id(self, product: str | None) -> str | None:
        """A pack's id by its id, name or alias. Raises `InvalidOption` for any other text."""
        if product is None:
            return None
        found = self._names.get(product.strip().casefold())
        if found is None:
            known = ", ".join((pack.aliases or (pack.id,))[0] for pack in self._packs.values())
            raise InvalidOption(f"product: unknown; one of {known}")
        return found

    def validate(self, conversation: Conversation, product: str | None = None) -> SalesReport:
        """Check a call by the rules alone. Takes up to a second for an hour of speech."""
        return self.check(conversation, product, CallText.of(conversation))

    def check(self, conversation: Conversation, product: str | None, call: CallText) -> SalesReport:
        """The same, of a conversation that was read already."""
        named = self.product_id(product)
        chosen = named or self._infer(call)
        if chosen is None:
            return self._without_product(call)
        pack = self._packs[chosen]
        hidden = any(_is_unsearchable(line.text) for line in conversation.lines)
        elements = tuple(check_rule(rule, call) for rule in pack.rules)
        verdict = verdict_of(elements)
        return SalesReport(
            verdict="review" if hidden and verdict == "complete" else verdict,
            score=score_of(elements),
            product=pack.id,
            product_inferred=named is None,
            pack=f"{pack.id} {pack.version}",
            roles=call.roles,
            elements=elements,
            reading_speed=reading_speed(conversation, elements, pack.reading),
            warnings=(
                *(() if named else (f"product: inferred as {pack.name}",)),
                *((UNSEARCHABLE,) if hidden else ()),
            ),
        )

    async def review(
        self, report: SalesReport, conversation: Conversation, asking: Asking
    ) -> SalesReport:
        """Let the LLM add to a report of `validate`. Raises `AgentFailure`; the report stands."""
        if report.product is None:
            return report
        rules = {rule.id: rule for rule in self._packs[report.product].rules}
        reviewed = await sales_review.review(report, rules, conversation, asking)
        return replace(
            reviewed,
            verdict=verdict_of(reviewed.elements),
            score=score_of(reviewed.elements),
        )

    def _without_product(self, call: CallText) -> SalesReport:
        """What holds for every sale; it can be faulty, but never complete."""
        elements = tuple(check_rule(rule, call) for rule in self._general.rules)
        violated = any(element.status == "violated" for element in elements)
        return SalesReport(
            verdict="incomplete" if violated else "review",
            score=score_of(elements),
            product=None,
            product_inferred=True,
            pack=f"{self._general.id} {self._general.version}",
            roles=call.roles,
            elements=elements,
            reading_speed=ReadingSpeed(None),
            warnings=(f"product: {NO_PRODUCT}",),
            error_reason="product_unknown",
        )

    def _infer(self, call: CallText) -> str | None:
        """The product whose signs are clearly the most."""
        weights: dict[str, float] = dict.fromkeys(self._packs, 0.0)
        for pack in self._packs.values():
            for sign in pack.signs:
                count = sum(1 for _ in find(sign.said, call))
                weights[pack.id] += sign.weight * min(count, 3)
        ranked = [*sorted(weights.items(), key=lambda one: -one[1]), ("", 0.0)]
        (best, most), (_, next_most) = ranked[0], ranked[1]
        return best if most >= MIN_SIGNS and most >= next_most * MARGIN else None


def build_validator(rules_dir: Path | None = None) -> IncompleteSalesValidator:
    """The built-in packs, and those of `rules_dir` over them. Raises `PackProblem`."""
    return IncompleteSalesValidator(load_packs([RULES, *([rules_dir] if rules_dir else [])]))


def _is_unsearchable(text: str) -> bool:
    """Hangul taken apart, or characters that nobody sees between its syllables."""
    return not unicodedata.is_normalized("NFC", text) or UNSEEN.search(text) is not None


def verdict_of(elements: tuple[Element, ...]) -> Verdict:
    """Incomplete where something is missing or violated and nobody argues; review where a person
    must look: an element is unclear, disputed, or decided by the LLM alone."""
    faults = [element for element in elements if element.status in {"missing", "violated"}]
    if any(fault.method == "rules" and fault.objection is None for fault in faults):
        return "incomplete"
    doubtful = any(
        element.status == "unclear" or element.method == "llm" or element.objection is not None
        for element in elements
    )
    return "review" if doubtful or faults else "complete"


def score_of(elements: tuple[Element, ...]) -> float:
    """0 to 100: the weight of what was met in what had to be, less the weight of violations."""
    due = sum(e.weight for e in elements if e.status in {"met", "missing", "unclear"})
    met = sum(e.weight for e in elements if e.status == "met")
    violated = sum(e.weight for e in elements if e.status == "violated")
    share = 100 * met / due if due else 100.0
    return round(max(0.0, share - violated), 1)
