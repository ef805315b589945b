"""Plain text as a call: its lines, who speaks them, and colons that name nobody."""

from __future__ import annotations

import random

import pytest

from api_server.services.conversation import Line
from api_server.services.plain_text import conversation_of_text


def only_line(text: str) -> Line:
    (line,) = conversation_of_text(text).lines
    return line


def test_each_line_that_is_not_empty_is_a_line() -> None:
    """They are numbered from 0, without times, and empty lines count for nothing."""
    conversation = conversation_of_text("\n  네, 여보세요.\r\n\r\n \t\n안녕하세요?  \n")
    assert conversation.lines == (Line(0, "네, 여보세요."), Line(1, "안녕하세요?"))
    assert not conversation.timed


@pytest.mark.parametrize("text", ["", "\n\n", "  \t "])
def test_text_without_lines_is_an_empty_call(text: str) -> None:
    """Nothing said is no line."""
    assert conversation_of_text(text).is_empty
    assert conversation_of_text(text).lines == ()


@pytest.mark.parametrize(
    "prefix",
    [
        "상담원:", "상담사:", "설계사:", "직원:", "판매자:", "agent:", "seller:", "Agent: ",
        "AGENT :", "상담원 : ", "상담원：", "[상담원]", "[상담원] ", "[ 상담원 ] ", "[상담원]: ",
        "【상담원】", "(상담원) ", "상담원1: ", "Agent 2: ", "ＡＧＥＮＴ：", "[Seller]",
        "[00:01:15] 상담원: ", "12:30 상담원: ", "상담사(김하나): ", "보험설계사 (김하나) : ",
    ],
)  # fmt: skip
def test_names_of_the_seller_give_the_speaker(prefix: str) -> None:
    """In Korean or English, in brackets or before a colon of either width, in any case."""
    assert only_line(f"{prefix}안녕하세요?") == Line(0, "안녕하세요?", speaker="agent")


@pytest.mark.parametrize(
    "prefix",
    [
        "고객:", "고객님:", "고객님 : ", "손님:", "계약자:", "customer:", "client:", "CLIENT：",
        "[고객]", "[고객님] ", "(고객): ", "고객1:", "Customer_2: ",
    ],
)  # fmt: skip
def test_names_of_the_customer_give_the_speaker(prefix: str) -> None:
    """A customer is named as a seller is."""
    assert only_line(f"{prefix}네, 3시요.") == Line(0, "네, 3시요.", speaker="customer")


def test_lines_without_a_name_stay_as_they_are() -> None:
    """Where some lines name a part, the others have no speaker."""
    lines = conversation_of_text("상담원: 안녕하세요?\n네.\n고객: 누구세요?\n고객:").lines
    assert [(line.speaker, line.text) for line in lines] == [
        ("agent", "안녕하세요?"),
        (None, "네."),
        ("customer", "누구세요?"),
        ("customer", ""),
    ]
    assert all(line.channel is None for line in lines)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("A: 네\nB: 아니요\nA: 왜요?", [(0, "네"), (1, "아니요"), (0, "왜요?")]),
        ("a: 네\nB: 아니요\nA : 왜요?", [(0, "네"), (1, "아니요"), (0, "왜요?")]),
        ("A: 네\nB: 아니요", [(0, "네"), (1, "아니요")]),
        ("[화자 2] 네\n[화자 1] 30일요", [(0, "네"), (1, "30일요")]),
        ("SPEAKER_00: 네\nSPEAKER_01: 예", [(0, "네"), (1, "예")]),
        ("하나: 네\n두리: 예\n세나: 응\n하나: 왜", [(0, "네"), (1, "예"), (2, "응"), (0, "왜")]),
        ("A: 네\nB: 예\n그래서 말인데요", [(0, "네"), (1, "예"), (None, "그래서 말인데요")]),
    ],
)  # fmt: skip
def test_other_names_tell_voices_apart(text: str, expected: list[tuple[int | None, str]]) -> None:
    """They become channels in the order in which they first speak, and no roles."""
    lines = conversation_of_text(text).lines
    assert [(line.channel, line.text) for line in lines] == expected
    assert all(line.speaker is None for line in lines)


def test_a_part_may_be_followed_by_a_name_in_a_dialogue() -> None:
    """`상담원 김하나` is a seller, and a third voice beside the two parts has a channel."""
    lines = conversation_of_text(
        "상담원 김하나: 네\n고객 이두리: 예\n남편: 응\n고객 이두리: 네"
    ).lines
    assert [line.speaker for line in lines] == ["agent", "customer", None, "customer"]
    assert [line.channel for line in lines] == [None, None, 0, None]


@pytest.mark.parametrize(
    "text",
    [
        "12:30\n13:30",
        "12:30에 만나요\n13:45에 봐요",
        "오전 10:30에 만나요\n오후 11:30에 봐요",
        "A: 네\nA: 아니요",
        "A: 네\nB: 예\n그래서\n그런데",
        "보험료: 3만 원\n기간: 20년\n만기: 100세",
        "https://example.com\nhttp://example.com",
        "제가 말씀드리고 싶은 것은 이것입니다: 네\n그런데 저희 쪽에서 드릴 말씀은: 예",
        "(웃음) 네\n(박수) 예",
        "고객 문의: 언제 되나요\n그게 말이죠",
        "상담원이 말하길: 네\n그렇군요",
        ": 네\n: 예",
        "[] 네\n[] 예",
        "1: 네\n2: 예",
    ],
)
def test_a_colon_alone_names_nobody(text: str) -> None:
    """Times, lists, addresses, asides and sentences with a colon are what was said."""
    lines = conversation_of_text(text).lines
    assert [line.text for line in lines] == text.split("\n")
    assert {(line.speaker, line.channel) for line in lines} == {(None, None)}


@pytest.mark.parametrize("seed", range(50))
def test_no_word_is_lost(seed: int) -> None:
    """Whatever the text, each line ends as it was written, and only its beginning is taken."""
    dice = random.Random(seed)  # noqa: S311 - not for secrets
    pieces = [
        "상담원",
        "고객님",
        "A",
        "B",
        ":",
        "：",
        "[",
        "]",
        "(",
        ")",
        " ",
        "네",
        "12:30",
        "\n",
        "\n",
    ]
    text = "".join(dice.choices(pieces, k=60))
    written = [line.strip() for line in text.splitlines() if line.strip()]
    lines = conversation_of_text(text).lines
    assert [line.id for line in lines] == list(range(len(written)))
    for line, whole in zip(lines, written, strict=True):
        assert whole.endswith(line.text)
        assert line.text == whole or line.speaker is not None or line.channel is not None


def test_a_long_line_takes_no_time() -> None:
    """Lines of any length and of nothing but colons and brackets are read at once."""
    for letter in ("가", ":", "[", " :", "a ", "1:", "(a)"):
        assert conversation_of_text(f"네\n가{letter * 100_000}").lines
