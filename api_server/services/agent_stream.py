"""Reads an LLM's answer as it comes: server-sent events, or JSON in one piece. No sockets here.

A reader is fed bytes, cut anywhere, and says when it has enough. What it refuses, it refuses
with `RequestFailed`: too many bytes, an error in the middle, an end before the end.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

from api_server.services.agent_types import RequestFailed
from api_server.services.agent_wire import Refused, Secrets, read_complaint

ANSWER_BYTES = 1024 * 1024
BYTES_PER_TOKEN = 2048
"""An event of one token is some 250 bytes; a token's log-probabilities are far more."""
WHITE_SPACE_CHARS = 200
BROKEN_OFF = frozenset({"abort", "cancelled", "content_filter", "error"})
EVENT_STARTS = frozenset(b"deir:\xef")
"""First bytes of `data`, `event`, `id`, `retry`, a comment and a byte order mark."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What a server answered, before anybody judged it.

    finish_reason: the server's, or `white_space` where an endless run of it was cut off.
    """

    content: str
    reasoning: str = ""
    finish_reason: str | None = None


class Reader(Protocol):
    """Takes the bytes of one answer. `feed` and `finish` raise `RequestFailed`.

    has_enough: nothing that may still come changes the answer.
    """

    @property
    def has_enough(self) -> bool: ...
    def feed(self, chunk: bytes) -> None: ...
    def finish(self) -> Reply: ...


class Events:
    """Splits a stream of server-sent events into what follows `data:`.

    Lines end in CR, LF or both; several `data:` lines are one event; comments are skipped.
    """

    def __init__(self) -> None:
        self._line = bytearray()
        self._data: list[bytes] = []

    def feed(self, chunk: bytes) -> Iterator[str]:
        self._line += chunk
        if b"\n" not in chunk and b"\r" not in chunk:
            return
        lines = bytes(self._line).splitlines(keepends=True)
        # A CR at the very end may be half of a CRLF, and an unended line has more to come.
        last = b"" if lines[-1].endswith(b"\n") else lines.pop()
        self._line = bytearray(last)
        for line in lines:
            yield from self._take(line.rstrip(b"\r\n"))

    def flush(self) -> Iterator[str]:
        """The last event, where the stream ends without the empty line after it."""
        yield from self._take(bytes(self._line).rstrip(b"\r\n"))
        yield from self._take(b"")

    def _take(self, line: bytes) -> Iterator[str]:
        if line:
            name, _, value = line.removeprefix(b"\xef\xbb\xbf").partition(b":")
            if name == b"data":
                self._data.append(value.removeprefix(b" "))
        elif self._data:
            event, self._data = b"\n".join(self._data), []
            yield event.decode("utf-8", "replace")


class JSONReader:
    """Gathers JSON that comes in one piece."""

    has_enough = False

    def __init__(self) -> None:
        self._body = bytearray()

    def feed(self, chunk: bytes) -> None:
        self._body += chunk
        if len(self._body) > ANSWER_BYTES:
            raise RequestFailed("answer too large")

    def json(self) -> Any:
        try:
            return json.loads(self._body.decode("utf-8", "replace"))
        except (ValueError, RecursionError):
            raise RequestFailed("the answer is not JSON") from None

    def finish(self) -> Reply:
        return Reply(self._body.decode("utf-8", "replace"))


class TextReader(JSONReader):
    """The answer of a text-only agent: `{"response": …}`."""

    def __init__(self, secrets: Secrets) -> None:
        super().__init__()
        self._secrets = secrets

    def finish(self) -> Reply:
        found = self.json()
        _raise_error(found, self._secrets)
        response = found.get("response") if isinstance(found, dict) else None
        if isinstance(response, str):
            return Reply(whole(response))
        if isinstance(response, dict | list):
            return Reply(whole(json.dumps(response)))
        raise RequestFailed("the answer has no response")


class ChatReader:
    """The answer of a chat completion, whether the server streams it or not.

    structured: JSON is wanted, so that white space without end is cut off.
    """

    def __init__(self, secrets: Secrets, *, max_tokens: int, structured: bool) -> None:
        self._left = ANSWER_BYTES + max_tokens * BYTES_PER_TOKEN
        self._structured = structured
        self._chat = _Chat(secrets)
        self._events = Events()
        self._whole = JSONReader()
        self._streams: bool | None = None

    @property
    def has_enough(self) -> bool:
        return bool(self._streams) and (self._chat.is_over or self._is_endless)

    def feed(self, chunk: bytes) -> None:
        if self.has_enough:
            return
        self._left -= len(chunk)
        if self._left < 0:
            raise RequestFailed("answer too large")
        if self._streams is None and (start := chunk.lstrip()):
            self._streams = start[0] in EVENT_STARTS
        if not self._streams:
            self._whole.feed(chunk)
            return
        for event in self._events.feed(chunk):
            self._chat.take(event)

    def finish(self) -> Reply:
        if not self._streams:
            self._chat.take_whole(self._whole.json())
            return self._chat.reply()
        if self._is_endless and not self._chat.is_over:
            return self._chat.reply("white_space")
        for event in self._events.flush():
            self._chat.take(event)
        if not self._chat.has_begun:
            raise RequestFailed("the answer is not JSON")
        if not self._chat.is_over:
            raise RequestFailed("the answer was broken off", outage=True)
        return self._chat.reply()

    @property
    def _is_endless(self) -> bool:
        return self._structured and self._chat.white_space > WHITE_SPACE_CHARS


class _Chat:
    """Gathers the text of the first choice."""

    def __init__(self, secrets: Secrets) -> None:
        self._secrets = secrets
        self._content: list[str] = []
        self._reasoning: list[str] = []
        self._refused = False
        self._finish_reason: str | None = None
        self._size = 0
        self.has_begun = False
        self.is_over = False
        self.white_space = 0

    def take(self, event: str) -> None:
        self.has_begun = True
        self.is_over = self.is_over or event.strip() == "[DONE]"
        if self.is_over:
            return
        try:
            found = json.loads(event)
        except (ValueError, RecursionError):
            raise RequestFailed("the answer holds an event that is not JSON") from None
        _raise_error(found, self._secrets, "".join(self._content))
        for choice in _dicts(found, "choices"):
            self._choose(choice, choice.get("delta"))

    def take_whole(self, found: object) -> None:
        _raise_error(found, self._secrets)
        choices = list(_dicts(found, "choices"))
        if not choices:
            raise RequestFailed("the answer has no choices")
        for choice in choices:
            self._choose(choice, choice.get("message"))

    def reply(self, finish_reason: str | None = None) -> Reply:
        content, reason = whole("".join(self._content)), finish_reason or self._finish_reason
        if reason in BROKEN_OFF:
            raise RequestFailed(f"the server broke off the answer: {reason}")
        if self._refused and not content.strip():
            raise RequestFailed("the model refused to answer")
        return Reply(content, whole("".join(self._reasoning)), reason)

    def _choose(self, choice: dict[str, Any], message: object) -> None:
        if choice.get("index") not in (0, None):
            return
        if isinstance(message, dict):
            self._add(message)
        if isinstance(reason := choice.get("finish_reason"), str) and reason:
            self._finish_reason, self.is_over = reason, True

    def _add(self, message: dict[str, Any]) -> None:
        if text := _text(message.get("content")):
            self._content.append(text)
            kept = len(text.rstrip())
            self.white_space = len(text) - kept + (0 if kept else self.white_space)
        thought = _text(message.get("reasoning_content") or message.get("reasoning"))
        self._reasoning.append(thought)
        self._refused = self._refused or bool(message.get("refusal"))
        self._size += len(text) + len(thought)
        if self._size > ANSWER_BYTES:
            raise RequestFailed("answer too large")


def whole(text: str) -> str:
    """Without halves of surrogate pairs, which no encoding takes."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _raise_error(found: object, secrets: Secrets, so_far: str = "") -> None:
    """An error inside a 200, in one piece or in the middle of a stream.

    vLLM refuses a schema that way when it is asked to stream: 200, then the refusal.
    """
    if not isinstance(found, dict) or not (found.get("error") or found.get("object") == "error"):
        return
    error = found.get("error")
    code = (error if isinstance(error, dict) else found).get("code")
    complaint = read_complaint(found)
    message = secrets.and_said(so_far).shorten(complaint.message)
    text = f"the server reports an error: {message or 'no reason'}"
    if not isinstance(code, int) or not 400 <= code < 500:
        raise RequestFailed(text, outage=True)
    raise RequestFailed(text) if so_far else Refused(text, code, complaint)


def _dicts(found: object, name: str) -> Iterator[dict[str, Any]]:
    values = found.get(name) if isinstance(found, dict) else None
    if isinstance(values, list):
        yield from (value for value in values if isinstance(value, dict))


def _text(content: object) -> str:
    """A message's text, be it given as a list of parts."""
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        parts = (part.get("text") for part in content if isinstance(part, dict))
        return "".join(part for part in parts if isinstance(part, str))
    return ""
