"""A call in another language: the LLM's translation, or Whisper's own into English.

What is no translation is never passed off as one: an answer that is the source text, or still in
the source's script, or that leaves lines out, is refused.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from api_server.services import agent_prompts
from api_server.services.agent_types import Ask, RequestFailed
from api_server.services.asking import Asking
from api_server.services.conversation import Conversation, Line
from api_server.services.results import TranslatedLine, Translation

SAME_LANGUAGE = "same_language"
NOT_TRANSLATED = "not_translated"
NAMES = {
    "ko": "Korean", "en": "English", "ja": "Japanese", "zh": "Chinese", "vi": "Vietnamese",
    "th": "Thai", "id": "Indonesian", "ru": "Russian", "uz": "Uzbek", "mn": "Mongolian",
    "ne": "Nepali", "km": "Khmer", "my": "Burmese", "tl": "Filipino", "de": "German",
    "fr": "French", "es": "Spanish", "pt": "Portuguese", "ar": "Arabic", "hi": "Hindi",
}  # fmt: skip
# The letters a language is written in, where they tell it from others.
SCRIPTS = {
    "ko": "가-힣ㄱ-ㆎ", "ja": "ぁ-ヿ一-鿿", "zh": "一-鿿", "yue": "一-鿿", "ru": "Ѐ-ӿ", "uk": "Ѐ-ӿ",
    "mn": "Ѐ-ӿ", "ar": "؀-ۿ", "th": "฀-๿", "hi": "ऀ-ॿ", "ne": "ऀ-ॿ", "el": "Ͱ-Ͽ", "he": "֐-׿",
    "km": "ក-៿", "my": "က-႟",
}  # fmt: skip
HANGUL, KANA = re.compile("[가-힣ㄱ-ㆎ]"), re.compile("[ぁ-ヿ]")
EAST_ASIAN = re.compile("[가-힣ㄱ-ㆎぁ-ヿ一-鿿]")
LETTER = re.compile(r"[^\W\d_]")
WORD = re.compile(r"[^\W\d_]{2,}")
# Names and terms may stay as they were; more than a third of the letters may not, nor most words.
FOREIGN_SHARE = 1 / 3
SAME_WORDS_SHARE, FEWEST_WORDS = 0.8, 5
# An answer takes as many tokens as the call, or a few more: scripts differ.
ANSWER_SHARE = 1.2
FIXED_TOKENS = 32


async def by_llm(conversation: Conversation, language: str, asking: Asking) -> Translation:
    """Every part, line by line. Raises `AgentFailure`, also for what is no translation."""
    asked = await asking.each(conversation, lambda lines: _question(lines, language), ANSWER_SHARE)
    texts: dict[int, list[str]] = {}
    for lines, answer in asked:
        for number, said in _texts(lines, answer.value["lines"]).items():
            texts.setdefault(number, []).extend(said)
    made = tuple(TranslatedLine(number, " ".join(said)) for number, said in texts.items())
    text = "\n".join(line.text for line in made)
    if not is_translation(text, conversation.text, language):
        raise RequestFailed(NOT_TRANSLATED)
    return Translation(text, language, "llm", made)


def is_translation(text: str, source: str, language: str) -> bool:
    """Whether `text` can be `source` in `language`: not the same, and in its letters."""
    letters = LETTER.findall(text)
    if not letters or _plain(text) == _plain(source) or _is_copy(text, source):
        return False
    if language in SCRIPTS:
        own = re.compile(f"[{SCRIPTS[language]}]")
        foreign = sum(own.match(letter) is None for letter in letters)
    else:
        foreign = sum(EAST_ASIAN.match(letter) is not None for letter in letters)
    return foreign <= len(letters) * FOREIGN_SHARE


def language_of(text: str) -> str | None:
    """The language a text is in, where its letters alone tell."""
    letters = LETTER.findall(text)
    if sum(HANGUL.match(letter) is not None for letter in letters) * 2 > len(letters):
        return "ko"
    return (
        "ja"
        if sum(KANA.match(letter) is not None for letter in letters) * 3 > len(letters)
        else None
    )


def none(language: str, reason: str, *, is_dummy: bool = True) -> Translation:
    """No translation, and why."""
    return Translation(None, language, None, is_dummy=is_dummy, error_reason=reason)


def _plain(text: str) -> str:
    return re.sub(r"\W+", "", text).casefold()


def _is_copy(text: str, source: str) -> bool:
    """Whether nearly all words are the source's own, as they stand."""
    words = [word.casefold() for word in WORD.findall(text)]
    known = {word.casefold() for word in WORD.findall(source)}
    same = sum(word in known for word in words)
    return len(words) >= FEWEST_WORDS and same >= len(words) * SAME_WORDS_SHARE


def _texts(lines: tuple[Line, ...], items: Sequence[Mapping[str, Any]]) -> dict[int, list[str]]:
    """What was made of each line, by its id. Raises `RequestFailed` where one was left out."""
    texts: dict[int, list[str]] = {line.id: [] for line in lines}
    for item in items:
        if item["id"] in texts and item["text"].strip():
            texts[item["id"]].append(item["text"].strip())
    asked = Counter(line.id for line in lines)
    if any(len(said) < asked[number] for number, said in texts.items()):
        raise RequestFailed("the translation leaves lines out")
    return texts


def _question(lines: tuple[Line, ...], language: str) -> Ask:
    name = NAMES.get(language, language)
    return Ask(
        name="translate",
        instructions=agent_prompts.load("translate").replace("{language}", name),
        data=agent_prompts.transcript(lines),
        schema=_schema(lines),
        max_tokens=FIXED_TOKENS + int(ANSWER_SHARE * agent_prompts.cost(lines)),
    )


def _schema(lines: tuple[Line, ...]) -> dict[str, Any]:
    entry = {
        "type": "object",
        "properties": {"id": {"type": "integer"}, "text": {"type": "string"}},
        "required": ["id", "text"],
    }
    listed = {"type": "array", "items": entry, "minItems": 1, "maxItems": max(1, len(lines))}
    return {"type": "object", "properties": {"lines": listed}, "required": ["lines"]}
