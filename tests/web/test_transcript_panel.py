"""Beside the text: the check of the sale, the other analyses, and the speakers."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tests.web.export_calls import NOON, call, compliance, said
from tests.web.transcript_pages import hooks, page_of, states, view_of, whole_view
from web_ui.records import Analysis, Options, Override, Speaker
from web_ui.views import FastPassage, Visitor

STATES = states()


def test_a_dummy_analysis_is_marked_in_its_own_place() -> None:
    """Each analysis that is none says so, and why; the real ones do not."""
    told: dict[str, Any] = {"label": None, "confidence": 0.0, "method": "dummy", "evidence": [],
            "is_dummy": True, "error_reason": "AGENT_URL: not set"}  # fmt: skip
    view = whole_view(classification=Analysis("classification", told, None, NOON))
    page = page_of(view)
    assert len(hooks(page, "dummy")) == 1
    assert "LLM이 설정되어 있지 않습니다." in page.text
    checked = page_of(replace(view, compliance=compliance(is_dummy=True)))
    assert len(hooks(checked, "dummy")) == 2


def test_check_puts_first_what_needs_a_person() -> None:
    """Elements stand in groups by status; each quote knows its stretch and its segment."""
    page = page_of(whole_view())
    assert [attrs["data-status"] for attrs in hooks(page, "status")] == ["unclear", "met", "met"]
    quote = hooks(page, "quote")[0]
    assert (quote["data-segment"], quote["data-start"], quote["data-end"]) == ("0", "0.0", "2.5")
    assert quote["href"] == "#s-0"
    assert "LLM의 다른 의견: 원금이 보장된다고 들릴 수 있음" in page.text
    assert "LLM이 든 인용이 글에 없어 받아들이지 않았습니다." in page.text


def test_both_verdicts_stay_on_record() -> None:
    """The one in force, the machine's beside it, and who changed it, when and why."""
    page = page_of(whole_view())
    assert hooks(page, "verdict")[0]["data-verdict"] == "complete"
    assert "자동 점검: 불완전판매 의심" in page.text
    assert "불완전판매 의심 → 이상 없음" in page.text
    assert "박검토" in page.text
    assert "녹음 확인 결과 이상 없음" in page.text
    assert len(hooks(page, "history")) == 2


def test_reviewer_is_asked_for_a_name_only_where_nobody_signs_in() -> None:
    """Without sign-in every verdict needs a name; with it the name is known."""
    assert len(hooks(page_of(whole_view()), "reviewer")) == 4
    signed = whole_view(visitor=Visitor(signs_in=True, name="이검토"))
    assert hooks(page_of(signed), "reviewer") == []


def test_stale_check_asks_to_be_made_again() -> None:
    """After an edit the check says that it no longer fits; before, the note is hidden."""
    fresh, stale = (
        page_of(whole_view(compliance=compliance(is_stale=is_stale))) for is_stale in (False, True)
    )
    assert ["hidden" in note for note in hooks(fresh, "stale")] == [True]
    assert ["hidden" in note for note in hooks(stale, "stale")] == [False]


def test_fast_reading_is_shown() -> None:
    """A statement that was read too fast to follow can be played, with how fast it was."""
    fast = (FastPassage("약관 안내", 2, 4.2, 8.0, 9.1, 1.7),)
    page = page_of(whole_view(compliance=compliance(fast=fast, roles="channels")))
    assert "평소의 1.7배, 1초에 9.1음절" in page.text
    assert "녹음 채널로" in page.text


def test_unknown_reasons_are_shown_as_told() -> None:
    """A reason we have no words for is shown in the engine's own, marked as English."""
    view = whole_view(summary=Analysis("summary", None, "odd <reason>", NOON))
    page = page_of(view)
    assert "LLM이 쓸 수 있는 답을 하지 않았습니다. odd <reason>" in page.text


def test_mixed_calls_can_be_given_speakers() -> None:
    """A call in one channel offers a row for a new speaker; a split one does not."""
    plain = page_of(STATES["plain"])
    assert "name_new" in [each.get("name") for each in plain.all("input")]
    split = view_of(call(said("네.", speaker="ch0"), options=Options(channels="split"),
                         speakers=(Speaker("ch0", ""),)))  # fmt: skip
    names = [each.get("name") for each in page_of(split).all("input")]
    assert "name_ch0" in names
    assert "name_new" not in names


def test_override_of_an_element_without_words_is_shown() -> None:
    """A status that a later version of the check may bring stands as it is."""
    element = replace(
        compliance().elements[0],
        status="met",
        machine_status="borderline",
        overrides=(Override("identity", "borderline", "met", "들었음", "김", NOON),),
    )
    page = page_of(whole_view(compliance=compliance(elements=(element,))))
    assert "borderline → 충족" in page.text
