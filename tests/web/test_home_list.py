"""The list of `/`: each state in words, what can be done, search, filters and pages."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Any

import pytest

from serving.errors import Fault
from tests.web.home_pages import CREATED, ID, a_list, a_transcript, a_view, an_item, hooks, page_of
from web_ui.records import STATES, State
from web_ui.views import Filters, Hit, ListItem

HOSTILE = '<script>alert("1")</script>&amp;'
HIT = Hit(12, 192.4, "중도에 ", "해지", "하시면")
FOUND = Filters(q="해지 환급", state="done", since=date(2026, 11, 1))


def texts(view_items: list[ListItem], language: str = "en", **changes: Any) -> str:
    return page_of(a_view(*view_items, **changes), language).text


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ("uploading", "Uploading"),
        ("queued", "Waiting"),
        ("running", "Transcribing"),
        ("done", "Done"),
        ("dummy", "[Dummy] Dummy"),
        ("failed", "Failed"),
        ("cancelled", "Cancelled"),
    ],
)
def test_every_state_has_its_words(state: State, words: str) -> None:
    """A chip says it, and the line carries it for script."""
    page = page_of(a_view(an_item(state)), "en")
    line = hooks(page, "item")[0]
    assert (line["data-state"], line["data-id"]) == (state, ID)
    assert words in page.text
    assert len(hooks(page, "chip")) == 1


@pytest.mark.parametrize(
    ("phase", "words"), [("translate", "Translating"), ("analyse", "Analysing")]
)
def test_what_is_being_done_is_said(phase: str, words: str) -> None:
    """Of a running one, the phase it is in."""
    assert words in texts([an_item("running", phase=phase)])


@pytest.mark.parametrize("state", STATES)
def test_a_dummy_looks_like_nothing_else(state: State) -> None:
    """Stripes, the mark, and the reason; no other state has any of them."""
    reason = "there is no model base in models"
    page = page_of(a_view(an_item(state, is_dummy=state == "dummy", error_reason=reason)), "en")
    is_dummy = state == "dummy"
    assert bool(page.with_class("item-dummy")) is is_dummy
    assert bool(page.with_class("chip-dummy")) is is_dummy
    assert ("[Dummy]" in page.text) is is_dummy
    assert ("This is a placeholder, not a transcript." in page.text) is is_dummy
    assert ("The files of the speech model were not found." in page.text) is is_dummy


@pytest.mark.parametrize(
    ("state", "acts"),
    [
        ("uploading", ["cancel", "delete"]),
        ("queued", ["cancel", "delete"]),
        ("running", ["cancel", "delete"]),
        ("done", ["delete"]),
        ("dummy", ["retry", "delete"]),
        ("failed", ["retry", "delete"]),
        ("cancelled", ["retry", "delete"]),
    ],
)
def test_what_can_be_done_depends_on_the_state(state: State, acts: list[str]) -> None:
    """Small forms that work without script, each named for what it acts on."""
    page = page_of(a_view(an_item(state)), "en")
    forms = [form for form in hooks(page, "act") if "action" in form]
    assert [form["action"] for form in forms] == [f"/transcripts/{ID}/{act}" for act in acts]
    assert {form["method"] for form in forms} == {"post"}
    names = [each["aria-label"] for each in page.all("button") if "aria-label" in each]
    assert all("해지 상담" in name for name in names)


@pytest.mark.parametrize(
    ("left", "words"),
    [(4.0, "nearly done"), (31.0, "about 40 s left"), (61.0, "about 2 min left"),
     (7290.0, "about 2 h 1 min left"), (None, "")],
)  # fmt: skip
def test_progress_is_told(left: float | None, words: str) -> None:
    """How far, of how much, and how long it will still take where that can be told."""
    page = page_of(a_view(an_item("running", seconds_done=187.0, seconds_left=left)), "en")
    bar = next(each for each in hooks(page, "bar") if "hidden" not in each)
    assert bar["value"] == "0.2480"
    assert "해지 상담" in bar["aria-label"]
    assert "03:07 / 12:34" in page.text
    assert words in page.text
    assert words or "left" not in page.text.replace("left and right", "")


def test_upload_shows_its_bytes() -> None:
    """Of a recording on its way, how much has come."""
    page = page_of(a_view(an_item("uploading", uploaded_bytes=12_000_000)), "en")
    bar = next(each for each in hooks(page, "bar") if "hidden" not in each)
    assert (bar["max"], bar["value"]) == ("48000000", "12000000")
    assert "12.0 MB / 48.0 MB" in page.text


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("engine_away", "the speech engine cannot be reached"),
        ("engine_silent", "does not answer"),
        ("engine_broken", "answer could not be read"),
        ("engine_refused", "refuses our requests"),
        ("queue_full", "the speech engine is busy"),
        ("draining", "is restarting"),
        ("model_unavailable", "model is not ready"),
        ("model_loading", "model is loading"),
        ("transcription_failed", "the recognition failed"),
        ("storage_full", "no room to store it"),
        ("new_in_2030", "cannot be transcribed at the moment"),
    ],
)
def test_waiting_says_why_and_until_when(code: str, words: str) -> None:
    """In words, with the moment of the next try."""
    retry_at = CREATED + timedelta(seconds=40)
    page = page_of(a_view(an_item("queued", wait_code=code, retry_at=retry_at)), "en")
    assert words in page.text
    assert "next try 01:20 UTC" in page.text
    assert hooks(page, "item")[0]["data-wait"] == code


@pytest.mark.parametrize(("ahead", "words"), [(3, "3 before it"), (0, "Starts in a moment")])
def test_place_in_the_queue_is_said(ahead: int, words: str) -> None:
    """How many are taken first."""
    assert words in texts([an_item("queued", ahead=ahead)])


def test_failure_says_what_to_do() -> None:
    """In the words of its code; a code nobody knows is an unexpected error."""
    assert "Save it in another format" in texts([an_item("failed", error_code="invalid_audio")])
    assert "Something unexpected" in texts([an_item("failed", error_code="new_in_2030")])
    assert "Something unexpected" in texts([an_item("failed")])


@pytest.mark.parametrize(
    ("seconds", "words"), [(42.4, "42 s"), (754.2, "12 min 34 s"), (3723.0, "1 h 02 min")]
)
def test_line_tells_what_it_is(seconds: float, words: str) -> None:
    """Verdict, kind of call, language, length and moment, each with its name for a reader."""
    item = an_item(duration=seconds, label="가입 권유", verdict="incomplete")
    page = page_of(a_view(item), "en")
    for told in ("Incomplete sale", "가입 권유", "Korean", words, "11-22 01:20 UTC"):
        assert told in page.text
    assert hooks(page, "verdict")[0]["data-verdict"] == "incomplete"
    assert {"datetime": "2026-11-22T01:20:00Z"} in page.all("time")


@pytest.mark.parametrize("verdict", ["complete", "incomplete", "review"])
def test_verdicts_differ_by_more_than_colour(verdict: str) -> None:
    """Each has words of its own, and a colour beside them."""
    page = page_of(a_view(an_item(verdict=verdict)), "ko")
    kinds = {"complete": "chip-good", "incomplete": "chip-danger", "review": "chip-warn"}
    assert kinds[verdict] in hooks(page, "verdict")[0]["class"]


def test_hits_stand_in_context_and_lead_to_their_second() -> None:
    """Marked, with a link to the segment and its second; the rest is counted."""
    item = an_item(hits=(HIT,), hit_count=9)
    page = page_of(
        a_view(item, filters=Filters(q="해지"), listed=a_list(item, split_search=True)), "en"
    )
    assert f"/transcripts/{ID}?t=192.40#s-12" in [link.get("href") for link in page.all("a")]
    assert "03:12 listen from here: 중도에 해지하시면" in page.text
    assert len(page.all("mark")) == 1
    assert "8 more" in page.text
    assert "do not stand side by side" in page.text


def test_filters_in_force_can_be_removed_one_by_one() -> None:
    """Each is a link to the list without it."""
    page = page_of(a_view(an_item(), filters=FOUND), "en")
    links = {link["data-remove"]: link["href"] for link in hooks(page, "remove")}
    assert links.keys() == {"q", "state", "since"}
    assert links["q"] == "/?state=done&since=2026-11-01"
    assert links["since"] == "/?q=%ED%95%B4%EC%A7%80+%ED%99%98%EA%B8%89&state=done"
    assert "1 found" in page.text
    assert page.title.startswith("해지 환급 – ")


def test_search_form_holds_what_was_asked() -> None:
    """A GET form of its own, with the fields of the list's address, filled in."""
    page = page_of(a_view(an_item(), filters=FOUND), "en")
    form = hooks(page, "search")[0]
    assert (form["method"], form["action"], form["role"]) == ("get", "/", "search")
    fields = {each.get("name"): each for tag in ("input", "select") for each in page.all(tag)}
    assert {"q", "state", "verdict", "language", "since", "until"} <= fields.keys()
    assert (fields["q"]["value"], fields["since"]["value"]) == ("해지 환급", "2026-11-01")
    assert "hidden" not in form


@pytest.mark.parametrize(
    ("page", "numbers"),
    [(1, [1, 2, 3, 500]), (5, [1, 3, 4, 5, 6, 7, 500]), (500, [1, 498, 499, 500])],
)
def test_pages_are_links_that_keep_the_filters(page: int, numbers: list[int]) -> None:
    """The ends and the neighbours; this one is marked."""
    listed = a_list(an_item(), total=10_000, page=page)
    shown = page_of(a_view(filters=Filters(state="done"), listed=listed), "en")
    links = [link for link in hooks(shown, "page-link") if "aria-label" in link]
    assert [int(link["aria-label"].split()[1]) for link in links] == numbers
    assert [link["aria-label"] for link in links if "aria-current" in link] == [f"Page {page}"]
    wanted = [re.sub(r"&page=1$", "", f"/?state=done&page={number}") for number in numbers]
    assert [link["href"] for link in links] == wanted
    assert "10,000 found" in shown.text


@pytest.mark.parametrize(("rel", "page"), [("prev", 1), ("next", 3)])
def test_ends_have_no_way_on(rel: str, page: int) -> None:
    """Nothing before the first page, nothing after the last."""
    shown = page_of(a_view(listed=a_list(an_item(), total=60, page=page)))
    assert rel not in [link.get("rel") for link in shown.all("a")]


def test_before_the_first_recording_there_is_a_way_in() -> None:
    """What to do, a file to try it with, and nothing to search."""
    page = page_of(a_view(), "en")
    assert len(hooks(page, "empty")) == 1
    assert "audio/samples/test_ko_1min.wav" in page.text
    assert "hidden" in hooks(page, "search")[0]
    assert hooks(page, "items") == []


def test_no_match_is_not_an_empty_service() -> None:
    """It says so, and offers to take the filters away."""
    page = page_of(a_view(filters=Filters(q="없는 말")), "en")
    assert len(hooks(page, "none")) == 1
    assert hooks(page, "empty") == []
    assert "hidden" not in hooks(page, "search")[0]
    assert {link["href"] for link in hooks(page, "remove-all")} == {"/"}


@pytest.mark.parametrize("code", ["database_broken", "database_busy", "invalid_option"])
def test_list_that_cannot_be_read_is_not_an_empty_one(code: str) -> None:
    """Nobody is told that there is nothing where nobody could look."""
    page = page_of(a_view(fault=Fault(503, code, "no")), "en")
    assert len(hooks(page, "unread")) == 1
    assert hooks(page, "empty") == []
    assert page.title.startswith("Something went wrong")


@pytest.mark.parametrize("title", [HOSTILE, "가" * 200, "تسجيل مكالمة", "a" * 200])
def test_names_of_any_kind_are_only_names(title: str) -> None:
    """Escaped everywhere they stand, and kept apart from the text around them."""
    page = page_of(a_view(an_item("failed", title=title)))
    assert title in page.text
    assert hooks(page, "item")[0]["data-title"] == title
    assert not any("alert" in each.get("src", "") for each in page.all("script"))
    assert len(page.all("script")) == 2
    assert page.all("bdi")


def test_address_of_the_list_names_only_what_is_chosen() -> None:
    """Page 1 goes without saying, and so does a filter that is not there."""
    assert Filters().address() == "/"
    assert Filters().address(page=2) == "/?page=2"
    assert FOUND.address(page=3, without="q") == "/?state=done&since=2026-11-01&page=3"


def test_rerun_of_a_real_one_keeps_no_mark() -> None:
    """A dummy that was tried again and succeeded is a transcript like any other."""
    item = ListItem(a_transcript("done", is_dummy=False))
    assert page_of(a_view(item)).with_class("item-dummy") == []
