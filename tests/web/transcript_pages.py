"""Pages of transcripts made by hand, each state a test needs, and what a browser makes of them."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

from starlette.requests import Request

from tests.web.export_calls import NOON, call, compliance, dummy, said, transcript, whole_call
from tests.web.harness import Page
from web_ui.reading import transcript_view
from web_ui.records import Analysis, FullTranscript, Options, Passage, Speaker
from web_ui.rendering import Renderer
from web_ui.views import ListItem, TranscriptView, Visitor

NONCE = "n0nce"
HOSTILE = "\"'><script>alert(1)</script><img src=x onerror=alert(2)>&amp;{{ 7 * 7 }}"
ASKED = Options(classify=True, validate_sales=True, summarize=True, translate_to="en")


def view_of(full: FullTranscript, **changes: Any) -> TranscriptView:
    """The page of a transcript whose recording is there, for somebody who need not sign in."""
    kept, item = changes.pop("has_audio", True), changes.pop("item", ListItem(full.transcript))
    extra = changes.pop("extra", {})
    view = transcript_view(full, item, Visitor(), kept, "r-1", **extra)
    return replace(view, **changes)


def whole_view(**changes: Any) -> TranscriptView:
    """A checked, translated sale with two speakers, an edit, a withheld passage and a gap."""
    full = whole_call()
    full = replace(full, transcript=replace(full.transcript, options=ASKED))
    return view_of(full, **{"compliance": compliance(), **changes})


def in_state(state: Any, *segments: Any, item: dict[str, Any] | None = None, **changes: Any) -> Any:
    """One that is under way, or was given up."""
    told = {
        "state": state,
        "phase": "transcribe",
        "seconds_done": 27.8,
        "duration": None,
        **changes,
    }
    full = call(*segments, **told)
    return view_of(full, item=ListItem(full.transcript, **(item or {})))


def states() -> dict[str, TranscriptView]:
    """Every state that the page can be in."""
    text = said("네, 말씀하세요.", 0.0, 3.0)
    broken_off = "the recording breaks off after 27.8 s"
    silent = transcript(speech_seconds=0.0)
    gap = (Passage("gap", 1.0, 3.0),)
    return {
        "whole": whole_view(),
        "plain": view_of(call(text)),
        "without recording": whole_view(has_audio=False),
        "silent": view_of(FullTranscript(silent)),
        "nothing kept": view_of(FullTranscript(silent, passages=gap)),
        "dummy": view_of(dummy(error_reason="there is no model in models/base")),
        "partial dummy": view_of(dummy(text, error_reason=broken_off, seconds_done=27.8)),
        "uploading": in_state("uploading", item={"uploaded_bytes": 250_000}, seconds_done=0.0),
        "queued": in_state("queued", item={"ahead": 3}, seconds_done=0.0),
        "waiting": in_state("queued", text, wait_code="engine_away", retry_at=NOON),
        "running": in_state("running", text, item={"seconds_left": 42.0}),
        "begun": in_state("running", seconds_done=0.0, seconds_total=None),
        "failed": in_state("failed", text, error_code="invalid_audio", error_reason="bad data"),
        "cancelled": in_state("cancelled", text),
        "hostile": hostile_view(),
    }  # fmt: skip


def hostile_view() -> TranscriptView:
    """Every text that a stranger can write holds markup."""
    segment = said(HOSTILE, speaker="s1", original_text=HOSTILE + "!", translation=HOSTILE)
    told = {"label": HOSTILE, "text": HOSTILE, "confidence": 0.5, "method": "llm",
            "language": "en", "is_dummy": True, "error_reason": HOSTILE,
            "evidence": [{"quote": HOSTILE, "segment_id": 0, "start": 0, "end": 1}]}  # fmt: skip
    kinds: Any = ("classification", "summary", "translation")
    full = FullTranscript(
        transcript(title=HOSTILE, file_name=HOSTILE, model=HOSTILE, created_by=HOSTILE,
                   language=HOSTILE[:16], warnings=(HOSTILE,), state="dummy", is_dummy=True,
                   dummy_text=HOSTILE, error_reason=HOSTILE),
        (segment,),
        (Passage("withheld", 5.0, 6.0, HOSTILE, HOSTILE),),
        (Speaker("s1", HOSTILE, "agent"),),
        {kind: Analysis(kind, told, HOSTILE, NOON, is_stale=True) for kind in kinds},
    )  # fmt: skip
    check = compliance()
    mean = replace(
        check.elements[0],
        id=HOSTILE, name=HOSTILE, principle=HOSTILE, method=HOSTILE,
        quotes=(replace(check.elements[0].quotes[0], text=HOSTILE),),
        overrides=(replace(check.overrides[0], reason=HOSTILE, who=HOSTILE),),
        objection=HOSTILE, error_reason=HOSTILE,
    )  # fmt: skip
    meanest = replace(check, product=HOSTILE, pack=HOSTILE, elements=(mean,), warnings=(HOSTILE,),
                      error_reason=HOSTILE, is_dummy=True, overrides=mean.overrides)  # fmt: skip
    return view_of(full, compliance=meanest, extra={"q": HOSTILE, "t": HOSTILE, "edit": "0"})


@cache
def renderer() -> Renderer:
    return Renderer()


def html_of(view: TranscriptView, language: str = "ko") -> str:
    """The page of `view` for a visitor who reads `language`."""
    scope = {
        "type": "http",
        "method": "GET",
        "path": f"/transcripts/{view.transcript.id}",
        "query_string": b"",
        "headers": [(b"accept-language", language.encode())],
        "state": {"nonce": NONCE, "visitor": view.visitor},
    }
    return bytes(renderer().transcript(Request(scope), view).body).decode()


def page_of(view: TranscriptView, language: str = "ko") -> Page:
    return Page(html_of(view, language))


def hooks(page: Page, name: str) -> list[dict[str, str]]:
    """Elements with the attribute `data-NAME`."""
    return [attrs for _, attrs in page.elements if f"data-{name}" in attrs]
