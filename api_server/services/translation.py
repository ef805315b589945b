"""A call in another language: the LLM's translation, or Whisper's own into English.

What is no translation is never passed off as one: an answer that is the source text, or still in
the source's script, or that leaves lines out, is refused.
"""

from __future__ import annotations

import re
from typing import Any

from api_server.services import agent_prompts
from api_server.services.agent_types import Ask, RequestFailed
from api_server.services.asking import Asking
from api_server.services.conversation import Conversation, Line
from api_server.services.results import Translation

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
EAST_ASIAN = re.compile("[가-힣ㄱ-ㆎぁ-ヿ一-鿿]")
LETTER = re.compile(r"[^\W\d_]")
# Names and terms may stay as they were; more than a third of the letters may not.
FOREIGN_SHARE = 1 / 3
TOKENS_PER_LINE = 24
MAX_TOKENS = 2000


async def by_llm(conversation: Conversation, language: str, asking: Asking) -> Translation:
    """Every part, line by line. Raises `AgentFailure`, also for what is no translation."""
    answers = await asking.about(conversation, lambda lines: _question(lines, language))
    texts: dict[int, str] = {}
    for answer in answers:
        texts |= {item["id"]: item["text"] for item in answer.value["lines"]}
    lines = [line for line in conversation.lines if line.text.strip()]
    if any(not texts.get(line.id, "").strip() for line in lines):
        raise RequestFailed("the translation leaves lines out")
    text = "\n".join(texts[line.id].strip() for line in lines)
    if not is_translation(text, conversation.text, language):
        raise RequestFailed(NOT_TRANSLATED)
    return Translation(text, language, "llm")


def is_translation(text: str, source: str, language: str) -> bool:
    """Whether `text` can be `source` in `language`: not the same, and in its letters."""
    letters = LETTER.findall(text)
    if not letters or _plain(text) == _plain(source):
        return False
    if language in SCRIPTS:
        own = re.compile(f"[{SCRIPTS[language]}]")
        foreign = sum(own.match(letter) is None for letter in letters)
    else:
        foreign = sum(EAST_ASIAN.match(letter) is not None for letter in letters)
    return foreign <= len(letters) * FOREIGN_SHARE


def none(language: str, reason: str, *, is_dummy: bool = True) -> Translation:
    """No translation, and why."""
    return Translation(None, language, None, is_dummy=is_dummy, error_reason=reason)


def _plain(text: str) -> str:
    return re.sub(r"\W+", "", text).casefold()


def _question(lines: tuple[Line, ...], language: str) -> Ask:
    name = NAMES.get(language, language)
    return Ask(
        name="translate",
        instructions=agent_prompts.load("translate").replace("{language}", name),
        data=agent_prompts.transcript(lines),
        schema=_schema(lines),
        max_tokens=min(MAX_TOKENS, sum(TOKENS_PER_LINE + 2 * len(line.text) for line in lines)),
    )


def _schema(lines: tuple[Line, ...]) -> dict[str, Any]:
    entry = {
        "type": "object",
        "properties": {"id": {"type": "integer"}, "text": {"type": "string"}},
        "required": ["id", "text"],
    }
    listed = {"type": "array", "items": entry, "minItems": 1, "maxItems": len(lines)}
    return {"type": "object", "properties": {"lines": listed}, "required": ["lines"]}
