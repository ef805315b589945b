"""The Word document: read again with the library that others read it with."""

from __future__ import annotations

import io
import zipfile
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from docx import Document
from docx.document import Document as DocumentObject
from docx.oxml.ns import qn
from docx.table import Table

from tests.web.export_calls import (
    NOON,
    SPEAKERS,
    call,
    compliance,
    dummy,
    said,
    transcript,
    whole_call,
)
from web_ui.exports import Exported, export
from web_ui.exports.options import ExportOptions
from web_ui.records import Analysis, AnalysisKind, FullTranscript, Speaker
from web_ui.views import ComplianceView
from web_ui.words import Words


def exported(full: FullTranscript, check: ComplianceView | None = None, **options: Any) -> Exported:
    wanted = ExportOptions("docx", **options)
    return export(full, wanted, Words("ko"), as_json=dict, compliance=check)


def document_of(
    full: FullTranscript, check: ComplianceView | None = None, **options: Any
) -> DocumentObject:
    return Document(io.BytesIO(exported(full, check, **options).content))


def lines_of(document: DocumentObject) -> list[str]:
    """What a reader reads, downwards: paragraphs, and rows as `cell | cell`."""
    lines = []
    for block in document.iter_inner_content():
        if isinstance(block, Table):
            cells = [[cell.text.replace("\n", " / ") for cell in row.cells] for row in block.rows]
            lines += [" | ".join(row) for row in cells]
        elif block.text:
            lines.append(block.text)
    return lines


def with_analysis(kind: AnalysisKind, result: dict[str, Any] | None, **more: Any) -> FullTranscript:
    made = Analysis(kind, result, more.pop("error_reason", None), NOON, **more)
    return FullTranscript(transcript(), (said("네"),), analyses={kind: made})


def test_whole_document() -> None:
    """Everything a reader needs, in this order, in the reader's language."""
    lines = lines_of(document_of(whole_call(), compliance(), translation="both"))
    at = NOON.astimezone().strftime("%Y-%m-%d %H:%M")
    assert lines[:9] == [
        "암보험 가입 상담",
        "항목 | 내용",
        "녹음 파일 | call-0714.wav",
        next(line for line in lines if line.startswith(f"올린 때 | {at} (UTC")),
        "길이 | 01:00:10",
        "언어 | 한국어",
        "음성 인식 모델 | base · faster-whisper",
        "글의 성격 | 음성 인식으로 받아쓴 글, 사람이 고친 구간 1곳",
        "엔진의 알림: 2 blocks could not be decoded",
    ]
    assert lines[9:13] == ["요약", "암보험을 안내했다.", "분류", "가입 · 확신도 83% · 규칙"]
    assert lines[lines.index("받아쓴 글") :] == [
        "받아쓴 글",
        "00:00:00\t김하늘: 한빛생명 김하늘입니다.",
        "\tThis is Kim of Hanbit.",
        "00:00:02\t고객: 네, 말씀하세요.",
        "\tYes, go on.",
        "00:00:04\t김하늘: 월 보험료는 오만 원입니다. (수정됨)",
        "\t50,000 won.",
        "01:00:05\t고객: 이해했습니다.",
        "부록: 글로 싣지 않은 구간",
        "실제로 말하지 않은 것으로 보여 본문에 싣지 않은 글",
        "시간 | 싣지 않은 이유 | 싣지 않은 글",
        "00:00:20 – 00:00:31 | 모델이 흔히 지어내는 문구 | 시청해 주셔서 감사합니다.",
        "말소리가 들렸지만 글로 옮기지 못한 구간",
        "00:00:40 – 00:00:44",
    ]


def test_compliance_in_the_document() -> None:
    """The verdict in force and the machine's, each element with its evidence, every override."""
    lines = lines_of(document_of(whole_call(), compliance(is_stale=True)))
    start = lines.index("불완전판매요소 검증")
    section = lines[start + 1 : lines.index("받아쓴 글")]
    assert section[0] == "검증한 뒤에 받아쓴 글이 수정되었습니다. 최신 글로 다시 검증해야 합니다."
    assert section[2] == "최종 판정: 이상 없음"
    assert section[3] == (
        "자동 판정: 불완전판매 의심 · 점수 72.5 (100점 만점) · "
        "상품: 보장성 보험 (통화 내용으로 추정) · 적용 규칙: protection 1.0"
    )
    assert section[5] == (
        "소속·성명 고지 / 설명의무 | 충족 / 규칙 | 00:00:00 상담원 “한빛생명 김하늘입니다.”"
    )
    assert section[6].startswith("보장 내용 설명 / 설명의무 | 충족 / 자동: 누락 / 규칙 | ")
    assert section[7].endswith(" / LLM의 다른 의견: 원금이 보장된다고 들릴 수 있음")
    changes = [line.split(" | ")[1:] for line in section[-2:]]
    assert changes == [
        ["이심사", "보장 내용 설명", "누락 → 충족", "12분에 설명함"],
        ["박검토", "통화 전체", "불완전판매 의심 → 이상 없음", "녹음 확인 결과 이상 없음"],
    ]


def test_check_that_failed_or_was_a_dummy() -> None:
    """Neither can be taken for a result."""
    failed = compliance(elements=(), error_reason="connection failed")
    assert "검증을 마치지 못했습니다." in lines_of(document_of(call(said("네")), failed))
    lines = lines_of(document_of(call(said("네")), compliance(is_dummy=True)))
    assert lines[lines.index("불완전판매요소 검증") + 1].startswith("[Dummy] ")
    assert "최종 판정: [Dummy] 이상 없음" in lines


def test_dummy_is_marked_everywhere() -> None:
    """A red banner first, the mark above every page and before the text; what is real follows."""
    document = document_of(dummy(said("네"), seconds_done=3.4))
    lines = lines_of(document)
    assert lines[0].startswith("[Dummy] 이것은 받아쓴 글이 아닙니다.")
    assert str(document.styles["Warning"].font.color.rgb) == "A8261F"
    assert document.paragraphs[0].style.name == "Warning"  # type: ignore[union-attr]
    assert document.sections[0].header.paragraphs[0].text == "[Dummy]"
    text = lines[lines.index("받아쓴 글") + 1 :]
    assert text[0].startswith("[Dummy] Transcription of call-0714.wav")
    assert "00:00:03까지의 글만" in text[0]
    assert text[1:] == ["00:00:00\t네"]
    assert "글의 성격 | 더미(자리 표시). 00:00:03까지의 글만 실제로 받아쓴 것" in lines


def test_real_transcript_bears_no_mark() -> None:
    """Nothing in it says dummy, not even above its pages."""
    document = document_of(whole_call(), compliance(), translation="both")
    assert "Dummy" not in "".join(lines_of(document))
    assert document.sections[0].header.paragraphs[0].text == ""


def test_unfinished_document_says_so_first() -> None:
    """Below the title, before anything else."""
    full = call(said("네"), state="failed", phase="transcribe", seconds_done=3.4)
    assert lines_of(document_of(full))[1].startswith("[미완성] 받아쓰기가 도중에 실패했습니다.")


def test_without_times_it_is_paragraphs() -> None:
    """What one speaker says is a paragraph, and an edit is still marked where it is."""
    full = call(
        said("하나.", 0, 1, speaker="A", translation="One."),
        said("둘.", 1, 2, number=1, speaker="A", original_text="두."),
        said("셋.", 2, 3, number=2, speaker="B"),
        speakers=SPEAKERS,
    )
    lines = lines_of(document_of(full, times=False, translation="both"))
    assert lines[lines.index("받아쓴 글") + 1 :] == [
        "김하늘: 하나. 둘. (수정됨)",
        "One.",
        "고객: 셋.",
    ]


def test_translation_of_the_whole_has_a_section() -> None:
    """Where lines have none of their own; alone, it stands in place of the text."""
    result = {"text": "Yes.", "language": "en", "is_dummy": False}
    full = with_analysis("translation", result, is_stale=True)
    both = lines_of(document_of(full, translation="both"))
    at = both.index("번역")
    assert both[at + 1] == "Yes."
    assert both[at + 2].startswith("번역한 뒤에 고친 글이 있어")
    assert both[-2:] == ["받아쓴 글", "00:00:00\t네"]
    assert "받아쓴 글" not in lines_of(document_of(full, translation="only"))


@pytest.mark.parametrize(
    ("kind", "result", "told"),
    [
        ("summary", {"text": "첫째.\n둘째.", "method": "extractive"}, ["첫째.", "둘째."]),
        ("summary", {"text": None, "is_dummy": True}, ["[Dummy] ", "결과를 만들지 못했습니다."]),
        ("summary", None, ["결과를 만들지 못했습니다.", "엔진이 알린 이유: timed out"]),
        ("classification", None, ["결과를 만들지 못했습니다.", "엔진이 알린 이유: timed out"]),
        ("classification", {"label": None, "is_dummy": True}, ["[Dummy] 분류하지 못했습니다."]),
        ("classification", {"label": "해지", "confidence": 0.5, "method": "odd", "is_dummy": True},
         ["[Dummy] 해지 · 확신도 50% · odd"]),
    ],
)  # fmt: skip
def test_analyses_are_honest(
    kind: AnalysisKind, result: dict[str, Any] | None, told: list[str]
) -> None:
    """A dummy is marked, what failed says why, and nothing else is said in its place."""
    lines = lines_of(document_of(with_analysis(kind, result, error_reason="timed out")))
    title = "요약" if kind == "summary" else "분류"
    at = lines.index(title) + 1
    assert lines[at : at + len(told)] == told


def test_stale_results_say_so() -> None:
    """A result of the text before it was edited is not one of the text beside it."""
    full = with_analysis("summary", {"text": "요약문", "method": "llm"}, is_stale=True)
    assert "이 결과가 나온 뒤에 글이 수정되었습니다." in lines_of(document_of(full))


def test_korean_has_a_typeface() -> None:
    """Every style names one that has Korean; none is left to the theme, which has none."""
    document = document_of(call(said("네")))
    fonts = list(document.styles.element.iter(qn("w:rFonts")))
    assert {font.get(qn("w:eastAsia")) for font in fonts} == {"Malgun Gothic"}
    assert not [name for font in fonts for name in font.attrib if str(name).endswith("Theme")]
    japanese = document_of(call(said("はい"), language="ja"))
    normal = japanese.styles["Normal"].element
    assert normal.find(f".//{qn('w:rFonts')}").get(qn("w:eastAsia")) == "Yu Gothic"


def test_properties_name_the_call_alone() -> None:
    """Title and language; no author, no software, no path, no time but the transcript's."""
    properties = document_of(call(said("네"))).core_properties
    assert (properties.title, properties.language) == ("암보험 가입 상담", "ko")
    assert (properties.author, properties.comments, properties.last_modified_by) == ("", "", "")
    assert properties.created == datetime(2026, 7, 14, 3, 5, tzinfo=UTC)


def test_hostile_text_keeps_the_document_whole() -> None:
    """Control characters, halves of characters and markup are text, or nothing, in XML."""
    odd = "<w:p/>&amp;\x00\x0b\ud800\uffff]]>\u202e"
    full = call(said(odd, speaker="A"), speakers=(Speaker("A", odd),), title=odd, file_name=odd)
    check = compliance(pack=odd, warnings=(odd,))
    file = exported(full, replace(check, elements=(replace(check.elements[0], name=odd),)))
    with zipfile.ZipFile(io.BytesIO(file.content)) as parts:
        assert parts.testzip() is None
    lines = lines_of(Document(io.BytesIO(file.content)))
    assert lines[-1] == "00:00:00\t<w:p/>&amp; ]]>\u202e: <w:p/>&amp; ]]>\u202e"


def test_tables_are_read_row_by_row() -> None:
    """Each has a head that is repeated on every page, and rows that stay in one piece."""
    for table in document_of(whole_call(), compliance()).tables:
        assert table.rows[0]._tr.find(f".//{qn('w:tblHeader')}") is not None
        assert all(row._tr.find(f".//{qn('w:cantSplit')}") is not None for row in table.rows)


def test_a_call_of_hours_is_written_whole() -> None:
    """Five thousand segments, each a paragraph, on pages with numbers."""
    segments = [said(f"#{n}#", n * 2.0, n * 2.0 + 1.9, number=n) for n in range(5000)]
    document = document_of(call(*segments))
    assert sum(paragraph.text.count("#") for paragraph in document.paragraphs) == 10_000
    fields = document.sections[0].footer._element.iter(qn("w:fldSimple"))
    assert [field.get(qn("w:instr")) for field in fields] == ["PAGE", "NUMPAGES"]


def test_file_of_a_document() -> None:
    """It says that it is one, and is called by the title."""
    file = exported(call(said("네")))
    assert file.file_name == "암보험 가입 상담.docx"
    assert file.media_type.endswith("wordprocessingml.document")
