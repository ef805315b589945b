"""Personal data in what was said: resident numbers, cards, accounts, telephones and the like.

A text is first read into a shadow of the same length, in which every digit is an ASCII digit,
whether it was written `5` or spoken `오`. Runs of digits in it are written compactly, each pause
between two digits as one character, and compared with the shapes of pii_shapes.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Sequence

from api_server.services import pii_shapes as shapes
from api_server.services.pii_shapes import DIGIT, PERHAPS, Place

SPOKEN = dict(zip("공영일이삼사오육륙칠팔구", "001234566789", strict=True))
SYLLABLE = f"[{''.join(SPOKEN)}]"
WIDE = str.maketrans("０１２３４５６７８９‐‑‒–—―−－．，＋＠", "0123456789--------.,+@")
# Between two texts; only ever a space between digits, so it does not matter if texts hold it.
SEAM = "\n"
NO_DIGIT = "¤"
FEWEST_DIGITS = 7
# Masking may leave digits that only now stand alone, as the rest of a chain of numbers.
MAX_PASSES = 4

PUNCTUATION = r"[\s\-.,·()/~]"
DASH_WORD = "다시|하이픈|대시|빼기|작대기"
PAUSE = (
    rf"(?:{PUNCTUATION}{{0,4}}(?:{DASH_WORD}|에는|에|의|국에|국|번에))?"
    # A listener's "네" between two groups, often a text of its own.
    rf"(?:{PUNCTUATION}{{1,4}}(?:네네|네|예|음|어|아|그|그리고|뒷자리는?)(?={PUNCTUATION})){{0,2}}"
    rf"{PUNCTUATION}{{0,4}}"
)
RUN = re.compile(rf"(?:\+ ?)?{DIGIT}(?:{PAUSE}{DIGIT})*+")
DASH = re.compile(rf"-|{DASH_WORD}")
# Digits that are spelled one by one: 0-1-0-1-2-3-4, 0, 1, 0, 1 2, 3, 4.
DASHED = re.compile(rf"(?<!{DIGIT}){DIGIT}-{DIGIT}(?:-{DIGIT})+(?!{DIGIT})")
DOTTED = re.compile(rf"(?<!{DIGIT})({DIGIT})\.(?={DIGIT}(?!{DIGIT}))")

# Digits that are no part of a longer number: amounts, dates, decimals, terms.
PLAIN_NUMBER = re.compile(
    r"(?=[0-9])(?:"  # Quick to rule out, most letters being none.
    r"(?<![\d,.\-])[1-9]\d{0,2}(?:,\d{3})+(?![\d\-]|,\d)"
    rf"|(?<![\d\-])[1-9]\d*(?={shapes.WON})"
    r"|(?<![\d.\-/])(?:19|20)\d\d ?[-./년] ?(?:1[0-2]|0?[1-9]) ?[-./월] ?(?:3[01]|[12]\d|0?[1-9])"
    r"(?![\d*]|[-.][\d*])"
    r"|(?<![\d.\-])(?<!\d\n)(?:0|[1-9]\d{0,2})\.\d{1,2}(?![\d.\-]|\n\d)"
    rf"|(?<![\d.\-])\d{{1,2}}(?=개월|년|월|일(?!{SYLLABLE})|시|분|명|건|개|회|세|%|퍼센트|프로))"
)
PHRASE = re.compile(
    rf"(?={SYLLABLE})(?:(?<![가-힣\d])|(?<=\d)(?={SYLLABLE}{{3}})|(?<=[가-힣])(?={SYLLABLE}{{6}}))"
    rf"{SYLLABLE}(?:{PAUSE}{SYLLABLE})*+"
)
SPOKEN_WORD = re.compile(f"{SYLLABLE}+")
AFTER_DIGITS = re.compile(
    r"(?![가-힣])|이|입|요|예|에|의|로|번|고|라|은|는|가|을|를|도|만|인|거|맞|국|하고|"
    rf"(?:{DASH_WORD})"
)
GOES_ON = re.compile(rf"{PAUSE}\d")
# 오육칠팔이에요, 오육칠팔이 맞아요, 오육칠팔이구요, 오육칠팔일 거예요: the last is often no digit.
ENDING = re.compile(rf"(?<={SYLLABLE})(?:이?구(?=요)|이(?!{SYLLABLE})|일(?=\s?(?:거|겁|텐|걸)))")


def mask(texts: Sequence[str]) -> tuple[str, ...]:
    """The texts with the personal data in them as `*`, character for character.

    Consecutive texts of one call are read as one, so that a number that begins in one and ends
    in the next is masked in both. Spaces, hyphens, dots and the words between the groups of a
    number stay, and every text keeps its length, so that the times of words still fit.
    """
    joined = masked(SEAM.join(texts))
    result = []
    begin = 0
    for text in texts:
        result.append(joined[begin : begin + len(text)])
        begin += len(text) + len(SEAM)
    return tuple(result)


def masked(text: str) -> str:
    """One text with the personal data in it as `*`; see `mask`."""
    for _ in range(MAX_PASSES):
        places = set(_personal(text))
        if not places:
            break
        text = "".join("*" if at in places else letter for at, letter in enumerate(text))
    return text


class MaskingFilter(logging.Filter):
    """Masks the message of each record of the logger or handler it is added to.

    The message is rendered first, so that a number that comes in an argument is masked too;
    everything else on the record, as its `fields`, stays as it is. It drops no record.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        try:
            message = record.getMessage()
        except (TypeError, ValueError, KeyError):
            # Left as it is, logging would print the arguments unmasked in its complaint.
            message = str(record.msg)
        record.msg, record.args = masked(message), None
        return True


def _personal(text: str) -> Iterator[int]:
    """The places of the characters to mask."""
    plain = text.translate(WIDE)
    yield from shapes.email_letters(plain)
    shadow = _shadow(plain)
    yield from shapes.passport_letters(shadow)
    for run in RUN.finditer(shadow):
        if run.end() - run.start() >= FEWEST_DIGITS:
            for compact, places in _readings(run.group(), run.start()):
                yield from _numbers(shadow, compact, places)


def _numbers(shadow: str, compact: str, places: Sequence[int]) -> Iterator[int]:
    for shape in shapes.SHAPES:
        for match in shape.pattern.finditer(compact):
            begin, end = match.span(1)
            place = Place(shadow, places[begin], places[end - 1] + 1)
            if shape.is_personal(shapes.digits_of(match[1]), place):
                yield from (places[i] for i in range(begin, end) if compact[i] in shapes.DIGITS)


def _readings(run: str, offset: int) -> Iterator[tuple[str, list[int]]]:
    """A run of digits written compactly, and where each of its characters is in the text.

    Where it crosses from one text into the next there are two readings: a number may go on
    there, or another may begin.
    """
    letters, places = _compact(run, offset)
    yield _loosened(letters.replace(SEAM, " ")), places
    if SEAM in letters:
        kept = [i for i, letter in enumerate(letters) if letter != SEAM]
        yield _loosened(letters.replace(SEAM, "")), [places[i] for i in kept]


def _compact(run: str, offset: int) -> tuple[str, list[int]]:
    letters: list[str] = []
    places: list[int] = []
    last = -1
    for at, letter in enumerate(run):
        if letter not in shapes.DIGITS and letter != "+":
            continue
        if letters and at > last + 1 and letters[-1] != "+":
            letters.append(_pause(run[last + 1 : at]))
            places.append(offset + last + 1)
        letters.append(letter)
        places.append(offset + at)
        last = at
    return "".join(letters), places


def _pause(between: str) -> str:
    """What stands between two digits, as one character: a dash, a seam, a space or a dot."""
    if DASH.search(between):
        return "-"
    if SEAM in between:
        return SEAM
    return " " if between.isspace() else "."


def _loosened(compact: str) -> str:
    """A run without the pauses that part no groups: between digits that are spelled one by one."""
    dashed = DASHED.sub(lambda match: match[0].replace("-", " "), compact)
    return DOTTED.sub(r"\1 ", dashed)


def _shadow(plain: str) -> str:
    """The text with every digit as an ASCII digit, and NO_DIGIT for those of plain numbers."""
    shadow = PLAIN_NUMBER.sub(lambda match: re.sub(r"\d", NO_DIGIT, match[0]), plain)
    return PHRASE.sub(_spelled, shadow)


def _spelled(phrase: re.Match[str]) -> str:
    """Digits for syllables, if they are so many that they can be no other words."""
    text = phrase[0]
    words = list(SPOKEN_WORD.finditer(text))
    if len(words) > 1 and _is_another_word(phrase, words[-2], words[-1]):
        words.pop()
    if sum(len(word[0]) for word in words) < 3 and text[0] not in "공영":
        return text
    done = 0
    pieces = []
    for word in words:
        pieces += [text[done : word.start()], "".join(SPOKEN[syllable] for syllable in word[0])]
        done = word.end()
    doubtful = _doubtful(phrase.string, phrase.start() + words[-1].start(), len(words[-1][0]))
    sure = "".join(pieces)[: done - doubtful]
    return sure + PERHAPS * doubtful + text[done:]


def _is_another_word(phrase: re.Match[str], before: re.Match[str], last: re.Match[str]) -> bool:
    """Whether the last syllables belong to what follows the number: 이 계좌로, 오세요."""
    if len(last[0]) > 2:
        return False
    if last[0] == "이구" and phrase.string.startswith("요", phrase.end()):
        return True
    pause = phrase[0][before.end() : last.start()]
    if len(last[0]) == 1 < len(before[0]) and pause.isspace() and SEAM not in pause:
        return not GOES_ON.match(phrase.string, phrase.end())
    return AFTER_DIGITS.match(phrase.string, phrase.end()) is None


def _doubtful(text: str, begin: int, length: int) -> int:
    """How many of the last syllables of a word of digits may be its ending instead."""
    end = begin + length
    if GOES_ON.match(text, end):
        return 0
    ending = ENDING.search(text, begin, end + 3)
    return ending.end() - ending.start() if ending and ending.end() == end else 0
