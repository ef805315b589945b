"""The compliance report: a page to print, complete, honest, and safe with what people wrote."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, get_args

import pytest
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from tests.web.export_calls import NOON, call, compliance, dummy, said, transcript, whole_call
from tests.web.harness import ROOT, Page
from web_ui.catalogue import KOREAN
from web_ui.records import FullTranscript, Role
from web_ui.views import ComplianceView, FastPassage, ListItem, TranscriptView, Visitor, clock
from web_ui.words import Words


def html_of(full: FullTranscript, check: ComplianceView | None, language: str = "ko") -> str:
    """The template as the service fills it."""
    environment = Environment(
        loader=FileSystemLoader(ROOT / "web_ui" / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["clock"] = clock
    view = view_of(full, check)
    told: dict[str, Any] = {"view": view, "t": Words(language), "lang": language, "now": NOON}
    return environment.get_template("report.html").render(
        nonce="n0nce", static=lambda path: f"/static/{path}?v=1", **told
    )


def view_of(full: FullTranscript, check: ComplianceView | None) -> TranscriptView:
    return TranscriptView(
        full=full,
        item=ListItem(full.transcript),
        visitor=Visitor(),
        lines=(),
        stretches=(),
        compliance=check,
        classification=None,
        summary=None,
        translation=None,
        has_audio=False,
        audio_bytes=0,
        request_id="0",
        speakers=full.speakers,
    )


def text_of(full: FullTranscript, check: ComplianceView | None, language: str = "ko") -> str:
    return Page(html_of(full, check, language)).text


def test_report_holds_everything() -> None:
    """The call, both verdicts, the score, each element with its quotes, every override in order."""
    text = text_of(whole_call(), compliance(roles="channels"))
    for told in (
        "제목암보험 가입 상담",
        "녹음 파일call-0714.wav",
        "통화 길이01:00:10",
        "통화자김하늘 (상담원), 고객",
        "상품보장성 보험 (통화 내용으로 추정)",
        "판매자 구별녹음 채널로",
        "최종 판정 이상 없음 검토자가 자동 판정을 변경했습니다.",
        "자동 판정불완전판매 의심",
        "점수72.5 100점 만점",
        "“한빛생명 김하늘입니다.” 00:00:00 · 상담원 김하늘",
        "자동: 누락",
        "LLM의 다른 의견: 원금이 보장된다고 들릴 수 있음",
        "사람이 고친 구간이 1곳 있습니다.",
    ):
        assert told in text
    assert text.index("12분에 설명함") < text.index("녹음 확인 결과 이상 없음")
    assert "Dummy" not in text


def test_report_in_english() -> None:
    """The frame is in the reader's language; what was said stays as it was."""
    text = text_of(whole_call(), compliance(), "en")
    assert "Verdict in force Nothing missing" in text
    assert "“한빛생명 김하늘입니다.” 00:00:00 · Agent 김하늘" in text


@pytest.mark.parametrize(
    ("full", "check", "title"),
    [
        (dummy(), None, "이 통화의 글은 받아쓴 것이 아닙니다"),
        (whole_call(), compliance(is_dummy=True), "이 검증 결과는 실제 결과가 아닙니다"),
    ],
)
def test_dummies_are_marked(full: FullTranscript, check: ComplianceView | None, title: str) -> None:
    """A dummy of a text, or of a check, is marked in the name of the file, above every page, first
    on the page and before the verdict."""
    html = html_of(full, check)
    page = Page(html)
    assert page.title.startswith("[Dummy] ")
    assert page.all("body") == [{"class": "is-dummy"}]
    assert f"[Dummy] {title}" in page.text[: page.text.index("통화 정보")]
    assert check is None or "최종 판정 [Dummy] 이상 없음" in page.text


def test_doubts_are_told() -> None:
    """Text edited since, a text that is not whole, warnings in words, passages read too fast."""
    fast = FastPassage("보장 내용 설명", 0, 0.0, 61.0, 9.24, 1.8)
    warning = "incomplete_sales: rules only, the LLM did not answer: timed out"
    check = compliance(is_stale=True, warnings=(warning, "something new"), fast=(fast,))
    full = replace(whole_call(), transcript=transcript(state="failed", phase="transcribe"))
    text = text_of(full, check)
    assert "검증한 뒤에 받아쓴 글이 수정되었습니다." in text
    assert "받아쓰기가 끝나지 않은 통화입니다." in text
    assert "LLM이 답하지 않아 규칙만으로 검증했습니다. something new" in text
    assert "보장 내용 설명00:00:00 – 00:01:011초에 9.2음절, 중앙값의 1.8배" in text


def test_report_without_a_check() -> None:
    """A call that was not checked, or whose check failed, has a report that says so."""
    assert "검증 결과가 없습니다." in text_of(call(said("네")), None)
    failed = compliance(elements=(), error_reason="transcript_is_dummy")
    assert "검증을 마치지 못했습니다. 받아쓴 글이 더미여서" in text_of(call(said("네")), failed)


def test_unknown_codes_are_shown_as_they_are() -> None:
    """A newer stt-api may say more than there are words for; the page still comes."""
    element = replace(compliance().elements[0], status="partly", method="oracle")
    text = text_of(whole_call(), compliance(elements=(element,), verdict="perhaps", product="pet"))
    assert "최종 판정 perhaps" in text
    assert "partly 자동: 충족 oracle" in text
    assert "상품pet" in text


def test_what_people_wrote_is_text() -> None:
    """Titles, names, reasons and quotes cannot become markup."""
    evil = "<script>alert(1)</script>\"'"
    full = replace(whole_call(), transcript=transcript(title=evil, file_name=evil))
    full = replace(full, overrides=(replace(full.overrides[0], reason=evil, who=evil),))
    html = html_of(full, compliance(pack=evil, warnings=(evil,)))
    assert html.count("<script") == 1
    assert html.count("&lt;script&gt;") == 7


def test_page_needs_no_more_than_the_policy_allows() -> None:
    """Sheets and script carry the nonce; there is no inline style or handler; without the script
    there is no button that does nothing."""
    page = Page(html_of(whole_call(), compliance()))
    sheets = [link for link in page.all("link") if link["rel"] == "stylesheet"]
    assert len(sheets) == 3
    assert [one["nonce"] for one in (*sheets, *page.all("script"))] == ["n0nce"] * 4
    assert all(
        name != "style" and not name.startswith("on") for _, has in page.elements for name in has
    )
    assert "hidden" in page.all("button")[0]


def test_everything_a_check_can_say_has_words() -> None:
    """Verdicts, statuses, methods, roles and products that stt-api knows today."""
    keys = {f"verdict.{name}" for name in ("complete", "incomplete", "review")}
    statuses = ("met", "missing", "violated", "not_applicable", "unclear")
    keys |= {f"check.status.{name}" for name in statuses}
    keys |= {f"method.{name}" for name in ("llm", "rules", "dummy", "extractive")}
    keys |= {f"check.roles.{name}" for name in ("given", "channels", "inferred", "unknown")}
    keys |= {f"role.{name}" for name in get_args(Role)}
    packs = sorted((ROOT / "api_server" / "rules").glob("*.yaml"))
    products = {path.stem for path in packs} - {"common", "labels"}
    keys |= {f"report.product.{name}" for name in products}
    assert keys <= KOREAN.keys()
