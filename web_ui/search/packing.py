"""Folded text as bytes: two for a syllable where UTF-8 takes three.

Whether ten thousand transcripts hold a phrase is a question of how many bytes there are to read.
A character is one byte below 0x80, followed by none to three from 0x80 on; so bytes are found
within bytes exactly where characters are found within characters:

    0x00…0x57  and one byte    a Hangul syllable
    0x58       and three       whatever has no place below
    0x59…0x5B  and two         U+0000…U+BFFF: most scripts
    0x5C…0x7F  alone           0…9, a…z

Nothing is found across a border: a byte from 0x80 on after a whole character.
"""

from __future__ import annotations

import re

FIRST_SYLLABLE, LAST_SYLLABLE = 0xAC00, 0xD7A3
RARE = 0x58
SCRIPTS, SCRIPTS_END = 0x59, 0xC000
ALONE = 0x5C
PLAIN = "0123456789abcdefghijklmnopqrstuvwxyz"

BORDER = b"\x80"

CHARACTER = re.compile(rb"[\x00-\x7f][\x80-\xff]*")
FOLLOWING = bytes(range(0x80, 0x100))


class _Codes(dict[int, str]):
    """For `str.translate`: the bytes of every code point met so far, as Latin-1."""

    def __missing__(self, code: int) -> str:
        self[code] = _code_of(code).decode("latin-1")
        return self[code]


class _Characters(dict[bytes, str]):
    """The way back."""

    def __missing__(self, code: bytes) -> str:
        self[code] = _character_of(code)
        return self[code]


_CODES = _Codes()
_CHARACTERS = _Characters()


def pack(text: str) -> bytes:
    return text.translate(_CODES).encode("latin-1")


def unpack(packed: bytes) -> str:
    """The text again. `packed` holds whole characters."""
    return "".join(map(_CHARACTERS.__getitem__, CHARACTER.findall(packed)))


def count(packed: bytes) -> int:
    """How many characters there are."""
    return len(packed.translate(None, FOLLOWING))


def _code_of(code: int) -> bytes:
    if FIRST_SYLLABLE <= code <= LAST_SYLLABLE:
        number = code - FIRST_SYLLABLE
        return bytes((number >> 7, _following(number)))
    if chr(code) in PLAIN:
        return bytes((ALONE + PLAIN.index(chr(code)),))
    if code < SCRIPTS_END:
        return bytes((SCRIPTS + (code >> 14), _following(code >> 7), _following(code)))
    return bytes((RARE, _following(code >> 14), _following(code >> 7), _following(code)))


def _following(number: int) -> int:
    return 0x80 | number & 0x7F


def _character_of(code: bytes) -> str:
    first, rest = code[0], 0
    for byte in code[1:]:
        rest = rest << 7 | byte & 0x7F
    if first >= ALONE:
        return PLAIN[first - ALONE]
    if first >= SCRIPTS:
        return chr((first - SCRIPTS) << 14 | rest)
    return chr(rest) if first == RARE else chr(FIRST_SYLLABLE + (first << 7 | rest))
