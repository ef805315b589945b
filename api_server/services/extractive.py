"""A summary without an LLM: a few sentences of the call itself, each exactly as it stands there.

Scored by what the call is about (pairs of letters that come back, after Luhn, "The automatic
creation of literature abstracts", 1958), by cue words, numbers and place; chosen one by one so
that each adds something and both speakers are heard. The same call gives the same sentences.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass

from api_server.services import korean_sentences
from api_server.services.conversation import Conversation

MAX_SENTENCES = 3
FEWEST_LETTERS, MOST_CHARS = 8, 200
# Parts of the call in which a caller says what it is for, and in which it is settled.
OPENING, CLOSING = 0.35, 0.65
# How much of a sentence's worth is lost where all of it was said by the sentences chosen before.
REPETITION = 0.9
SAME_VOICE = 0.85

WORD = re.compile(r"[가-힣]+|[A-Za-z]{3,}")
LETTER = re.compile(r"[^\W\d_]")
EMPTY_PAIRS = frozenset(
    """
    니다 습니 입니 합니 됩니 세요 어요 아요 해요 에요 예요 이에 거든 든요 는데 데요 네요 지요
    고요 그래 그런 그러 그럼 이렇 저렇 그렇 객님 고객 감사 안녕 하세 하십 시면 하시 으시 면은
    에서 으로 까지 부터 하고 하는 해서 있습 있어 있는 되는 되시 드리 드릴 드렸 저희 제가 지금
    이제 혹시 잠시 때문 때는 거예 거는 것은
    """.split()  # noqa: SIM905 - read as words, not as a list of strings
)
SMALL_TALK = re.compile(
    r"안녕하|반갑습|감사합|고맙습|수고하|좋은\s?하루|전화\s?주셔|기다리|잠시만|여보세요|녹음|"
    r"무엇을\s?도와|생년월일|성함|본인\s?확인|통화\s?(?:가능|괜찮)|들리세요|들리시|"
    r"^(?:네|예|아|음|어|네네|예예)[\s,.]*$|"
    r"thank|hello|good (?:morning|afternoon|evening)|hold on|one moment|have a (?:nice|good)",
    re.IGNORECASE,
)
PURPOSE = re.compile(
    r"려고|하고\s?싶|문의|궁금|때문에|신청|접수|요청|부탁|해\s?주세요|왜|어떻게|얼마|"
    r"want to|would like|calling"
)
SETTLED = re.compile(
    r"처리|완료|접수|예정|보내\s?드|드리겠|해\s?드렸|됐습|되었|되셨|하겠습|할게요|까지|"
    r"will |done|processed|sent"
)
MATTER = re.compile(
    r"보험|보장|납입|연체|해지|해약|환급|변경|가입|청구|대출|금리|이자|펀드|예금|적금|카드|계좌|"
    r"계약|만기|수수료|원금|손실|특약|사고|민원|증권|서류|상환|"
    r"insurance|premium|loan|account|refund|cancel|contract"
)
NUMBER = re.compile(r"\d|[일이삼사오육칠팔구십백천만억]\s?(?:원|프로|퍼센트|년|개월|월|일)")


@dataclass(frozen=True, slots=True)
class Candidate:
    """A sentence: its place in the call from 0 to 1, who says it, and its pairs of letters."""

    order: int
    text: str
    place: float
    voice: Hashable
    pairs: frozenset[str]


def extract(conversation: Conversation, count: int = MAX_SENTENCES) -> str | None:
    """At most `count` sentences, a line each, in the order of the call; None where nothing was
    said."""
    sentences = list(_sentences(conversation))
    usable = [one for one in sentences if _says_something(one.text)]
    chosen = _chosen(usable or sentences[:1], min(count, max(2, len(usable) // 2)))
    return "\n".join(one.text for one in sorted(chosen, key=lambda one: one.order)) or None


def _sentences(conversation: Conversation) -> Iterator[Candidate]:
    lines = conversation.lines
    order = 0
    for number, line in enumerate(lines):
        for begin, end in korean_sentences.spans(line.text):
            text = line.text[begin:end]
            if LETTER.search(text):
                place = number / max(1, len(lines) - 1)
                yield Candidate(order, text, place, line.speaker or line.channel, _pairs(text))
                order += 1


def _pairs(text: str) -> frozenset[str]:
    """Pairs of neighbouring syllables, and whole words of other scripts."""
    words = WORD.findall(text)
    pairs = {word[i : i + 2] for word in words for i in range(len(word) - 1) if word[0] >= "가"}
    return frozenset({*pairs, *(word.casefold() for word in words if word[0] < "가")} - EMPTY_PAIRS)


def _says_something(text: str) -> bool:
    letters = sum(1 for letter in text if letter.isalnum())
    return letters >= FEWEST_LETTERS and len(text) <= MOST_CHARS and not SMALL_TALK.search(text)


def _chosen(sentences: Sequence[Candidate], count: int) -> list[Candidate]:
    """The best first, then whatever adds most to those chosen already."""
    counts = Counter(pair for one in sentences for pair in one.pairs)
    worth = {one.order: _worth(one, counts) for one in sentences}
    chosen: list[Candidate] = []
    left = list(sentences)
    while left and len(chosen) < count:
        best = max(left, key=lambda one: (worth[one.order] * _adds(one, chosen), -one.order))
        chosen.append(best)
        left.remove(best)
    return chosen


def _worth(one: Candidate, counts: Counter[str]) -> float:
    """Terms of the call in it, for its length, and what makes a sentence matter."""
    terms = sum(math.log(counts[pair]) for pair in one.pairs)
    worth = 0.5 + terms / math.sqrt(len(one.pairs) + 4)
    worth += 0.6 * min(2, len(MATTER.findall(one.text)))
    worth += 0.4 * bool(NUMBER.search(one.text))
    worth += 1.5 * bool(one.place <= OPENING and PURPOSE.search(one.text))
    worth += 1.0 * bool(one.place >= CLOSING and SETTLED.search(one.text))
    return worth


def _adds(one: Candidate, chosen: Sequence[Candidate]) -> float:
    if not chosen or not one.pairs:
        return 1.0
    known = frozenset().union(*(other.pairs for other in chosen))
    share = len(one.pairs & known) / len(one.pairs)
    heard = one.voice is not None and all(other.voice == one.voice for other in chosen)
    return (1 - REPETITION * share) * (SAME_VOICE if heard else 1.0)
