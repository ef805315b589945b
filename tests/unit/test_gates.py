"""What is withheld as hallucination: each reason, and the neighbour that must stay."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from stt_gates import (
    Doubt,
    Evidence,
    Reason,
    Scores,
    compression_ratio,
    doubts,
    known_phrase,
    repeats,
    syllables,
    verdict,
)

SENTENCE = "아무리 천천히 가도 멈추지만 않는다면 괜찮다."
LOOP = "그리고 저는 그것을 " * 30


@dataclass(frozen=True)
class Heard:
    """A text, what the model says of it, and the voice it came with."""

    text: str
    logprob: float = -0.2
    no_speech: float = 0.01
    seconds: float = 4.0
    speech: float = 3.0
    voiced: float = 3.0

    @property
    def scores(self) -> Scores:
        return Scores(self.text, self.logprob, self.no_speech, compression_ratio(self.text))

    @property
    def evidence(self) -> Evidence:
        return Evidence(self.seconds, self.speech, self.voiced)

    def verdict(self, prompt: str = "") -> Reason | None:
        return verdict(self.scores, self.evidence, prompt)


def faint(text: str, **more: float) -> Heard:
    """A text where hardly any voice was heard."""
    return Heard(text, **{"speech": 0.1, "voiced": 0.0, **more})


@pytest.mark.parametrize(
    ("heard", "reason"),
    [
        # Known phrases ask for support from the audio, polite ones for less.
        (Heard("감사합니다.", speech=0.8, voiced=0.7), None),
        (Heard("감사합니다.", logprob=-0.8, no_speech=0.2, speech=0.8, voiced=0.7), None),
        (Heard("네.", speech=0.3, voiced=0.2), None),
        (faint("감사합니다."), "known_phrase"),
        (Heard("감사합니다.", no_speech=0.6, speech=0.8, voiced=0.7), "known_phrase"),
        (Heard("시청해주셔서 감사합니다.", speech=1.5, voiced=1.4), None),
        (faint("시청해주셔서 감사합니다."), "known_phrase"),
        (Heard("시청해주셔서 감사합니다!", logprob=-0.9, speech=1.5), "known_phrase"),
        (Heard("시청해주셔서 감사합니다.", no_speech=0.3, speech=1.5), "known_phrase"),
        (Heard("시청해 주셔서 감사합니다", speech=1.5, voiced=0.1), "known_phrase"),
        (faint("오늘 영상은 여기까지, 시청해주셔서 감사합니다."), "known_phrase"),
        (faint("MBC 뉴스 이덕영입니다."), "known_phrase"),
        (Heard("MBC 뉴스 이덕영입니다.", speech=2.5), None),
        (faint("Thank you for watching!"), "known_phrase"),
        (faint("ご視聴ありがとうございました"), "known_phrase"),
        # A loop is withheld, however sure the model is of it; a person may repeat himself.
        (Heard("네, 네, 네.", speech=1.2, voiced=1.1), None),
        (Heard("네, " * 10, seconds=6.0, speech=5.0, voiced=4.0), None),
        (Heard(LOOP, logprob=-0.10, speech=10.0, voiced=9.0, seconds=12.0), "repetition"),
        (faint("아 " * 12), "repetition"),
        (Heard("네, " * 10, seconds=6.0, speech=5.0, voiced=0.5), "repetition"),
        (Heard("네, " * 10, seconds=6.0, speech=5.0, voiced=4.0, no_speech=0.6), "repetition"),
        # No single weak signal withholds; two that agree do.
        (Heard(SENTENCE), None),
        (Heard(SENTENCE, logprob=-1.2), None),
        (Heard(SENTENCE, no_speech=0.9), None),
        (Heard(SENTENCE, speech=0.7, voiced=0.5), None),
        (Heard(SENTENCE, logprob=-1.2, no_speech=0.9), "no_speech"),
        (Heard(SENTENCE, logprob=-1.2, speech=0.7, voiced=0.5), "too_fast"),
        (faint(SENTENCE, no_speech=0.9), "no_speech"),
        (Heard(SENTENCE, logprob=-1.2, speech=0.4), "low_confidence"),
        # Where nothing was heard at all, a hesitant model is not believed.
        (faint("날씨였습니다.", logprob=-0.8), "no_speech"),
        (faint("날씨였습니다."), None),
        (Heard("날씨였습니다.", logprob=-0.8, speech=1.0, voiced=0.8), None),
        # Babble: the model says itself that it knows nothing.
        (Heard(SENTENCE, logprob=-2.5), "low_confidence"),
    ],
)  # fmt: skip
def test_what_is_withheld(heard: Heard, reason: Reason | None) -> None:
    """Each reason comes with its evidence, and the neighbouring case stays."""
    assert heard.verdict() == reason


def test_a_sure_loop_is_withheld() -> None:
    """The loop that started all this: average log-probability -0.10, compression ratio 22."""
    scores = Scores("저는 그 사람을 " * 60, -0.10, 0.02, 22.0)
    assert verdict(scores, Evidence(15.0, 14.0, 13.0)) == "repetition"


def test_a_prompt_is_not_echoed_without_a_voice() -> None:
    """The caller's prompt on weak audio is an echo; spoken by a voice, it is text."""
    prompt = "상담원 김민수, 무배당 보장보험"
    echo = "무배당 보장보험"
    assert faint(echo).verdict(prompt) == "prompt_echo"
    assert faint(echo).verdict() is None
    assert Heard(echo, speech=1.5, voiced=1.4).verdict(prompt) is None
    assert faint("전혀 다른 말입니다").verdict(prompt) is None


@pytest.mark.parametrize(
    ("heard", "found"),
    [
        (Heard(SENTENCE), set()),
        (Heard(SENTENCE, logprob=-0.6), {"low_confidence"}),
        (Heard(SENTENCE, no_speech=0.7), {"no_speech"}),
        (Heard(SENTENCE, speech=0.8), {"too_fast"}),
        (Heard("네.", speech=6.0), {"too_slow"}),
        (Heard("", speech=6.0), {"too_slow"}),
        (Heard("", speech=0.5), set()),
        (Heard(LOOP, speech=40.0), {"repetition"}),
    ],
)
def test_what_is_looked_at_again(heard: Heard, found: set[Doubt]) -> None:
    """Each doubt has its sign; a plain sentence raises none."""
    assert doubts(heard.scores, heard.evidence) == found


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("Привет, мир", 3),
        ("สวัสดี", 2),
        ("… — ♪", 0),
        ("안녕하세요", 5),
        ("그는 이리저리 피하면서", 10),
        ("strength through banana", 5),
        ("東京は", 3),
        ("カタカナ ひらがな", 8),
        ("010-1234", 7),
        ("삼 7 three", 3),
        ("", 0),
        ("…, !?", 0),
    ],
)
def test_syllables(text: str, count: int) -> None:
    """The spoken length of a text: syllabic characters and digits, else groups of vowels."""
    assert syllables(text) == count


@pytest.mark.parametrize(
    ("text", "loops"),
    [
        ("네, 네, 네", False),
        ("one two three four five", False),
        (SENTENCE, False),
        ("하하하하하하하하하하", True),
        ("나는 너를 보고 싶다 " * 3, True),
        ("나는 너를 보고 싶다 " * 2, False),
        ("", False),
    ],
)
def test_repetition_is_recognised(text: str, loops: bool) -> None:
    """A text that says the same again and again loops; one that repeats a word does not."""
    assert repeats(text, compression_ratio(text)) is loops


@pytest.mark.parametrize(
    ("text", "known"),
    [
        ("시청해주셔서 감사합니다.", True),
        ("끝까지 시청해 주셔서 감사합니다!", True),
        ("Thanks for watching!", True),
        ("THANK YOU", True),
        ("KBS 뉴스 김철수입니다.", True),
        ("시청 앞에서 만나요", False),
        ("감사합니다만 사양하겠습니다", False),
        (SENTENCE, False),
    ],
)
def test_known_phrases(text: str, known: bool) -> None:
    """Video credits are known whatever their spelling; sentences that resemble them are not."""
    assert known_phrase(text) is known


def test_compression_ratio() -> None:
    """Plain text compresses little, a loop well, nothing not at all."""
    assert compression_ratio("") == 0.0
    assert compression_ratio(SENTENCE) < 1.5
    assert compression_ratio(LOOP) > 10
