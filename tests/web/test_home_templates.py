"""The frame of every page, the engine's strip, and the form that takes recordings."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from serving.errors import Fault
from tests.web.fakes import DUMMY_STATE, NO_MODEL, READY
from tests.web.home_pages import NONCE, a_view, an_item, hooks, html_of, page_of
from web_ui.engine_answers import EngineState
from web_ui.records import STATES
from web_ui.upload_form import FIELDS, UploadForm
from web_ui.views import Filters, HomeView, Visitor

HANDLER = re.compile(r"\son\w+\s*=")
FAULT = Fault(507, "storage_full", "no room")
# One of everything.
FULL = a_view(
    *(an_item(state, id=f"{place:032x}") for place, state in enumerate(STATES)),
    filters=Filters(q="해지", state="done"),
    visitor=Visitor(signs_in=True, name="김검토"),
    engine=DUMMY_STATE,
    fault=FAULT,
    products=("예금", "펀드"),
)


@pytest.mark.parametrize("language", ["ko", "en"])
def test_nothing_runs_but_what_has_the_nonce(language: str) -> None:
    """No style and no handler stands in the page; every script and sheet carries its nonce."""
    html = html_of(FULL, language)
    page = page_of(FULL, language)
    assert not [tag for tag, attrs in page.elements if "style" in attrs]
    assert not HANDLER.search(re.sub(r">[^<]*<", "><", html))
    assert page.all("style") == []
    loaded = [*page.all("script"), *(link for link in page.all("link") if link["rel"] != "icon")]
    assert {each.get("nonce") for each in loaded} == {NONCE}
    assert all(each["src"].startswith("/static/") for each in page.all("script"))


def test_every_field_has_a_name_to_say() -> None:
    """Each field has a label, or a name for those who cannot see one; ids occur once."""
    page = page_of(FULL)
    fields = [each for tag in ("input", "select") for each in page.all(tag)]
    labelled = {label["for"] for label in page.all("label")}
    assert [each for each in fields if each["id"] not in labelled] == []
    ids = Counter(attrs["id"] for _, attrs in page.elements if "id" in attrs)
    assert [id for id, times in ids.items() if times > 1] == []
    for tag in ("progress", "meter", "audio", "dialog", "nav"):
        named = [each for each in page.all(tag) if {"aria-label", "aria-labelledby"} & each.keys()]
        # The bar of an upload has its name once script knows it.
        unnamed = [each for each in page.all(tag) if each not in named and "hidden" not in each]
        assert unnamed == []


def test_every_drawing_is_silent_and_exists() -> None:
    """Icons say nothing: words stand beside them; each is in the file of drawings."""
    page = page_of(FULL)
    drawn = {use["href"].partition("#")[2] for use in page.all("use")}
    assert {svg["aria-hidden"] for svg in page.all("svg")} == {"true"}
    assert all("/icons.svg#" in use["href"] for use in page.all("use"))
    assert {"upload", "mic", "search", "trash", "check", "alert"} <= drawn


def test_form_sends_what_the_api_takes() -> None:
    """A plain form, with the fields of the API and no others; without script it works alone."""
    page = page_of(a_view(products=("예금", "펀드")))
    form = hooks(page, "upload")[0]
    assert (form["method"], form["action"]) == ("post", "/")
    assert form["enctype"] == "multipart/form-data"
    assert form["data-max-bytes"] == str(512 * 1024 * 1024)
    options = ("language", "quality", "channels", "translate_to", "product")
    boxes = {each["name"]: each["value"] for each in page.all("input") if "value" in each}
    assert {"classify", "validate_sales", "summarize"} <= boxes.keys()
    assert {boxes[name] for name in ("classify", "validate_sales", "summarize")} == {"true"}
    sent = {*options, "classify", "validate_sales", "summarize"}
    assert sent <= FIELDS
    named = [
        each["name"] for tag in ("input", "select") for each in page.all(tag) if "name" in each
    ]
    assert sent | {"file"} <= set(named)


def test_choices_survive_a_fault() -> None:
    """What went wrong is said as an alert, and what was chosen stays chosen."""
    form = UploadForm(
        language="ja", quality="fast", channels="split", classify=True, translate_to="en"
    )
    page = page_of(a_view(form=form, fault=FAULT), "en")
    chosen = [option["value"] for option in page.all("option") if "selected" in option]
    assert chosen == ["ja", "fast", "split", "en"]
    ticked = [each["name"] for each in page.all("input") if "checked" in each and "name" in each]
    assert ticked == ["classify"]
    assert hooks(page, "fault")[0]["role"] == "alert"
    assert "no room to store the file" in page.text
    assert "r-1" in page.text
    assert page.title.startswith("There is no transcript")


def test_product_is_asked_for_where_one_can_be_named() -> None:
    """Finding it out comes first; where stt-api names none, nobody is asked."""
    page = page_of(a_view(products=("예금", "펀드")))
    products = [option for option in page.all("option") if option["value"] in {"예금", "펀드"}]
    assert len(products) == 2
    assert "자동 판별" in page.text
    assert hooks(page_of(a_view()), "product") == []


@pytest.mark.parametrize(
    ("engine", "told", "looks"),
    [
        (READY, "Speech engine ready model base", "healthy"),
        (EngineState(True, "loading"), "kept, and transcribed as soon as", "loading"),
        (EngineState(False, "unreachable"), "transcribed when the engine is back", "unreachable"),
        (EngineState(True, "degraded", is_dummy=False), "when the engine is back", "degraded"),
        (DUMMY_STATE, "[Dummy] Nothing is really transcribed", "dummy"),
    ],
)
def test_strip_says_how_the_engine_is(engine: EngineState, told: str, looks: str) -> None:
    """And, where it is away, that what is uploaded is kept and waits for it."""
    page = page_of(a_view(engine=engine), "en")
    assert told in page.text
    assert hooks(page, "engine")[0]["data-engine"] == looks


def test_dummy_engine_cannot_be_missed() -> None:
    """Stripes, a mark, and the reason in words and in the engine's own; nothing else has them."""
    page = page_of(a_view(engine=DUMMY_STATE), "en")
    assert len(page.with_class("notice-dummy")) == 1
    assert "The files of the speech model were not found." in page.text
    assert NO_MODEL in page.text
    assert page_of(a_view(an_item())).with_class("notice-dummy") == []
    assert "[Dummy]" not in page_of(a_view(an_item())).text


@pytest.mark.parametrize(
    ("days", "words"), [(0, "until somebody deletes them"), (90, "for 90 days, then go")]
)
def test_footer_says_how_long_things_are_kept(days: int, words: str) -> None:
    """Until they are deleted, or for as long as the service is set up for."""
    assert words in page_of(a_view(kept_days=days), "en").text


@pytest.mark.parametrize(
    ("visitor", "shown"),
    [
        (Visitor(), False),
        (Visitor(signs_in=True), False),
        (Visitor(signs_in=True, name="김검토"), True),
    ],
)
def test_who_is_signed_in_can_sign_out(visitor: Visitor, shown: bool) -> None:
    """The name, and a form; neither where nobody needs a name."""
    page = page_of(a_view(visitor=visitor))
    assert any(form.get("action") == "/sign-out" for form in page.all("form")) is shown
    assert ("김검토" in page.text) is shown


def test_other_language_opens_the_same_list() -> None:
    """The switch keeps the query, and marks the language that is on."""
    page = page_of(a_view(), target="/?q=%ED%95%B4%EC%A7%80&lang=ko")
    links = [link for link in page.all("a") if "hreflang" in link]
    assert [link["href"] for link in links] == [
        "/?q=%ED%95%B4%EC%A7%80&lang=ko",
        "/?q=%ED%95%B4%EC%A7%80&lang=en",
    ]
    assert ["aria-current" in link for link in links] == [True, False]


@pytest.mark.parametrize(
    ("cookie", "theme"), [("", None), ("theme=dark", "dark"), ("theme=x", None)]
)
def test_brightness_is_as_it_was_chosen(cookie: str, theme: str | None) -> None:
    """A cookie of ours decides; without one, the system does."""
    page = page_of(a_view(), cookies=cookie)
    assert page.all("html")[0].get("data-theme") == theme
    shown = [each for each in hooks(page, "theme-icon") if "hidden" not in each]
    assert [each["data-theme-icon"] for each in shown] == [theme or "system"]


def test_keys_are_listed_and_can_be_switched_off() -> None:
    """A sheet for everybody; single letters are no use to who speaks to a computer."""
    page = page_of(a_view())
    assert len(hooks(page, "keys-sheet")) == 1
    assert [each["type"] for each in hooks(page, "keys-on")] == ["checkbox"]
    assert len(page.all("kbd")) == 7


def test_what_needs_script_is_marked() -> None:
    """The microphone, the brightness and the keys: a style sheet hides them without script."""
    page = page_of(a_view())
    assert len(hooks(page, "script")) >= 4
    assert any("noscript.css" in link["href"] for link in page.all("link"))


@pytest.mark.parametrize(
    "view", [FULL, replace(FULL, fault=None), a_view()], ids=["all", "list", "empty"]
)
@pytest.mark.parametrize("language", ["ko", "en"])
def test_page_is_whole_in_both_languages(view: HomeView, language: str) -> None:
    """No hole of a sentence stays open outside what is kept for script."""
    html = html_of(view, language)
    words = html[html.index('id="words"') :]
    text: dict[str, Any] = {"page": html.replace(words, "")}
    assert re.findall(r"\{\w+\}", text["page"]) == []
