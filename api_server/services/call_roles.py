# ruff: noqa: E501 - a pattern is easier to read in one line, and Hangul counts double
"""Who is the seller? Told by the request, else from what is said: a call centre has its own way
of speaking, and so have the people who ring it."""

from __future__ import annotations

import re

from api_server.services.conversation import Speaker

TERMS = (
    "보험|납입|이자|금리|이율|세금|수수료|환급|보장|보호|철회|등급|상환|만기|펀드|원금|손실|연체|증권|약관|"
    "설명서|진단|적금|예금|대출|투자|성향|사업비|보수|면책|갱신|고지|증서|계약|청약|환매|배리어|신용|우대|한도"
)
KIN = (
    "남편|아내|애|아들|딸|집|부모|어머니|아버지|엄마|아빠|신랑|와이프|집사람|가족|애들|형|언니|동생"
)

# How much a turn of phrase speaks for the seller (above 0) or the customer (below).
CUES: tuple[tuple[str, float], ...] = (
    (r"고객님|회원님|계약자님|가입자님|사장님|사모님|어머님|아버님|어르신|대표님", 2.0),
    # Honorific forms speak of the listener; a caller seldom speaks of the seller.
    (r"[가-힣](?:시면|시고|시는|시게|시니|시라|시거|셔서|셔야|셔도|셨|십니|시겠|실\s|신\s|시죠|시네|시구|신다|실까)", 1.5),
    (r"(?<!주)세요(?!\?)|(?<!주)세요$|으세요|되세요|이세요|십시오|시다고", 1.0),
    (r"(?<!부탁)(?<!연락)(?<!전화)드(?:려|리|립|릴|렸)", 1.5),
    (r"(?:하시겠|할까요|드릴까|될까요|실까요|되겠습니까|해도\s될|드려도)", 1.5),
    (r"여쭤|여쭙|여쭐|안내|권유|말씀해\s?주|알려\s?주(?:셔|시|세요)", 1.2),
    (r"저희(?!\s?(?:" + KIN + r"))|당사|본\s?상품|해당\s?상품|이\s?상품은|귀하", 1.2),
    (r"상담원|상담사|설계사|매니저|지점장|팀장|계장|주임|실장|담당자?", 0.8),
    (r"(?:생명|화재|은행|증권|캐피탈|금고|손보|센터|손해\s?보험)\S{0,2}\s?\S{0,12}\s?\S{2,5}\s?(?:입니다|이에요|예요|이고요|라고|인데요)", 1.5),
    (rf"(?:{TERMS}).*(?:니다|[요고][\s.]*$|며$|데$)", 0.8),
    (rf"(?:{TERMS}).*(?:\d|[일이삼사오육칠팔구십백천만]\s?(?:프로|퍼센트|원|년|개월|일|등급|억))", 0.6),
    (r"니다[\s.]*$", 0.6),
    (r"수(?:도|는)?\s?있(?:습니다|으세요|으십니다|으시|어요|고요)", 0.8),
    (r"제가\s.{0,24}(?:장담|보장|책임|약속|드리|드릴|도와|챙겨|넣어|처리|올려|뽑아|설계해|준비해)", 2.0),
    (r"상품(?:이에요|입니다|이고요|이거든요|이라)", 1.0),
    (r"걱정\s?(?:마|하지|안)|물론이|그럼요|맞으시|가능하", 0.8),
    (r"^(?:네|예|응|음|아|어|네네|예예|아\s?네|네\s네)[\s,.!?]*$", -1.5),
    (r"^(?:네|예|응|아)?[\s,.]*(?:알겠|알았|이해했|다\s?이해|이해\s?됐|이해\s?갔|동의합니다|동의할게|동의해요|들었어|확인했)", -2.0),
    (r"(?:할게요|할께요|볼게요|볼께요|갈게요|들를게요|들게요|넣을게요|할래요|볼래요|줄게요)[\s.]*$", -1.2),
    (r"(?:(?<![호장])해|보내|만들어|넣어|들어|알아봐|알려|말씀해|설명해)\s?(?:주세요|줘요|줘|주시겠어요)[\s.]*$", -1.0),
    (r"궁금|여쭤볼게|물어볼|물어보(?:려|고)|알고\s?싶|문의했|문의드|전화했|때문에\s전화|들려고|하려고요|하려고\s하는데", -1.2),
    (r"(?<![가-힣])(?:저는|제가|저도|전|내가|나)\s", -0.8),
    (r"(?:저희|우리|제)\s?(?:" + KIN + r")|(?:집사람|남편|와이프|신랑|친구)(?:이|가|한테|하고|도)", -2.0),
    (r"선생님|상담사님|설계사님|팀장님|매니저님|과장님|지점장님|아가씨", -1.8),
    (r"(?<![시으])(?:나요|가요|예요|에요|거죠|건가요|거예요|해요|돼요|있어요|받아요|봐요|는요|없어요|데요|이요|떼요)\?", -1.6),
    (r"(?<![시])(?:나요|는가요|은가요|인가요|을까요|ㄹ까요|건가요|던데요?|면서요|라면서)[\s.?]*$", -1.2),
    (r"(?:얼마나|얼마예요|얼마|어떻게|며칠|뭐|뭘|언제|왜)\s?\S*\s?\S*(?<!세)(?<!시)(?:요|죠)[\s?]*$", -1.2),
    (r"^\S{0,4}\s?\S{0,5}이요[\s.]*$", -1.2),
    (r"생각(?:\s?좀)?을?\s?(?:좀\s?)?(?:해|할)\s?(?:볼|보고|봐야|게)|고민|글쎄|알아보고|비교해\s?볼", -2.0),
    (r"싫|됐어요|됐습니다|안\s?(?:할|한다|합니다|해요)|필요\s?없(?:어|는)|관심\s?없|바빠|바쁜데|끊(?:을|습)|전화하지", -2.0),
    (r"^(?:그래요|진짜요?|정말요?|그렇구나|아이고|그렇군요|그럼\s|아\s?그래요|에이|오\s)", -1.0),
)  # fmt: skip
PATTERNS = tuple((re.compile(pattern), weight) for pattern, weight in CUES)
CERTAIN = 0.8
CHANNEL_MARGIN = 1.0


def score_of(sentence: str) -> float:
    """How much a sentence sounds like the seller; below zero, like the customer."""
    return sum(weight for pattern, weight in PATTERNS if pattern.search(sentence))


def speaker_of(score: float) -> Speaker | None:
    """The role a score speaks for, or None where it does not speak clearly."""
    if score >= CERTAIN:
        return "agent"
    return "customer" if score <= -CERTAIN else None


def seller_channel(scores: dict[int, list[float]]) -> int | None:
    """The channel of the seller, from the scores of what is said on each; None where that does
    not tell them clearly apart, as where two sellers speak."""
    if len(scores) != 2:
        return None
    means = {channel: sum(own) / len(own) for channel, own in scores.items()}
    low, high = sorted(means, key=lambda channel: means[channel])
    apart = means[high] - means[low] >= CHANNEL_MARGIN
    return high if apart and means[high] > 0 > means[low] - CERTAIN else None
