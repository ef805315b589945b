"""The rules' verdicts: what proves a statement, who must say it, what is a sale made properly."""

from __future__ import annotations

import time
import unicodedata

import pytest

from api_server.services.conversation import Conversation, Line
from api_server.services.incomplete_sales_validator import build_validator
from api_server.services.results import Element, SalesReport
from serving.errors import InvalidOption
from tests.sales.calls import call

CHECKER = build_validator()
COMPLETE = (
    "a: 안녕하십니까, 푸른은행 상담원 신예린입니다.",
    "c: 정기예금 하나 들려고요.",
    "a: 12개월 만기 정기예금 금리는 연 3.1%입니다.",
    "a: 중도에 해지하시면 약정 금리보다 낮은 중도해지 이율이 적용됩니다.",
    "a: 이자에서는 세금 15.4%가 원천징수됩니다.",
    "a: 예금자보호법에 따라 원금과 이자를 합해 1인당 1억 원까지 보호됩니다.",
    "a: 상품설명서와 약관은 앱으로 전송해 드립니다.",
    "a: 안내 사항 이해하셨고 가입하시겠습니까?",
    "c: 네, 가입할게요.",
)


def checked(product: str, *lines: str) -> SalesReport:
    return CHECKER.validate(call(*lines), product)


def element(report: SalesReport, name: str) -> Element:
    return next(one for one in report.elements if one.id == name)


def status(product: str, name: str, *lines: str) -> str:
    return element(checked(product, *lines), name).status


def test_a_sale_with_everything_said_is_complete() -> None:
    """All required statements and the customer's word make a full score."""
    report = checked("예금", *COMPLETE)
    assert report.verdict == "complete"
    assert report.score == 100.0
    assert not report.is_dummy


@pytest.mark.parametrize("left_out", [0, 2, 3, 4, 5, 6, 8])
def test_a_sale_with_one_thing_left_out_is_incomplete(left_out: int) -> None:
    """Whatever is left out is found missing."""
    lines = [line for number, line in enumerate(COMPLETE) if number != left_out]
    report = checked("예금", *lines)
    assert report.verdict == "incomplete"
    assert report.score < 100
    assert sum(one.status == "missing" for one in report.elements) == 1


def test_a_violation_makes_a_complete_sale_incomplete() -> None:
    """Saying everything does not make up for a forbidden promise."""
    report = checked("예금", *COMPLETE, "a: 가입하시면 상품권 5만 원도 챙겨 드립니다.")
    assert report.verdict == "incomplete"
    assert element(report, "special_benefit").status == "violated"
    assert report.score == 95.0


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("a: 이 변액은 원금이 보장됩니다.", "violated"),
        ("a: 무조건 수익이 납니다.", "violated"),
        ("a: 손해 볼 일은 절대 없습니다.", "violated"),
        ("a: 원금이 보장되지 않습니다.", "not_applicable"),
        ("a: 원금 보장을 원하시면 예금이 낫습니다.", "not_applicable"),
        ("a: 무조건 수익이 난다고는 말씀 못 드려요.", "not_applicable"),
        ("c: 원금 보장되는 거죠?", "not_applicable"),
        ("c: 친구가 무조건 수익 난다고 했어요.", "not_applicable"),
    ],
)
def test_a_forbidden_expression_has_legitimate_uses(line: str, expected: str) -> None:
    """A promise is a violation; its denial, a wish or the customer's words are not."""
    assert status("변액", "certainty_claim", line) == expected


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("a: 원금이 보장되지 않습니다.", "met"),
        ("a: 운용 실적에 따라 원금 손실이 발생할 수 있습니다.", "met"),
        ("a: 주가가 떨어지면 넣으신 돈보다 줄어들 수 있어요.", "met"),
        ("a: 원금 손실은 어느 정도까지 괜찮으세요?", "missing"),
        ("a: 원금 손실 부분은 나중에 설명드릴게요.", "missing"),
        ("c: 원금 손실이 날 수도 있대요.", "missing"),
        ("a: 원금 손실이 있을 수 있다고는 하는데 그럴 일은 절대 없습니다.", "missing"),
    ],
)
def test_a_required_statement_is_its_content_said_by_the_seller(line: str, expected: str) -> None:
    """Naming it, asking, putting it off, taking it back, or the customer's words are not it."""
    assert status("변액", "principal_loss", line) == expected


def test_terms_may_stand_near_each_other_in_several_sentences() -> None:
    """`사업비` and its percentage within three sentences belong together."""
    near = ("a: 사업비가 있습니다.", "a: 매달 내시는 보험료에서요.", "a: 7%를 차감하고 투자합니다.")
    assert status("변액", "fees", *near) == "met"
    assert status("변액", "fees", near[0], "a: 자세한 건 약관에 있습니다.") == "missing"


def test_a_condition_decides_whether_an_element_applies() -> None:
    """The rise of the premium on renewal concerns renewable policies alone."""
    assert status("보장성", "renewal_premium", "a: 비갱신형 상품입니다.") == "not_applicable"
    assert status("보장성", "renewal_premium", "a: 10년 갱신형입니다.") == "missing"
    said = ("a: 10년 갱신형입니다.", "a: 갱신할 때 보험료가 오를 수 있습니다.")
    assert status("보장성", "renewal_premium", *said) == "met"


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("c: 네, 동의합니다.", "met"),
        ("c: 네.", "met"),
        ("c: 네?", "missing"),
        ("c: 생각해 볼게요.", "missing"),
        ("c: 네, 근데 남편한테 물어보고요.", "missing"),
        ("a: 네, 그럼 가입하신 걸로 하겠습니다.", "missing"),
    ],
)
def test_consent_is_the_customers_own_word(answer: str, expected: str) -> None:
    """The seller's question is not the consent, nor is the seller's own yes."""
    question = "a: 설명드린 내용 이해하셨고 가입에 동의하십니까?"
    assert status("보장성", "customer_consent", question, answer) == expected


def test_a_yes_to_something_else_is_no_consent() -> None:
    """Agreeing to a recording or a letter is not agreeing to the contract."""
    lines = ("a: 통화가 녹음되는데 동의하시죠?", "c: 네, 동의합니다.")
    assert status("보장성", "customer_consent", *lines) == "missing"


def test_a_yes_of_nobody_in_particular_is_unclear() -> None:
    """Without known roles, who said yes is for a person to hear."""
    report = checked("보장성", "?: 이해하셨고 가입에 동의하십니까?", "?: 네, 동의합니다.")
    consent = element(report, "customer_consent")
    assert consent.status == "unclear"
    assert consent.error_reason == "role_uncertain"
    assert consent.evidence, "the reviewer hears the very words"


def test_a_statement_of_an_uncertain_speaker_is_unclear() -> None:
    """A statement that anybody may have made proves nothing yet."""
    report = checked("변액", "?: 원금이 무조건 보장")
    assert element(report, "certainty_claim").status == "unclear"


def test_every_quote_is_a_piece_of_its_segment() -> None:
    """Each `met` and `violated` has evidence, exact to the character, with the segment's times."""
    conversation = call(*COMPLETE, "a: 원금이 무조건 보장됩니다.")
    lines = {line.id: line for line in conversation.lines}
    for product in ("예금", "변액", "대출", "펀드", "보장성"):
        for one in CHECKER.validate(conversation, product).elements:
            assert bool(one.evidence) or one.status not in {"met", "violated"}
            for quote in one.evidence:
                line = lines[quote.segment_id]
                assert quote.quote in line.text
                assert (quote.start, quote.end) == (line.start, line.end)


def test_a_sentence_over_two_segments_is_quoted_from_both() -> None:
    """Evidence names the segments, so a statement cut in two has two quotes."""
    report = checked("보장성", "a: 중도에 해지하시면 환급금이", "a: 낸 돈보다 적을 수 있습니다")
    quotes = [quote.quote for quote in element(report, "surrender_value").evidence]
    assert quotes == ["중도에 해지하시면 환급금이", "낸 돈보다 적을 수 있습니다"]


def test_the_product_is_inferred_and_said_so() -> None:
    """Where nobody names the product, its signs do."""
    report = CHECKER.validate(call(*COMPLETE))
    assert (report.product, report.product_inferred) == ("deposit", True)
    assert any("inferred" in warning for warning in report.warnings)


def test_without_any_sign_of_a_product_a_person_must_look() -> None:
    """No pack is chosen at random."""
    report = CHECKER.validate(call("a: 안녕하세요.", "c: 네."))
    assert (report.verdict, report.product) == ("review", None)
    assert report.error_reason == "product_unknown"


def test_what_is_forbidden_everywhere_is_found_without_a_product() -> None:
    """A promise of certain profit is one whatever is sold."""
    report = CHECKER.validate(call("a: 고객님, 이건 무조건 수익이 납니다."))
    assert (report.verdict, report.product) == ("incomplete", None)
    assert element(report, "certainty_claim").status == "violated"


@pytest.mark.parametrize("name", ["변액", "variable", " 변액·투자성 보험 ", "변액보험"])
def test_a_product_has_an_id_a_name_and_aliases(name: str) -> None:
    """Any of them names the pack."""
    assert CHECKER.product_id(name) == "variable"


def test_an_unknown_product_is_refused_with_the_known_ones() -> None:
    """The error lists what may be said."""
    with pytest.raises(InvalidOption, match=r"product: unknown; one of .*변액"):
        CHECKER.product_id("자동차")


def test_a_required_passage_read_too_fast_is_reported() -> None:
    """Twice the seller's own speed is too fast to follow."""
    slow = [
        Line(n, "천천히 말씀드리는 보통 문장입니다.", n * 5, n * 5 + 4, "agent") for n in range(6)
    ]
    text = "중도에 해지하시면 해지환급금이 납입하신 보험료보다 적거나 없을 수 있습니다."
    fast = Line(9, text, 40, 42.5, "agent")
    report = CHECKER.validate(Conversation((*slow, fast)), "보장성")
    (passage,) = report.reading_speed.fast_passages
    assert (passage.element_id, passage.segment_id) == ("surrender_value", 9)
    assert passage.times_median > 2


def test_an_hour_is_checked_in_less_than_a_second() -> None:
    """1,500 segments, which is an hour of quick talk, take CPU time below a second."""
    lines = [COMPLETE[n % len(COMPLETE)] for n in range(1500)]
    conversation = call(*lines)
    began = time.process_time()
    CHECKER.validate(conversation, "예금")
    assert time.process_time() - began < 5, "a wide margin: the benchmark holds the figure"


@pytest.mark.parametrize(
    "answer",
    [
        "네 취소해 주세요.",
        "동의하지 않아요.",
        "네 거절할게요.",
        "예산이 부족해요.",
        "네이버에서 봤어요.",
        "네, 근데 지금은 힘들어요.",
    ],
)
def test_a_refusal_is_no_consent(answer: str) -> None:
    """Whatever it begins with."""
    assert status("예금", "customer_consent", *COMPLETE[:-1], f"c: {answer}") != "met"


@pytest.mark.parametrize("hidden", ["\u200b", "\ufeff", "\u00ad"])
def test_a_text_that_hides_words_is_never_complete(hidden: str) -> None:
    """Characters that nobody sees may hide a promise from the rules; a person must look."""
    report = checked("예금", *COMPLETE, f"a: 원{hidden}금 보{hidden}장됩니다.")
    assert report.verdict != "complete"
    assert any("hide words" in warning for warning in report.warnings)


def test_hangul_taken_apart_is_never_complete() -> None:
    """As some systems write file names and some export text."""
    report = checked("예금", *COMPLETE, unicodedata.normalize("NFD", "a: 원금 보장됩니다."))
    assert report.verdict != "complete"


@pytest.mark.parametrize(
    "text",
    [
        "이 " * 10_000,
        "." * 19_999 + "a",
        "원금 보장 " * 3_333,
        "9" * 15_000 + "만 원",
        "구" * 5_000 + "만 원",
        "해지하시면 " * 3_000,
    ],
    ids=["이", "dots", "phrase", "digits", "numerals", "words"],
)
def test_no_text_keeps_the_rules_busy(text: str) -> None:
    """A segment's most characters, made to be slow: read in seconds, not in minutes."""
    begin = time.perf_counter()
    for product in ("예금", "변액보험"):
        assert checked(product, f"a: {text}").verdict != "complete"
    assert time.perf_counter() - begin < 20
