"""A summary made of the call's own sentences."""

from __future__ import annotations

import time

from api_server.services.conversation import Conversation, Line
from api_server.services.extractive import MAX_SENTENCES, extract

CALL = Conversation((
    Line(0, "안녕하세요 고객님, 한빛생명 상담원 김하나입니다. 무엇을 도와드릴까요?", 0, 4, "agent"),
    Line(1, "네, 지난달에 가입한 암보험 자동이체 계좌를 변경하려고 전화했어요.", 4, 8, "customer"),
    Line(2, "성함과 생년월일 말씀해 주시겠어요?", 8, 10, "agent"),
    Line(3, "네네.", 10, 11, "customer"),
    Line(4, "확인 감사합니다. 새 계좌로 15일부터 출금되게 변경 처리했습니다.", 11, 16, "agent"),
    Line(5, "네 알겠습니다. 감사합니다.", 16, 18, "customer"),
))  # fmt: skip


def test_every_sentence_is_the_calls_own() -> None:
    """Each line of the summary is, character by character, a piece of one segment."""
    text = extract(CALL)
    assert text is not None
    sentences = text.split("\n")
    assert 1 <= len(sentences) <= MAX_SENTENCES
    for sentence in sentences:
        assert any(sentence in line.text for line in CALL.lines)


def test_it_tells_what_was_wanted_and_what_was_done() -> None:
    """The customer's purpose and the outcome are in it, greetings and identity checks are not."""
    text = extract(CALL) or ""
    assert "계좌를 변경하려고 전화했어요" in text
    assert "변경 처리했습니다" in text
    assert "안녕하세요" not in text
    assert "생년월일" not in text


def test_it_stands_in_the_order_of_the_call() -> None:
    """What was said first is told first, whatever weighs more."""
    places = [CALL.text.index(sentence) for sentence in (extract(CALL) or "").split("\n")]
    assert places == sorted(places)


def test_the_same_call_gives_the_same_summary() -> None:
    """Nothing is drawn at random."""
    assert len({extract(CALL) for _ in range(5)}) == 1


def test_repetition_is_not_told_twice() -> None:
    """A sentence that was said over and over stands in the summary once."""
    said = "보험료 자동이체 계좌를 변경해 주세요."
    call = Conversation(tuple(Line(i, said) for i in range(8)))
    other = "그리고 주소도 새 아파트로 변경 신청할게요."
    both = Conversation((*call.lines, Line(8, other)))
    assert (extract(both) or "").count(said) <= 2
    assert other in (extract(both) or "")


def test_small_talk_alone_is_better_than_nothing() -> None:
    """A call of greetings is summarised by one; a call of nothing by nothing."""
    assert extract(Conversation((Line(0, "안녕하세요."), Line(1, "네.")))) == "안녕하세요."
    assert extract(Conversation((Line(0, "…"), Line(1, " ")))) is None
    assert extract(Conversation(())) is None


def test_other_languages_have_sentences_too() -> None:
    """An English call is summarised by the same rules."""
    call = Conversation((
        Line(0, "Hello, thank you for calling."),
        Line(1, "I would like to cancel my travel insurance and get a refund."),
        Line(2, "Your refund will be sent to your account within five days."),
    ))  # fmt: skip
    text = extract(call) or ""
    assert "cancel my travel insurance" in text
    assert "Hello" not in text


def test_an_hour_of_speech_takes_a_moment() -> None:
    """Thousands of sentences are read in less than a second."""
    lines = tuple(Line(i, f"{i}번째로 {line.text}") for i, line in enumerate(CALL.lines * 400))
    began = time.perf_counter()
    assert extract(Conversation(lines)) is not None
    assert time.perf_counter() - began < 1.0
