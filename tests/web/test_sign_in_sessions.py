"""A session's cookie holds until its time is over, and for nobody who did not sign in."""

from __future__ import annotations

import base64
import hashlib
import json
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from itsdangerous import URLSafeSerializer, URLSafeTimedSerializer

from serving.settings import SettingsProblem
from tests.web.sign_in_harness import HOURS, KIM, NOON, SECRET, Site, cookies_of, site_of
from web_ui.auth.cookies import PLAIN, SECURE
from web_ui.auth.session_key import secret_from
from web_ui.auth.sessions import LONGEST_SECONDS, MAX_ENDED, PURPOSE, Session, Sessions

ROOT = Path(__file__).parents[2]
SECONDS = HOURS * 3600.0


def made() -> tuple[Sessions, Session]:
    sessions = Sessions(SECRET, SECONDS)
    return sessions, sessions.begin("kim", "f" * 32, NOON)


def test_a_session_is_read_as_it_was_made() -> None:
    """Name and fingerprint come back; another process with the same secret reads it too."""
    sessions, session = made()
    value = sessions.seal(session)
    assert sessions.read(value, NOON) == session
    assert Sessions(SECRET, 60).read(value, NOON) == session
    assert (session.name, session.began, session.expires) == ("kim", NOON, NOON + SECONDS)


def test_every_session_has_an_id_of_its_own() -> None:
    """Two of one user at one moment differ."""
    sessions, first = made()
    assert sessions.begin("kim", "f" * 32, NOON).id != first.id
    assert len(first.id) == 32


def test_the_longest_name_fits_into_a_cookie() -> None:
    """Browsers keep 4096 bytes (RFC 6265, 6.1)."""
    sessions, _ = made()
    value = sessions.seal(sessions.begin("".join(map(chr, range(0xAC00, 0xAC64))), "f" * 32, NOON))
    assert len(value) < 2000
    assert value.replace("-", "").replace("_", "").replace(".", "").isalnum()


def test_a_session_ends() -> None:
    """To the second; and one from the future is none."""
    sessions, session = made()
    value = sessions.seal(session)
    assert sessions.read(value, NOON + SECONDS - 1) == session
    assert sessions.read(value, NOON + SECONDS) is None
    assert sessions.read(value, NOON - 61) is None


def forged(secret: str, salt: str, content: Any) -> str:
    kwargs = {"digest_method": hashlib.sha256, "key_derivation": "hmac"}
    return str(URLSafeSerializer(secret, salt=salt, signer_kwargs=kwargs).dumps(content))


def test_what_we_did_not_sign_is_no_session() -> None:
    """Another secret, another purpose, another signer, other content, no signature at all."""
    sessions, session = made()
    value = sessions.seal(session)
    content = ["id", "kim", "f" * 32, NOON, NOON, NOON + SECONDS]
    body, _, signature = value.rpartition(".")
    other = base64.urlsafe_b64encode(json.dumps(content).encode()).decode().rstrip("=")
    assert sessions.read(forged(SECRET, PURPOSE, content), NOON) is not None
    for bad in (
        forged("t" * 64, PURPOSE, content),
        forged(SECRET, "another purpose", content),
        str(URLSafeTimedSerializer(SECRET, salt=PURPOSE).dumps(content)),
        f"{other}.{signature}",
        f"{body}.{signature[:-2]}",
        f"{body}.",
        f"{body[1:]}.{signature}",
        f"{value}x",
        body,
        other,
        "",
        ".",
        "x" * 4000,
        "가",
    ):
        assert sessions.read(bad, NOON) is None, bad


def test_a_session_in_use_goes_on() -> None:
    """From half its time on it gets a later end, under the same id."""
    sessions, session = made()
    assert sessions.renewed(session, NOON + SECONDS / 2 - 1) is None
    later = sessions.renewed(session, NOON + SECONDS / 2)
    assert later is not None
    assert (later.id, later.began) == (session.id, session.began)
    assert later.expires == NOON + 1.5 * SECONDS
    assert sessions.renewed(later, NOON + SECONDS / 2 + 60) is None


def test_no_session_lasts_longer_than_thirty_days() -> None:
    """However often it is renewed, one signs in again."""
    sessions, session = made()
    now = NOON
    while (later := sessions.renewed(session, session.expires - 1)) is not None:
        now, session = session.expires - 1, later
    assert session.expires == NOON + LONGEST_SECONDS
    assert now > NOON + LONGEST_SECONDS - SECONDS
    assert sessions.read(sessions.seal(session), NOON + LONGEST_SECONDS) is None


def test_a_session_that_was_signed_out_is_none() -> None:
    """Nor are its renewed copies, for as long as they could have been used."""
    sessions, session = made()
    copy = sessions.renewed(session, NOON + SECONDS / 2)
    assert copy is not None
    sessions.end(session, NOON + SECONDS / 2)
    for now in (NOON + SECONDS / 2, copy.expires - 1):
        assert sessions.read(sessions.seal(copy), now) is None
        assert sessions.renewed(copy, now) is None
    other = sessions.begin("kim", "f" * 32, NOON)
    assert sessions.read(sessions.seal(other), NOON) == other


def test_what_was_signed_out_is_forgotten_when_it_is_over() -> None:
    """And never more than ten thousand are kept."""
    sessions, session = made()
    sessions.end(session, NOON)
    sessions.end(sessions.begin("kim", "f", NOON), NOON + SECONDS)
    assert len(sessions._ended) == 1
    for number in range(MAX_ENDED + 5):
        sessions.end(Session(str(number), "kim", "f", NOON, NOON, NOON), NOON + SECONDS)
    assert len(sessions._ended) == MAX_ENDED
    assert str(MAX_ENDED + 4) in sessions._ended


@pytest.mark.anyio
async def test_a_cookie_is_renewed_while_it_is_used(tmp_path: Path) -> None:
    """Any request past half its time brings a new one; before, and after the end, none."""
    async with site_of(tmp_path) as site:
        await site.sign_in()
        old = site.client.cookies[PLAIN]
        assert cookies_of(await site.client.get("/")) == []
        site.clock.now += SECONDS / 2
        (cookie,) = cookies_of(await site.client.get("/api/transcripts"))
        assert cookie.startswith(f"{PLAIN}=")
        assert f"; Max-Age={int(SECONDS)}; Path=/; HttpOnly; SameSite=Lax" in cookie
        site.clock.now += SECONDS - 1
        assert await site.visitor() == "kim"
        site.client.cookies.clear()
        site.client.cookies.set(PLAIN, old)
        assert await site.visitor() is None


@pytest.mark.anyio
async def test_signing_out_late_leaves_no_renewed_cookie(tmp_path: Path) -> None:
    """The answer takes the cookie away and does not bring another."""
    async with site_of(tmp_path) as site:
        await site.sign_in()
        site.clock.now += SECONDS * 0.75
        assert len(cookies_of(await site.client.post("/sign-out"))) == 1
        assert await site.visitor() is None


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("base", "headers"),
    [
        ("https://web", {}),
        ("http://web", {"X-Forwarded-Proto": "https"}),
        ("http://web", {"X-Forwarded-Proto": "HTTPS, http"}),
        # A proxy that says nothing: the browser names the page its form stood on.
        ("http://web", {"Origin": "https://web", "Sec-Fetch-Site": "same-origin"}),
    ],
)
async def test_over_https_the_cookie_is_for_https_alone(
    base: str, headers: dict[str, str], tmp_path: Path
) -> None:
    """Secure, for this host alone; renewed and taken away under the same name."""
    async with site_of(tmp_path, base=base) as site:
        form = {"name": KIM[0], "password": KIM[1]}
        answer = await site.client.post("/sign-in", data=form, headers=headers)
        (cookie,) = cookies_of(answer)
        assert cookie.startswith(f"{SECURE}=")
        assert cookie.endswith("; Path=/; HttpOnly; SameSite=Lax; Secure")
        assert "domain" not in cookie.lower()
        own = {**headers, "Cookie": cookie.partition(";")[0]}
        site.client.cookies.clear()
        assert (await site.client.get("/", headers=own)).text == "kim"
        site.clock.now += SECONDS * 0.75
        (renewed,) = cookies_of(await site.client.get("/", headers=own))
        (gone,) = cookies_of(await site.client.post("/sign-out", headers=own))
    assert renewed.startswith(f"{SECURE}=")
    assert renewed.endswith("; Secure")
    assert gone == f"{SECURE}=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax; Secure"


@pytest.mark.anyio
async def test_over_https_no_cookie_of_another_host_counts(tmp_path: Path) -> None:
    """One without the prefix may have been planted by a neighbour, or over http."""
    async with site_of(tmp_path) as site:
        await site.sign_in()
        assert await site.visitor() == "kim"
        over_https = await site.client.get("/", headers={"X-Forwarded-Proto": "https"})
        assert over_https.status_code == 303


@pytest.mark.anyio
async def test_over_http_the_cookie_is_kept_by_browsers(tmp_path: Path) -> None:
    """Without `Secure` and the prefix, which they would refuse there."""
    async with site_of(tmp_path) as site:
        (cookie,) = cookies_of(await site.sign_in())
    assert cookie.startswith(f"{PLAIN}=")
    assert cookie.endswith(f"; Max-Age={int(SECONDS)}; Path=/; HttpOnly; SameSite=Lax")


@pytest.mark.anyio
async def test_a_broken_cookie_is_no_error(tmp_path: Path) -> None:
    """It asks to sign in, as none would."""
    async with site_of(tmp_path) as site:
        assert [await status_with(site, value) for value in BROKEN] == [303] * len(BROKEN)


BROKEN = ["", "x", "a.b.c", '"quoted"', "%00", ".eJw", "x" * 5000]


async def status_with(site: Site, value: str) -> int:
    answer = await site.client.get("/", headers={"Cookie": f"{PLAIN}={value}; {SECURE}={value}"})
    return answer.status_code


def test_a_secret_that_is_given_is_used(tmp_path: Path) -> None:
    """And nothing is written; one that can be guessed is refused without being quoted."""
    assert secret_from(SECRET, tmp_path) == SECRET
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(SettingsProblem, match=r"^WEB_UI_SECRET: shorter than 32 characters$"):
        secret_from("too short", tmp_path)


def test_a_secret_is_made_once_and_kept(tmp_path: Path) -> None:
    """In a directory that may not be there yet, for its owner alone, with nothing beside it."""
    directory = tmp_path / "data"
    secret = secret_from("", directory)
    (file,) = directory.iterdir()
    assert (file.name, stat.S_IMODE(file.stat().st_mode)) == ("session.key", 0o600)
    assert len(secret) == 64
    assert secret_from("", directory) == secret


def test_two_that_start_together_agree(tmp_path: Path) -> None:
    """Whichever is first: all of them sign with one key."""
    code = (
        "import sys; from pathlib import Path; from web_ui.auth.session_key import secret_from;"
        "sys.stdin.read(); print(secret_from('', Path(sys.argv[1])))"
    )
    command = [sys.executable, "-c", code, str(tmp_path)]
    started = [
        subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        for _ in range(4)
    ]
    for process in started:
        assert process.stdin is not None
        process.stdin.close()
    secrets = set()
    for process in started:
        with process:
            assert process.stdout is not None
            secrets.add(process.stdout.read())
    assert len(secrets) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["session.key"]


def test_a_key_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    """One line: a file that is no longer whole, a directory that cannot be one."""
    (tmp_path / "session.key").write_text("cut\n")
    with pytest.raises(SettingsProblem, match=r"^session.key in WEB_UI_DATA: shorter than 32"):
        secret_from("", tmp_path)
    (tmp_path / "file").write_text("")
    with pytest.raises(SettingsProblem, match=r"^WEB_UI_DATA: session.key cannot be read or made"):
        secret_from("", tmp_path / "file" / "data")
