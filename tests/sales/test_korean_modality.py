"""Is a statement asserted by the one who says it?"""

from __future__ import annotations

import re

import pytest

from api_server.services import korean_sentences
from api_server.services.korean_modality import modality_of

CLAIM = re.compile(r"원금\S{0,2} ?(?:백프로 )?보장|손실|손해")
ASSERTED = [
    "원금 보장 안 되는 거 아니에요",
    "원금이 보장되고요 걱정 없습니다",
    "원금 보장이 되는데 걱정 없으세요",
    "원금보장은 되니까 절대 안심하세요",
    "원금 보장된다고 보시면 됩니다",
    "원금 보장되는 거 아시죠?",
    "원금 보장이라고 말씀드릴 수 있습니다",
    "원금이 보장되지 않습니까?",
    "원금 보장은 틀림없습니다",
    "원금이 백프로 보장됩니다 고객님",
    "원금 보장이 안 되는 게 아니라 됩니다",
    "원금은 보장해 드리는 거라 걱정이 없어요",
]
NOT_ASSERTED = [
    "원금이 보장되지 않습니다",
    "원금이 보장되지는 않지만 안정적입니다",
    "원금이 보장되는 상품은 아니에요",
    "원금 보장된다고 말씀드리는 건 아닙니다",
    "원금 보장된다고 보시면 안 됩니다",
    "원금 보장이라고 광고하는 곳은 조심하셔야 합니다",
    "원금 보장을 약속하는 것은 불법입니다",
    "원금 보장이 되는지 궁금하시죠",
    "원금 보장을 원하시나요?",
    "원금 보장을 원하시면 예금을 추천드립니다",
    "원금 보장된다고 생각하시는 분들이 많은데 그렇지 않아요",
    "원금 보장이 안 됩니다",
    "원금 보장 못 해드려요",
    "원금 보장되나요?",
    "원금 보장이냐고 물어보셨는데요",
    "원금 보장이라고 안내한 직원들은 징계를 받았어요",
]


def meant(sentence: str) -> bool:
    match = CLAIM.search(sentence)
    assert match is not None
    return modality_of(sentence, match.start(), match.end()).asserted


@pytest.mark.parametrize("sentence", ASSERTED)
def test_an_assertion_is_one(sentence: str) -> None:
    """Negations of another clause, double ones and questions in form only do not undo it."""
    assert meant(sentence)


@pytest.mark.parametrize("sentence", NOT_ASSERTED)
def test_what_is_denied_asked_wished_or_quoted_is_no_assertion(sentence: str) -> None:
    """The words are there, but nobody stands for them."""
    assert not meant(sentence)


def test_repeating_in_order_to_deny_is_no_assertion() -> None:
    """`원금 보장이요? 그건 아닙니다` denies in its second sentence."""
    sentence = "원금 보장이요"
    assert modality_of(sentence, 0, 5, "그건 아닙니다 고객님").negated


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("네 알겠습니다 그럼 진행할게요", ["네 알겠습니다", "그럼 진행할게요"]),
        ("철회되니까 일단 보세요.", ["철회되니까 일단 보세요."]),
        ("연 4.5퍼센트입니다. 네?", ["연 4.5퍼센트입니다.", "네?"]),
        ("수수료가 있는데요 1.2%입니다", ["수수료가 있는데요 1.2%입니다"]),
        ("이해하셨습니까 네", ["이해하셨습니까", "네"]),
        ("", []),
    ],
)
def test_sentences_end_with_or_without_punctuation(text: str, sentences: list[str]) -> None:
    """Final endings close a sentence, connective ones do not."""
    assert [text[a:b] for a, b in korean_sentences.spans(text)] == sentences
