"""upload.js in Node, on elements that are just enough of a page."""

from __future__ import annotations

import json
import shutil
import subprocess
from typing import Any

import pytest

from web_ui.rendering import HERE

pytestmark = pytest.mark.skipif(shutil.which("node") is None, reason="needs Node")

PAGE = """
class Element extends EventTarget {
  attributes = {}; dataset = {}; files = []; textContent = "";
  setAttribute(name, value) { this.attributes[name] = value; }
  getAttribute(name) { return this.attributes[name] ?? null; }
  removeAttribute(name) { delete this.attributes[name]; }
  setCustomValidity(text) { this.validity = text; }
  reportValidity() {}
}
const form = new Element(), file = new Element(), button = new Element(), status = new Element();
form.dataset = { busy: "busy", maxBytes: "10", tooLarge: "too large" };
const parts = { "input[type=file]": file, "[type=submit]": button, "[data-upload-status]": status };
form.querySelector = (wanted) => parts[wanted];
let timers = [];
globalThis.setTimeout = (work) => { timers.push(work); };
globalThis.document = { querySelector: () => form };
globalThis.window = new EventTarget();
const seen = [];
const see = () => seen.push([status.textContent, button.getAttribute("aria-disabled")]);
const submit = () => form.dispatchEvent(new Event("submit", { cancelable: true }));
const wait = () => { timers.forEach((work) => work()); timers = []; };
const key = (name) => window.dispatchEvent(Object.assign(new Event("keydown"), { key: name }));
await import(process.argv[1]);
"""


def run(story: str) -> list[Any]:
    """What the script of the test saw."""
    script = f"{PAGE}{story};console.log(JSON.stringify(seen));"
    address = (HERE / "static" / "js" / "upload.js").as_uri()
    # Node takes a .js file outside any package for CommonJS, unless it is told.
    command = ["node", "--experimental-default-type=module", "--input-type=module", "-e", script]
    done = subprocess.run(
        [*command, address], capture_output=True, text=True, timeout=30, check=False
    )
    assert done.returncode == 0, done.stderr
    seen: list[Any] = json.loads(done.stdout)
    return seen


def test_double_press_is_one_upload() -> None:
    """The first is sent, the second dropped, and the page says that it works."""
    assert run("seen.push(submit(), submit()); see()") == [True, False, ["busy", "true"]]


def test_stopped_upload_can_be_sent_again() -> None:
    """No browser says that Stop was pressed: a moment later the form is free in any case."""
    story = "seen.push(submit()); wait(); see(); seen.push(submit()); see()"
    assert run(story) == [True, ["busy", None], True, ["busy", "true"]]


def test_escape_frees_the_form_at_once() -> None:
    """Escape stops the upload, so nothing is busy; other keys change nothing."""
    story = "submit(); key('a'); see(); key('Escape'); see(); seen.push(submit())"
    assert run(story) == [["busy", "true"], ["", None], True]


def test_other_file_is_another_upload() -> None:
    """Choosing again frees the form, and says at once when the file is too large."""
    story = """submit(); file.files = [{ size: 11 }]; file.dispatchEvent(new Event("change"));
    see(); seen.push(file.validity)"""
    assert run(story) == [["", None], "too large"]


def test_page_from_the_history_is_not_busy() -> None:
    """Back leads to a form that can be used."""
    assert run("submit(); window.dispatchEvent(new Event('pageshow')); see()") == [["", None]]
