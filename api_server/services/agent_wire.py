"""What is sent to an LLM server, and what its refusals mean. Bytes in, bytes out.

Prompt-based servers speak OpenAI's chat completions; text-only agents take `{"text": …}`.
Refusals come in three shapes: `{"error": {"message": …}}`, `{"error": "…"}`, `{"detail": …}`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from api_server.services.agent_types import AgentType, Ask, RequestFailed

NOT_IMPLEMENTED = 501
COMPLAINT_CHARS = 200
ECHO_CHARS = 12
ALL = "*"
SCHEMA_WORDS = ("response_format", "json_schema", "grammar", "schema", "guided", "structured")


@dataclass(frozen=True, slots=True)
class Dialect:
    """What a server was found to understand; everything is tried first.

    unstructured: names of the questions whose schema it refuses, or ALL.
    """

    tokens_field: str = "max_tokens"
    temperature: bool = True
    unstructured: frozenset[str] = frozenset()

    @classmethod
    def of(cls, agent_type: AgentType) -> Dialect:
        # OpenAI's newest models refuse the old field; older servers ignore the new one.
        return cls("max_completion_tokens" if agent_type == "openai" else "max_tokens")

    def takes_schema_of(self, ask: Ask) -> bool:
        return ask.schema is not None and not self.unstructured & {ALL, ask.name}


@dataclass(frozen=True, slots=True)
class Complaint:
    """What a server says went wrong, as it says it."""

    message: str = ""
    param: str = ""
    code: str = ""

    @property
    def names_model(self) -> bool:
        return self.param == "model" or self.code == "model_not_found"


class Refused(RequestFailed):
    """Answered with an error status."""

    def __init__(self, text: str, status: int, complaint: Complaint) -> None:
        super().__init__(text, outage=status >= 500 and status != NOT_IMPLEMENTED)
        self.status = status
        self.complaint = complaint


@dataclass(frozen=True, slots=True)
class Secrets:
    """What no failure's text may hold: the key, and anything long enough of what was said."""

    key: str = ""
    said: tuple[str, ...] = ()

    def and_said(self, text: str) -> Secrets:
        return replace(self, said=(*self.said, text))

    def shorten(self, message: str) -> str:
        """One line of a server's message, fit for a log; empty where it repeats the question."""
        if self.key:
            message = message.replace(self.key, "***")
        line = " ".join("".join(c if c.isprintable() else " " for c in message).split())
        line = line[:COMPLAINT_CHARS]
        return "" if self._repeats(line) else line

    def _repeats(self, line: str) -> bool:
        # Two syllables of Korean can be a name; servers complain in English as a rule.
        pieces = re.findall(r"\d{4,}", line) + re.findall(r"(?=([^\W\d_a-zA-Z]{2}))", line)
        pieces += [line[at : at + ECHO_CHARS] for at in range(len(line) - ECHO_CHARS + 1)]
        return any(piece in said for said in self.said for piece in pieces)


def chat_body(ask: Ask, model: str | None, dialect: Dialect) -> bytes:
    """A chat completion, always streamed: an answer that is no longer wanted can be cut off."""
    payload: dict[str, Any] = {
        "messages": _messages(ask, told_schema=dialect.takes_schema_of(ask)),
        "stream": True,
        dialect.tokens_field: ask.max_tokens,
    }
    if model:
        payload["model"] = model
    if dialect.temperature:
        payload["temperature"] = 0
    if dialect.takes_schema_of(ask):
        schema = {"name": ask.name, "schema": ask.schema, "strict": True}
        payload["response_format"] = {"type": "json_schema", "json_schema": schema}
    return _encode(payload)


def text_body(ask: Ask) -> bytes:
    """For an agent that takes one text: what to do, then what to do it with."""
    parts = (_instructions(ask, told_schema=False), ask.data)
    return _encode({"text": "\n\n".join(part for part in parts if part)})


def complaint_of(body: bytes) -> Complaint:
    """Read an error's body, whatever its shape."""
    try:
        found = json.loads(body.decode("utf-8", "replace"))
    except (ValueError, RecursionError):
        return Complaint()
    return read_complaint(found)


def read_complaint(found: object) -> Complaint:
    """Read an error that is JSON already."""
    if not isinstance(found, dict):
        return Complaint(_text(found))
    error = found.get("error", found.get("detail", found))
    if not isinstance(error, dict):
        return Complaint(_text(error))
    code = error.get("code") or error.get("type")
    return Complaint(_text(error.get("message")), _text(error.get("param")), _text(code))


def refusal(status: int, body: bytes, secrets: Secrets) -> Refused:
    """An error status as a failure."""
    complaint = complaint_of(body)
    if status in (401, 403):
        # Without the server's words, which like to quote the key.
        return Refused(f"configuration: key refused (HTTP {status})", status, complaint)
    if 300 <= status < 400:
        return Refused("redirect refused", status, complaint)
    message = secrets.shorten(complaint.message)
    return Refused(f"HTTP {status}{': ' if message else ''}{message}", status, complaint)


def adapted(dialect: Dialect, refused: Refused, ask: Ask) -> Dialect | None:
    """How to put the question to a server that refused a field of it; None: no other way."""
    if refused.status not in (400, 422, NOT_IMPLEMENTED):
        return None
    complaint = refused.complaint
    words = f"{complaint.param} {complaint.code} {complaint.message}".lower()
    unsupported = "support" in words
    if unsupported and "max_completion_tokens" in words and dialect.tokens_field == "max_tokens":
        return replace(dialect, tokens_field="max_completion_tokens")
    if unsupported and "temperature" in words and dialect.temperature:
        return replace(dialect, temperature=False)
    if dialect.takes_schema_of(ask) and any(word in words for word in SCHEMA_WORDS):
        refused_for = ALL if "response_format" in words else ask.name
        return replace(dialect, unstructured=dialect.unstructured | {refused_for})
    return None


def said_in(ask: Ask) -> tuple[str, ...]:
    return tuple(text for text in (ask.data, ask.instructions) if text)


def _messages(ask: Ask, *, told_schema: bool) -> Sequence[dict[str, str]]:
    instructions = _instructions(ask, told_schema=told_schema)
    system = [{"role": "system", "content": instructions}] if instructions else []
    return [*system, {"role": "user", "content": ask.data}]


def _instructions(ask: Ask, *, told_schema: bool) -> str:
    """With the schema in words, where the server is not told of it otherwise."""
    if ask.schema is None or told_schema:
        return ask.instructions
    schema = json.dumps(ask.schema, ensure_ascii=False)
    return f"{ask.instructions}\n\nAnswer with one JSON value that fits this schema:\n{schema}"


def _encode(payload: dict[str, Any]) -> bytes:
    # Half a surrogate pair, as broken recordings of text have, is not valid UTF-8.
    return json.dumps(payload, ensure_ascii=False).encode("utf-8", "replace")


def _text(value: object) -> str:
    if isinstance(value, list) and value:
        return _text(value[0])
    if isinstance(value, dict):
        return _text(value.get("msg") or value.get("message"))
    return "" if value is None else str(value)
