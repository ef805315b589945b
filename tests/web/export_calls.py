"""Calls to export: small ones made for one test, and a whole one with everything in it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from web_ui.exports import Exported, export
from web_ui.exports.options import ExportOptions, Format
from web_ui.records import (
    Analysis,
    FullTranscript,
    Options,
    Override,
    Passage,
    Segment,
    Speaker,
    Transcript,
)
from web_ui.views import ComplianceView, ElementLine, Quote
from web_ui.words import Words

WRITTEN: tuple[Format, ...] = ("txt", "srt", "vtt", "tsv")

NOON = datetime(2026, 7, 14, 3, 5, tzinfo=UTC)
SPEAKERS = (Speaker("A", "김하늘", "agent"), Speaker("B", "", "customer"))


def transcript(**changes: Any) -> Transcript:
    """A finished Korean one of a minute."""
    finished = Transcript(
        key=1,
        id="0f3c",
        title="암보험 가입 상담",
        file_name="call-0714.wav",
        file_bytes=1_000_000,
        state="done",
        phase="analyse",
        created_at=NOON,
        updated_at=NOON + timedelta(minutes=3),
        options=Options(),
        seconds_done=61.4,
        seconds_total=61.4,
        language="ko",
        duration=61.4,
        backend="faster-whisper",
        model="base",
    )
    return replace(finished, **changes)


def call(*segments: Segment, speakers: tuple[Speaker, ...] = (), **changes: Any) -> FullTranscript:
    """A transcript of these segments."""
    return FullTranscript(transcript(**changes), segments, speakers=speakers)


def said(text: str, start: float = 0.0, end: float = 3.4, **more: Any) -> Segment:
    return Segment(number=more.pop("number", 0), start=start, end=end, text=text, **more)


def dummy(*segments: Segment, **changes: Any) -> FullTranscript:
    """One that could not be transcribed; its segments, if any, are real."""
    text = "[Dummy] Transcription of call-0714.wav (61.4 s, 1 channel)"
    told = {"state": "dummy", "is_dummy": True, "dummy_text": text, "language": None, **changes}
    return call(*segments, **told)


def exported(full: FullTranscript, format: Format, **options: Any) -> Exported:
    return export(full, ExportOptions(format, **options), Words("ko"), as_json=dict)


def text_of(full: FullTranscript, format: Format, **options: Any) -> str:
    return exported(full, format, **options).content.decode()


def whole_call() -> FullTranscript:
    """A sale of an insurance: two speakers, an edit, a translation, all analyses, overrides."""
    segments = (
        said("한빛생명 김하늘입니다.", 0.0, 2.5, speaker="A", translation="This is Kim of Hanbit."),
        said("네, 말씀하세요.", 2.8, 4.0, number=1, speaker="B", translation="Yes, go on."),
        said("월 보험료는 오만 원입니다.", 4.2, 8.0, number=2, speaker="A",
             translation="50,000 won.", original_text="월 보험료는 오마 원입니다."),
        said("이해했습니다.", 3605.5, 3607.0, number=3, speaker="B"),
    )  # fmt: skip
    passages = (
        Passage("withheld", 20.0, 31.0, "시청해 주셔서 감사합니다.", "known_phrase"),
        Passage("gap", 40.0, 44.5),
    )
    return FullTranscript(
        transcript(duration=3610.0, segment_count=4, warnings=("2 blocks could not be decoded",)),
        segments,
        passages,
        SPEAKERS,
        {kind: _analysis(kind, result) for kind, result in _RESULTS.items()},
        overrides(),
    )


def overrides() -> tuple[Override, ...]:
    return (
        Override("", "incomplete", "complete", "녹음 확인 결과 이상 없음", "박검토",
                 NOON + timedelta(days=2)),
        Override("coverage", "missing", "met", "12분에 설명함", "이심사", NOON + timedelta(days=1)),
    )  # fmt: skip


def compliance(**changes: Any) -> ComplianceView:
    """The check of `whole_call`, two reviewers later."""
    by_reviewer, by_other = overrides()
    elements = (
        ElementLine("identity", "소속·성명 고지", "설명의무", "met", "met", "rules",
                    (Quote("한빛생명 김하늘입니다.", 0, 0.0, 2.5, "agent"),), ()),
        ElementLine("coverage", "보장 내용 설명", "설명의무", "met", "missing", "rules", (),
                    (by_other,)),
        ElementLine("certainty_claim", "단정적 판단 제공", "부당권유행위 금지", "unclear",
                    "unclear", "llm", (), (), "원금이 보장된다고 들릴 수 있음",
                    "evidence_not_found"),
    )  # fmt: skip
    checked = ComplianceView(
        verdict="complete",
        machine_verdict="incomplete",
        score=72.5,
        product="protection",
        product_inferred=True,
        pack="protection 1.0",
        elements=elements,
        overrides=(by_reviewer,),
        warnings=("product: inferred as 보장성 보험",),
        is_dummy=False,
        is_stale=False,
        error_reason=None,
    )
    return replace(checked, **changes)


_RESULTS: dict[str, dict[str, Any]] = {
    "classification": {"label": "가입", "confidence": 0.834, "method": "rules", "is_dummy": False},
    "summary": {"text": "암보험을 안내했다.", "method": "llm", "is_dummy": False},
    "translation": {"text": "This is Kim of Hanbit.", "language": "en", "is_dummy": False},
    "incomplete_sales": {"verdict": "incomplete", "is_dummy": False},
}


def _analysis(kind: Any, result: dict[str, Any]) -> Analysis:
    return Analysis(kind, result, None, NOON + timedelta(minutes=3))
