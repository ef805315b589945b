"""What is withheld as hallucination, and why: signals that only count together.

A model that hears nothing still writes. It gives itself away by several weak signals at
once: it says itself that there is no speech, it is unsure, the text is more than the
voice heard could have said, it repeats itself, it is a phrase known from video credits.
No single one decides: the average log-probability of a loop can be -0.10, people do say
«감사합니다», and Silero does miss speech on a bad line. Two signals that agree do.

Pure functions. Used twice: in the worker, to look again (`doubts`), and on its final
answer, to withhold (`verdict`).
"""

from __future__ import annotations

import re
import unicodedata
import zlib
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, TypeAlias

from stt_phrases import NEWS_SIGN_OFF, OUTROS, POLITE

Doubt: TypeAlias = Literal["repetition", "too_fast", "too_slow", "low_confidence", "no_speech"]
Reason: TypeAlias = Literal[
    "repetition", "too_fast", "low_confidence", "no_speech", "known_phrase", "prompt_echo"
]

MAX_SYLLABLES_PER_SECOND = 11.0
"""A fast Korean speaker reaches 9; a loop fills the window with 20 or more."""

MIN_SYLLABLES_PER_SECOND = 2.5
"""Below it, speech was heard that brought too little text: reading aloud has 4 to 6."""

MAX_COMPRESSION_RATIO = 2.4
"""OpenAI's threshold for a text that repeats itself (whisper/transcribe.py)."""

DOUBT_LOGPROB = -0.35
NO_SPEECH = 0.5
UNSURE = -1.0
BABBLE = -1.6

_LATIN = re.compile(r"[a-zß-öø-ÿœ]+", re.IGNORECASE)
_VOWEL_GROUPS = re.compile(r"[aeiouyàâäáãåæéèêëíìîïóòôöõøúùûüœ]+", re.IGNORECASE)
_CYRILLIC = re.compile(r"[а-яёіїєґ]+", re.IGNORECASE)
_CYRILLIC_VOWELS = re.compile(r"[аеёиоуыэюяіїє]", re.IGNORECASE)
_SYLLABIC = re.compile(r"[\uac00-\ud7a3\u3040-\u30ff\u3400-\u9fff]")


@dataclass(frozen=True, slots=True)
class Scores:
    """What the model says of its own text. Log-probability is per token, natural log."""

    text: str
    avg_logprob: float
    no_speech_prob: float
    compression_ratio: float


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the voice activity detector heard in the same stretch, in seconds."""

    seconds: float
    speech_seconds: float
    voiced_seconds: float


def compression_ratio(text: str) -> float:
    """Bytes of the text over bytes of its zlib compression; 0.0 for an empty text."""
    raw = text.encode()
    return len(raw) / len(zlib.compress(raw)) if raw else 0.0


def syllables(text: str) -> int:
    """Spoken length: Hangul, kana and Han one each, digits one each, groups of vowels in Latin
    script, vowels in Cyrillic, and every second letter of a script it knows nothing of."""
    counted = len(_SYLLABIC.findall(text)) + sum(character.isdigit() for character in text)
    counted += len(_VOWEL_GROUPS.findall(text)) + len(_CYRILLIC_VOWELS.findall(text))
    rest = _CYRILLIC.sub("", _LATIN.sub("", _SYLLABIC.sub("", text)))
    return counted + (sum(character.isalpha() for character in rest) + 1) // 2


def doubts(scores: Scores, evidence: Evidence) -> frozenset[Doubt]:
    """Reasons to look at a chunk again with more care; empty when there is none."""
    found: set[Doubt] = set()
    spoken = syllables(scores.text)
    if repeats(scores.text, scores.compression_ratio):
        found.add("repetition")
    if spoken > MAX_SYLLABLES_PER_SECOND * (evidence.speech_seconds + 0.5):
        found.add("too_fast")
    if evidence.speech_seconds > 1.0 and spoken < _least_expected(evidence):
        found.add("too_slow")
    if scores.avg_logprob < DOUBT_LOGPROB:
        found.add("low_confidence")
    if scores.no_speech_prob > NO_SPEECH:
        found.add("no_speech")
    return frozenset(found)


def verdict(scores: Scores, evidence: Evidence, prompt: str = "") -> Reason | None:
    """Why the text must be withheld, or None: it may be shown.

    prompt: the caller's initial prompt and hotwords, which a model in doubt repeats.
    """
    spoken = syllables(scores.text)
    if not any(map(str.isalnum, scores.text)):
        return "no_speech"  # dashes, dots and notes: what the model writes for music
    if _unheard(evidence) and _hesitant(scores):
        return "no_speech"
    if repeats(scores.text, scores.compression_ratio):
        return "repetition" if _loop_is_invented(scores, evidence, spoken) else None
    suspicion = _suspicion(scores.text, prompt)
    if suspicion is not None:
        return suspicion if _weakly_supported(scores, evidence, suspicion) else None
    return _agreeing_signals(scores, evidence, spoken)


def _agreeing_signals(scores: Scores, evidence: Evidence, spoken: int) -> Reason | None:
    silent = scores.no_speech_prob > NO_SPEECH
    unsure = scores.avg_logprob < UNSURE
    unsupported = spoken > MAX_SYLLABLES_PER_SECOND * (evidence.speech_seconds + 0.2)
    if scores.avg_logprob < BABBLE:
        return "low_confidence"
    if silent + unsure + unsupported < 2:
        return None
    if silent:
        return "no_speech"
    return "too_fast" if evidence.speech_seconds > 0.5 else "low_confidence"


def repeats(text: str, ratio: float) -> bool:
    """True when a text loops: it compresses too well, or says the same again and again."""
    if ratio > MAX_COMPRESSION_RATIO:
        return True
    words = text.split()
    fours = [tuple(words[i : i + 4]) for i in range(len(words) - 3)]
    if any(fours.count(four) >= 3 for four in set(fours)):
        return True
    return re.search(r"(.{1,12}?)\1{7,}", text) is not None


def known_phrase(text: str) -> bool:
    """Whether a sentence is one of those Whisper invents where nobody speaks."""
    return _suspicion(text, "") == "known_phrase"


def _least_expected(evidence: Evidence) -> float:
    return MIN_SYLLABLES_PER_SECOND * evidence.speech_seconds


def _unheard(evidence: Evidence) -> bool:
    return evidence.speech_seconds < 0.25 and evidence.voiced_seconds < 0.1


def _hesitant(scores: Scores) -> bool:
    """Less sure than the model is of speech that a detector merely missed."""
    return scores.no_speech_prob > 0.3 or scores.avg_logprob < -0.6


def _loop_is_invented(scores: Scores, evidence: Evidence, spoken: int) -> bool:
    """A person may repeat himself («네, 네, 네»); a loop outruns the voice or lacks one."""
    return (
        spoken > MAX_SYLLABLES_PER_SECOND * evidence.speech_seconds
        or evidence.voiced_seconds < 0.3 * evidence.seconds
        or scores.no_speech_prob > 0.2
        or scores.avg_logprob < -0.7
        or scores.compression_ratio > 2 * MAX_COMPRESSION_RATIO
    )


def _suspicion(text: str, prompt: str) -> Reason | None:
    plain = _plain(text)
    if plain in _polite() or any(plain.endswith(outro) for outro in _outros()):
        return "known_phrase"
    if re.fullmatch(NEWS_SIGN_OFF, text.strip(" .").lower()):
        return "known_phrase"
    if prompt and len(plain) >= 4 and plain in _plain(prompt):
        return "prompt_echo"
    return None


def _weakly_supported(scores: Scores, evidence: Evidence, suspicion: Reason) -> bool:
    """A phrase known to be invented needs a voice that could have said it."""
    spoken = max(syllables(scores.text), 1)
    polite = suspicion == "known_phrase" and _plain(scores.text) in _polite()
    signals = (
        scores.no_speech_prob > (0.3 if polite else 0.15),
        scores.avg_logprob < (-1.0 if polite else -0.7),
        spoken > MAX_SYLLABLES_PER_SECOND * evidence.speech_seconds,
        evidence.voiced_seconds < min(0.05 * spoken, 0.6),
    )
    return any(signals)


def _plain(text: str) -> str:
    folded = unicodedata.normalize("NFKC", text).casefold()
    return "".join(character for character in folded if character.isalnum())


@lru_cache(maxsize=1)
def _outros() -> frozenset[str]:
    return frozenset(_plain(phrase) for phrase in OUTROS)


@lru_cache(maxsize=1)
def _polite() -> frozenset[str]:
    return frozenset(_plain(phrase) for phrase in POLITE)
