"""Signing in and out."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.guarding import NAME, PASSWORD, users
from tests.browser.visits import StartingPages, Visiting
from tests.services import Service

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]


@pytest.fixture(scope="module")
def pages(start_pages: StartingPages, tmp_path_factory: pytest.TempPathFactory) -> Service:
    data = tmp_path_factory.mktemp("data")
    known = users(data.parent / f"{data.name}-users")
    return start_pages("http://127.0.0.1:9", data, WEB_UI_USERS=str(known))


@pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
def test_only_who_signs_in_sees_the_pages(pages: Service, visit: Visiting, script: bool) -> None:
    """The page asked for is led to after the right password, and closed again after sign-out."""
    visitor = visit(pages, java_script_enabled=script)
    visitor.allow("status of 403")
    page = visitor.home("/?state=done")
    assert "/sign-in" in page.url
    assert visitor.api("/transcripts").status_code == 401
    page.locator("#name").fill(NAME)
    page.locator("#password").fill("falsches Passwort")
    page.locator("form.sign-in-form button[type=submit]").click()
    expect(page.locator("#sign-in-fault")).to_be_visible()
    expect(page.locator("#name")).to_have_value(NAME)
    expect(page.locator("#password")).to_have_value("")
    page.locator("#password").fill(PASSWORD)
    page.locator("form.sign-in-form button[type=submit]").click()
    page.wait_for_url("**/?state=done")
    expect(page.locator(".site-visitor")).to_contain_text(NAME)
    assert visitor.api("/transcripts").status_code == 200
    page.locator(".site-visitor button").click()
    page.wait_for_url("**/sign-in**")
    assert "/sign-in" in visitor.home().url
    assert visitor.api("/transcripts").status_code == 401


def test_a_password_can_be_looked_at(pages: Service, visit: Visiting) -> None:
    """The button shows it and hides it again, and says so."""
    visitor = visit(pages)
    page = visitor.home("/sign-in")
    page.locator("#password").fill(PASSWORD)
    page.locator("[data-reveal]").click()
    expect(page.locator("#password")).to_have_attribute("type", "text")
    expect(page.locator("[data-reveal-status]")).not_to_be_empty()
    page.locator("[data-reveal]").click()
    expect(page.locator("#password")).to_have_attribute("type", "password")
