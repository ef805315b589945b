# ruff: noqa: E501 - a pattern is easier to read in one line, and Hangul counts double
"""Numbers as they are spoken: `십오 일` and `보름` are the `15일` of a contract."""

from __future__ import annotations

import re

DIGITS = {c: i for i, c in enumerate("영일이삼사오육칠팔구")} | {"공": 0, "륙": 6}
SMALL = {"십": 10, "백": 100, "천": 1000}
BIG = ("만", "억")
UNITS = (
    r"영업 ?일|일(?!부|단|반|정|시불|임|상|괄)|개월|달|년|퍼센트|퍼센|프로(?!그램|필|모션|젝트|세스|토|듀)|%|"
    r"원(?!금|리|래|하|칙|인|본)|회(?!사|원|의)|세(?!금|요|액|전|후)|등급|배(?!당|우|상|송)|주(?!식|택|부|가|요|의|시)"
)
MOST_SYLLABLES = 20
NUMERAL = "영공일이삼사오육륙칠팔구십백천"
SPOKEN = re.compile(
    rf"(?<![가-힣\d])(?P<number>[{NUMERAL}만억]+(?: [{NUMERAL}만억]+){{0,8}}?(?: ?[점쩜] ?[{NUMERAL}]+)?)"
    rf"(?= ?(?:{UNITS})|(?<=억)|(?<=[십백천]만))"
)
# A rate is often said without its unit: `연 십사 점 이로`. Not so: `이 점 이해하셨죠`.
DECIMAL = re.compile(
    rf"(?<![가-힣\d])(?P<number>[{NUMERAL}]+ ?[점쩜] ?[영공일이삼사오육칠팔구]+)"
    r"(?=(?:로|인데|이고|고요|고|예요|이에요|입니다|드|를|가|씩|더|에|짜리|쯤|정도|까지|을|이|은|는)?(?:[ ,.]|$))"
)
MIXED = re.compile(r"(?P<number>\d[\d,]*(?:\.\d+)?) ?(?P<scale>[십백천](?=[만억 원]))?")
WORDS = {
    "보름": "15일", "열흘": "10일", "일주일": "7일", "이주일": "14일", "사흘": "3일",
    "나흘": "4일", "열나흘": "14일", "열닷새": "15일", "이레": "7일", "이틀": "2일", "한 해": "1년",
    "반년": "6개월",
}  # fmt: skip
COUNTS = {
    "한": 1, "두": 2, "석": 3, "세": 3, "넉": 4, "네": 4, "다섯": 5, "여섯": 6, "일곱": 7, "여덟": 8,
    "아홉": 9, "열": 10, "열한": 11, "열두": 12, "열여덟": 18, "스물네": 24, "서른여섯": 36,
}  # fmt: skip
# So many months: `열두 달`.
NATIVE = re.compile(
    rf"(?<![가-힣])(?P<count>{'|'.join(sorted(COUNTS, key=len, reverse=True))}) ?달(?!리|라|러|성)"
)
WORD = re.compile("|".join(sorted(WORDS, key=len, reverse=True)))
PERCENT = re.compile(r"퍼센트|퍼센|프로(?!그램|필|모션|젝트|세스|토|듀)|%")


def value_of(numeral: str) -> str | None:
    """A numeral in digits, with 만 and 억 left as they are: `오천만` is `5000만`, `영점 오` is
    `0.5`. None where the syllables are no number."""
    whole, _, fraction = numeral.replace(" ", "").replace("쩜", "점").partition("점")
    spoken = _spoken_whole(whole)
    if spoken is None or not fraction:
        return spoken
    digits = [DIGITS.get(syllable) for syllable in fraction]
    return None if None in digits else f"{spoken}.{''.join(map(str, digits))}"


def _spoken_whole(numeral: str) -> str | None:
    parts: list[str] = []
    rest = numeral
    for big in reversed(BIG):
        head, found, tail = rest.partition(big)
        if not found:
            continue
        count = _below_ten_thousand(head) if head else 1
        if count is None:
            return None
        parts.append(f"{count}{big}")
        rest = tail
    if rest or not parts:
        count = _below_ten_thousand(rest)
        if count is None:
            return None
        parts.append(str(count))
    return "".join(parts)


def _below_ten_thousand(numeral: str) -> int | None:
    """`삼백이십` is 320; digit by digit, `이공` is 20."""
    if not numeral or len(numeral) > MOST_SYLLABLES:
        return None
    if len(numeral) > 1 and all(c in DIGITS for c in numeral):
        return int("".join(str(DIGITS[c]) for c in numeral))
    total, digit = 0, None
    for syllable in numeral:
        if syllable in SMALL:
            total += (1 if digit is None else digit) * SMALL[syllable]
            digit = None
        elif syllable in DIGITS and digit is None:
            digit = DIGITS[syllable]
        else:
            return None
    return total + (digit or 0)
