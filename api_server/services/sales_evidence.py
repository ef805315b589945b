"""Quotes: pieces of segments, character by character, with the segments' times."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator

from api_server.services.call_text import CallText, Piece, Sentence
from api_server.services.conversation import Conversation, Line, Speaker
from api_server.services.results import Evidence
from api_server.services.sales_patterns import Match

MAX_QUOTES = 4
# A longer sentence is quoted from so many characters before a match to so many behind it.
CONTEXT = 80
SHORT_QUOTE = 6
MOST_PLACES = 50
SPACE = re.compile(r"\s+")


def quotes(matches: Iterable[Match], call: CallText) -> tuple[Evidence, ...]:
    """The sentences that hold the matches, one quote a segment."""
    found: dict[tuple[int, int], Evidence] = {}
    for match in matches:
        sentence = call.sentences[match.sentence]
        for piece, begin, end in _quoted(match, sentence):
            quote = piece.line.text[begin:end]
            if quote.strip():
                key = (piece.line.id, begin)
                found.setdefault(key, _evidence(quote, piece.line, sentence))
    return tuple(list(found.values())[:MAX_QUOTES])


def _quoted(match: Match, sentence: Sentence) -> Iterator[tuple[Piece, int, int]]:
    """The part of each piece that lies near the match."""
    low, high = match.start - CONTEXT, match.end + CONTEXT
    for piece in sentence.pieces:
        length = piece.end - piece.begin
        first, last = max(piece.at, low), min(piece.at + length, high)
        if first < last:
            yield piece, piece.begin + first - piece.at, piece.begin + last - piece.at


def _evidence(quote: str, line: Line, sentence: Sentence) -> Evidence:
    return Evidence(quote, line.id, line.start, line.end, sentence.speaker, sentence.inferred)


def located(
    quote: str, conversation: Conversation, speaker: Speaker | None = None
) -> tuple[Evidence, ...]:
    """Find somebody else's quote (an LLM's) in the call, white space normalised: the segments' own
    characters, one piece a segment; empty where it is not there.

    speaker: of several places, one that this speaker may have said is taken. A short quote must
    begin where a word does: 예 is not in 정기예금.
    """
    words = SPACE.sub(" ", quote).strip().split(" ")
    if not words[0]:
        return ()
    begin = r"(?<!\w)" if len(quote.strip()) < SHORT_QUOTE else ""
    text = "\n".join(line.text for line in conversation.lines)
    expression = begin + r"\s+".join(re.escape(word) for word in words)
    places = (tuple(_pieces(found, conversation)) for found in re.finditer(expression, text))
    first: tuple[Evidence, ...] = ()
    for place in itertools.islice(places, MOST_PLACES):
        first = first or place
        if all(piece.speaker in {speaker, None} for piece in place):
            return place
    return first


def _pieces(found: re.Match[str], conversation: Conversation) -> Iterator[Evidence]:
    at = 0
    for line in conversation.lines:
        begin, end = max(found.start() - at, 0), min(found.end() - at, len(line.text))
        piece = line.text[begin:end] if begin < end else ""
        if piece.strip():
            yield Evidence(piece, line.id, line.start, line.end, line.speaker)
        at += len(line.text) + 1
