"""From what a model wrote to what was asked for."""

from __future__ import annotations

import time
from typing import Any

import pytest

from api_server.services.agent_answers import Shape, plain_text
from api_server.services.agent_stream import Reply
from api_server.services.agent_types import RequestFailed

SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "label": {"type": "string", "enum": ["complaint", "new sale", "해지"]},
        "confidence": {"type": "number", "minimum": 0, "maximum": 1},
        "elements": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"status": {"enum": ["met", "missing", None]}},
                "required": ["status"],
            },
        },
    },
    "required": ["label"],
    "additionalProperties": False,
}
GOOD = '{"label": "complaint", "confidence": 0.5}'
VALUE = {"label": "complaint", "confidence": 0.5}


def read(content: str, finish: str = "stop", reasoning: str = "") -> Any:
    return Shape(SCHEMA).read(Reply(content, reasoning, finish))


@pytest.mark.parametrize(
    "content",
    [
        GOOD,
        f"  \n{GOOD}\n",
        f"```json\n{GOOD}\n```",
        f"```\n{GOOD}\n```",
        f"Sure! Here it is:\n```json\n{GOOD}\n```\nAnything else?",
        f"```python\nprint('{{}}')\n```\nand\n```json\n{GOOD}\n```",
        f"The answer is {GOOD}. I hope it helps.",
        f"{{this}} is what you want: {GOOD}",
        f"<think>hm, {{'a': 1}}</think>{GOOD}",
        f"<think></think>\n\n{GOOD}",
        f"hm, {{'a': 1}}</think>{GOOD}",
        f"<think>a</think><think>b</think>{GOOD}<think>was that right?",
        GOOD.replace('"', "'"),
        '{label: "complaint", "confidence": 0.5}',
        '{"label": "complaint", "confidence": 0.5,}',
        '{"label": "complaint" "confidence": 0.5}',
        '{"label": "complaint", // sure\n "confidence": 0.5}',
        f"```json\n{GOOD}",
        f"{GOOD}{GOOD}",
    ],
)
def test_value_is_found(content: str) -> None:
    """Prose, fences, thoughts and small mistakes around a value do not hide it."""
    assert read(content) == VALUE


@pytest.mark.parametrize(
    "wrong",
    ["Complaint", " COMPLAINT ", "'complaint'", "complaint.", "**complaint**", "«Complaint»"],
)
def test_words_are_respelled(wrong: str) -> None:
    """Case, white space and punctuation around a word of the set are forgiven."""
    assert read(f'{{"label": "{wrong}"}}') == {"label": "complaint"}


def test_words_deep_inside_are_respelled() -> None:
    """Wherever the schema has a set of words; null may be one of them."""
    content = '{"label": "NEW  sale", "elements": [{"status": "Met"}, {"status": null}]}'
    elements = [{"status": "met"}, {"status": None}]
    assert read(content) == {"label": "new sale", "elements": elements}
    assert read('{"label": "해지."}') == {"label": "해지"}
    assert Shape({"enum": ["yes", "no"]}).read(Reply('"Yes!"')) == "yes"


@pytest.mark.parametrize(
    ("content", "path"),
    [
        ('{"label": "refund"}', "$.label"),
        ('{"label": "complaints"}', "$.label"),
        ('{"label": ["complaint"]}', "$.label"),
        ('{"confidence": 0.5}', "$"),
        ('{"label": "complaint", "confidence": "0.5"}', "$.confidence"),
        ('{"label": "complaint", "confidence": 2}', "$.confidence"),
        ('{"label": "complaint", "홍길동": 1}', "$"),
        ('{"label": "complaint", "elements": [{"status": "met"}, {}]}', "$.elements[1]"),
        ('{"label": "complaint", "elements": [{"status": "x"}]}', "$.elements[0].status"),
        ("{}", "$"),
    ],
)
def test_what_does_not_fit_is_refused_by_its_path(content: str, path: str) -> None:
    """The failure says where, and nothing of what was said."""
    with pytest.raises(RequestFailed) as caught:
        read(content)
    assert str(caught.value) == f"answer does not fit the schema: {path}"


def test_names_made_up_by_the_model_are_not_repeated() -> None:
    """A path leads through names of the schema; others are the model's own text."""
    schema = {"type": "object", "additionalProperties": {"type": "number"}}
    with pytest.raises(RequestFailed, match=r"schema: \$\.\*$"):
        Shape(schema).read(Reply('{"홍길동": "x"}'))


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("", "empty answer"),
        ("   \n ", "empty answer"),
        ("I cannot do that.", "answer is not JSON"),
        ("<think>never ends {", "answer is not JSON"),
        ('"just a word"', "does not fit"),
        ("null", "does not fit"),
        ("[" * 100_000, "answer is not JSON"),
        ('{"a":' * 100_000, "answer is not JSON"),
        ("1" * 10_000, r"answer is not JSON|does not fit"),
    ],
)
def test_what_holds_no_value_is_refused(content: str, reason: str) -> None:
    """Nothing that fits is to be found: that is said, and nothing crashes."""
    with pytest.raises(RequestFailed, match=reason):
        read(content)


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_numbers_are_finite(number: str) -> None:
    """What JSON does not know, nobody downstream can write."""
    with pytest.raises(RequestFailed):
        read(f'{{"label": "complaint", "confidence": {number}}}')


def test_last_of_two_equal_keys_counts() -> None:
    """As everywhere in JSON."""
    assert read('{"label": "해지", "label": "complaint"}') == {"label": "complaint"}


def test_half_characters_are_replaced() -> None:
    """A lone surrogate, escaped in JSON, does not reach whoever encodes the value."""
    schema = {"type": "object", "properties": {"quote": {"type": "string"}}}
    value = Shape(schema).read(Reply('{"quote": "a\\ud83d b\\ud83d\\udc4d"}'))
    assert value == {"quote": "a� b👍"}


@pytest.mark.parametrize(
    ("finish", "reason"), [("length", "cut at max_tokens"), ("white_space", "endless white space")]
)
def test_cut_answers_are_not_repaired(finish: str, reason: str) -> None:
    """Closing the brackets would invent the end; a value that is whole is used."""
    assert read(GOOD + " " * 300, finish) == VALUE
    for content in ('{"label": "complaint"', f"```json\n{GOOD}", '{"label": "com', ""):
        with pytest.raises(RequestFailed, match=reason):
            read(content, finish)


def test_value_filed_under_reasoning_is_used_if_it_fits() -> None:
    """Some servers take a schema's answer for a thought; real thoughts are no answer."""
    assert read("", reasoning=GOOD) == VALUE
    assert read("<think>x</think>", reasoning=f"so: {GOOD}") == VALUE
    for reasoning in ("I think so", GOOD.replace("complaint", "refund")):
        with pytest.raises(RequestFailed):
            read("", reasoning=reasoning)
    with pytest.raises(RequestFailed):
        read("no", reasoning=GOOD)


@pytest.mark.parametrize(
    "content",
    [
        "{" * 16_000,
        "[" + '"a" b ' * 1300,
        '{"a":"' + 'x", ' * 4000,
        "<think>" * 20_000,
        "</think>" * 20_000,
        "```" * 50_000,
        '{"' * 50_000,
        "{}" * 50_000,
        "{\\" * 50_000,
    ],
)
def test_hostile_answers_take_bounded_time(content: str) -> None:
    """Whatever a server sends, judging it ends."""
    began = time.process_time()
    with pytest.raises(RequestFailed):
        read(content)
    assert time.process_time() - began < 5.0


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (" yes \n", "yes"),
        ("<think>hm</think> yes", "yes"),
        ("<think>\n\n</think>\n\nyes", "yes"),
        ("hm, so\n</think>\nyes", "yes"),
        ("yes <think>was that", "yes"),
        ('```json\n{"a": 1}\n```', '```json\n{"a": 1}\n```'),
    ],
)
def test_plain_text_is_left_as_it_is_but_for_thoughts(content: str, text: str) -> None:
    """No schema, no repair."""
    assert plain_text(Reply(content)) == text
    assert plain_text(Reply(content, "", "length")) == text


@pytest.mark.parametrize("content", ["", " \n", "<think>hm", "<think>hm</think>", "hm</think>"])
def test_plain_text_may_not_be_empty(content: str) -> None:
    """Thoughts alone are no answer, wherever they are filed."""
    with pytest.raises(RequestFailed, match="empty answer"):
        plain_text(Reply(content, "thoughts"))
    with pytest.raises(RequestFailed, match="cut at max_tokens"):
        plain_text(Reply(content, "", "length"))
