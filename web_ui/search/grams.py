"""Grams: one to three neighbouring characters as a number, and the bits that say who holds them.

A row of `search_grams` speaks of the 64 transcripts of a block in the bits of one integer.
Databases count with signed integers, so the bit of the last of them is the sign.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise

# What is no longer than a gram is found by its gram alone.
LONGEST_GRAM = 3
BLOCK_BITS = 6
BLOCK = 1 << BLOCK_BITS
EVERY_BIT = (1 << BLOCK) - 1


def grams_of(text: str) -> set[int]:
    """Every character, every two and every three neighbours, once each."""
    return {gram for length in range(1, LONGEST_GRAM + 1) for gram in _grams(text, length)}


def longest_grams(text: str) -> set[int]:
    """Those that hold all of these may hold the text; if it is no longer than a gram, they do."""
    return set(_grams(text, min(len(text), LONGEST_GRAM)))


def _grams(text: str, length: int) -> Iterator[int]:
    """The first character counts most. A code point has 21 bits, so three fit into 63."""
    codes = [ord(char) for char in text]
    if length == 1:
        return (a << 42 for a in codes)
    if length == 2:
        return (a << 42 | b << 21 for a, b in pairwise(codes))
    triples = zip(codes, codes[1:], codes[2:], strict=False)
    return (a << 42 | b << 21 | c for a, b, c in triples)


def block_of(key: int) -> int:
    return key >> BLOCK_BITS


def bit_of(key: int) -> int:
    """As databases count; its complement `~bit` clears it."""
    place = key & (BLOCK - 1)
    return 1 << place if place < BLOCK - 1 else -(1 << place)


class Members:
    """Transcripts, as the bits of their blocks."""

    def __init__(self, blocks: Mapping[int, int]) -> None:
        self._blocks = {block: bits & EVERY_BIT for block, bits in blocks.items() if bits}

    @classmethod
    def of(cls, keys: Iterable[int]) -> Members:
        blocks: dict[int, int] = {}
        for key in keys:
            block = block_of(key)
            blocks[block] = blocks.get(block, 0) | 1 << (key & (BLOCK - 1))
        return cls(blocks)

    def __and__(self, others: Members) -> Members:
        both = self._blocks.keys() & others._blocks.keys()
        return Members({block: self._blocks[block] & others._blocks[block] for block in both})

    def __len__(self) -> int:
        return sum(bits.bit_count() for bits in self._blocks.values())

    def __contains__(self, key: int) -> bool:
        return bool(self._blocks.get(key >> BLOCK_BITS, 0) >> (key & (BLOCK - 1)) & 1)

    @property
    def range(self) -> tuple[int, int]:
        """Keys between which all of them lie; there must be one."""
        first, last = min(self._blocks), max(self._blocks)
        return first << BLOCK_BITS, (last << BLOCK_BITS) + BLOCK - 1

    def __iter__(self) -> Iterator[int]:
        for block, bits in self._blocks.items():
            left = bits
            while left:
                yield (block << BLOCK_BITS) + (left & -left).bit_length() - 1
                left &= left - 1
