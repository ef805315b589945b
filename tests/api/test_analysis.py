"""Analyses over HTTP: of a recording, and of a call that is text already."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from typing import Any

import httpx
import pytest

from api_server.services.agent_types import ConnectionFailed, RequestFailed
from api_server.services.call_text import CallText
from api_server.services.conversation import Conversation
from stt_errors import InferenceError
from stt_types import Coverage, Segment, Transcript
from tests.api.harness import WAV, client_of, events_of
from tests.fakes import DUMMY, FakeAgent, FakeEngine

pytestmark = pytest.mark.anyio

ALL = {
    "classify": "true", "validate_sales": "1", "product": "보장성", "summarize": "true",
    "translate_to": "ja",
}  # fmt: skip
TEXTS = (
    "안녕하세요 고객님, 푸른생명 김하늘입니다.",
    "네, 보험 해지하려고 전화했어요.",
    "해지하시면 환급금이 낸 돈보다 적을 수 있습니다.",
)
CALL = {
    "segments": [
        {"id": 7, "start": 0.0, "end": 3.0, "speaker": "agent", "text": TEXTS[0]},
        {"id": 8, "start": 3.5, "end": 6.0, "speaker": "customer", "text": TEXTS[1]},
        {"id": 9, "start": 6.5, "end": 10.0, "speaker": "agent", "text": TEXTS[2]},
    ]
}
ROUTES = ("/classify", "/validate/incomplete-sales", "/summarize", "/translate")


def transcript(*texts: str, language: str = "ko") -> Transcript:
    segments = tuple(Segment(n, n * 4.0, n * 4.0 + 3.5, text) for n, text in enumerate(texts))
    return Transcript(
        text=" ".join(texts), language=language, language_probability=0.9, duration=12.0,
        segments=segments, suppressed=(), coverage=Coverage(12, 10, 10),
        backend="faster-whisper", model="base",
    )  # fmt: skip


def engine(*texts: str) -> FakeEngine:
    said = transcript(*(texts or TEXTS))
    return FakeEngine(script=(*said.segments, said))


def answering(**answers: Any) -> FakeAgent:
    """An LLM with a good answer to everything, unless told otherwise."""

    def translated(ask: Any) -> dict[str, Any]:
        rows = [json.loads(row) for row in ask.data.splitlines()[1:-1]]
        return {"lines": [{"id": row["id"], "text": "これは日本語です。"} for row in rows]}

    usual = {
        "classify": {"label": "해지", "confidence": 0.9, "quote": "보험 해지하려고"},
        "summarize": {"summary": "고객이 해지를 문의했다."},
        "translate": translated,
        "sales_check": {"elements": []},
    }
    return FakeAgent(answers={**usual, **answers})


async def transcribed(client: httpx.AsyncClient, **data: str) -> dict[str, Any]:
    response = await client.post("/transcribe", files={"file": WAV}, data=data)
    assert response.status_code == 200, response.text
    body: dict[str, Any] = response.json()
    return body


async def test_the_llm_answers_everything_at_once() -> None:
    """All four analyses come with the transcript, by the LLM, and the status says so."""
    async with client_of(engine(), answering()) as client:
        response = await client.post("/transcribe", files={"file": WAV}, data=ALL)
    body = response.json()
    assert body["classification"]["label"] == "해지"
    assert body["classification"]["method"] == "llm"
    assert body["classification"]["evidence"][0]["quote"] == "보험 해지하려고"
    assert body["summary"] == {
        "text": "고객이 해지를 문의했다.", "method": "llm", "is_dummy": False, "error_reason": None,
    }  # fmt: skip
    assert body["translation"]["method"] == "llm"
    assert body["translation"]["language"] == "ja"
    assert [line["segment_id"] for line in body["translation"]["lines"]] == list(range(len(TEXTS)))
    assert body["incomplete_sales"]["verdict"] == "incomplete"
    assert body["component_status"] == {"stt": True, "classification": True, "vllm": True}
    assert "x-dummy" not in response.headers


async def test_without_an_llm_the_rules_answer() -> None:
    """Rules, extraction and honest nulls; no failure, and only the translation is a dummy."""
    async with client_of(engine(), FakeAgent(configured=False)) as client:
        response = await client.post("/transcribe", files={"file": WAV}, data=ALL)
        metrics = (await client.get("/metrics")).text
    body = response.json()
    assert (body["success"], body["is_dummy"]) == (True, False)
    assert body["classification"]["method"] == "rules"
    assert body["classification"]["label"] == "해지"
    assert "AGENT_URL" in body["classification"]["error_reason"]
    assert body["summary"]["method"] == "extractive"
    assert body["translation"] == {
        "text": None, "language": "ja", "method": None, "lines": None, "is_dummy": True,
        "error_reason": "AGENT_URL: not set",
    }  # fmt: skip
    assert body["component_status"] == {"stt": True, "classification": True, "vllm": False}
    assert response.headers["x-dummy"] == "agent"
    counted = 'stt_dummy_responses_total{component="agent",reason="configuration_invalid"} 1.0'
    assert counted in metrics


@pytest.mark.parametrize("failure", [ConnectionFailed("refused"), RequestFailed("broken")])
async def test_an_llm_that_fails_never_fails_a_transcription(failure: Exception) -> None:
    """Not even where STT_FALLBACK=error: the transcript is there, the reasons too."""
    agent = answering(classify=failure, summarize=failure, translate=failure, sales_check=failure)
    async with client_of(engine(), agent, stt_fallback="error") as client:
        body = await transcribed(client, **ALL)
    assert body["classification"]["error_reason"] == str(failure)
    assert body["translation"]["error_reason"] == str(failure)
    assert any(str(failure) in warning for warning in body["incomplete_sales"]["warnings"])


@pytest.mark.parametrize(
    ("wanted", "broken"),
    [({"classify": "1"}, None), ({"validate_sales": "1", "product": "보장성"}, "incomplete_sales")],
)
async def test_a_defect_of_the_rules_costs_no_transcript_and_logs_no_word(
    wanted: dict[str, str],
    broken: str | None,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """What needs the rules says `internal_error`; what the LLM answered stands."""

    def fails(conversation: Conversation) -> CallText:
        raise ValueError(f"cannot read {conversation.text}")

    monkeypatch.setattr(CallText, "of", fails)
    with caplog.at_level(logging.DEBUG):
        async with client_of(engine(), answering()) as client:
            body = await transcribed(client, **wanted)
    assert body["text"] == " ".join(TEXTS)
    assert body["analysis_errors"] == ({broken: "internal_error"} if broken else {})
    assert bool(body["classification"]) == (broken is None)
    assert TEXTS[1] not in caplog.text


async def test_a_hanging_llm_costs_no_more_than_its_time() -> None:
    """All analyses share one deadline; what is left hanging is cancelled."""
    agent = answering(classify=60.0, summarize=60.0, translate=60.0, sales_check=60.0)
    agent.timeout = 0.4
    began = time.perf_counter()
    async with client_of(engine(), agent) as client:
        body = await transcribed(client, **ALL)
    assert time.perf_counter() - began < 0.4 + 2, "a wide margin: the benchmark holds the figure"
    assert body["classification"]["method"] == "rules"
    assert "no answer" in body["translation"]["error_reason"]


async def test_a_client_that_leaves_cancels_the_llm() -> None:
    """Nobody waits for an answer that nobody reads."""
    agent = answering(classify=60.0)
    async with client_of(engine(), agent) as client:
        asking = asyncio.ensure_future(transcribed(client, classify="true"))
        while not agent.asked:  # noqa: ASYNC110 - a fake has no event to wait for
            await asyncio.sleep(0.01)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
    assert agent.cancelled == 1


async def test_a_dummy_transcript_is_never_analysed() -> None:
    """The results are null, the reason is named, and nobody is asked."""
    agent = answering()
    async with client_of(FakeEngine(script=(DUMMY,)), agent) as client:
        response = await client.post("/transcribe", files={"file": WAV}, data=ALL)
    body = response.json()
    kinds = ("classification", "incomplete_sales", "summary", "translation")
    assert [body[kind] for kind in kinds] == [None] * 4
    assert body["analysis_errors"] == dict.fromkeys(kinds, "transcript_is_dummy")
    assert body["component_status"] == {"stt": False, "classification": False, "vllm": False}
    assert response.headers["x-dummy"] == "stt"
    assert agent.asked == []


async def test_silence_is_not_analysed() -> None:
    """A recording without speech has nothing to classify."""
    async with client_of(FakeEngine(script=(transcript(),)), answering()) as client:
        body = await transcribed(client, classify="true")
    assert body["classification"] is None
    assert body["analysis_errors"] == {"classification": "transcript_is_empty"}


async def test_a_stream_ends_with_the_analyses() -> None:
    """The result event holds what the whole answer would."""
    async with client_of(engine(), answering()) as client:
        data = {**ALL, "stream": "true"}
        response = await client.post("/transcribe", files={"file": WAV}, data=data)
    events = events_of(response.text)
    assert [name for name, _ in events] == ["segment"] * 3 + ["result"]
    assert events[-1][1]["classification"]["label"] == "해지"


async def test_the_sellers_channel_can_be_named() -> None:
    """With split channels, `agent_channel` says whose words are the seller's."""
    said = transcript("무조건 수익이 납니다.", "네")
    segments = tuple(
        Segment(s.id, s.start, s.end, s.text, channel=n) for n, s in enumerate(said.segments)
    )
    script = (
        Transcript(**{**{f: getattr(said, f) for f in said.__slots__}, "segments": segments}),
    )
    for channel, status in (("0", "violated"), ("1", "not_applicable")):
        async with client_of(FakeEngine(script=script), FakeAgent(configured=False)) as client:
            body = await transcribed(
                client, validate_sales="1", product="변액", channels="split", agent_channel=channel
            )
        (claim,) = [e for e in body["incomplete_sales"]["elements"] if e["id"] == "certainty_claim"]
        assert claim["status"] == status


@pytest.mark.parametrize(
    ("data", "names"),
    [
        ({"validate_sales": "1", "product": "자동차"}, "product: unknown"),
        ({"translate_to": "xx"}, "translate_to: not a language"),
        ({"classify": "1", "agent_url": "http://evil.example/"}, "agent_url"),
        ({"classify": "1", "response_format": "srt"}, "response_format: analyses come"),
        ({"agent_channel": "0"}, "agent_channel: only with channels=split"),
        ({"classify": "1", "request_format": "xml"}, "request_format"),
    ],
)
async def test_a_wrong_option_is_refused_before_any_work(data: dict[str, str], names: str) -> None:
    """The error names the field, and the engine has not been asked."""
    used = engine()
    async with client_of(used, answering()) as client:
        response = await client.post("/transcribe", files={"file": WAV}, data=data)
    assert response.status_code == 422
    assert names in response.json()["error_reason"]
    assert used.source is None


async def test_whisper_translates_where_the_llm_cannot() -> None:
    """Into English, a second pass over the recording stands in for the LLM, and is named."""
    korean, english = transcript(*TEXTS), transcript("He wants to cancel.", language="en")
    used = TranslatingEngine(script=(*korean.segments, korean), english=english)
    async with client_of(used, FakeAgent(configured=False)) as client:
        body = await transcribed(client, translate_to="en")
    assert body["translation"]["text"] == "He wants to cancel."
    assert body["translation"]["method"] == "whisper"
    assert body["translation"]["lines"] is None
    assert body["text"] == korean.text


async def test_whispers_failure_is_told_with_the_llms() -> None:
    """Neither could: null, and both reasons."""
    korean = transcript(*TEXTS)
    used = TranslatingEngine(script=(*korean.segments, korean), english=InferenceError("no memory"))
    async with client_of(used, FakeAgent(configured=False)) as client:
        body = await transcribed(client, translate_to="en")
    assert body["translation"]["text"] is None
    assert "AGENT_URL" in body["translation"]["error_reason"]
    assert "no memory" in body["translation"]["error_reason"]


class TranslatingEngine(FakeEngine):
    """Answers `task=translate` otherwise than `task=transcribe`."""

    def __init__(self, script: Any, english: Transcript | Exception) -> None:
        super().__init__(script=script)
        self.english = english

    def stream(self, source: Any, options: Any, *, fallback: Any = None) -> Any:
        if options.task == "translate":
            assert fallback == "error"
            return FakeEngine(script=(self.english,)).stream(source, options, fallback=fallback)
        return super().stream(source, options, fallback=fallback)


@pytest.mark.parametrize("text", [" ".join(TEXTS), "これは日本語です。" + TEXTS[1] * 3])
async def test_what_is_no_translation_is_not_passed_off_as_one(text: str) -> None:
    """The source text, or one still in its letters, is refused."""
    answer = {"lines": [{"id": n, "text": text} for n in range(3)]}
    async with client_of(engine(), answering(translate=answer)) as client:
        body = await transcribed(client, translate_to="ja")
    assert body["translation"]["text"] is None
    assert body["translation"]["error_reason"] == "not_translated"


async def test_a_translation_comes_line_by_line() -> None:
    """Each segment that says anything has its translation under its own id, in the call's order;
    one that was too long for one question is whole again."""
    said = "해지하시면 환급금이 낸 돈보다 적을 수 있습니다. " * 150
    segments = [
        {"id": 7, "text": TEXTS[0]}, {"id": 3, "text": "  "}, {"id": 9, "text": said},
        {"id": 1, "text": TEXTS[1]},
    ]  # fmt: skip
    agent = answering()
    async with client_of(FakeEngine(), agent) as client:
        ask = {"segments": segments, "target_language": "ja"}
        body = (await client.post("/translate", json=ask)).json()
    parts = sum(ask.data.count('"id": 9') for ask in agent.asked)
    line = "これは日本語です。"
    assert parts > 1
    assert body["lines"] == [
        {"segment_id": 7, "text": line},
        {"segment_id": 9, "text": " ".join([line] * parts)},
        {"segment_id": 1, "text": line},
    ]
    assert body["text"] == "\n".join(made["text"] for made in body["lines"])


async def test_translated_lines_are_masked() -> None:
    """MASK_PII holds for a number that the LLM wrote itself, in the text and in its line."""
    answer = {"lines": [{"id": n, "text": "電話は010-1234-5678です。"} for n in (7, 8, 9)]}
    async with client_of(FakeEngine(), answering(translate=answer), mask_pii=True) as client:
        response = await client.post("/translate", json={**CALL, "target_language": "ja"})
    body = response.json()
    assert [line["text"] for line in body["lines"]] == ["電話は***-****-****です。"] * 3
    assert body["text"].splitlines() == ["電話は***-****-****です。"] * 3


async def test_a_translation_that_leaves_lines_out_is_refused() -> None:
    """Half a call is no call."""
    answer = {"lines": [{"id": 0, "text": "これは日本語です。"}]}
    async with client_of(engine(), answering(translate=answer)) as client:
        body = await transcribed(client, translate_to="ja")
    assert body["translation"]["text"] is None
    assert "leaves lines out" in body["translation"]["error_reason"]


async def test_the_same_language_is_no_translation_and_no_failure() -> None:
    """Korean into Korean: null, `same_language`, no dummy."""
    async with client_of(engine(), answering()) as client:
        response = await client.post(
            "/transcribe", files={"file": WAV}, data={"translate_to": "ko"}
        )
    assert response.json()["translation"]["error_reason"] == "same_language"
    assert "x-dummy" not in response.headers


# The routes for a call that is text already.


async def test_routes_answer_the_result_object() -> None:
    """Each route answers its result, with what every answer has."""
    async with client_of(FakeEngine(), answering()) as client:
        bodies = [
            (await client.post(path, json=CALL | extra)).json()
            for path, extra in zip(
                ROUTES, ({}, {"product": "보장성"}, {}, {"target_language": "ja"}), strict=True
            )
        ]
    assert all(body["success"] and body["request_id"] for body in bodies)
    assert bodies[0]["label"] == "해지"
    assert bodies[0]["evidence"][0]["segment_id"] == 8
    assert bodies[1]["product"] == "protection"
    assert bodies[2]["method"] == "llm"
    assert bodies[3]["language"] == "ja"


async def test_channels_of_a_split_call_tell_who_speaks() -> None:
    """A call that comes as segments is read as its recording would be."""
    said = ((0, TEXTS[0]), (1, TEXTS[1]), (0, TEXTS[2]), (1, "네 알겠습니다."))
    segments = [
        {"id": n, "text": text, "channel": channel} for n, (channel, text) in enumerate(said)
    ]
    async with client_of(engine()) as client:
        call = {"segments": segments, "product": "보장성"}
        body = (await client.post("/validate/incomplete-sales", json=call)).json()
    assert body["roles"] == "channels"


async def test_plain_text_tells_speakers_by_its_prefixes() -> None:
    """`상담원:` and `고객:` at the beginning of lines say who speaks."""
    text = "상담원: 가입에 동의하십니까?\n고객: 네, 동의합니다."
    async with client_of(FakeEngine(), FakeAgent(configured=False)) as client:
        response = await client.post(
            "/validate/incomplete-sales", json={"text": text, "product": "예금"}
        )
    consent = next(e for e in response.json()["elements"] if e["id"] == "customer_consent")
    assert consent["status"] == "met"
    assert consent["evidence"][0]["quote"] == "네, 동의합니다."


@pytest.mark.parametrize(
    ("body", "names"),
    [
        ({}, "text: send either text or segments"),
        ({"text": "a", "segments": []}, "text: send either"),
        ({"text": "  \n"}, "text: empty"),
        ({"segments": []}, "segments: no text"),
        ({"segments": [{"id": 1, "text": "a"}, {"id": 1, "text": "b"}]}, "segments: an id"),
        ({"segments": [{"id": 1, "text": "a", "start": 3, "end": 2}]}, "end: before start"),
        ({"segments": [{"id": 1, "text": "a", "speaker": "boss"}]}, "segments.0.speaker"),
        ({"text": "a", "words": 3}, "words: unknown field"),
        ({"text": "a" * 500_001}, "text: String should have at most 500000"),
        ([1, 2], "valid dictionary"),
    ],
)
@pytest.mark.parametrize("path", ["/classify", "/summarize"])
async def test_a_wrong_body_is_refused_with_the_field(path: str, body: Any, names: str) -> None:
    """422 names the field and the limit."""
    async with client_of(FakeEngine(), answering()) as client:
        response = await client.post(path, json=body)
    assert response.status_code == 422
    assert response.json()["error_code"] == "invalid_option"
    assert names in response.json()["error_reason"]


@pytest.mark.parametrize(
    ("content", "kind", "status", "code"),
    [
        (b"{", "application/json", 422, "malformed_body"),
        (b"\xff", "application/json", 422, "malformed_body"),
        (b"[" * 100_000, "application/json", 422, "malformed_body"),
        (b'{"text": "a"}', "text/plain", 415, "unsupported_body"),
        (b'{"text": "' + b"a" * 9_000_000 + b'"}', "application/json", 413, "upload_too_large"),
    ],
)
async def test_a_body_that_cannot_be_read_is_refused(
    content: bytes, kind: str, status: int, code: str
) -> None:
    """Broken, of another kind, or too large: one clear error each."""
    async with client_of(FakeEngine(), answering()) as client:
        response = await client.post("/classify", content=content, headers={"Content-Type": kind})
    assert (response.status_code, response.json()["error_code"]) == (status, code)


async def test_where_nothing_can_answer_it_is_a_marked_dummy_or_an_error() -> None:
    """A text without a recording cannot be translated but by the LLM."""
    ask = {"text": "안녕하세요 고객님", "target_language": "en"}
    async with client_of(FakeEngine(), FakeAgent(configured=False)) as client:
        dummy = await client.post("/translate", json=ask)
    assert (dummy.status_code, dummy.headers["x-dummy"]) == (200, "agent")
    assert (dummy.json()["text"], dummy.json()["is_dummy"]) == (None, True)
    async with client_of(FakeEngine(), FakeAgent(configured=False), stt_fallback="error") as client:
        error = await client.post("/translate", json=ask)
        rules = await client.post("/validate/incomplete-sales", json=CALL)
    assert (error.status_code, error.json()["error_code"]) == (502, "agent_failed")
    assert rules.status_code == 200, "rules are another way to answer"


async def test_a_call_the_rules_cannot_place_is_a_dummy() -> None:
    """Neither the LLM nor the rules can say: no label, and marked."""
    async with client_of(FakeEngine(), FakeAgent(configured=False)) as client:
        response = await client.post("/classify", json={"text": "음"})
    body = response.json()
    assert (body["label"], body["method"], body["is_dummy"]) == (None, "dummy", True)
    assert body["component_status"]["classification"] is False


async def test_an_analysis_route_needs_the_key() -> None:
    """The routes are closed where keys are set."""
    async with client_of(FakeEngine(), answering(), stt_api_keys="secret") as client:
        refused = [(await client.post(path, json=CALL)).status_code for path in ROUTES]
    assert refused == [401] * 4


async def test_health_tells_of_the_llm_without_asking_it() -> None:
    """Configured, available, its model; and why not."""
    async with client_of(FakeEngine(), answering()) as client:
        up = (await client.get("/health")).json()
    async with client_of(FakeEngine(), FakeAgent(configured=False)) as client:
        down = (await client.get("/health")).json()
    assert up["agent"] == {
        "configured": True, "available": True, "type": "vllm", "model": "fake",
        "error_reason": None,
    }  # fmt: skip
    assert up["component_status"]["vllm"] is True
    assert down["agent"]["error_reason"] == "AGENT_URL: not set"
    assert down["status"] == "healthy", "the engine works; the rules answer"


async def test_info_names_labels_and_products() -> None:
    """What may be asked for can be looked up."""
    async with client_of() as client:
        body = (await client.get("/info")).json()
    assert "해지" in body["labels"]
    assert "변액" in body["products"]


# Personal data.

NUMBERS = ("제 번호는 010-1234-5678이고", "주민번호는 900101-1234567입니다")


async def test_personal_data_is_masked_where_it_is_asked_for() -> None:
    """MASK_PII=1 masks text, segments and analyses; the LLM never sees the numbers."""
    agent = answering(summarize={"summary": "전화 010-1234-5678"})
    async with client_of(engine(*NUMBERS), agent, mask_pii=True) as client:
        body = await transcribed(client, classify="1", summarize="1")
    everything = json.dumps(body, ensure_ascii=False) + str(agent.asked)
    for secret in ("1234-5678", "1234567", "900101"):
        assert secret not in everything
    assert body["segments"][0]["text"] == "제 번호는 ***-****-****이고"


async def test_personal_data_stays_without_the_setting() -> None:
    """A transcript is a record: it is changed only on request."""
    async with client_of(engine(*NUMBERS)) as client:
        body = await transcribed(client)
    assert body["segments"][0]["text"] == NUMBERS[0]


async def test_a_number_over_two_segments_is_masked_in_a_stream() -> None:
    """A segment waits for the next, with which it may share a number."""
    used = engine("전화번호가 010 1234", "5678 입니다.", "네 알겠습니다.")
    async with client_of(used, mask_pii=True) as client:
        data = {"stream": "true"}
        response = await client.post("/transcribe", files={"file": WAV}, data=data)
    events = events_of(response.text)
    segments = [event for name, event in events if name == "segment"]
    assert [segment["text"] for segment in segments] == [
        "전화번호가 *** ****", "**** 입니다.", "네 알겠습니다.",
    ]  # fmt: skip
    assert events[-1][1]["segments"] == segments


async def test_logs_mask_personal_data_always(caplog: pytest.LogCaptureFixture) -> None:
    """LOG_TRANSCRIPTS lets words into the log, not numbers of persons."""
    caplog.set_level(logging.INFO)
    async with client_of(engine(*NUMBERS), log_transcripts=True) as client:
        await transcribed(client)
    assert "제 번호는" in caplog.text
    assert "5678" not in caplog.text
    assert "1234567" not in caplog.text
