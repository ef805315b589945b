"""What an LLM wrote, turned into what was asked for: a text, or a value that fits a schema.

Models think aloud, wrap JSON in prose and fences, and mistype it. Each way back to the value
is tried in turn, the strictest first; whatever comes out must fit the schema, so that a
repair can lose an answer but not invent one of another shape. An answer that was cut is never
repaired: closing its brackets would invent its end.
"""

from __future__ import annotations

import json
import math
import string
import unicodedata
from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any

from api_server.services.agent_stream import Reply, whole
from api_server.services.agent_types import RequestFailed

if TYPE_CHECKING:
    from jsonschema.exceptions import ValidationError

REPAIR_CHARS = 16_384
"""json_repair's time grows with the square of what it is given: seconds at this length."""
FENCES = 5
STARTS = 8
FAULTS = 100
CUT = {"length": "answer cut at max_tokens", "white_space": "endless white space in the answer"}


class NotJSON(ValueError):
    """No JSON value, or one that holds infinity or not-a-number."""


class Unfit(ValueError):
    """A JSON value that does not fit. The text is the path to the fault, and nothing else."""


def plain_text(reply: Reply) -> str:
    """The answer without its thinking. Raises `RequestFailed` where nothing is left."""
    text = without_thoughts(reply.content).strip()
    if not text:
        raise RequestFailed(CUT.get(reply.finish_reason or "", "empty answer"))
    return text


class Shape:
    """The schema an answer has to fit."""

    def __init__(self, schema: dict[str, Any]) -> None:
        from jsonschema import Draft202012Validator
        from referencing import Registry

        # The registry is empty so that no $ref is ever fetched.
        self._validator = Draft202012Validator(schema, registry=Registry())
        self._schema_text = json.dumps(schema, ensure_ascii=False)
        self._opening = "[" if schema.get("type") == "array" else "{"

    def strict(self, reply: Reply) -> Any:
        """The value, if the answer is it and nothing else. Raises `NotJSON` or `Unfit`."""
        return self._fit(parse(reply.content))

    def read(self, reply: Reply) -> Any:
        """The value that an answer holds, found and repaired. Raises `RequestFailed`.

        Takes up to seconds where an answer means harm: not for the event loop.
        """
        try:
            return self.strict(reply)
        except ValueError:
            return self._salvage(reply)

    def _salvage(self, reply: Reply) -> Any:
        if reply.finish_reason in CUT:
            raise RequestFailed(CUT[reply.finish_reason])
        fault: Unfit | None = None
        for value in self._candidates(reply):
            try:
                return self._fit(value)
            except Unfit as unfit:
                fault = fault or unfit
        if fault is not None:
            raise RequestFailed(f"answer does not fit the schema: {fault}")
        raise RequestFailed("answer is not JSON" if reply.content.strip() else "empty answer")

    def _candidates(self, reply: Reply) -> Iterator[Any]:
        text = without_thoughts(reply.content).strip()
        yield from self._found_in(text)
        if text:
            yield from self._repaired(text)
        else:
            # Servers that split thinking from answering sometimes file the answer wrongly.
            yield from self._found_in(reply.reasoning)

    def _found_in(self, text: str) -> Iterator[Any]:
        for piece in (text, *fenced(text), *balanced(text, self._opening)):
            try:
                yield parse(piece)
            except NotJSON:
                continue

    def _repaired(self, text: str) -> Iterator[Any]:
        from json_repair import repair_json

        piece = next(fenced(text), text)
        piece = piece[max(piece.find(self._opening), 0) :]
        if len(piece) > REPAIR_CHARS:
            return
        try:
            yield parse(str(repair_json(piece, skip_json_loads=True, ensure_ascii=False)))
        except (ValueError, RecursionError):
            return

    def _fit(self, value: Any) -> Any:
        """The value itself, or with its words spelled as the schema spells them."""
        try:
            faults = list(islice(self._validator.iter_errors(value), FAULTS))
            if faults and all(fault.validator == "enum" for fault in faults):
                value = _respelled(value, faults)
                faults = list(islice(self._validator.iter_errors(value), 1))
        except RecursionError:
            raise Unfit("$") from None
        if faults:
            raise Unfit(self._path(faults[0]))
        return value

    def _path(self, fault: ValidationError) -> str:
        """Where the fault is. A name that the schema does not know is the model's own text."""
        path = "$"
        for step in fault.absolute_path:
            known = isinstance(step, int) or json.dumps(step, ensure_ascii=False) in (
                self._schema_text
            )
            path += (f"[{step}]" if isinstance(step, int) else f".{step}") if known else ".*"
        return path


def parse(text: str) -> Any:
    """Strict JSON: one value, finite numbers, no half characters. Raises `NotJSON`."""
    try:
        value = json.loads(text, parse_constant=_refuse, parse_float=_finite)
        written = json.dumps(value, ensure_ascii=False)
        mended = whole(written)
        return value if mended == written else json.loads(mended)
    except (ValueError, RecursionError):
        raise NotJSON from None


def without_thoughts(text: str) -> str:
    """Without `<think>…</think>`; either tag may be missing, where a server or a cut lost it."""
    opening, closing = "<think>", "</think>"
    text = text.rpartition(closing)[2] if text.count(closing) > text.count(opening) else text
    kept: list[str] = []
    while True:
        before, begun, rest = text.partition(opening)
        kept.append(before)
        if not begun:
            return "".join(kept)
        _, ended, text = rest.partition(closing)
        if not ended:
            return "".join(kept)


def fenced(text: str) -> Iterator[str]:
    """What stands between ``` and ```, without the language's name."""
    for piece in islice(text.split("```")[1::2], FENCES):
        first, line_end, rest = piece.partition("\n")
        yield rest if line_end and first.strip().isalnum() else piece.removeprefix("json")


def balanced(text: str, opening: str) -> Iterator[str]:
    """Pieces of text from an opening bracket to the one that closes it."""
    start = text.find(opening)
    for _ in range(STARTS):
        end = _closing(text, start) if start >= 0 else -1
        if end < 0:
            return
        yield text[start:end]
        start = text.find(opening, end)


def _closing(text: str, start: int) -> int:
    """Just after the bracket that closes the one at `start`; -1 without one."""
    depth, quoted, escaped = 0, False, False
    for at in range(start, len(text)):
        character = text[at]
        if quoted:
            quoted = escaped or character != '"'
            escaped = character == "\\" and not escaped
        elif character == '"':
            quoted = True
        elif character in "{[":
            depth += 1
        elif character in "}]":
            depth -= 1
            if depth == 0:
                return at + 1
    return -1


def _respelled(value: Any, faults: list[ValidationError]) -> Any:
    """With each wrong word replaced by the one it differs from in case or punctuation only."""
    for fault in faults:
        right = _right_word(fault.instance, fault.validator_value)
        *parents, last = ["", *fault.absolute_path]
        if right is None:
            continue
        if not parents:
            value = right
            continue
        holder = value
        for step in parents[1:]:
            holder = holder[step]
        holder[last] = right
    return value


def _right_word(word: object, words: object) -> str | None:
    if not isinstance(word, str) or not isinstance(words, list):
        return None
    known = {_bare(each): each for each in words if isinstance(each, str)}
    return known.get(_bare(word))


def _bare(word: str) -> str:
    """Without what people see past: case, white space, punctuation around it."""
    marks = "".join({c for c in word if unicodedata.category(c).startswith("P")})
    text = unicodedata.normalize("NFC", word).strip(marks + string.whitespace)
    return " ".join(text.casefold().split())


def _refuse(constant: str) -> float:
    raise NotJSON(constant)


def _finite(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise NotJSON(digits)
    return number
