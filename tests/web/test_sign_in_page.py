"""The sign-in page: readable by everybody, with script and without, in both languages."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from tests.web.sign_in_harness import ENGLISH, KIM, site_of
from web_ui.catalogue import sign_in as words
from web_ui.rendering import HERE

pytestmark = pytest.mark.anyio

SCRIPT = (HERE / "static" / "js" / "sign_in.js").read_text(encoding="utf-8")


class Elements(HTMLParser):
    """The elements of a page, and what stands in its title."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, {name: value or "" for name, value in attrs}))

    def with_id(self, id: str) -> dict[str, str]:
        return next(attrs for _, attrs in self.found if attrs.get("id") == id)

    def all(self, tag: str) -> list[dict[str, str]]:
        return [attrs for name, attrs in self.found if name == tag]


async def test_fields_are_labelled_and_known_to_password_managers(tmp_path: Path) -> None:
    """Each has a label of its own and says what belongs in it; the name comes first."""
    async with site_of(tmp_path) as site:
        page = Elements((await site.client.get("/sign-in")).text)
    labelled = {each["for"] for each in page.all("label")}
    assert labelled == {"name", "password"}
    name, password = page.with_id("name"), page.with_id("password")
    assert (name["autocomplete"], password["autocomplete"]) == ("username", "current-password")
    assert (name["maxlength"], password["maxlength"]) == ("100", "1024")
    assert password["type"] == "password"
    assert "required" in name
    assert "required" in password
    assert ("autofocus" in name, "autofocus" in password) == (True, False)
    assert not any(attrs.get("role") == "alert" for _, attrs in page.found)
    assert page.all("html") == [{"lang": "ko"}]


async def test_a_fault_is_said_beside_the_fields(tmp_path: Path) -> None:
    """As an alert, in the title, and in the description of both fields; the name stays."""
    async with site_of(tmp_path) as site:
        answer = await site.client.post(
            "/sign-in",
            data={"name": '<kim "x">', "password": "wrong", "next": "/transcripts/x"},
            headers=ENGLISH,
        )
    page = Elements(answer.text)
    (alert,) = [attrs for _, attrs in page.found if attrs.get("role") == "alert"]
    for field in ("name", "password"):
        assert page.with_id(field)["aria-describedby"] == alert["id"]
        assert page.with_id(field)["aria-invalid"] == "true"
    assert page.with_id("name")["value"] == '<kim "x">'
    assert "<kim" not in answer.text
    assert "value" not in page.with_id("password")
    assert "autofocus" in page.with_id("password")
    assert "<title>You are not signed in" in answer.text
    assert "The name or the password is not right." in answer.text
    assert [each["value"] for each in page.all("input") if each.get("name") == "next"] == [
        "/transcripts/x"
    ]


@pytest.mark.parametrize(("failures", "told"), [(9, "16초 뒤에 다시"), (14, "5분 뒤에 다시")])
async def test_a_wait_is_told_in_words(failures: int, told: str, tmp_path: Path) -> None:
    """In seconds, and in minutes where there are more than one and a half."""
    async with site_of(tmp_path) as site:
        while True:
            answer = await site.sign_in((KIM[0], "not the password"))
            failures -= answer.status_code == 403
            if failures == 0:
                break
            site.clock.now += int(answer.headers.get("retry-after", "0"))
        answer = await site.sign_in()
    assert answer.status_code == 429
    assert told in answer.text
    assert 'aria-invalid="false"' in answer.text


async def test_a_signed_in_visitor_is_not_greeted_on_the_form(tmp_path: Path) -> None:
    """Nobody is signed in there, so nothing offers to sign out."""
    async with site_of(tmp_path) as site:
        page = await site.client.get("/sign-in")
    assert "/sign-out" not in page.text


async def test_the_script_finds_what_it_needs(tmp_path: Path) -> None:
    """Every attribute it reads is on the page; without script the button is not offered."""
    async with site_of(tmp_path) as site:
        page = Elements((await site.client.get("/sign-in")).text)
    (button,) = [each for each in page.all("button") if "data-reveal" in each]
    assert "data-script" in button
    noscript = (HERE / "static" / "css" / "noscript.css").read_text(encoding="utf-8")
    assert "[data-script]" in noscript
    assert any("css/noscript.css" in each["href"] for each in page.all("link"))
    assert button["data-reveal"] == "password"
    read = set(re.findall(r"dataset\.(\w+)", SCRIPT)) | {"show", "hide", "showLabel", "hideLabel"}
    assert {re.sub(r"[A-Z]", lambda m: f"-{m[0].lower()}", name) for name in read} <= {
        name.removeprefix("data-") for name in button
    }
    assert any("data-reveal-status" in attrs for _, attrs in page.found)
    assert any("js/sign_in.js" in each["src"] for each in page.all("script"))


def test_every_word_is_used() -> None:
    """A word that no page says is one that nobody corrects."""
    text = (HERE / "templates" / "sign_in.html").read_text(encoding="utf-8")
    own = [key for key in words.KOREAN if key.startswith("sign_in.")]
    assert [key for key in own if f'"{key}"' not in text and f"'{key}'" not in text] == []
