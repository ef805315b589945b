"""Reading an answer as it comes, cut anywhere."""

from __future__ import annotations

import json

import pytest

from api_server.services.agent_stream import ANSWER_BYTES, ChatReader, Events, Reply, TextReader
from api_server.services.agent_types import RequestFailed
from api_server.services.agent_wire import Secrets
from tests.agent.faulty_server import delta, event

DONE = event("[DONE]")
TEXT = "그는 걸어갔다 👍🏽."


def reader(*, structured: bool = False, max_tokens: int = 512) -> ChatReader:
    return ChatReader(Secrets(), max_tokens=max_tokens, structured=structured)


def read(raw: bytes, size: int = 0, *, structured: bool = False) -> Reply:
    chat = reader(structured=structured)
    for at in range(0, len(raw), size or len(raw) or 1):
        chat.feed(raw[at : at + (size or len(raw))])
    return chat.finish()


def plain(message: dict[str, object], finish: str | None = "stop") -> bytes:
    return json.dumps({"choices": [{"message": message, "finish_reason": finish}]}).encode()


@pytest.mark.parametrize("size", [1, 2, 3, 7, 64, 0])
@pytest.mark.parametrize("line_end", [b"\n", b"\r\n", b"\r"])
def test_stream_is_the_same_however_it_is_cut(size: int, line_end: bytes) -> None:
    """Chunks may end inside a character, a line's end or an event."""
    raw = b": ping\n\n" + delta("", role="assistant") + delta(TEXT[:5]) + delta(TEXT[5:])
    raw = (raw + b"event: x\nid: 7\n" + delta("", "stop") + DONE).replace(b"\n", line_end)
    assert read(raw, size) == Reply(TEXT, "", "stop")


def test_data_over_several_lines_is_one_event() -> None:
    """Lines of one event are joined; a space after the colon is not data, a second one is."""
    events = Events()
    found = list(events.feed(b"\xef\xbb\xbfdata: a\ndata:b\ndata:  c\nretry: 5\n\ndata: d\n"))
    assert [*found, *events.flush()] == ["a\nb\n c", "d"]


def test_stream_without_a_last_empty_line_is_whole() -> None:
    """Some servers close right after the last line."""
    assert read(delta("yes", "stop").rstrip(b"\n")).content == "yes"


@pytest.mark.parametrize(
    "raw",
    [
        b"data: {",
        b": only a comment\n\n",
        delta("half of the"),
        delta("half") + b'data: {"choices": [{"index": 0, "del',
        delta("half").replace(b"null", b'""'),
    ],
)
def test_stream_that_ends_too_early_is_refused(raw: bytes) -> None:
    """Without a reason to finish and without [DONE], a text that looks fine is half a text."""
    with pytest.raises(RequestFailed, match=r"broken off|not JSON"):
        read(raw)


def test_done_is_an_end_too() -> None:
    """A server that gives no reason to finish says [DONE]."""
    assert read(delta("yes") + DONE) == Reply("yes", "", None)


@pytest.mark.parametrize("shape", ["vllm", "string", "object"])
def test_error_in_the_middle_is_a_failure(shape: str) -> None:
    """vLLM's engine dies: 200, some text, one error event, [DONE]."""
    shapes: dict[str, dict[str, object]] = {
        "vllm": {"error": {"message": "EngineCore died", "type": "E", "code": 500}},
        "string": {"error": "EngineCore died"},
        "object": {"object": "error", "message": "EngineCore died"},
    }
    with pytest.raises(RequestFailed, match="EngineCore died") as caught:
        read(delta("Once upon") + event(shapes[shape]) + DONE)
    assert caught.value.outage


def test_error_in_the_middle_may_be_our_own_fault() -> None:
    """A 4xx in a stream is no sign of a broken server."""
    error = {"error": {"message": "too long", "code": 400}}
    for raw in (event(error), delta("Once upon") + event(error)):
        with pytest.raises(RequestFailed, match="too long") as caught:
            read(raw)
        assert not caught.value.outage


def test_error_that_repeats_the_answer_is_withheld() -> None:
    """What was said is in no failure's text, not even in a server's words."""
    error = {"error": {"message": "bad token after 홍길동의 계좌", "code": 500}}
    with pytest.raises(RequestFailed, match=r"error: no reason$"):
        read(delta("홍길동의 계좌") + event(error))


def test_answer_in_one_piece_is_read_too() -> None:
    """A server that does not stream answers JSON."""
    assert read(plain({"content": TEXT})) == Reply(TEXT, "", "stop")
    assert read(b"\n " + plain({"content": "x"}, None)) == Reply("x", "", None)
    parts = [{"type": "text", "text": "a"}, {"type": "image"}, {"type": "text", "text": "b"}]
    assert read(plain({"content": parts})).content == "ab"


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"", "not JSON"),
        (b"<html>It works!</html>", "not JSON"),
        (b"It works!", "not JSON"),
        (b"error: no such model", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b"\xff\xfe\x00", "not JSON"),
        (b"null", "no choices"),
        (b"[]", "no choices"),
        (b'{"choices": []}', "no choices"),
        (b'{"choices": null}', "no choices"),
        (b'{"choices": ["a", 1]}', "no choices"),
        (b'{"error": "Unauthorized"}', "Unauthorized"),
        (b'{"error": {"message": ["a", {}], "code": "x"}}', "reports an error: a"),
    ],
)
def test_200_without_an_answer_is_refused(raw: bytes, reason: str) -> None:
    """A page, an error or an empty body is not an answer, whatever its status."""
    with pytest.raises(RequestFailed, match=reason):
        read(raw)


@pytest.mark.parametrize(
    "junk",
    [
        b"data: null\n\n",
        b"data: 7\n\n",
        b'data: {"choices": 7}\n\n',
        b'data: {"choices": [null, {"delta": 3, "index": 0}]}\n\n',
        b'data: {"choices": [{"index": 1, "delta": {"content": "other"}}]}\n\n',
        b'data: {"choices": [], "usage": {"total_tokens": 3}}\n\n',
        delta("", reasoning=None),
        delta(None, content=7),
        delta("", finish_reason=7),
    ],
)
def test_odd_events_are_passed_over(junk: bytes) -> None:
    """What is not the first choice's text is no part of the answer, and breaks nothing."""
    assert read(junk + delta("yes", "stop") + junk + DONE) == Reply("yes", "", "stop")


@pytest.mark.parametrize("field", ["reasoning_content", "reasoning"])
def test_thoughts_are_kept_apart(field: str) -> None:
    """Reasoning is not part of the answer."""
    raw = delta(None, **{field: "let me "}) + delta(None, **{field: "see"}) + delta("4", "stop")
    assert read(raw) == Reply("4", "let me see", "stop")


def test_refusal_and_filters_are_failures() -> None:
    """A model that will not answer, and a server that will not let it, give no answer."""
    with pytest.raises(RequestFailed, match="refused to answer"):
        read(delta(None, refusal="I cannot") + delta("", "stop"))
    for reason in ("content_filter", "abort", "error"):
        with pytest.raises(RequestFailed, match=f"broke off the answer: {reason}"):
            read(delta("some", reason))


def test_invalid_characters_become_question_marks() -> None:
    """Bad UTF-8 and halves of surrogate pairs cannot crash who writes the text on."""
    raw = b'data: {"choices": [{"index": 0, "delta": {"content": "a\xff\\ud83d"}}]}\n\n'
    more = b'data: {"choices": [{"index": 0, "delta": {"content": "\\udc4d \\udfff"}}]}\n\n'
    content = read(raw + more + DONE).content
    assert content == "a�👍 �"
    assert content.encode()


def feed_for_ever(chat: ChatReader, piece: bytes) -> None:
    for _ in range(4 * ANSWER_BYTES // len(piece)):
        chat.feed(piece)


@pytest.mark.parametrize("size", [1000, 65536])
@pytest.mark.parametrize("start", [b"data: {}\n\n", b"{"])
def test_answers_are_bounded(start: bytes, size: int) -> None:
    """Text, events, one endless line and endless JSON alike."""
    for piece in (delta("x" * size), b": " + b"x" * size + b"\n", b"data: " + b"x" * size):
        chat = reader(max_tokens=16)
        chat.feed(start)
        with pytest.raises(RequestFailed, match="answer too large"):
            feed_for_ever(chat, piece)


def test_text_is_bounded_however_many_tokens_were_asked_for() -> None:
    """Events may be many times larger than the text in them; the text may not exceed a MiB."""
    chat, piece = reader(max_tokens=100_000), delta("x" * 1024)
    for _ in range(1024):
        chat.feed(piece)
    with pytest.raises(RequestFailed, match="answer too large"):
        chat.feed(piece)


def test_endless_white_space_is_cut_off() -> None:
    """Models under a schema may emit white space for ever; two hundred characters are enough."""
    chat, seen = reader(structured=True), []
    for piece in (delta('{"a":'), *[delta("\n")] * 200, delta(" \t ")):
        chat.feed(piece)
        seen.append(chat.has_enough)
    assert seen == [False] * 201 + [True]
    assert chat.finish().finish_reason == "white_space"


def test_white_space_between_words_is_not_endless() -> None:
    """Only a run of it is; and only JSON has to do without."""
    chat = reader(structured=True)
    for _ in range(5):
        chat.feed(delta(" " * 150 + "1"))
        assert not chat.has_enough
    text = reader()
    text.feed(delta(" " * 1000))
    assert not text.has_enough


def test_reader_has_enough_at_the_end_and_not_before() -> None:
    """Nobody waits for a connection to be closed, and what comes after the end is not read."""
    chat, seen = reader(), []
    for piece in (delta("yes"), delta("", "stop"), b"data: no\n\n", b"x" * 10 * ANSWER_BYTES):
        chat.feed(piece)
        seen.append(chat.has_enough)
    assert seen == [False, True, True, True]
    assert chat.finish().content == "yes"


@pytest.mark.parametrize(
    ("raw", "content"),
    [
        (b'{"response": "hello", "more": 1}', "hello"),
        (b'{"response": ""}', ""),
        (b'{"response": {"label": "a"}}', '{"label": "a"}'),
    ],
)
def test_text_agents_answer_with_a_response(raw: bytes, content: str) -> None:
    """Their one field is the answer; JSON in it is kept as JSON."""
    text = TextReader(Secrets())
    text.feed(raw)
    assert text.finish().content == content


@pytest.mark.parametrize("raw", [b"hello", b"{}", b'{"response": 7}', b'["response"]', b""])
def test_text_agents_without_a_response_are_refused(raw: bytes) -> None:
    """Anything else is not their answer."""
    text = TextReader(Secrets())
    text.feed(raw)
    with pytest.raises(RequestFailed, match=r"not JSON|no response"):
        text.finish()
