"""What is sent, and what refusals mean: by the rules, and as vLLM really words them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from api_server.services.agent_stream import ChatReader
from api_server.services.agent_types import Ask, RequestFailed
from api_server.services.agent_wire import (
    ALL,
    Complaint,
    Dialect,
    Refused,
    Secrets,
    adapted,
    chat_body,
    complaint_of,
    refusal,
    text_body,
)

RECORDED = json.loads(
    (Path(__file__).parents[1] / "data" / "vllm_recorded.json").read_text(encoding="utf-8")
)["answers"]
SCHEMA: dict[str, Any] = {"type": "object", "required": ["a"]}
ASK = Ask("label", "Classify.", "그는 걸어갔다", SCHEMA, 64)
PLAIN = Ask("label", "Translate.", "그는 걸어갔다")
VLLM, OPENAI = Dialect.of("vllm"), Dialect.of("openai")


def recorded(name: str) -> dict[str, Any]:
    return next(answer for answer in RECORDED if answer["name"] == name)


def refused(status: int, message: str, param: str = "", code: str = "") -> Refused:
    return Refused("", status, Complaint(message, param, code))


def test_question_becomes_a_streamed_chat() -> None:
    """Instructions and data are kept apart; the schema is named and strict."""
    assert json.loads(chat_body(ASK, "tiny", VLLM)) == {
        "model": "tiny",
        "messages": [
            {"role": "system", "content": "Classify."},
            {"role": "user", "content": "그는 걸어갔다"},
        ],
        "stream": True,
        "temperature": 0,
        "max_tokens": 64,
        "response_format": {
            "type": "json_schema",
            "json_schema": {"name": "label", "schema": SCHEMA, "strict": True},
        },
    }


def test_what_a_server_does_not_take_is_left_out() -> None:
    """Each field has its own way out; a schema that cannot be sent is told in words."""
    sent = json.loads(chat_body(PLAIN, None, OPENAI))
    assert "model" not in sent
    assert "response_format" not in sent
    assert "max_tokens" not in sent
    assert sent["max_completion_tokens"] == 512
    sent = json.loads(chat_body(ASK, None, Dialect("max_tokens", False, frozenset({"label"}))))
    assert "temperature" not in sent
    assert "response_format" not in sent
    assert json.dumps(SCHEMA) in sent["messages"][0]["content"]


def test_text_agents_get_one_text() -> None:
    """What to do, the schema if there is one, then what to do it with."""
    assert json.loads(text_body(PLAIN)) == {"text": "Translate.\n\n그는 걸어갔다"}
    assert json.loads(text_body(Ask("call", "", "hello"))) == {"text": "hello"}
    assert json.dumps(SCHEMA) in json.loads(text_body(ASK))["text"]


def test_halves_of_characters_are_not_sent() -> None:
    """Every question can be encoded."""
    body = chat_body(Ask("x", "", "a\ud83db"), None, VLLM)
    assert json.loads(body)["messages"] == [{"role": "user", "content": "a?b"}]


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        (b'{"error": {"message": "m", "param": "p", "code": "c"}}', Complaint("m", "p", "c")),
        (b'{"error": {"message": "m", "type": "T", "param": null}}', Complaint("m", "", "T")),
        (b'{"error": "Unauthorized"}', Complaint("Unauthorized")),
        (b'{"detail": "Not Found"}', Complaint("Not Found")),
        (b'{"detail": [{"loc": ["body"], "msg": "Field required"}]}', Complaint("Field required")),
        (b'{"object": "error", "message": "m", "code": 400}', Complaint("m", "", "400")),
        (b'{"message": "m"}', Complaint("m")),
        (b'"m"', Complaint("m")),
        (b"", Complaint()),
        (b"<html>", Complaint()),
        (b"\xff", Complaint()),
        (b"[" * 100_000, Complaint()),
        (b'{"error": {"error": {"error": null}}}', Complaint()),
    ],
)
def test_complaints_of_every_shape_are_read(body: bytes, complaint: Complaint) -> None:
    """Servers do not agree on what an error looks like."""
    assert complaint_of(body) == complaint


@pytest.mark.parametrize(
    "answer", [a for a in RECORDED if a["status"] >= 400], ids=lambda a: a["name"]
)
def test_every_refusal_of_vllm_becomes_one_line(answer: dict[str, Any]) -> None:
    """Status first, then vLLM's own words, short and printable."""
    text = str(refusal(answer["status"], answer["body"].encode(), Secrets("sk-1", ("x",))))
    key_refused = "configuration: key refused (HTTP 401)"
    assert text.startswith((f"HTTP {answer['status']}: ", key_refused))
    assert text.isprintable()
    assert len(text) <= 220


def test_unknown_model_of_vllm_is_understood() -> None:
    """A 404 for a model is told from one for a path."""
    for name in ("unknown model", "stream bad model"):
        assert complaint_of(recorded(name)["body"].encode()).names_model
    assert not complaint_of(recorded("wrong path")["body"].encode()).names_model


@pytest.mark.parametrize(
    "answer", [a for a in RECORDED if a["status"] == 400], ids=lambda a: a["name"]
)
def test_only_refused_fields_are_left_out(answer: dict[str, Any]) -> None:
    """Of all that vLLM refuses, only a schema it cannot take has another way to be asked."""
    found = refusal(400, answer["body"].encode(), Secrets())
    schema_at_fault = answer["name"].startswith(("response_format", "structured_", "schema"))
    assert (adapted(VLLM, found, ASK) is not None) == schema_at_fault
    assert adapted(VLLM, found, PLAIN) is None


@pytest.mark.parametrize("name", ["stream", "stream usage"])
def test_streams_of_vllm_are_read(name: str) -> None:
    """Its text, and that it was cut."""
    reader = ChatReader(Secrets(), max_tokens=3, structured=False)
    reader.feed(recorded(name)["body"].encode())
    reply = reader.finish()
    assert (reply.content, reply.finish_reason) == ("Hello there!", "length")


def test_structured_stream_of_vllm_is_read() -> None:
    """Its pieces make JSON."""
    reader = ChatReader(Secrets(), max_tokens=40, structured=True)
    reader.feed(recorded("json_schema, stream")["body"].encode())
    assert json.loads(reader.finish().content) == {"a": "x"}


def test_death_of_vllm_in_mid_stream_is_an_outage() -> None:
    """200, some text, an error event, and [DONE] as if nothing had happened."""
    reader = ChatReader(Secrets(), max_tokens=40, structured=False)
    with pytest.raises(RequestFailed, match="EngineCore encountered an issue") as caught:
        reader.feed(recorded("engine killed in mid-stream")["body"].encode())
    assert caught.value.outage


def test_schema_that_vllm_refuses_in_its_stream_is_a_refusal() -> None:
    """200, then the refusal: the question can be put another way, as nothing was answered."""
    reader = ChatReader(Secrets(), max_tokens=40, structured=True)
    with pytest.raises(Refused, match="features not supported by xgrammar") as caught:
        reader.feed(recorded("schema not supported, stream")["body"].encode())
    assert adapted(VLLM, caught.value, ASK) is not None


@pytest.mark.parametrize(
    ("message", "param", "unstructured"),
    [
        ("response_format is not supported", "", {ALL}),
        ("Extra inputs are not permitted", "response_format", {ALL}),
        ("Grammar error: Unimplemented keys: ['uniqueItems']", "", {"label"}),
        ("This model does not support json_schema", "", {"label"}),
    ],
)
def test_schema_that_is_refused_is_told_in_words(
    message: str, param: str, unstructured: set[str]
) -> None:
    """Of the whole server, or of this question alone, as the complaint has it."""
    found = adapted(VLLM, refused(400, message, param), ASK)
    assert found == Dialect("max_tokens", True, frozenset(unstructured))
    assert found is not None
    assert not found.takes_schema_of(ASK)
    assert adapted(found, refused(400, message, param), ASK) is None


def test_newest_models_of_openai_are_understood() -> None:
    """They refuse the old name of a field, and a temperature, in these words."""
    tokens = refused(
        400,
        "Unsupported parameter: 'max_tokens' is not supported with this model. "
        "Use 'max_completion_tokens' instead.",
        "max_tokens",
        "unsupported_parameter",
    )
    assert adapted(VLLM, tokens, PLAIN) == Dialect("max_completion_tokens")
    assert adapted(OPENAI, tokens, PLAIN) is None
    warmth = refused(
        400,
        "Unsupported value: 'temperature' does not support 0 with this model. "
        "Only the default (1) value is supported.",
        "temperature",
        "unsupported_value",
    )
    assert adapted(OPENAI, warmth, PLAIN) == Dialect("max_completion_tokens", temperature=False)


@pytest.mark.parametrize("status", [401, 404, 429, 500, 503])
def test_other_statuses_change_nothing(status: int) -> None:
    """Only a bad request is about what was sent."""
    assert adapted(VLLM, refused(status, "response_format is not supported"), ASK) is None


@pytest.mark.parametrize(
    ("message", "shown"),
    [
        ("too\r\nlong\x00 \x1b[31mby far", "too long [31mby far"),
        ("bad key sk-secret!", "bad key ***!"),
        ("x" * 500, "x" * 200),
        ("input should be valid, got 'Mr. Kim called about'", ""),
        ("no such word: 홍길동이", ""),
        ("token 8821 refused", ""),
        ("maximum is 2048 tokens", "maximum is 2048 tokens"),
        ("모델이 없습니다", "모델이 없습니다"),
    ],
)
def test_failures_hold_no_secret(message: str, shown: str) -> None:
    """One short line, without the key; nothing at all where it repeats what was said."""
    secrets = Secrets(
        "sk-secret", ("Mr. Kim called about account 8821, 홍길동 고객님", "Classify.")
    )
    assert secrets.shorten(message) == shown


@pytest.mark.parametrize("status", [401, 403])
def test_refused_keys_are_not_quoted(status: int) -> None:
    """Servers like to quote the key, or part of it: their words are left out."""
    body = b'{"error": {"message": "Incorrect API key provided: sk-se***et"}}'
    text = str(refusal(status, body, Secrets("sk-secret")))
    assert text == f"configuration: key refused (HTTP {status})"
