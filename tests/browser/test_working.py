"""A recording from its upload to its deletion: read, heard, corrected, searched, exported."""

from __future__ import annotations

import json
import time
import zipfile
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Download, expect

from tests.browser.seeding import MINUTE
from tests.browser.speech import wav
from tests.browser.visits import Visit, Visiting
from tests.services import Service

pytestmark = [pytest.mark.browser, pytest.mark.model, pytest.mark.timeout(180)]

LONGEST_SECONDS = 90.0
ASKED = {"language": "ko"}


@pytest.fixture(scope="module")
def call(pages: Service) -> str:
    """The id of a minute of real speech, transcribed."""
    with httpx.Client(base_url=f"{pages.url}/api", timeout=30) as client:
        sent = client.post(
            "/transcripts", files={"file": ("minute.wav", MINUTE.read_bytes())}, data=ASKED
        )
        id = str(sent.raise_for_status().json()["id"])
        deadline = time.monotonic() + LONGEST_SECONDS
        while (told := client.get(f"/transcripts/{id}").json())["state"] != "done":
            assert time.monotonic() < deadline, told
            time.sleep(0.2)
    return id


def opened(visit: Visiting, pages: Service, call: str) -> Visit:
    visitor = visit(pages)
    visitor.home(f"/transcripts/{call}")
    expect(visitor.page.locator("#call[data-ready]")).to_be_visible()
    return visitor


def test_text_is_there_before_the_work_is_done(
    pages: Service, visit: Visiting, tmp_path: Path
) -> None:
    """The list and the open page follow the work by themselves; the text grows while it runs."""
    visitor = visit(pages)
    page = visitor.home()
    visitor.send(wav(tmp_path / "growing.wav", [MINUTE.name] * 2))
    expect(page.locator(".upload-row")).to_have_attribute("data-state", "done")
    reader = visitor.open()
    reader.goto(page.locator(".upload-row [data-open]").get_attribute("href") or "")
    reader.wait_for_function(
        "() => document.querySelector('#s-0') && document.querySelector('#call').dataset.state"
        " === 'running'"
    )
    early = reader.locator("#lines .line").count()
    expect(reader.locator("#call")).to_have_attribute("data-state", "done", timeout=60_000)
    assert reader.locator("#lines .line").count() > early
    expect(reader.locator("[data-work]")).to_have_count(0)
    expect(reader.locator("#head [data-chip]")).to_contain_text("완료")
    expect(visitor.item("growing")).to_have_attribute("data-state", "done")


def test_what_is_spoken_can_be_followed_and_sought(
    pages: Service, visit: Visiting, call: str
) -> None:
    """Playing marks the spoken segment and word; a press on a time or a word plays from there."""
    visitor = opened(visit, pages, call)
    page = visitor.page
    page.locator("[data-play]").click()
    visitor.playing()
    expect(page.locator(".line[aria-current=true]")).to_have_id("s-0")
    page.wait_for_function("() => CSS.highlights.get('spoken').size === 1")
    page.locator("[data-play]").click()

    third = page.locator("#lines .line[id^=s-]").nth(2)
    start = float(third.get_attribute("data-start") or "nan")
    end = float(third.get_attribute("data-end") or "nan")
    third.locator(".line-time").click()
    visitor.at(start, end)
    expect(third).to_have_attribute("aria-current", "true")
    page.locator("[data-play]").click()

    text = third.locator(".line-text")
    box = text.bounding_box()
    assert box is not None
    # The last words of the segment: later than its beginning by most of its length.
    place = text.evaluate(
        "(text) => { const range = document.createRange(); range.selectNodeContents(text);"
        " const boxes = [...range.getClientRects()].at(-1);"
        " return [boxes.right - 6, (boxes.top + boxes.bottom) / 2]; }"
    )
    page.mouse.click(*place)
    visitor.at(start + 0.5 * (end - start), end + 0.5)


def test_speed_skips_and_a_repeated_segment(pages: Service, visit: Visiting, call: str) -> None:
    """The speed holds for the next page too, a skip is five seconds, a segment repeats."""
    visitor = opened(visit, pages, call)
    page = visitor.page
    page.locator("[data-skip='5']").click()
    page.locator("[data-skip='5']").click()
    visitor.at(10, 10)
    page.locator("[data-skip='-5']").click()
    visitor.at(5, 5)
    page.locator("[data-speed]").select_option("3")
    audio = page.locator("[data-audio]")
    assert audio.evaluate("audio => audio.playbackRate") == 3
    page.reload()
    page.wait_for_function("() => document.querySelector('[data-audio]').playbackRate === 3")

    second = page.locator("#s-1")
    start, end = (float(second.get_attribute(f"data-{name}") or "nan") for name in ("start", "end"))
    second.locator(".line-time").click()
    page.evaluate(
        "window.backs = 0; let last = 0;"
        "document.querySelector('[data-audio]').addEventListener('timeupdate', ({ target }) => {"
        " window.backs += target.currentTime < last - 0.5; last = target.currentTime; });"
    )
    page.locator("[data-loop]").click()
    expect(page.locator("[data-loop]")).to_have_attribute("aria-pressed", "true")
    page.wait_for_function("() => window.backs >= 2")
    assert start - 0.1 <= visitor.second() <= end + 0.6
    page.locator("[data-loop]").click()
    expect(page.locator("[data-loop]")).to_have_attribute("aria-pressed", "false")


def test_a_correction_is_undone_redone_and_restored(
    pages: Service, visit: Visiting, call: str
) -> None:
    """All by keyboard, and each step is what the service keeps."""
    visitor = opened(visit, pages, call)
    page = visitor.page

    def kept(number: int = 1) -> str:
        found = visitor.api(f"/transcripts/{call}").json()["segments"]
        return str(next(each["text"] for each in found if each["id"] == number))

    text, original = page.locator("#s-1 .line-text"), kept()
    page.locator("#s-1 .line-time").focus()
    page.keyboard.press("e")
    expect(page.locator("#edit-1")).to_be_focused()
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.insert_text("고쳐 쓴 문장입니다.")
    page.keyboard.press("Enter")
    expect(text).to_have_text("고쳐 쓴 문장입니다.")
    assert kept() == "고쳐 쓴 문장입니다."
    expect(page.locator("#s-1 .line-time")).to_be_focused()
    page.keyboard.press("ControlOrMeta+z")
    expect(text).to_have_text(original)
    assert kept() == original
    page.keyboard.press("ControlOrMeta+Shift+z")
    expect(text).to_have_text("고쳐 쓴 문장입니다.")
    page.locator("#s-1 .line-time").focus()
    page.keyboard.press("e")
    page.locator("#s-1 [data-restore]").click()
    expect(text).to_have_text(original)
    expect(page.locator("#s-1 .line-edited")).to_have_count(0)
    assert kept() == original


def test_escape_leaves_the_text_as_it_was(pages: Service, visit: Visiting, call: str) -> None:
    """What was typed and not saved is gone, and the reader stands where they were."""
    visitor = opened(visit, pages, call)
    page = visitor.page
    before = page.locator("#s-2 .line-text").text_content()
    page.locator("#s-2 .line-time").focus()
    page.keyboard.press("e")
    page.keyboard.insert_text("아닙니다")
    page.keyboard.press("Escape")
    expect(page.locator("#s-2 .line-text")).to_have_text(before or "")
    expect(page.locator("#s-2 .line-time")).to_be_focused()


def test_a_corrected_word_is_found_and_played(pages: Service, visit: Visiting, call: str) -> None:
    """Two syllables inside a compound, whatever the spacing; the hit opens at its second."""
    visitor = opened(visit, pages, call)
    page = visitor.page
    page.locator("#s-2").hover()
    page.locator("#s-2 .line-edit").click()
    page.locator("#edit-2").fill("변액보험 해지환급금을 안내해 드립니다.")
    page.keyboard.press("Enter")
    expect(page.locator("#s-2 .line-text")).to_contain_text("해지환급금")
    start = float(page.locator("#s-2").get_attribute("data-start") or "nan")

    visitor.home()
    for asked, found in (
        ("환급", "환급"),
        ("해지 환급금", "해지환급금"),
        ("변액 보험해지", "변액보험 해지"),
    ):
        page.locator("#q").fill(asked)
        expect(page.locator(".hit mark")).to_have_text(found)
    page.locator(".hit").click()
    visitor.at(start - 0.05, start + 0.05)
    expect(page.locator("#s-2")).to_be_in_viewport()
    expect(page.locator("#s-2")).to_have_attribute("aria-current", "true")


def test_every_format_is_downloaded(pages: Service, visit: Visiting, call: str) -> None:
    """Each file has the text in the shape that its format asks for."""
    visitor = opened(visit, pages, call)
    page = visitor.page
    told = visitor.api(f"/transcripts/{call}").json()
    first = told["segments"][0]["text"]

    def downloaded(name: str) -> bytes:
        page.locator("#export > summary").click()
        page.locator(f"#export input[value={name}]").check()
        with page.expect_download() as coming:
            page.locator("#export .button-primary").click()
        page.keyboard.press("Escape")
        return content(coming.value, f".{name}")

    assert first in downloaded("txt").decode()
    assert downloaded("vtt").decode().startswith("WEBVTT")
    assert "00:00:0" in (srt := downloaded("srt").decode())
    assert first in srt
    assert downloaded("tsv").decode().startswith("start\tend\t")
    assert json.loads(downloaded("json"))["segments"][0]["text"] == first
    assert downloaded("docx").startswith(b"PK")


def content(download: Download, ending: str) -> bytes:
    assert download.suggested_filename == f"minute{ending}"
    path = Path(download.path())
    if ending == ".docx":
        with zipfile.ZipFile(path) as document:
            assert "word/document.xml" in document.namelist()
    return path.read_bytes()


def test_a_recording_is_deleted_from_its_own_page(pages: Service, visit: Visiting) -> None:
    """It is asked about first; afterwards the list is shown without it."""
    with MINUTE.open("rb") as file:
        sent = httpx.post(f"{pages.url}/api/transcripts", files={"file": ("gone.wav", file)})
    id = sent.raise_for_status().json()["id"]
    visitor = opened(visit, pages, id)
    page = visitor.page
    page.locator("#more > summary").click()
    page.locator("#more .menu-danger > summary").click()
    page.locator("[data-delete]").click()
    page.wait_for_url("**/")
    expect(visitor.item("gone")).to_have_count(0)
    assert visitor.api(f"/transcripts/{id}").status_code == 404


def test_the_question_before_a_deletion_can_be_answered_with_no(
    pages: Service, visit: Visiting, call: str
) -> None:
    """Keeping it changes nothing, and the focus goes back to where it was."""
    visitor = visit(pages)
    page = visitor.home()
    button = visitor.item("minute").locator("[data-act=delete] button")
    button.click()
    expect(page.locator("[data-ask]")).to_contain_text("minute")
    page.keyboard.press("Escape")
    expect(page.locator("[data-ask]")).to_be_hidden()
    expect(button).to_be_focused()
    assert visitor.api(f"/transcripts/{call}").status_code == 200
