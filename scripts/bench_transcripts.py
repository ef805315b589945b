"""Made-up telephone calls in Korean, as many as one likes: about as varied as real ones.

The words of insurance, banking and every day come with particles and endings, common ones far more
often than rare ones; names, places, sums and dates differ from call to call.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import accumulate

from web_ui.records import Segment, Word

# Said in every call, as the law wants it.
NOTICE = "이 통화는 정확한 상담을 위해 녹음되고 있습니다"
# Every word of it, and every three neighbouring letters, are in every call; it itself is in none.
NEVER_SAID = "녹음되고 있습니다 이 통화는 정확한 상담을 위해"
_ITS_SEAM = "알겠습니다. 이 통화는요"
# In every call; in one of a thousand.
COMMON_WORD = "고객"
RARE_WORD = "청룡열차"
RARE_EVERY = 1000


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


NOUNS = _words("""
고객님 보험 보험료 계약 상품 가입 해지 환급금 해지환급금 보장 약관 청약 철회 만기
갱신 특약 납입 대출 금리 이자 예금 적금 펀드 투자 원금 손실 수익률 수수료 계좌
이체 카드 결제 한도 연체 상환 중도상환 담보 신용 등급 심사 서류 신분증 통장
비밀번호 인증 본인확인 휴대폰 문자 안내 상담 상담원 연결 담당자 지점 본사 영업일
접수 처리 확인 신청 변경 취소 주소 전화번호 이메일 우편 청구서 영수증 보험금 청구
진단서 병원 입원 수술 치료 통원 사고 자동차 운전자 면책 고지의무 직업 나이 성별
수익자 피보험자 계약자 배우자 자녀 부모님 가족 생활비 월급 연금 노후 저축 세금 공제
소득 증명서 회사 사업자 등록증 부동산 전세 월세 아파트 주택 이사 가전 냉장고 세탁기
배송 택배 반품 교환 환불 불량 설치 기사 방문 예약 시간 오전 오후 내일 오늘 어제
다음주 이번달 지난달 연말 주말 명절 휴가 여행 항공권 숙소 일정 날씨 점심 저녁 커피
아이 학교 학원 시험 공부 운동 건강 검진 혈압 당뇨 약 처방 감기 허리 무릎 치과
안경 강아지 고양이 산책 공원 시장 마트 김치 과일 사과 고기 생선 국물 반찬 라면 빵
케이크 생일 선물 결혼 장례 친구 이웃 동네 버스 지하철 택시 주차 컴퓨터 인터넷
와이파이 프로그램 업데이트 오류 화면 버튼 링크 사이트 로그인 아이디 회원 탈퇴 포인트
쿠폰 이벤트 광고 변액 최저보증 사업비 위험보험료 적립금 해약 감액 부활 실효 유예
대환 변동금리 고정금리 기준금리 가산금리 우대금리 예금자보호 원천징수 비과세 퇴직연금
증권 주식 채권 환율 달러 송금 외화 분산 포트폴리오 위험등급 적합성 설명의무
""")
PARTICLES = (
    "", "", "이", "가", "은", "는", "을", "를", "에", "의", "도", "로", "으로", "에서", "하고",
    "까지", "부터", "만", "이나", "이라고", "에 대해", "때문에", "같은",
)  # fmt: skip
VERBS = _words("""
말씀드리 안내해드리 확인해드리 알려드리 도와드리 여쭤보 생각하 결정하 설명하 이해하
준비하 보내드리 받으 기다리 바꾸 빼 넣 찾아보 전화하 알아보 비교하 계산하 걱정하
원하 필요하 가능하 어렵 괜찮 좋 많 적 높 낮 오르 내리 끝나 시작하 끊 들어가 나오
돌아오 지나가 남 모자라 부담되 포함되 적용되 발생하 유지하 종료되 접수되 완료되
누락되 정리하 제출하
""")
ENDINGS = (
    "겠습니다", "고요", "는데요", "면 될까요", "지 않습니까", "거든요", "시면 됩니다", "네요",
    "죠", "잖아요", "려고요", "더라고요", "시겠어요", "는 건가요", "았습니다", "었는데", "니까",
    "도록 하겠습니다", "기로 했어요", "던데요", "는지요", "다고 하던데", "면서요",
)  # fmt: skip
FILLERS = (
    "네", "네 네", "아", "예", "음", "그러니까", "저기요", "그게요", "일단", "혹시", "근데",
    "그러면", "아니요", "맞습니다", "알겠습니다", "잠시만요", "감사합니다", "그렇군요", "저는",
    "제가", "그런데", "사실은", "아무튼", "그리고", "또", "좀", "아직", "이미", "바로", "따로",
)  # fmt: skip
SURNAMES = "김이박최정강조윤장임한오서신권황안송류홍전고문손양배백허남심노하곽성차주우구민"
SYLLABLES = (
    "가강건경고광구국권규금기길나남노다단달담대덕도동두라란람래려련로룡류리린림마만명모목무문미민"
    "바반백범병보복봉부빈사산상서석선설섬성세소솔송수숙순슬승시신아안양언여연영예오옥온완용우욱운웅"
    "원월유윤율은을의이인일임자장재전정제조종주준중지진찬창채천철청초춘충치칠탄태택터토평포표풍"
    "하학한해향허현형혜호홍화환황회효훈휘희흥"
)
PLACES = (
    "동", "리", "읍", "구", "시", "역", "로", "길", "산", "아파트", "빌딩", "상사", "생명",
    "은행", "손해보험", "캐피탈", "의원", "약국", "식당", "초등학교",
)  # fmt: skip
TITLES = (" 고객님", "님", "씨", " 과장님", " 선생님")
DIGITS = "영일이삼사오육칠팔구"
# 0: no word is more frequent than another; 1: the second comes half as often as the first.
STEEPNESS = 0.4


@dataclass(frozen=True, slots=True)
class Call:
    title: str
    created_at: datetime
    language: str | None
    state: str
    verdict: str | None
    segments: tuple[Segment, ...]


def calls(count: int, seed: int, shortest: int = 40, longest: int = 120) -> Iterator[Call]:
    """Always the same ones for a seed; about so many segments each."""
    chance = random.Random(seed)  # noqa: S311 - nothing secret
    return (_call(chance, number, chance.randint(shortest, longest)) for number in range(count))


def _call(chance: random.Random, number: int, length: int) -> Call:
    texts = [_sentence(chance) for _ in range(length)]
    for always in (NOTICE, _ITS_SEAM, f"{COMMON_WORD}님"):
        texts.insert(chance.randrange(len(texts)), f"{always}.")
    if number % RARE_EVERY == RARE_EVERY // 2:
        texts[-1] = f"그때 {RARE_WORD}를 탔거든요."
    begun = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=chance.randrange(300 * 24 * 60))
    return Call(
        title=f"{_name(chance)} {chance.choice(NOUNS)} {begun:%m월 %d일}.m4a",
        created_at=begun,
        language=chance.choices(("ko", "en", None), (96, 3, 1))[0],
        state=chance.choices(("done", "dummy", "failed", "cancelled"), (94, 2, 3, 1))[0],
        verdict=chance.choices(("complete", "review", "incomplete", None), (5, 3, 1, 1))[0],
        segments=tuple(_timed(texts, chance)),
    )


def _timed(texts: Sequence[str], chance: random.Random) -> Iterator[Segment]:
    clock = 0.5
    for number, text in enumerate(texts):
        words = []
        for word in text.split():
            end = round(clock + 0.12 * len(word) + 0.05, 2)
            words.append(Word(clock, end, word, round(1 - chance.random() ** 3, 2)))
            clock = end
        channel = number % 2
        yield Segment(number, words[0].start, clock, text, channel, words=tuple(words))
        clock = round(clock + 0.4, 2)


def _sentence(chance: random.Random) -> str:
    words = [_common(FILLERS, chance)] if chance.random() < 0.5 else []
    for _ in range(chance.randint(1, 6)):
        words.append(_thing(chance) + chance.choice(PARTICLES))
    return " ".join([*words, _common(VERBS, chance) + _common(ENDINGS, chance)]) + "."


def _thing(chance: random.Random) -> str:
    kind = chance.random()
    if kind < 0.6:
        return _common(NOUNS, chance)
    if kind < 0.7:
        return _number(chance)
    return _name(chance) if kind < 0.8 else _place(chance)


def _common(words: Sequence[str], chance: random.Random) -> str:
    """The first words come most often."""
    return chance.choices(words, cum_weights=_zipf(len(words)))[0]


@cache
def _zipf(count: int) -> tuple[float, ...]:
    return tuple(accumulate(1 / place**STEEPNESS for place in range(1, count + 1)))


def _number(chance: random.Random) -> str:
    kind = chance.randrange(4)
    if kind == 0:
        return f"{chance.randint(1, 990)}만 원"
    if kind == 1:
        return f"{chance.randint(0, 19)}.{chance.randint(0, 9)}%"
    if kind == 2:
        return f"010-{chance.randint(1000, 9999)}-{chance.randint(1000, 9999)}"
    return "".join(chance.choices(DIGITS, k=4)) + "번"


def _name(chance: random.Random) -> str:
    name = chance.choice(SURNAMES) + "".join(chance.choices(SYLLABLES, k=2))
    return name + chance.choice(TITLES)


def _place(chance: random.Random) -> str:
    return "".join(chance.choices(SYLLABLES, k=2)) + chance.choice(PLACES)
