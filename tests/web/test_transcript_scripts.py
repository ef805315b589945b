"""Style sheets and scripts of a transcript's page, as far as a test without a browser can tell."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import get_args

import pytest

from stt_gates import Reason
from tests.web.test_home_scripts import COLOUR, contrast
from tests.web.transcript_pages import page_of, whole_view
from web_ui.catalogue import KOREAN
from web_ui.records import STATES
from web_ui.rendering import HERE
from web_ui.search.folding import fold

STATIC = HERE / "static"
SCRIPTS = sorted((STATIC / "js" / "transcript").glob("*.js"))
SHEETS = sorted((STATIC / "css" / "transcript").glob("*.css"))
TEMPLATES = sorted((HERE / "templates" / "transcript").glob("*.html"))
NODE = shutil.which("node")


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_scripts_make_no_page_of_text(path: Path) -> None:
    """Whatever was said, it stays text: no HTML is made of strings, and no words are of its own."""
    code = path.read_text(encoding="utf-8")
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(", code)
    assert not re.search(r"[가-힣]", re.sub(r"//.*", "", code))
    assert len(code.splitlines()) <= 130


def test_every_module_is_started_or_asked_for() -> None:
    """The page names all modules ahead, and each of them is there."""
    page = page_of(whole_view())
    ahead = {
        link["href"].rpartition("/")[2]
        for link in page.all("link")
        if link["rel"] == "modulepreload" and "/transcript/" in link["href"]
    }
    started = {script["src"].rpartition("/")[2] for script in page.all("script")}
    assert ahead | {"main.js"} == {path.name for path in SCRIPTS}
    assert "main.js" in started
    for path in SCRIPTS:
        for name in re.findall(r'from "(\.\.?/[\w./]+)"', path.read_text(encoding="utf-8")):
            assert (path.parent / name).resolve().is_file()


def test_scripts_find_the_words_they_ask_for() -> None:
    """Every key that a script names, also one put together, stands on the page."""
    page = page_of(whole_view())
    words = next(attrs for _, attrs in page.elements if attrs.get("id") == "words")
    code = "".join(path.read_text(encoding="utf-8") for path in SCRIPTS)
    asked = {key for key in re.findall(r'"([a-z]+\.[a-z_]+)"', code) if key in KOREAN}
    asked |= {f"state.{state}" for state in STATES} | {"wait.other", "withheld.other"}
    asked |= {f"withheld.{reason}" for reason in get_args(Reason)}
    asked |= {"role.agent", "role.customer", "left.soon", "left.seconds", "left.minutes"}
    assert len(asked) > 50
    assert {f"data-{key.replace('.', '-')}" for key in asked} <= words.keys()
    assert not re.findall(r'\bword\("(?!' + "|".join(sorted(KOREAN)) + r')[^"]*"', code)


def test_words_are_not_taken_for_places() -> None:
    """No attribute that holds words is one by which a script looks for an element."""
    page = page_of(whole_view())
    words = next(attrs for _, attrs in page.elements if attrs.get("id") == "words")
    code = "".join(path.read_text(encoding="utf-8") for path in SCRIPTS)
    places = set(re.findall(r'\bfind(?:All)?\("([\w-]+)"', code))
    places |= set(re.findall(r"\[data-([\w-]+)", code))
    assert len(places) > 50
    assert {f"data-{place}" for place in places} & words.keys() == set()


def test_no_hole_is_left_in_the_words() -> None:
    """A place-holder that a script fills in is handed on as it is; none is lost on the way."""
    page = page_of(whole_view())
    words = next(attrs for _, attrs in page.elements if attrs.get("id") == "words")
    assert words["data-find-place"] == "{total}곳 중 {place}번째"
    assert words["data-line-seconds"] == "{seconds}초"


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_templates_hold_no_words_of_their_own(path: Path) -> None:
    """Every key that a template asks for exists, and no Korean stands in one."""
    text = path.read_text(encoding="utf-8")
    assert set(re.findall(r"\bt\([\"']([\w.]+)[\"'][,)]", text)) <= KOREAN.keys()
    assert not re.search(r"[가-힣]", text)


def test_every_drawing_asked_for_is_drawn() -> None:
    """No template names an icon that the file of drawings lacks."""
    drawn = set(re.findall(r'<symbol id="([\w-]+)"', (STATIC / "icons.svg").read_text()))
    asked = {
        name
        for path in TEMPLATES
        for name in re.findall(r'\bicon\("([\w-]+)"\)', path.read_text(encoding="utf-8"))
    }
    assert asked <= drawn


@pytest.mark.parametrize("path", SHEETS, ids=lambda path: path.name)
def test_sheets_take_their_colours_from_the_tokens(path: Path) -> None:
    """Colours are said once, for light and dark; each sheet is a part of the page's layer."""
    text = path.read_text(encoding="utf-8")
    assert "@layer page {" in text
    assert not re.search(r"#[0-9a-f]{3,8}\b|rgb|hsl", re.sub(r"/\*.*?\*/", "", text, flags=re.S))
    tokens = (STATIC / "css" / "tokens.css").read_text(encoding="utf-8")
    own = set(re.findall(r"^\s*(--[\w-]+):", text, re.M))
    known = set(re.findall(r"(--[\w-]+):", tokens)) | own
    assert set(re.findall(r"var\((--[\w-]+)", text)) <= known


@pytest.mark.parametrize("mode", [0, 1], ids=["light", "dark"])
def test_eight_speakers_can_be_read_and_told_apart(mode: int) -> None:
    """Names stand out from the text's ground, also where a line is pointed out."""
    tokens = (STATIC / "css" / "tokens.css").read_text(encoding="utf-8")
    colours = {name: pair[mode] for name, *pair in COLOUR.findall(tokens)}
    names = [colours[f"speaker-{number}"] for number in range(1, 9)]
    assert len(set(names)) == 8
    for ground in ("surface", "hover", "accent-ground"):
        assert min(contrast(name, colours[ground]) for name in names) >= 4.5


@pytest.mark.skipif(NODE is None, reason="needs Node")
@pytest.mark.parametrize("text", ["해지 환급금, 원금!", "Hello, 3.5% ＡＢＣ", "ｶﾞ 12만원", ""])
def test_finding_folds_text_as_the_search_does(text: str) -> None:
    """Letters and digits alone, in the same form as the server's, each with its place."""
    module = (STATIC / "js" / "transcript" / "folding.js").as_uri()
    script = f"""
    const {{ fold, matches }} = await import({json.dumps(module)});
    const made = fold({json.dumps(text)});
    console.log(JSON.stringify([made.folded, made.from, matches(made, made.folded.slice(-2))]));
    """
    command = [NODE or "node", "--input-type=module", "-e", script]
    told = subprocess.run(command, capture_output=True, check=True, timeout=30)
    folded, places, found = json.loads(told.stdout)
    assert folded == fold(text)
    assert len(places) == len(folded)
    assert all(text[place] for place in places)
    assert [fold(text[start:end]) for start, end in found][-1:] == ([folded[-2:]] if folded else [])
