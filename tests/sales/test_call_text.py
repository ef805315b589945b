"""A call as the rules read it: sentences, voices, roles."""

from __future__ import annotations

from api_server.services.call_text import CallText
from api_server.services.conversation import Conversation, Line
from tests.sales.calls import call


def sentences(conversation: Conversation) -> list[tuple[str | None, str]]:
    text = CallText.of(conversation)
    return [(s.speaker, s.text_of(text)) for s in text.in_order()]


def test_a_sentence_runs_on_over_segments_and_over_a_yes() -> None:
    """Whisper cuts where somebody breathes; the sentence is whole all the same."""
    made = sentences(
        call("a: 중도에 해지하시면 환급금이", "c: 네", "a: 낸 돈보다 적을 수 있습니다")
    )
    assert ("agent", "중도에 해지하시면 환급금이 낸 돈보다 적을 수 있습니다") in made
    assert ("customer", "네") in made


def test_a_remark_ends_the_sentence_of_the_other() -> None:
    """What follows a real answer is not the same sentence."""
    made = sentences(
        call("a: 보험료는 월", "c: 그건 나중에 말씀해 주시면 안 될까요", "a: 알겠습니다")
    )
    assert ("agent", "보험료는 월") in made


def test_a_long_silence_ends_a_sentence() -> None:
    """Speech half a minute later is another sentence."""
    lines = (Line(0, "해지환급금은", 0, 2, "agent"), Line(1, "적을 수 있어요", 40, 42, "agent"))
    assert len(sentences(Conversation(lines))) == 2


def test_pieces_lead_back_to_their_segments() -> None:
    """Each piece of a sentence is an exact part of its segment's text."""
    text = CallText.of(call("a: 네. 환급금이", "a: 적습니다. 다음은"))
    for sentence in text.sentences:
        for piece in sentence.pieces:
            part = piece.line.text[piece.begin : piece.end]
            assert part
            assert part in sentence.text_of(text)


def test_roles_are_told_from_what_is_said() -> None:
    """Where nobody says who speaks, the way of speaking tells, and is marked as inferred."""
    text = CallText.of(call("?: 고객님, 상품설명서를 보내드리겠습니다.", "?: 저는 생각해 볼게요."))
    assert [(s.speaker, s.inferred) for s in text.in_order()] == [
        ("agent", True),
        ("customer", True),
    ]
    assert text.roles == "inferred"


def test_channels_tell_the_voices_apart() -> None:
    """With split channels, all that is said on one decides whose it is."""
    lines = (
        Line(0, "고객님 안녕하세요, 안내드리겠습니다.", 0, 2, None, 1),
        Line(1, "네", 2, 3, None, 0),
        Line(2, "보험료는 월 삼만 원이시고요.", 3, 5, None, 1),
        Line(3, "생각해 볼게요.", 6, 7, None, 0),
    )
    text = CallText.of(Conversation(lines))
    assert text.roles == "channels"
    assert [s.speaker for s in text.in_order()] == ["agent", "customer", "agent", "customer"]


def test_channels_that_sound_alike_tell_no_roles() -> None:
    """Two channels without a clear seller leave the roles open."""
    lines = (Line(0, "음", 0, 1, None, 0), Line(1, "어", 1, 2, None, 1))
    assert CallText.of(Conversation(lines)).roles == "inferred"


def test_an_empty_call_has_no_sentences() -> None:
    """Nothing said is nothing read."""
    assert sentences(Conversation(())) == []
    assert sentences(call("a:  ")) == []
