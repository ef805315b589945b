"""Who has signed in comes in; nobody else does, and nobody is told why."""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path

import pytest

from tests.web.sign_in_harness import (
    CHEAP,
    ENGLISH,
    KIM,
    PARK,
    Site,
    cookies_of,
    site_of,
    write_users,
)

pytestmark = pytest.mark.anyio

WRONG = (KIM[0], "not the password")


async def test_a_page_asks_to_sign_in_first_and_comes_afterwards(tmp_path: Path) -> None:
    """The page that was asked for, query and Korean name included, is where one lands."""
    async with site_of(tmp_path) as site:
        asked = await site.client.get("/transcripts/통화?q=해지 방어")
        assert asked.status_code == 303
        form = await site.client.get(asked.headers["location"])
        assert form.status_code == 200
        wanted = "/transcripts/%ED%86%B5%ED%99%94?q=%ED%95%B4%EC%A7%80%20%EB%B0%A9%EC%96%B4"
        assert f'name="next" value="{wanted}"' in form.text
        signed = await site.sign_in(next=wanted)
        assert (signed.status_code, signed.headers["location"]) == (303, wanted)
        assert (await site.client.get(wanted)).text == "kim"


async def test_a_korean_name_with_a_space_signs_in(tmp_path: Path) -> None:
    """However it was composed, and with white space around it."""
    async with site_of(tmp_path) as site:
        decomposed = f" {unicodedata.normalize('NFD', PARK[0])} "
        assert (await site.sign_in((decomposed, PARK[1]))).status_code == 303
        assert await site.visitor() == PARK[0]


@pytest.mark.parametrize(
    ("method", "path", "location"),
    [
        ("GET", "/", "/sign-in"),
        ("HEAD", "/", "/sign-in"),
        ("GET", "/transcripts/x", "/sign-in?next=%2Ftranscripts%2Fx"),
        ("HEAD", "/transcripts/x", "/sign-in?next=%2Ftranscripts%2Fx"),
        ("POST", "/transcripts/x", "/sign-in"),
        ("OPTIONS", "/", "/sign-in"),
        ("GET", "/nothing-there", "/sign-in?next=%2Fnothing-there"),
        ("GET", "/statics", "/sign-in?next=%2Fstatics"),
        ("GET", "/healthy", "/sign-in?next=%2Fhealthy"),
        ("GET", "/sign-in/", "/sign-in?next=%2Fsign-in%2F"),
        ("POST", "/sign-out", "/sign-in"),
        ("GET", "/" + "x" * 3000, "/sign-in"),
    ],
)
async def test_pages_lead_to_the_form(
    method: str, path: str, location: str, tmp_path: Path
) -> None:
    """Every page and every method; what is not read is not led back to."""
    async with site_of(tmp_path) as site:
        answer = await site.client.request(method, path)
    assert (answer.status_code, answer.headers["location"]) == (303, location)


@pytest.mark.parametrize("path", ["/health", "/ready", "/metrics", "/static/base.css"])
async def test_probes_and_style_sheets_are_free(path: str, tmp_path: Path) -> None:
    """They answer without a session, and know of no visitor."""
    async with site_of(tmp_path) as site:
        answer = await site.client.get(path)
    assert (answer.status_code, answer.text) == (200, "nobody")


async def test_the_form_answers_head_and_nothing_else_unknown(tmp_path: Path) -> None:
    """HEAD as GET; OPTIONS and DELETE are not allowed there."""
    async with site_of(tmp_path) as site:
        assert (await site.client.head("/sign-in")).status_code == 200
        assert (await site.client.options("/sign-in")).status_code == 405
        assert (await site.client.delete("/sign-in")).status_code == 405


@pytest.mark.parametrize("who", [WRONG, ("nobody", KIM[1]), ("", ""), (KIM[1], KIM[0]),
                                 (KIM[0].upper(), KIM[1])])  # fmt: skip
async def test_wrong_names_and_wrong_passwords_look_alike(
    who: tuple[str, str], tmp_path: Path
) -> None:
    """The same status, the same page, no cookie, and one comparison each."""
    async with site_of(tmp_path) as site:
        usual = await site.sign_in((KIM[0], "wrong wrong wrong"))
        answer = await site.sign_in(who)
        compared = site.hasher.compared
    assert (answer.status_code, cookies_of(answer)) == (403, [])
    assert len(compared) == 2
    assert plain(answer.text, who[0]) == plain(usual.text, KIM[0])


def plain(page: str, name: str) -> str:
    """The page without what differs each time: its nonce, the name typed in, and by that where
    the cursor stands."""
    page = re.sub(r'nonce="[^"]*"', "", page).replace(f'value="{name}"', "")
    return re.sub(r"\s+", " ", page.replace("autofocus", ""))


async def test_an_unknown_name_costs_as_much_as_a_wrong_password(tmp_path: Path) -> None:
    """What it is compared with has the parameters of the file's own hashes."""
    async with site_of(tmp_path) as site:
        await site.sign_in(WRONG)
        await site.sign_in(("nobody", "whatever it is"))
        known, stand_in = site.hasher.compared
    assert known.rsplit("$", 2)[0] == stand_in.rsplit("$", 2)[0]
    assert len(known) == len(stand_in)
    assert not CHEAP.matches(stand_in, "whatever it is")


async def test_signing_out_ends_every_copy_of_the_session(tmp_path: Path) -> None:
    """Its cookie is taken away, and one that was kept elsewhere is worth nothing."""
    async with site_of(tmp_path) as site:
        await site.sign_in()
        copy = site.client.cookies["stt_session"]
        answer = await site.client.post("/sign-out")
        assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in")
        (cookie,) = cookies_of(answer)
        assert cookie.startswith("stt_session=; Max-Age=0; Path=/;")
        assert await site.visitor() is None
        site.client.cookies.set("stt_session", copy)
        assert await site.visitor() is None


async def test_a_new_session_never_takes_over_an_old_id(tmp_path: Path) -> None:
    """A cookie planted before the sign-in is replaced, and the session it held has ended."""
    async with site_of(tmp_path) as site:
        await site.sign_in(PARK)
        planted = site.client.cookies["stt_session"]
        await site.sign_in(KIM)
        assert site.client.cookies["stt_session"] != planted
        assert await site.visitor() == "kim"
        site.client.cookies.clear()
        site.client.cookies.set("stt_session", planted)
        assert await site.visitor() is None


async def test_a_changed_password_ends_the_sessions_of_its_name(tmp_path: Path) -> None:
    """Also of a name that was removed, and not those of others."""
    async with site_of(tmp_path) as site:
        await site.sign_in(KIM)
        kim = site.client.cookies["stt_session"]
        await site.sign_in(PARK)
        park = site.client.cookies["stt_session"]
        keep_park = site.path.read_text(encoding="utf-8").splitlines()[-1]
        site.path.write_text(f"kim:{CHEAP.hash('another password')}\n{keep_park}\n")
        site.clock.now += 1
        assert [await seen(site, kim), await seen(site, park)] == [None, PARK[0]]
        write_users(site.path, KIM)
        site.clock.now += 1
        # The same password again is another hash: what has ended stays so.
        assert [await seen(site, kim), await seen(site, park)] == [None, None]


async def seen(site: Site, cookie: str) -> str | None:
    site.client.cookies.clear()
    site.client.cookies.set("stt_session", cookie)
    return await site.visitor()


async def test_who_is_signed_in_needs_no_form(tmp_path: Path) -> None:
    """It leads on to where they wanted to go."""
    async with site_of(tmp_path) as site:
        await site.sign_in()
        answer = await site.client.get("/sign-in?next=/transcripts/x")
    assert (answer.status_code, answer.headers["location"]) == (303, "/transcripts/x")


async def test_without_users_nobody_is_asked(tmp_path: Path) -> None:
    """Every page is open, nobody has a name, and the form leads home."""
    async with site_of(tmp_path, users=()) as site:
        assert await site.visitor() == "anybody"
        assert (await site.client.get("/api/transcripts")).text == "anybody"
        for answer in (await site.client.get("/sign-in"), await site.sign_in()):
            assert (answer.status_code, answer.headers["location"]) == (303, "/")
            assert cookies_of(answer) == []
        assert (await site.client.post("/sign-out")).status_code == 303
        assert await site.audited() == []


async def test_too_many_attempts_have_to_wait(tmp_path: Path) -> None:
    """After five, 429 with the seconds, in words too, before a password is compared; a right one
    after the wait comes in, and nothing is left of the failures."""
    async with site_of(tmp_path) as site:
        for _ in range(5):
            assert (await site.sign_in(WRONG)).status_code == 403
        refused = await site.sign_in(KIM)
        assert (refused.status_code, refused.headers["retry-after"]) == (429, "1")
        assert "1초 뒤에 다시" in refused.text
        assert len(site.hasher.compared) == 5
        site.clock.now += 1
        assert (await site.sign_in(WRONG)).status_code == 403
        again = await site.client.post(
            "/sign-in", data={"name": KIM[0], "password": "x"}, headers=ENGLISH
        )
        assert again.headers["retry-after"] == "2"
        assert "You can try again in 2 s." in again.text
        assert (await site.sign_in(PARK)).status_code == 303
        site.clock.now += 2
        assert (await site.sign_in(KIM)).status_code == 303
        assert (await site.sign_in(WRONG)).status_code == 403
        assert (await site.sign_in(KIM)).status_code == 303


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"name": "x" * 101, "password": "x"}, 422),
        ({"name": "x", "password": "x" * 1025}, 422),
        ({"name": "x", "password": "x" * 70_000}, 422),
        ({"name": "x" * 100, "password": "x" * 1024}, 403),
    ],
)
async def test_what_is_too_long_is_not_compared(
    fields: dict[str, str], code: int, tmp_path: Path
) -> None:
    """It is refused on the page, before it costs anything."""
    async with site_of(tmp_path) as site:
        answer = await site.client.post("/sign-in", data=fields)
        assert len(site.hasher.compared) == (1 if code == 403 else 0)
    assert answer.status_code == code
    assert 'role="alert"' in answer.text


async def test_other_bodies_are_refused_on_the_page(tmp_path: Path) -> None:
    """JSON is none; a file has no place in the form."""
    async with site_of(tmp_path) as site:
        json = await site.client.post("/sign-in", json={"name": "kim", "password": KIM[1]})
        assert json.status_code == 415
        file = await site.client.post("/sign-in", files={"file": ("x", b"x")})
        assert file.status_code == 413
        parts = {"name": (None, KIM[0]), "password": (None, KIM[1])}
        assert (await site.client.post("/sign-in", files=parts)).status_code == 303
