"""The shapes of personal numbers: what a run of digits must look like, and what must stand near.

A run is written compactly: digits, and one character for what stands between two of them,
`-` for a dash or the word for one, ` ` for spaces, `.` for everything else. In a shape, a space
stands for a pause that may be missing, `~` for any such separator, `#` for a digit.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

# A syllable that may be a digit or the ending of the word: 오육칠팔이 is 5678 or 56782.
PERHAPS = "\ue000"
DIGITS = frozenset("0123456789" + PERHAPS)
DIGIT = f"[0-9{PERHAPS}]"

# How far from a number a word may stand that tells what the number is, in characters.
NEAR_BEFORE = 40
NEAR_AFTER = 15


@dataclass(frozen=True, slots=True)
class Place:
    """Where a number stands: `text[begin:end]`."""

    text: str
    begin: int
    end: int

    def is_near(self, words: re.Pattern[str]) -> bool:
        begin = max(self.begin - NEAR_BEFORE, 0)
        return words.search(self.text, begin, self.end + NEAR_AFTER) is not None

    def is_amount(self) -> bool:
        return AMOUNT.match(self.text, self.end) is not None

    def is_count(self) -> bool:
        """Whether it says how much or how many there are of something, by the unit after it."""
        return self.is_amount() or COUNT.match(self.text, self.end) is not None


@dataclass(frozen=True, slots=True)
class Shape:
    """A kind of number. group(1) of `pattern` is the number, in a run that is written compactly.

    is_personal: asked with the digits alone and the number's place.
    """

    pattern: re.Pattern[str]
    is_personal: Callable[[str, Place], bool]


# 원 as money, not as in 원장님 or 원금.
WON = r"\s?[십백천만억]*\s?원(?![금리래하칙본장치서활룸])"
AMOUNT = re.compile(rf"{WON}|\s?(?:%|퍼센트|프로|달러)")
COUNT = re.compile(r"년|개|명|건|회|세|배")
ACCOUNT_WORDS = re.compile(r"계좌|통장|입금|송금|면허|account", re.IGNORECASE)
CARD_WORDS = re.compile(r"카드|\bcard", re.IGNORECASE)
PASSPORT_WORDS = re.compile(r"여권|passport", re.IGNORECASE)


def digits_of(compact: str) -> str:
    """The digits alone; one that may be an ending is nearly always 이, so 2."""
    return "".join("2" if c == PERHAPS else c for c in compact if c in DIGITS)


def _shape(shape: str) -> re.Pattern[str]:
    """Found wherever a digit begins a group, even in a longer find of the same shape."""
    loose = shape.replace(" ", " ?").replace("~", "[ .-]?").replace("#", DIGIT)
    return re.compile(rf"(?<!{DIGIT})(?=((?:{loose})(?![0-9])))")


def _has_birth_date(digits: str) -> bool:
    return 1 <= int(digits[2:4]) <= 12 and 1 <= int(digits[4:6]) <= 31


def _is_resident(digits: str, _place: Place) -> bool:
    return _has_birth_date(digits)


def _is_half_resident(digits: str, place: Place) -> bool:
    return _has_birth_date(digits) and not place.is_count()


def _is_card(digits: str, place: Place) -> bool:
    known = {14: r"3[0689]", 15: r"3[47]", 16: r"[2-69]"}[len(digits)]
    if not re.match(known, digits):
        return False
    # Near the word, 16 digits are a card even if one of them was misheard.
    return _luhn(digits) or (len(digits) == 16 and place.is_near(CARD_WORDS))


def _luhn(digits: str) -> bool:
    doubled = (sum(divmod(2 * int(digit), 10)) for digit in digits[-2::-2])
    return (sum(map(int, digits[-1::-2])) + sum(doubled)) % 10 == 0


def _is_account(digits: str, place: Place) -> bool:
    return 10 <= len(digits) <= 14 and not place.is_amount()


def _is_named_account(digits: str, place: Place) -> bool:
    return place.is_near(ACCOUNT_WORDS) and not place.is_amount()


def _is_telephone(_digits: str, _place: Place) -> bool:
    return True


def _is_office_telephone(_digits: str, place: Place) -> bool:
    return not place.is_count()


_SUBSCRIBER = "# # #( #)?~# # # #"
_AREA = "2|3 [1-3]|4 [1-4]|5 [1-5]|6 [1-4]|7 0|8 0|5 0( [0-9])?"
_OFFICES = (
    "1522 1533 1544 1566 1577 1588 1599 1600 1611 1644 1655 1660 1661 1666 1668 1670 1688 1699 "
    "1800 1811 1833 1855 1866 1877 1899"
)
_OFFICE = f"({'|'.join(' '.join(office) for office in _OFFICES.split())})"
# Year, month and day; what is parted otherwise are groups of another number.
_BIRTH = "(## [01]# [0-3]#|#(\\s#){5})"
# A group of an account, written together or digit by digit.
_GROUP = r"(#(\s#){1,7}|#{1,8})(?!#)"

SHAPES: tuple[Shape, ...] = (
    Shape(_shape(f"0 (1 [016-9]|{_AREA})~{_SUBSCRIBER}"), _is_telephone),
    Shape(_shape(rf"(\+|0 0 )?8 2~(0~)?1 [016-9]~{_SUBSCRIBER}"), _is_telephone),
    Shape(_shape(rf"(\+|0 0 )8 2~(0~)?({_AREA})~{_SUBSCRIBER}"), _is_telephone),
    Shape(_shape(f"{_OFFICE}~# # # #"), _is_office_telephone),
    Shape(_shape(f"{_BIRTH}~[1-8]( #){{6}}"), _is_resident),
    Shape(_shape(rf"{_BIRTH}[\s.-][1-8](?!~#)"), _is_half_resident),
    Shape(_shape("[2-69]( #){3}~#( #){3}~#( #){3}~#( #){1,3}"), _is_card),
    Shape(_shape("3( #){3}~#( #){5}~#( #){3,4}"), _is_card),
    Shape(_shape(f"(?<!#-){_GROUP}(-{_GROUP}){{1,3}}(?!-#)"), _is_account),
    Shape(_shape("#(~#){9,13}"), _is_named_account),
)

_LETTER = "(?:[A-Za-z]|엠|에스|알|지|디|피|오)"
_BETWEEN = r"[\s\-.]{0,3}"
# M12345678, M123A4567
PASSPORT = re.compile(
    rf"(?<![A-Za-z0-9]){_LETTER}{{1,2}}(?:{_BETWEEN}{DIGIT}){{3}}{_BETWEEN}(?:{_LETTER}|{DIGIT})"
    rf"(?:{_BETWEEN}{DIGIT}){{3,4}}(?![A-Za-z0-9])"
)
_LOCAL = r"(?<![A-Za-z0-9._%+-])[A-Za-z0-9._%+-]{1,64}"
_DOMAIN = "[A-Za-z0-9-]{1,63}"
EMAIL = re.compile(
    rf"{_LOCAL}(?:@{_DOMAIN}(?:\.{_DOMAIN}){{1,4}}"
    rf"|\s?@\s?{_DOMAIN}\s?\.\s?(?:com|net|org|kr|co)(?![A-Za-z]))"
    # As it is dictated: hong 골뱅이 네이버 점 컴
    rf"|(?:{_LOCAL}|(?<![가-힣])[가-힣]{{1,20}})\s?골뱅이\s?"
    rf"(?:{_DOMAIN}|[가-힣]{{2,6}}?)\s?(?:\.|닷|점)\s?(?:[A-Za-z]{{2,6}}|컴|넷)"
)


def email_letters(text: str) -> Iterator[int]:
    """The places of the letters and digits of e-mail addresses."""
    for match in EMAIL.finditer(text):
        yield from (at for at in range(*match.span()) if text[at].isalnum() or text[at] in "_%+")


def passport_letters(shadow: str) -> Iterator[int]:
    """The places of the letters and digits of passport numbers, where a passport is spoken of."""
    if PASSPORT_WORDS.search(shadow) is None:
        return
    for match in PASSPORT.finditer(shadow):
        begin, end = match.span()
        if Place(shadow, begin, end).is_near(PASSPORT_WORDS):
            yield from (
                at for at in range(begin, end) if shadow[at].isalnum() or shadow[at] in DIGITS
            )
