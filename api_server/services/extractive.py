"""A summary without an LLM: the sentences of the call that say most, as they stand, in their order.

A sentence says much if its words come again (H. P. Luhn, The Automatic Creation of Literature
Abstracts, 1958), if it holds numbers or a verb of business, and if it stands where calls have
their gist: the caller's wish at the beginning, what was done at the end. What only opens, closes or
acknowledges is left out, and so is all that tells who somebody is.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from api_server.services.call_text import CallText, Sentence
from api_server.services.conversation import Conversation, Speaker

MAX_CHARS = 400
# Nobody stopped: a longer sentence is taken apart, where segments end, else between words.
MAX_SENTENCE_CHARS = 130
MIN_SYLLABLES, MIN_WORDS = 8, 4
MIN_SCORE = 0.3
# A word's stem comes first, its endings after it.
STEM_SYLLABLES = 4
SAME = 0.5

HANGUL = re.compile(r"[가-힣]+")
LATIN = re.compile(r"[A-Za-z][A-Za-z'-]{2,}")
SYLLABLE = re.compile(r"[가-힣\d]")
# Beginnings of words that are about nothing.
COMMON_STEMS = """
있습 있으 있어 있는 없으 없어 없는 하시 하셨 하는 하고 합니 해서 했습 했어 그러 그럼 그거
그건 그게 그냥 그리 그래 이거 이건 이게 이렇 그렇 저희 제가 저는 우리 고객 객님 말씀 감사
안녕 지금 혹시 때문 드릴 드리 드려 드렸 주세 주시 됩니 되세 되시 되는 돼요 됐습 어떻 얼마
정도 경우 부분 입니 습니 니다 세요 어요 아요 는데 은데 거든 네요 고요 에서 으로 까지 부터
니까 시면 으면 아니 근데 일단 다시 같은 같아 거예 건데 건가 나요 까요 알겠 맞아 여기 거기
저기
"""
COMMON_WORDS = """
the and for you are that this with have has had was were will would could should can may your
our but not yes yeah okay just about what when where which who how there here they them then
than from its i'm it's i'll i'd don't that's you're let right well sure please thank thanks
hello good morning afternoon like get got been some any all did does
"""
EMPTY = frozenset(COMMON_STEMS.split()) | frozenset(COMMON_WORDS.split())
CUE = re.compile(
    r"원하|요청|신청|접수|처리|안내|소개|가입|해지|해약|변경|바꾸|바꿔|금액|환급|청구|보험|"
    r"납입|납부|연체|미납|민원|취소|철회|발급|등록|입금|출금|이체|상환|갚|금리|이자|보장|만기|"
    r"한도|수수료|서류|설계|설명서|진단|사고|불편|문의|궁금|알고 ?싶|려고|때문에|없애|대출|펀드|"
    r"적금|예금|계약|특약|원금|필요|고 ?싶|"
    r"\b(?:want|need|request|cancel|clos|chang|refund|claim|pay|paid|loan|interest|complain|appl|"
    r"account|fee|charg|amount|policy|premium|transfer|process|submit|confirm|problem|issue)\w*",
    re.IGNORECASE,
)
NUMBER = re.compile(
    r"\d[\d,.]*|"
    r"(?<![가-힣])[일이삼사오육칠팔구십백천만]+\s?(?:[십백천만]+\s?)?(?:원|프로|퍼센트|일|개월|년)"
)
QUESTION = re.compile(
    r"(?:까요|나요|[습십]니까|겠어요|어떠세요|어떠신가요|괜찮으세요|있으세요|되세요|맞으세요|[은신]가요)[\s.]*$|"
    r"\?\s*$"
)
GREETING = re.compile(
    r"안녕하|안녕히|반갑습|여보세요|좋은 ?하루|^(?:네|예)?[\s,]*들어가세요|수고하|"
    r"(?:무엇|뭘|업무)\S? ?도와|"
    r"무슨 ?일|잠시만|기다려|기다리|전화 ?주셔서|통화 ?(?:가능|괜찮)|말씀하세요|진정하|"
    r"더 ?(?:궁금|필요)하|"
    r"감사합니|감사해|고맙습|고마워|죄송|사과|송구|"
    r"\b(?:hello|good (?:morning|afternoon|evening)|how (?:can|may) i help|thanks?|sorry|"
    r"have a (?:nice|good|great)|bye|one moment|hold on)\b",
    re.IGNORECASE,
)
FILLER = re.compile(r"(?:네|예|응|음|어|아|아니요|아뇨|그래요|[\s,.!?])*")
COMPANY = "은행|생명|화재|증권|보험|캐피탈|카드|금고|손보|센터|지점|라이프"
POSITION = "과장|대리|계장|팀장|주임|차장|부장|지점장|실장|매니저|설계사|상담[사원]"
INTRODUCTION = re.compile(
    rf"^.{{0,16}}?(?:{COMPANY})(?:\S{{0,4}}(?:\s\S{{1,6}}){{0,3}}\s[가-힣]{{3,4}}(?:\s?(?:{POSITION}))?)?"
    r"(?:입니다|이에요|예요|인데요|이고요)[.\s]*$|"
    r"\b(?:my name is|this is \w+ (?:from|speaking))\b",
    re.IGNORECASE,
)
# Who somebody is: asked for, or told.
DIGIT = "[영공일이삼사오육칠팔구]"
PERSONAL = re.compile(
    r"생년월일|생일이|주민(?:등록)?\s?번호|(?:인증|일련|카드|계좌)\s?번호|[앞뒷]\s?자리|"
    r"(?:성함|이름|연락처|전화번호|주소|번호)\S{0,3}\s?(?:\S{1,6}\s)?"
    r"(?:말씀|불러|부탁|어떻게|확인|눌러|입력|알려|맞으|맞습)|"
    r"본인\s?(?:맞|확인\s?(?:되|됐|부터|을|위|도와))|"
    r"\d[\d\s-]{5,}\d(?!\s?원)|\d{2,4}년\s?\d{1,2}월\s?\d{1,2}일|"
    rf"[가-힣]{{2,}}[로길]\s(?:{DIGIT}|[십백\d\s-])+(?:번길|번지|호|동|층|이[요에]|입니|$)|"
    rf"(?:{DIGIT}\s?){{6,}}|{DIGIT}{{2,4}}년\s?[일이삼사오육칠팔구시십]+월|"
    # 팔오 공삼 일이요: year, month and day of a birth
    rf"(?<![가-힣]){DIGIT}{{2}}\s(?:[영공일]?{DIGIT}|십[일이]?|시|유)월?\s(?:{DIGIT}|십){{1,3}}일?"
    r"(?:이요|이에요|이고|입니다|요|$)|"
    r"[\w.+-]+@[\w-]+\.\w+|"
    r"\b(?:date of birth|social security|account number|card number|zip code)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A sentence that may stand in the summary; place: how many candidates were said before it."""

    text: str
    speaker: Speaker | None
    place: int
    terms: frozenset[str]


def extract(conversation: Conversation, sentences: int = 3) -> str | None:
    """The `sentences` most telling sentences, a line each, in the order of the call; at most 400
    characters in all. None where nothing is worth saying."""
    candidates = _candidates(CallText.of(conversation))
    counts = Counter(term for candidate in candidates for term in candidate.terms)
    scores = [_score(candidate, len(candidates), counts) for candidate in candidates]
    chosen = _chosen(candidates, scores, sentences)
    if not chosen:
        return None
    return "\n".join(candidate.text for candidate in sorted(chosen, key=lambda c: c.place))


def _candidates(call: CallText) -> list[_Candidate]:
    spoken = [
        (text, sentence.speaker)
        for sentence in call.in_order()
        for text in _texts(sentence)
        if _tells(text)
    ]
    return [
        _Candidate(text, speaker, place, _terms(text))
        for place, (text, speaker) in enumerate(spoken)
    ]


def _texts(sentence: Sentence) -> Iterator[str]:
    """A sentence as it stands; a very long one in its parts."""
    said = (piece.line.text[piece.begin : piece.end] for piece in sentence.pieces)
    parts = [part.strip() for text in said for part in text.splitlines()]
    parts = [part for part in parts if not FILLER.fullmatch(part)]
    whole = " ".join(parts)
    if len(whole) <= MAX_SENTENCE_CHARS:
        yield whole
        return
    for part in parts:
        yield from _shortened(part)


def _shortened(text: str) -> Iterator[str]:
    """Parts of a text, cut between words, at a comma where there is one."""
    while len(text) > MAX_SENTENCE_CHARS:
        half = MAX_SENTENCE_CHARS // 2
        cut = text.rfind(", ", half, MAX_SENTENCE_CHARS) + 1
        cut = cut or text.rfind(" ", half, MAX_SENTENCE_CHARS)
        cut = cut if cut > 0 else MAX_SENTENCE_CHARS
        yield text[:cut].strip()
        text = text[cut:].strip()
    yield text


def _tells(text: str) -> bool:
    """Whether a sentence may say something: long enough, no phrase of courtesy, nobody's data."""
    cues = len(CUE.findall(text))
    length = len(SYLLABLE.findall(text))
    if length < MIN_SYLLABLES - cues and len(text.split()) < MIN_WORDS:
        return False
    if PERSONAL.search(text) or INTRODUCTION.search(text):
        return False
    return cues > 1 or GREETING.search(text) is None


def _terms(text: str) -> frozenset[str]:
    """Pairs of syllables from the stems of Korean words; other words whole."""
    found: set[str] = set()
    for word in HANGUL.findall(text):
        stem = word[:STEM_SYLLABLES]
        found.update(stem[i : i + 2] for i in range(len(stem) - 1))
    found.update(word.lower() for word in LATIN.findall(text))
    return frozenset(found - EMPTY)


def _score(candidate: _Candidate, count: int, counts: Counter[str]) -> float:
    score = _frequency(candidate.terms, counts)
    score += 0.5 * min(len({cue.lower() for cue in CUE.findall(candidate.text)}), 3)
    score += 0.4 * min(len(NUMBER.findall(candidate.text)), 2)
    score += _position(candidate, count)
    if candidate.speaker == "agent" and QUESTION.search(candidate.text):
        score -= 0.7
    return score


def _frequency(terms: Collection[str], counts: Counter[str]) -> float:
    """How often the words of a sentence occur in the call; a longer one has no advantage."""
    if not terms:
        return 0.0
    # fsum, since a set has no order and a sum of floats has one.
    return math.fsum(math.log(counts[term]) for term in terms) / (len(terms) + 2)


def _position(candidate: _Candidate, count: int) -> float:
    """What a call is about is said first, by the caller above all; last the agent says what came
    of it."""
    early = max(0.0, 1 - 4 * candidate.place / count)
    late = max(0.0, 1 - 4 * (count - 1 - candidate.place) / count)
    if candidate.speaker == "agent":
        return 0.4 * early + 0.8 * late
    return 1.2 * early + (0.0 if candidate.speaker == "customer" else 0.4) * late


def _chosen(
    candidates: Sequence[_Candidate], scores: Sequence[float], sentences: int
) -> list[_Candidate]:
    """One after the other the best that says something new and still fits."""
    chosen: list[_Candidate] = []
    room = MAX_CHARS
    for _ in range(sentences):
        best, best_score = None, MIN_SCORE
        for candidate, score in zip(candidates, scores, strict=True):
            worth = score + _variety(candidate, chosen)
            if worth > best_score and len(candidate.text) <= room and _is_new(candidate, chosen):
                best, best_score = candidate, worth
        if best is None:
            break
        chosen.append(best)
        room -= len(best.text) + 1
    return chosen


def _is_new(candidate: _Candidate, chosen: Sequence[_Candidate]) -> bool:
    return all(
        candidate is not other
        and candidate.text != other.text
        and len(candidate.terms & other.terms) <= SAME * min(len(candidate.terms), len(other.terms))
        for other in chosen
    )


def _variety(candidate: _Candidate, chosen: Sequence[_Candidate]) -> float:
    """More for the side that has not been heard."""
    if not chosen or candidate.speaker is None:
        return 0.0
    heard = sum(other.speaker == candidate.speaker for other in chosen)
    return 0.8 if heard == 0 else -0.4 * (heard == len(chosen))
