"""Masking of personal data: what is masked, what never is, and that it costs no letter."""

from __future__ import annotations

import logging
import random
import time

import pytest

from api_server.services.pii import MaskingFilter, mask, masked

RESIDENTS = [
    "880101-1234567",
    "8801011234567",
    "880101 1234567",
    "880101/1234567",
    "880101 - 1 2 3 4 5 6 7",
    "8 8 0 1 0 1 - 1 2 3 4 5 6 7",
    "990229-5234567",
    "880101-1",
    "팔팔공일공일 다시 일이삼사오육칠",
    "팔팔 공일 공일 다시 일 이삼사 오육칠",
    "팔팔공일이이 다시 이이삼사오육칠",
    "팔팔공일공일에 일이삼사오육칠",
    "팔팔공일공일 다시 일",
    "880101 다시 일이삼사오육칠",
    "880101 뒷자리는 1234567",
]
CARDS = [
    "4111 1111 1111 1111",
    "4111-1111-1111-1111",
    "4111111111111111",
    "4111. 1111. 1111. 1111",
    "4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1",
    "3782 822463 10005",
    "378282246310005",
    "3056 930902 5904",
    "사일일일 일일일일 일일일일 일일일일",
    "4111 일일일일 1111 일일일일",
]
ACCOUNTS = [
    "110-123-456789",
    "1002-123-456789",
    "123456-01-123456",
    "3333-01-1234567",
    "301-1234-5678-01",
    "1 1 0 - 1 2 3 - 4 5 6 7 8 9",
    "110 - 123 - 456789",
    "일일공 다시 일이삼 다시 사오육칠팔구",
]
TELEPHONES = [
    "010-1234-5678",
    "01012345678",
    "010 1234 5678",
    "010.1234.5678",
    "010 1234. 5678",
    "010, 1234, 5678",
    "010에 1234에 5678",
    "0 1 0 - 1 2 3 4 - 5 6 7 8",
    "0 1 0 1 2 3 4 5 6 7 8",
    "0-1-0-1-2-3-4-5-6-7-8",
    "0, 1, 0, 1, 2, 3, 4, 5, 6, 7, 8",
    "010 12 34 56 78",
    "011-234-5678",
    "019 1234 5678",
    "02-123-4567",
    "02 1234 5678",
    "02)123-4567",
    "(02) 123-4567",
    "031-123-4567",
    "064 1234 5678",
    "070-1234-5678",
    "0505-123-4567",
    "050-7123-4567",
    "1588-1234",
    "1577 1234",
    "1800-1234",
    "+82 10-1234-5678",
    "+82-2-123-4567",
    "+82 (0)10 1234 5678",
    "82 10 1234 5678",
    "공일공 일이삼사 오육칠팔",
    "공일공일이삼사오육칠팔",
    "영일영 일이삼사 오륙칠팔",
    "공일공에 일이삼사에 오육칠팔",
    "공일공 다시 일이삼사 다시 오육칠팔",
    "공일공의 일이삼사의 오육칠팔",
    "공 일 공 일 이 삼 사 오 육 칠 팔",
    "공, 일, 공, 일, 이, 삼, 사, 오, 육, 칠, 팔",
    "010 일이삼사 5678",
    "공일공 1234 오육칠팔",
    "공이 345 6789",
    "공삼일 삼사오 육칠팔구",
    "일오팔팔에 일이삼사",
    "０１０－１２３４－５６７８",
]
LICENCES = ["11-22-333333-44", "일일 다시 이이 다시 삼삼삼삼삼삼 다시 사사"]
NUMBERS = [*RESIDENTS, *CARDS, *ACCOUNTS, *TELEPHONES, *LICENCES]

ORDINARY = [
    "3,000,000원을 입금하셨습니다",
    "입금액은 3000000000원입니다",
    "계좌에 1234567890원 있고 500만 원을 이체합니다",
    "계좌에서 1,234,567,890,000원이 나갔습니다",
    "삼백만 원, 1억 2,000만 원, 오천만 원",
    "2026년 11월 22일에 만나요",
    "2026-11-22",
    "2026.11.22",
    "2026. 11. 22. 10시 30분",
    "2026-11-22 10:30:15",
    "2026/11/22",
    "2026-11-22~2027-11-21",
    "계좌 개설일은 2026년 11월 22일",
    "이공이육년 십일월 이십이일",
    "10시 30분부터 11시 45분까지",
    "15일 이내, 20년납, 60개월, 100세 만기",
    "연 3.25%에서 4.5%",
    "0.2 0.3 0.5 0.1 0.7 0.9 1.2",
    "버전 3.11.4와 v1.0.10",
    "192.168.10.100",
    "35세 남자, 70대 여자",
    "상품번호 12345-678",
    "심의필 제2026-1234호",
    "1588명, 1600원, 1800개",
    "1600-1800원",
    "1234567890123",
    "881301 1234567",
    "978-89-1234-567-8",
    "4111 1111 1111 1112",
    "M12345678",
    "20261122103000",
    "1 2 3 4 5 6 7 8 9 10",
    "이사 오세요",
    "구이 요리",
    "일이 있어서",
    "오육 개월",
    "이사 오세요 구이 요리 일이 있어서 오육 개월",
    "공이 굴러가요",
    "삼삼오오 모여서 사이사이에 일일이",
    "오 분 뒤에 일 이 분만 기다려 주세요",
    "육이오 전쟁, 삼일절, 사일구, 오일팔",
    "구사일생으로 이십오 년을 삼사 일 만에",
    "일 이 삼 사 오 육 칠 팔",
    "이 메일 주소로 연락 주세요 @ 표시",
    "",
    " \n ",
]


def letters(text: str) -> str:
    return "".join(c for c in text if c not in "* \n-.,")


def is_hidden(text: str) -> bool:
    return not any(c.isdigit() or c in "공영일이삼사오육륙칠팔구" for c in text)


@pytest.mark.parametrize("number", NUMBERS)
def test_numbers_are_masked(number: str) -> None:
    """No digit of a personal number is left, alone or in a sentence."""
    assert is_hidden(masked(number))
    assert masked(f"네, {number}").startswith("네, ")
    assert is_hidden(masked(f"네, {number}"))
    assert is_hidden(masked(f"번호는 {number} 맞으시죠?"))
    assert is_hidden(masked(f"\n{number}\n").strip())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("010 1234. 5678 맞아요", "*** ****. **** 맞아요"),
        ("(02) 123-4567로", "(**) ***-****로"),
        ("+82 10-1234-5678", "+** **-****-****"),
        ("번호는 공일공에 일이삼사에 오육칠팔이고요", "번호는 ***에 ****에 ****이고요"),
        ("공일공 일이삼사 오육칠팔이에요", "*** **** ****이에요"),
        ("공일공 일이삼사 오육칠팔이 제 번호예요", "*** **** ****이 제 번호예요"),
        ("공일공 일이삼사 오육칠팔 이구요", "*** **** **** 이구요"),
        ("공일공 일이삼사 오육칠팔일 거예요", "*** **** ****일 거예요"),
        ("공 일 공 일 이 삼 사 오 육 칠 팔이요", "* * * * * * * * * * *이요"),
        ("번호는공일공일이삼사오육칠팔이에요", "번호는***********이에요"),
        ("010 1234 5678이 맞나요", "*** **** ****이 맞나요"),
        ("010 1234 5678 12개월 35세", "*** **** **** 12개월 35세"),
        ("010-1234-5678 원장님", "***-****-**** 원장님"),
        ("880101-1******", "******-*******"),
        ("2026.11.22 010-1234-5678", "2026.11.22 ***-****-****"),
        ("110-123-456789에 3000000원 입금", "***-***-******에 3000000원 입금"),
        ("02 010 1234 5678", "** *** **** ****"),
    ],
)
def test_what_is_around_a_number_stays(text: str, expected: str) -> None:
    """Separators, the words between groups, endings and the rest of the sentence are left."""
    assert masked(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("계좌번호 110123456789입니다", "계좌번호 ************입니다"),
        ("통장은 110 123 456789", "통장은 *** *** ******"),
        ("1101234567 이 계좌로", "********** 이 계좌로"),
        ("계좌는 일일공 일이삼 사오육칠팔구 이 계좌로", "계좌는 *** *** ****** 이 계좌로"),
        ("account number 110123456789", "account number ************"),
        ("입금은 1101234567에 500원", "입금은 **********에 500원"),
        ("송금할 곳은 110123456789 원하시면", "송금할 곳은 ************ 원하시면"),
        ("면허번호 11 22 333333 44", "면허번호 ** ** ****** **"),
        ("여권번호 M12345678이요", "여권번호 *********이요"),
        ("여권 m123a4567", "여권 *********"),
        ("여권번호는 엠 일이삼사오육칠팔입니다", "여권번호는 * ********입니다"),
        ("카드번호 5272 8901 2345 6780", "카드번호 **** **** **** ****"),
        ("재고 110123456789", "재고 110123456789"),
        ("재고 5272 8901 2345 6780", "재고 5272 8901 2345 6780"),
    ],
)
def test_a_word_nearby_tells_what_a_number_is(text: str, expected: str) -> None:
    """Numbers of no certain shape are masked where an account, a licence or a passport is named."""
    assert masked(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("hong.gil_dong@naver.com", "****.********@*****.***"),
        ("메일은hong+1@mail.example.co.kr로요", "메일은******@****.*******.**.**로요"),
        ("hong @ naver. com으로", "**** @ *****. ***으로"),
        ("hong 골뱅이 네이버 점 컴", "**** *** *** * *"),
        ("홍길동 골뱅이 지메일 닷컴", "*** *** *** **"),
    ],
)
def test_email_addresses_are_masked(text: str, expected: str) -> None:
    """Written or dictated, all but the at sign and the dots."""
    assert masked(text) == expected


@pytest.mark.parametrize("text", ORDINARY)
def test_ordinary_numbers_and_words_are_left(text: str) -> None:
    """Amounts, dates, terms and words that look like numerals are what a call is about."""
    assert masked(text) == text


def test_ordinary_numbers_do_not_add_up() -> None:
    """Nor are they masked one after the other, in one text or in many."""
    assert mask(ORDINARY) == tuple(ORDINARY)


@pytest.mark.parametrize("number", NUMBERS)
def test_a_number_over_two_texts_is_masked_in_both(number: str) -> None:
    """Whisper cuts where somebody breathes, which may be at any digit."""
    for cut in range(1, len(number)):
        if number[cut - 1 : cut + 1] in {"다시", "뒷자", "자리", "리는"}:
            continue
        texts = (f"네 {number[:cut]}", f"{number[cut:]} 맞아요")
        before, after = mask(texts)
        assert (len(before), len(after)) == (len(texts[0]), len(texts[1]))
        assert is_hidden(before + after), (before, after)


def test_the_other_party_may_say_yes_between_two_groups() -> None:
    """A number goes on after a text that is but a yes."""
    said = ("공일공에", "네.", "일이삼사에", "네네", "5678이요.")
    assert mask(said) == ("***에", "네.", "****에", "네네", "****이요.")


def test_texts_that_only_stand_side_by_side_are_apart() -> None:
    """A number that is whole in one text takes none of the next one's digits."""
    assert mask(("010-1234-5678", "3월에 15일", "2번")) == ("***-****-****", "3월에 15일", "2번")
    assert mask(()) == ()
    assert mask(("", "")) == ("", "")


def generated_call(seed: int) -> list[str]:
    """Ordinary speech with numbers in it, cut anywhere."""
    dice = random.Random(seed)  # noqa: S311 - not for secrets
    pieces = [dice.choice(NUMBERS if dice.random() < 0.4 else ORDINARY) for _ in range(12)]
    pieces += ["".join(dice.choices("0123456789 -.,공일이삼사오\n계좌원년*", k=40))]
    dice.shuffle(pieces)
    call = " ".join(pieces)
    cuts = sorted(dice.sample(range(len(call)), 6))
    return [call[a:b] for a, b in zip([0, *cuts], [*cuts, len(call)], strict=True)]


@pytest.mark.parametrize("seed", range(200))
def test_masking_only_ever_stars_letters(seed: int) -> None:
    """Lengths and separators stay, every other character is itself or `*`, twice is as once."""
    call = generated_call(seed)
    result = mask(call)
    for before, after in zip(call, result, strict=True):
        assert len(before) == len(after)
        for old, new in zip(before, after, strict=True):
            assert new == old or (new == "*" and old not in " \n-.,()/+@")
    assert mask(result) == result


@pytest.mark.parametrize("seed", range(100))
def test_random_telephones_are_masked_however_they_are_said(seed: int) -> None:
    """Any digits, any separators, each group written or spoken."""
    dice = random.Random(seed)  # noqa: S311 - not for secrets
    digits = [
        "010",
        "".join(dice.choices("0123456789", k=4)),
        "".join(dice.choices("0123456789", k=4)),
    ]
    spoken = str.maketrans("0123456789", dice.choice("공영") + "일이삼사오육칠팔구")
    said = [group.translate(spoken) if dice.random() < 0.5 else group for group in digits]
    number = dice.choice([" ", "-", ". ", ", ", " - ", " 다시 ", "에 "]).join(said)
    assert is_hidden(masked(f"번호가 {number}입니다")), number


HEAVY = ["1", "1 ", "12 ", "1-", "1.", "010-", "1,000,", "공", "이 ", "공일 ", "네 1 ", "에1"]
LIGHT = ["a", "a.", "a@", "@", " ", "-", "+", "여권M1 ", "계좌 12 ", "골뱅이"]


@pytest.mark.parametrize("unit", HEAVY + LIGHT)
def test_no_text_takes_long(unit: str) -> None:
    """The time grows with the length, whatever the text: 100,000 digits on end in a few seconds."""
    began = time.process_time()
    masked((unit * 100_000)[:100_000])
    assert time.process_time() - began < 5


def test_a_long_call_is_masked_at_once() -> None:
    """100,000 characters of speech take well under 100 ms, and twice that on a busy machine."""
    line = (
        "고객님 보험료는 월 3만 2,000원이고 이십 년 동안 내시면 백 세까지 보장됩니다. 이사 오세요. "
    )
    call = [line] * (100_000 // len(line))
    call[50] = "제 번호는 010-1234-5678이에요"
    best = 1.0
    for _ in range(3):
        began = time.process_time()
        result = mask(call)
        best = min(best, time.process_time() - began)
    assert result[50] == "제 번호는 ***-****-****이에요"
    assert result[:50] == tuple(call[:50])
    assert best < 0.2


class Lines(logging.Handler):
    """Keeps what it is given."""

    def __init__(self) -> None:
        super().__init__()
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)


@pytest.fixture
def lines() -> Lines:
    return Lines()


@pytest.fixture
def log(lines: Lines) -> logging.Logger:
    logger = logging.Logger("speech")
    logger.addFilter(MaskingFilter())
    logger.addHandler(lines)
    return logger


def test_a_log_line_is_masked_with_its_arguments(log: logging.Logger, lines: Lines) -> None:
    """What comes in by an argument is masked, and a percent sign in speech formats nothing."""
    log.info("request_id=%s text=%s", "r1", "공일공 일이삼사 오육칠팔이고 100% 보장 %s")
    assert lines.records[0].getMessage() == "request_id=r1 text=*** **** ****이고 100% 보장 %s"


def test_a_number_over_two_arguments_is_masked(log: logging.Logger, lines: Lines) -> None:
    """The message is masked as it is printed."""
    log.info("%s-%d", "010-1234", 5678)
    assert lines.records[0].getMessage() == "***-****-****"


def test_the_fields_of_a_log_line_stay(log: logging.Logger, lines: Lines) -> None:
    """The figures of a request are as they were, and a line of no personal data too."""
    log.info("status=%d", 200, extra={"fields": {"status": 200, "ms": 1.5}})
    assert vars(lines.records[0])["fields"] == {"status": 200, "ms": 1.5}
    assert lines.records[0].getMessage() == "status=200"


def test_a_log_line_that_cannot_be_formatted_is_still_masked(
    log: logging.Logger, lines: Lines
) -> None:
    """A wrong format raises nothing, and its arguments are not printed."""
    log.info("010-1234-5678 %d", "공일공 일이삼사 오육칠팔")
    assert lines.records[0].getMessage() == "***-****-**** %d"
