"""A summary without an LLM: the call's own sentences."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from api_server.services.conversation import Conversation, Line, Speaker
from api_server.services.extractive import MAX_CHARS, extract

ROOT = Path(__file__).parents[2]
CALLS = ROOT / "tests" / "data" / "call_labels_dev.jsonl"
SPEAKERS: dict[str, Speaker] = {"a": "agent", "c": "customer"}
SURRENDER = (
    "a 안녕하세요 별하생명 고객센터 서지음입니다",
    "c 네",
    "c 제가 종신보험을 하나 들었는데 형편이 어려워서 해지하려고요",
    "a 본인 확인부터 할게요 성함하고 생년월일 부탁드립니다",
    "c 유하나고요 팔공 이월 구일이요",
    "a 지금 해지하시면 환급금이 이백십만 원으로 납입하신 보험료보다 적으십니다",
    "c 음",
    "a 네 오늘 해지 접수했고 환급금은 내일 입금됩니다",
    "c 네 감사합니다 수고하세요",
)
CARD = (
    "a Thank you for calling Blue Bank, my name is Sam.",
    "c Hi, I want to cancel my credit card because the annual fee is too high.",
    "a May I have your date of birth and account number?",
    "c It's March third.",
    "a The remaining balance is 230 dollars, you need to pay it first.",
    "c Okay.",
    "a Your card has been cancelled and a letter will follow.",
    "c Thanks, bye.",
)


def call(*turns: str, timed: bool = True) -> Conversation:
    """A call from `a …` and `c …`; a turn without a or c is somebody's, nobody knows whose."""
    lines = (
        Line(n, turn[2:], n * 4.0, n * 4.0 + 3.5, SPEAKERS.get(turn[0]))
        for n, turn in enumerate(turns)
    )
    return Conversation(tuple(lines), timed)


def recorded() -> list[Conversation]:
    rows = [json.loads(row) for row in CALLS.read_text(encoding="utf-8").splitlines()]
    return [
        Conversation(
            tuple(
                Line(s["id"], s["text"], s["start"], s["end"], s["speaker"])
                for s in row["segments"]
            )
        )
        for row in rows
    ]


def sentences_of(conversation: Conversation, sentences: int = 3) -> list[str]:
    summary = extract(conversation, sentences)
    return [] if summary is None else summary.split("\n")


def test_wish_and_outcome_are_kept_in_the_order_of_the_call() -> None:
    """The summary has what was wanted, what it costs and what was done, a line each."""
    assert sentences_of(call(*SURRENDER)) == [SURRENDER[n][2:] for n in (2, 5, 7)]


def test_english_is_summed_up_as_well() -> None:
    """Words take the place of syllables where the call is in another script."""
    assert sentences_of(call(*CARD)) == [CARD[n][2:] for n in (1, 4, 6)]


def test_every_sentence_stands_in_the_call() -> None:
    """Nothing is reworded: each sentence is a piece of the call, over segments' ends too."""
    for conversation in recorded():
        said = " ".join(line.text for line in conversation.lines)
        assert all(sentence in said for sentence in sentences_of(conversation))


def test_a_sentence_over_two_segments_is_whole() -> None:
    """Where somebody only breathed, both parts are quoted."""
    conversation = call(
        "c 지난주에 가입한 운전자보험을 이번 달까지만",
        "c 유지하고 해지하려고 합니다",
        "a 네 알겠습니다",
    )
    assert sentences_of(conversation) == [
        "지난주에 가입한 운전자보험을 이번 달까지만 유지하고 해지하려고 합니다"
    ]


@pytest.mark.parametrize("sentences", [1, 2, 3, 5])
def test_no_more_than_was_asked_for(sentences: int) -> None:
    """At most so many sentences, and at most 400 characters."""
    for conversation in recorded():
        found = sentences_of(conversation, sentences)
        assert len(found) <= sentences
        assert len("\n".join(found)) <= MAX_CHARS


def test_both_sides_are_heard() -> None:
    """Of a call in which both say something, seller and customer are both quoted."""
    found = sentences_of(call(*SURRENDER), 2)
    assert {turn[0] for turn in SURRENDER if turn[2:] in found} == {"a", "c"}


def test_nobody_is_identified() -> None:
    """Names, dates of birth, numbers and addresses are no part of a summary."""
    conversation = call(
        "a 성함하고 생년월일 말씀해 주세요",
        "c 유하나고 팔공 이월 구일이요",
        "a 휴대폰 번호 확인 부탁드립니다",
        "c 공일공 이이삼삼 사사오오예요",
        "c 010-2233-4455로 신청할게요",
        "c 주소는 햇살로 이십사 삼백이 호요",
        "c 91년 4월 3일이고 보험 가입했어요",
        "c 메일은 hana@example.com 으로 안내 보내 주세요",
        "a 네 주소 변경 신청은 오늘 접수해 드렸습니다",
    )
    assert sentences_of(conversation, 9) == ["네 주소 변경 신청은 오늘 접수해 드렸습니다"]


@pytest.mark.parametrize(
    "turns",
    [
        (),
        ("a ",),
        ("a 네", "c 네", "a 음", "c 아니요"),
        ("a 안녕하십니까 두레생명 상담사 박솔잎입니다", "c 여보세요", "a 말씀하세요 고객님"),
        ("a 성함이 어떻게 되세요", "c 유하나요", "c 감사합니다 안녕히 계세요"),
        ("a Hello, good morning.", "c Hello.", "a Bye."),
    ],
)
def test_nothing_worth_saying_is_no_summary(turns: tuple[str, ...]) -> None:
    """Greetings, fillers, yes and no alone give none."""
    assert extract(call(*turns)) is None


def test_no_sentence_asked_for_is_no_summary() -> None:
    """Of zero sentences nothing is left."""
    assert extract(call(*SURRENDER), 0) is None


def test_the_same_is_not_said_twice() -> None:
    """A sentence that repeats another one's words is left out."""
    found = sentences_of(
        call(
            "c 자동차보험 만기일을 알고 싶어서 전화했어요",
            "c 자동차보험 만기일을 알고 싶다고요",
            "a 만기는 유월 십오일이고 갱신 안내 문자를 보내 드립니다",
        )
    )
    assert len(found) == 2


def test_one_who_never_stops_is_cut_between_words() -> None:
    """Without a full stop there is still a summary, of whole words, and short enough."""
    words = "대출 금리가 올라서 이자가 많이 나왔는데 줄이고 싶어서 전화했는데 "
    found = sentences_of(call("c " + words * 60, timed=False))
    assert found
    assert all(sentence in words * 60 and len(sentence) <= MAX_CHARS for sentence in found)
    assert all(set(sentence.split()) <= set(words.split()) for sentence in found)


def test_speakers_need_not_be_known() -> None:
    """Plain text is summed up, too."""
    text = "안녕하세요. 적금을 해지하려고 합니다. 이자는 삼만 원입니다. 네 해지 접수했습니다. 네."
    found = sentences_of(call("? " + text, timed=False))
    assert found[0] == "적금을 해지하려고 합니다."
    assert "네." not in found


def test_the_same_call_has_the_same_summary_in_every_process() -> None:
    """The order of sets, which differs between processes, decides nothing."""
    code = (
        "import sys; sys.path[:0] = ['.', 'tests/unit']\n"
        "from test_extractive import extract, recorded\n"
        "print([extract(conversation) for conversation in recorded()])"
    )
    answers = {
        subprocess.run(
            [sys.executable, "-c", code],
            cwd=ROOT, env={"PYTHONHASHSEED": seed, "PYTHONUTF8": "1"},
            capture_output=True, text=True, encoding="utf-8", check=True,
        ).stdout
        for seed in ("1", "2")
    }  # fmt: skip
    assert len(answers) == 1


def test_an_hour_is_summed_up_at_once() -> None:
    """1,500 segments take a fraction of a second; the target is 0.2 s, a busy machine has more."""
    turns = [SURRENDER[n % len(SURRENDER)] + f" {n}번" for n in range(1500)]
    conversation = call(*turns)
    extract(call(*SURRENDER))
    began = time.perf_counter()
    assert extract(conversation)
    assert time.perf_counter() - began < 1.0
