"""`/transcripts/{id}` in every state: what it says, what it offers, and that nothing gets in."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace

import pytest

from serving.errors import Fault
from tests.web.export_calls import call, said
from tests.web.harness import Page
from tests.web.transcript_pages import (
    NONCE,
    hooks,
    hostile_view,
    html_of,
    page_of,
    states,
    view_of,
    whole_view,
)
from web_ui.records import Passage, Speaker, Word
from web_ui.views import TranscriptView

STATES = states()
EVERY = pytest.mark.parametrize("name", sorted(STATES))


@EVERY
@pytest.mark.parametrize("language", ["ko", "en"])
def test_nothing_runs_but_what_has_the_nonce(name: str, language: str) -> None:
    """No style and no handler stands in the page; every script and sheet carries its nonce."""
    page = page_of(STATES[name], language)
    assert not [tag for tag, attrs in page.elements if "style" in attrs]
    assert not [
        (tag, attr) for tag, attrs in page.elements for attr in attrs if attr.startswith("on")
    ]
    assert page.all("style") == []
    loaded = [*page.all("script"), *(link for link in page.all("link") if link["rel"] != "icon")]
    assert {each.get("nonce") for each in loaded} == {NONCE}
    assert all(each["src"].startswith("/static/") for each in page.all("script"))


@EVERY
def test_ids_occur_once_and_every_field_has_a_name(name: str) -> None:
    """Each field has a label, ids occur once, and what is pointed at is there."""
    page = outside_templates(STATES[name])
    ids = Counter(attrs["id"] for _, attrs in page.elements if "id" in attrs)
    assert [id for id, times in ids.items() if times > 1] == []
    labelled = {label.get("for") for label in page.all("label")}
    fields = [each for tag in ("input", "select", "textarea") for each in page.all(tag)]
    shown = [each for each in fields if each.get("type") not in ("hidden", "radio", "checkbox")]
    # Those without an id stand inside their label.
    assert [each for each in shown if each.get("id") and each["id"] not in labelled] == []
    pointed = {attrs[name] for _, attrs in page.elements for name in attrs if name in POINTERS}
    assert {id for value in pointed for id in value.split()} <= set(ids)


POINTERS = ("aria-labelledby", "aria-describedby")


def outside_templates(view: TranscriptView) -> Page:
    return Page(re.sub(r"<template.*?</template>", "", html_of(view), flags=re.S))


@pytest.mark.parametrize("language", ["ko", "en"])
def test_hostile_text_stays_text(language: str) -> None:
    """Whatever a title, a name, a text or a reason holds, no element comes of it."""
    html = html_of(hostile_view(), language)
    page = Page(html)
    assert "<script>alert" not in html
    assert page.all("img") == []
    assert "49" not in page.title
    assert page.text.count("alert(1)") > 20


@EVERY
def test_every_state_says_what_it_is(name: str) -> None:
    """A chip, a title and the parts of the page are there whatever happened."""
    page = page_of(STATES[name])
    assert len(page.with_class("chip")) >= 1
    assert {"call", "text", "lines", "panel", "compliance", "speakers", "facts"} <= {
        attrs.get("id") for _, attrs in page.elements
    }


def test_lines_hold_their_times_and_speakers() -> None:
    """A segment has its number, its stretch, its speaker by name, and a link to hear it."""
    page = page_of(whole_view())
    line = next(attrs for attrs in page.all("li") if attrs.get("id") == "s-2")
    assert (line["data-start"], line["data-end"], line["data-who"]) == ("4.2", "8.0", "A")
    assert {"href": "/api/transcripts/0f3c/audio#t=4.2", "class": "line-time"} in page.all("a")
    assert "김하늘" in page.text
    # Nobody gave a name to the other.
    assert "고객" in page.text
    assert [attrs["class"] for attrs in page.with_class("line-who")][:2] == [
        "line-who who-1",
        "line-who who-2",
    ]


def test_a_turn_names_its_speaker_once() -> None:
    """The second of two segments of one speaker is marked as a part of the same turn."""
    full = call(
        said("네.", 0, 1, speaker="ch0"),
        said("그럼요.", 1, 2, number=1, speaker="ch0"),
        said("아니요.", 2, 3, number=2, speaker="ch1"),
        speakers=(Speaker("ch0", "가"), Speaker("ch1", "나")),
    )
    page = page_of(view_of(full))
    assert [attrs["id"] for attrs in page.with_class("line-same")] == ["s-1"]


def test_doubtful_words_are_marked() -> None:
    """A word that the model doubts is marked, with words for it; the text itself stays whole."""
    words = (Word(0, 1, "보험", 0.9), Word(1, 2, "해지", 0.2))
    page = page_of(view_of(call(said("보험 해지", words=words))))
    marks = page.with_class("doubt")
    assert marks[-1]["title"] == "확신이 낮은 말"
    assert "보험 해지" in page.text


def test_an_edit_keeps_the_original_within_reach() -> None:
    """What the engine wrote stands beside what a person made of it."""
    page = page_of(whole_view())
    assert len(page.with_class("line-edited")) == 1 + len(templates(page))
    assert "월 보험료는 오마 원입니다." in page.text


def templates(page: Page) -> list[dict[str, str]]:
    return [attrs for attrs in page.all("template") if attrs.get("id") == "edited-template"]


def test_what_is_no_text_stands_apart() -> None:
    """Withheld passages and gaps have their place and their reason, and links lead to them."""
    page = page_of(whole_view())
    assert [attrs["id"] for attrs in page.with_class("line-none") if "id" in attrs] == [
        "p-0",
        "p-1",
    ]
    assert "모델이 흔히 지어내는 문구" in page.text
    assert {"#p-0", "#p-1"} <= {attrs.get("href") for attrs in page.all("a")}


def test_coverage_is_drawn_without_styles() -> None:
    """The bar under the waveform is made of rectangles in per cent; its figures are in words."""
    full = call(said("네.", 0, 30), speech_seconds=43.6, transcribed_seconds=41.2)
    page = page_of(view_of(full))
    assert page.with_class("coverage-said")[0]["width"] == "48.86"
    assert "말소리 43.6초 중 41.2초 분량을 글로 옮겼습니다." in page.text


def test_without_script_a_segment_can_be_corrected() -> None:
    """`?edit=` opens a form in the segment's place, with the text that it replaces."""
    page = page_of(whole_view(extra={"edit": "2"}))
    forms = [
        form for form in page.all("form") if form.get("action") == "/transcripts/0f3c/segments/2"
    ]
    assert len(forms) == 1
    assert {"was", "text", "speaker", "restore"} <= {
        each.get("name")
        for tag in ("input", "textarea", "select", "button")
        for each in page.all(tag)
    }
    assert {"class": "line-edit", "href": "?edit=3#s-3"} in page.all("a")


def test_without_script_everything_else_has_a_form() -> None:
    """Title, speakers, verdicts, cancelling, trying again, analysing and deleting."""
    done = {
        form["action"].rpartition("/")[2]
        for form in page_of(whole_view()).all("form")
        if "action" in form
    }
    assert {"title", "speakers", "overrides", "analyse", "delete", "export"} <= done
    assert "cancel" in actions("running")
    assert "retry" in actions("failed")
    assert "retry" in actions("dummy")
    assert not {"cancel", "retry"} & done


def actions(name: str) -> set[str]:
    forms = page_of(STATES[name]).all("form")
    return {form["action"].rpartition("/")[2] for form in forms if "action" in form}


def test_export_asks_for_one_value_each() -> None:
    """A choice is always said: what is not chosen cannot be mistaken for what is chosen."""
    page = page_of(whole_view())
    assert [each["value"] for each in page.all("input") if each.get("name") == "format"] == [
        "txt", "docx", "srt", "vtt", "tsv", "json",
    ]  # fmt: skip
    names = [each.get("name") for each in page.all("select")]
    assert [names.count(name) for name in ("speakers", "times", "translation")] == [1, 1, 1]
    plain = page_of(STATES["plain"])
    assert "translation" not in [each.get("name") for each in plain.all("select")]


@pytest.mark.parametrize(
    ("language", "title", "reason"),
    [("ko", "이것은 받아쓴 글이 아닙니다", "음성 인식 모델 파일을 찾지 못했습니다."),
     ("en", "This is not a transcript", "The files of the speech model were not found.")],
)  # fmt: skip
def test_a_dummy_cannot_be_missed(language: str, title: str, reason: str) -> None:
    """A banner with the reason, a mark on the text, a mark in the browser's tab."""
    page = page_of(STATES["dummy"], language)
    banner = page.with_class("notice-dummy")
    assert [each.get("role") for each in banner] == ["alert"]
    assert title in page.text
    assert reason in page.text
    assert len(hooks(page, "dummy-text")) == 1
    assert page.with_class("mark")
    assert page.title.startswith({"ko": "더미:", "en": "Dummy:"}[language])


def test_what_is_real_of_a_dummy_is_said() -> None:
    """Segments that came before it failed are introduced as real, up to where they reach."""
    page = page_of(STATES["partial dummy"])
    assert "처음부터 00:27까지는 실제로 받아쓴 글입니다." in page.text
    assert "00:27 뒤는 받아쓴 글이 아닙니다" in page.text
    assert hooks(page, "dummy-text")
    assert not page_of(STATES["whole"]).with_class("notice-dummy")


@pytest.mark.parametrize(
    ("name", "words"),
    [("failed", "00:27까지 받아쓴 글만 남아 있고, 그 뒤는 없습니다."),
     ("cancelled", "받아쓰기를 취소했습니다"),
     ("waiting", "음성 인식 엔진에 연결되지 않아 기다립니다."),
     ("queued", "앞에 3건"), ("running", "약 50초 남음"),
     ("begun", "첫 글이 나오면 바로 여기에 보입니다."),
     ("silent", "말소리가 들리지 않아 옮길 글이 없습니다."),
     ("nothing kept", "글로 남길 수 있는 말이 없었습니다."),
     ("without recording", "녹음이 남아 있지 않아 들을 수 없습니다.")],
)  # fmt: skip
def test_what_is_missing_is_said(name: str, words: str) -> None:
    """Each state that lacks something says what, in words."""
    assert words in page_of(STATES[name]).text


def test_progress_is_a_progress_bar() -> None:
    """While it runs there is a bar with a value and a name."""
    bars = page_of(STATES["running"]).all("progress")
    assert [bar["value"] for bar in bars] == ["0.4528"]
    assert bars[0]["aria-labelledby"] == "work-title"


def test_a_fault_stands_on_the_page() -> None:
    """What a form could not do is said where it was asked for, and the page is whole."""
    page = page_of(whole_view(fault=Fault(409, "wrong_state", "the text was changed")))
    assert [each["data-fault"] for each in hooks(page, "fault")] == ["wrong_state"]
    assert "요청한 일을 하지 못했습니다" in page.text
    assert "월 보험료는" in page.text


def test_panel_alone_leaves_out_the_text() -> None:
    """`?part=panel` is the panel and nothing of hours of speech."""
    html = html_of(whole_view(extra={"part": "panel"}))
    assert 'id="compliance"' in html
    assert 'id="lines"' not in html
    assert "line-text" not in html


def test_long_texts_come_in_parts() -> None:
    """Hours of speech are cut into lists of fifty, so that a browser can leave most of it aside."""
    full = call(*(said("네.", place, place + 0.9, number=place) for place in range(120)))
    page = page_of(view_of(replace(full, passages=(Passage("gap", 200.0, 201.0),))))
    assert len(page.with_class("part")) == 3 + 1  # the last one is the scripts' template
    assert len([attrs for attrs in page.all("li") if attrs.get("id", "").startswith("s-")]) == 120
