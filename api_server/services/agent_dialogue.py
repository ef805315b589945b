"""One question put to one server: with a model it has, in fields it takes, until it answers."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, replace
from typing import Any

import httpcore

from api_server.services.agent_answers import Shape, plain_text
from api_server.services.agent_exchange import Message, Stage, exchange
from api_server.services.agent_servers import Model, Server
from api_server.services.agent_stream import ChatReader, JSONReader, Reply, TextReader
from api_server.services.agent_targets import Endpoint
from api_server.services.agent_types import Ask
from api_server.services.agent_wire import (
    Refused,
    Secrets,
    adapted,
    chat_body,
    said_in,
    text_body,
)

ADAPTATIONS = 4
INLINE_CHARS = 16_384
"""Longer answers are read in a thread: a hostile one takes seconds to judge."""


@dataclass(frozen=True, slots=True)
class Line:
    """What a question travels on. key: empty where the server must not have it."""

    pool: httpcore.AsyncConnectionPool
    endpoint: Endpoint
    key: str
    stage: Stage


async def put(ask: Ask, line: Line, server: Server) -> tuple[Reply, str | None]:
    """The server's reply, and the model it was asked of. Raises `AgentFailure`."""
    if line.endpoint.request_format == "text_only":
        secrets = Secrets(line.key, said_in(ask))
        return await _post(line, text_body(ask), TextReader(secrets), secrets), None
    for _ in range(ADAPTATIONS):
        try:
            return await _put_chat(ask, line, server)
        except Refused as refused:
            if not await _learn(refused, ask, line, server):
                raise
    return await _put_chat(ask, line, server)


async def models_of(line: Line) -> tuple[Model, ...] | None:
    """The models that a server lists; None where it has no list. Raises `AgentFailure`."""
    reader, secrets = JSONReader(), Secrets(line.key)
    message = Message("GET", line.endpoint.origin, line.endpoint.models_url, key=line.key)
    try:
        await exchange(line.pool, message, reader, line.stage, secrets)
    except Refused as refused:
        if refused.outage or refused.status in (401, 403) or refused.status < 400:
            raise
        return None
    found = reader.json()
    listed = found.get("data") if isinstance(found, dict) else None
    if not isinstance(listed, list):
        return None
    return tuple(_model(each) for each in listed if _has_id(each))


async def knock(line: Line) -> None:
    """Raises `AgentFailure` unless something answers, whatever it says."""
    message = Message("HEAD", line.endpoint.origin, line.endpoint.url, key=line.key)
    try:
        await exchange(line.pool, message, JSONReader(), line.stage, Secrets(line.key))
    except Refused:
        return


async def understood(reply: Reply, ask: Ask) -> tuple[str, Any]:
    """The reply as text and, where the question has a schema, as a value that fits it.

    Raises `RequestFailed`.
    """
    if ask.schema is None:
        return plain_text(reply), None
    shape = Shape(ask.schema)
    value = await _value(reply, shape)
    return json.dumps(value, ensure_ascii=False), value


async def _value(reply: Reply, shape: Shape) -> Any:
    if len(reply.content) > INLINE_CHARS:
        return await asyncio.to_thread(shape.read, reply)
    try:
        return shape.strict(reply)
    except ValueError:  # most answers fit as they are; the others are looked at more closely
        return await asyncio.to_thread(shape.read, reply)


async def _put_chat(ask: Ask, line: Line, server: Server) -> tuple[Reply, str | None]:
    listed_here = server.models is not None and server.models_url == line.endpoint.models_url
    if server.needs_list and not listed_here:
        await _list(line, server)
    model = server.model
    if model and model.context_tokens:
        ask = replace(ask, max_tokens=min(ask.max_tokens, model.context_tokens))
    secrets = Secrets(line.key, said_in(ask))
    structured = ask.schema is not None
    reader = ChatReader(secrets, max_tokens=ask.max_tokens, structured=structured)
    body = chat_body(ask, model.id if model else None, server.dialect)
    return await _post(line, body, reader, secrets), model.id if model else None


async def _list(line: Line, server: Server) -> None:
    server.models = await models_of(line) or ()
    server.models_url = line.endpoint.models_url


async def _learn(refused: Refused, ask: Ask, line: Line, server: Server) -> bool:
    """Whether another try can do better, now that the server has said what it refuses."""
    if refused.status == 404 and refused.complaint.names_model:
        asked = server.model
        server.missing = asked.id if asked else None
        if server.needs_list:
            await _list(line, server)
        return server.model not in (asked, None)
    dialect = adapted(server.dialect, refused, ask)
    server.dialect = dialect or server.dialect
    return dialect is not None


async def _post(
    line: Line, body: bytes, reader: ChatReader | TextReader, secrets: Secrets
) -> Reply:
    message = Message("POST", line.endpoint.origin, line.endpoint.url, body, line.key)
    return await exchange(line.pool, message, reader, line.stage, secrets)


def _has_id(listed: object) -> bool:
    return isinstance(listed, dict) and isinstance(listed.get("id"), str)


def _model(listed: dict[str, Any]) -> Model:
    meta = listed.get("meta")
    known = (listed.get("max_model_len"), meta.get("n_ctx") if isinstance(meta, dict) else None)
    tokens = next((each for each in known if isinstance(each, int) and each > 0), None)
    return Model(listed["id"], tokens)
