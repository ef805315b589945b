"""Style sheets and scripts of the pages, as far as they can be judged without a browser."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import pytest

from tests.web.home_pages import a_view, an_item, html_of, page_of
from web_ui.rendering import HERE

STATIC = HERE / "static"
SCRIPTS = sorted((STATIC / "js").glob("*.js"))
TEMPLATES = sorted((HERE / "templates").glob("*.html"))
MOST_BYTES = 100_000
IMPORT = re.compile(r'from "\./([\w.]+)"|^import "\./([\w.]+)"', re.M)
COLOUR = re.compile(r"--([\w-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\)")
# Text on the grounds it stands on; 4.5 to 1 by WCAG 2.2, 1.4.3.
TEXTS = [
    (text, ground)
    for text in ("text", "quiet", "accent", "accent-strong", "good", "warn", "danger", "dummy")
    for ground in ("ground", "surface", "raised", "sunken", "hover")
] + [
    *((kind, f"{kind}-ground") for kind in ("accent", "good", "warn", "danger", "dummy")),
    *(("text", f"{kind}-ground") for kind in ("accent", "good", "warn", "danger", "dummy")),
    *((f"speaker-{number}", "surface") for number in range(1, 7)),
    ("on-accent", "accent"), ("on-accent", "accent-strong"), ("on-danger", "danger"),
    ("text", "mark"), ("on-stripe", "stripe"),
]  # fmt: skip
# Edges of what can be used, and the ring of the focus; 3 to 1 by 1.4.11.
EDGES = [
    (edge, ground)
    for edge in ("line-strong", "focus")
    for ground in ("ground", "surface", "raised")
]


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_scripts_make_no_page_of_text(path: Path) -> None:
    """Whatever a name holds, it stays text: no HTML is made of strings, nothing is evaluated."""
    code = path.read_text(encoding="utf-8")
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(", code)
    assert not re.search(r"[가-힣]", re.sub(r"//.*|/\*.*?\*/", "", code, flags=re.S))


def test_scripts_find_the_words_they_ask_for() -> None:
    """Every key that a script of the home page names stands on the page."""
    page = page_of(a_view())
    words = next(attrs for _, attrs in page.elements if attrs.get("id") == "words")
    asked = set()
    for path in modules_of("home.js"):
        asked |= set(
            re.findall(r'"((?:form|upload|record|item|left|state|site)\.\w+)"', path.read_text())
        )
    assert len(asked) > 30
    assert {f"data-{key.replace('.', '-')}" for key in asked} <= words.keys()
    assert {f"data-record-{state}" for state in ("recording", "paused", "stopped")} <= words.keys()


def modules_of(name: str, seen: frozenset[str] = frozenset()) -> set[Path]:
    """A script and all that it imports."""
    path = STATIC / "js" / name
    found = {path}
    for pair in IMPORT.findall(path.read_text(encoding="utf-8")):
        other = pair[0] or pair[1]
        if other not in seen:
            found |= modules_of(other, seen | {name})
    return found


def test_every_drawing_asked_for_is_drawn() -> None:
    """No template names an icon that the file of drawings lacks."""
    drawn = set(re.findall(r'<symbol id="([\w-]+)"', (STATIC / "icons.svg").read_text()))
    asked: set[str] = set()
    for path in TEMPLATES:
        asked |= set(re.findall(r'\bicon\("([\w-]+)"\)', path.read_text(encoding="utf-8")))
    assert asked <= drawn


def test_home_page_is_light() -> None:
    """With twenty lines, its styles and scripts, as they are sent: under 100 KB."""
    items = [an_item("done", id=f"{number:032x}", label="상담") for number in range(20)]
    html = html_of(a_view(*items))
    sheets = re.findall(r'href="/static/\w+/(css/[\w.]+)"', html)
    files = [STATIC / name for name in sheets] + [STATIC / "icons.svg"]
    files += sorted(modules_of("home.js") | modules_of("site.js"))
    sent = len(gzip.compress(html.encode())) + sum(
        len(gzip.compress(f.read_bytes())) for f in files
    )
    assert sent < MOST_BYTES


@pytest.mark.parametrize("mode", [0, 1], ids=["light", "dark"])
def test_colours_can_be_told_apart(mode: int) -> None:
    """Text and the edges of controls stand out from their grounds as WCAG 2.2 AA asks."""
    tokens = (STATIC / "css" / "tokens.css").read_text(encoding="utf-8")
    colours = {name: pair[mode] for name, *pair in COLOUR.findall(tokens)}
    weak = [pair for pair in TEXTS if contrast(*(colours[name] for name in pair)) < 4.5]
    weak += [pair for pair in EDGES if contrast(*(colours[name] for name in pair)) < 3]
    assert weak == []


def contrast(one: str, other: str) -> float:
    """WCAG's contrast ratio of two colours, 1 to 21."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
