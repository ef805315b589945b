"""The file of users: what it may hold, and how it is read again."""

from __future__ import annotations

import logging
import os
import unicodedata
from pathlib import Path

import pytest
from pydantic import SecretStr

from serving.settings import SettingsProblem
from tests.web.sign_in_harness import HASH, KIM, PARK, SECRET, write_users
from web_ui.auth import SignInOff, SignInOn, build
from web_ui.auth.passwords import Argon2, stand_in_for
from web_ui.auth.users import MAX_FILE_BYTES, USUAL, UserFileProblem, Users, name_problem, parse
from web_ui.settings import Settings

PASSWORD = "correct horse battery"


def test_names_and_hashes_are_read() -> None:
    """Comments, empty lines, white space and line ends of any system do not matter."""
    text = f"# staff\r\n\r\n  # more\nkim:{HASH}\r\n  박 영희 : {HASH} \n\n"
    assert parse(text) == {"kim": HASH, "박 영희": HASH}
    assert parse(unicodedata.normalize("NFD", f"박:{HASH}")) == {"박": HASH}
    assert parse(f"{'x' * 100}:{HASH}") == {"x" * 100: HASH}
    assert parse("") == {}


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("kim", "what follows the name is no argon2 hash"),
        ("kim:", "what follows the name is no argon2 hash"),
        ("kim:plain-text-password", "what follows the name is no argon2 hash"),
        (f"kim:{HASH[:-1]}", "what follows the name is no argon2 hash"),
        (f"kim:{HASH}=", "what follows the name is no argon2 hash"),
        (f"kim:more:{HASH}", "what follows the name is no argon2 hash"),
        (f"kim:{HASH} # comment", "what follows the name is no argon2 hash"),
        (f"kim:{HASH.replace('m=8', 'm=7')}", "what follows the name is no argon2 hash"),
        (f"kim:{HASH.replace('t=1', 't=0')}", "what follows the name is no argon2 hash"),
        (f"kim:{HASH.replace('argon2id', 'argon2i')}", "what follows the name is no argon2 hash"),
        ("kim:$2b$12$abcdefghijklmnopqrstuv", "what follows the name is no argon2 hash"),
        (f":{HASH}", "a name has 1 to 100 characters"),
        (f"{'x' * 101}:{HASH}", "a name has 1 to 100 characters"),
        (f"k\tim:{HASH}", "a name has no control characters"),
        (f"k\u202eim:{HASH}", "a name has no control characters"),
        (f"k\u200bim:{HASH}", "a name has no control characters"),
        (f"park:{HASH}", "the name is there already"),
    ],
)
def test_a_line_that_cannot_be_used_is_named(line: str, problem: str) -> None:
    """By its number, without a word of what is in it."""
    with pytest.raises(UserFileProblem) as caught:
        parse(f"# staff\npark:{HASH}\n{line}\n")
    assert str(caught.value) == f"line 3: {problem}"


def test_a_file_that_cannot_be_used_ends_the_start(tmp_path: Path) -> None:
    """One line that names the setting: not there, not text, too long, a line that is wrong."""
    path = tmp_path / "users"
    contents = {
        b"\xff\xfe": "the file is not UTF-8 text",
        bytes(MAX_FILE_BYTES + 1): f"the file is longer than {MAX_FILE_BYTES} bytes",
        b"kim:secret": "line 1: what follows the name is no argon2 hash",
    }
    with pytest.raises(SettingsProblem, match=r"^WEB_UI_USERS: .* \(No such file or directory\)$"):
        Users.read(path)
    for content, problem in contents.items():
        path.write_bytes(content)
        with pytest.raises(SettingsProblem) as caught:
            Users.read(path)
        assert str(caught.value) == f"WEB_UI_USERS: {problem}"


def test_a_file_without_users_is_said_aloud(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """It can be filled while the service runs, so the service starts; nobody can sign in yet."""
    path = tmp_path / "users"
    path.write_bytes("\ufeff# nobody yet\n".encode())
    users = Users.read(path)
    assert "nobody can sign in" in caplog.text
    assert users.stand_in() == USUAL
    assert users.hash_of("kim") is None
    assert users.fingerprint_of("kim") is None


def test_the_stand_in_is_what_the_command_would_write() -> None:
    """Its parameters are those of a fresh hash, so a file without users gives nothing away."""
    assert stand_in_for(Argon2().hash(PASSWORD)) == USUAL
    with pytest.raises(ValueError, match="not an encoded hash"):
        stand_in_for("plain")


@pytest.mark.anyio
async def test_a_changed_file_is_read_again(tmp_path: Path) -> None:
    """Within a second; not looked at more often than that."""
    path = tmp_path / "users"
    write_users(path, KIM)
    users = Users.read(path)
    await users.refresh(100.0)
    write_users(path, KIM, PARK)
    await users.refresh(100.9)
    assert users.hash_of(PARK[0]) is None
    before = users.fingerprint_of("kim")
    await users.refresh(101.0)
    assert users.hash_of(PARK[0]) is not None
    assert users.fingerprint_of("kim") != before


@pytest.mark.anyio
async def test_a_file_of_the_same_size_and_time_is_told_from_the_one_before(
    tmp_path: Path,
) -> None:
    """Hashes are all of one length, and clocks have ticks: the file itself is another."""
    path, other = tmp_path / "users", tmp_path / "other"
    write_users(path, KIM)
    status = path.stat()
    users = Users.read(path)
    before = users.fingerprint_of("kim")
    write_users(other, KIM)
    os.utime(other, ns=(status.st_atime_ns, status.st_mtime_ns))
    other.replace(path)
    assert path.stat().st_size == status.st_size
    await users.refresh(0.0)
    assert users.fingerprint_of("kim") != before


@pytest.mark.anyio
async def test_a_broken_version_changes_nothing_and_is_told_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Half-written or gone: who could sign in still can, until it is whole again."""
    path = tmp_path / "users"
    write_users(path, KIM)
    users = Users.read(path)
    with caplog.at_level(logging.ERROR, "web.sign_in"):
        path.write_text("kim:half-a-ha")
        for now in (1.0, 2.0, 3.0):
            await users.refresh(now)
        assert users.hash_of("kim") is not None
        path.unlink()
        for now in (4.0, 5.0, 6.0):
            await users.refresh(now)
        assert users.hash_of("kim") is not None
    told = [record.getMessage() for record in caplog.records]
    assert len(told) == 2
    assert told[0].startswith("WEB_UI_USERS: line 1: ")
    assert "half-a-ha" not in caplog.text
    write_users(path, PARK)
    await users.refresh(7.0)
    assert (users.hash_of("kim"), users.hash_of(PARK[0]) is None) == (None, False)


def test_sign_in_is_built_as_the_settings_want_it(tmp_path: Path) -> None:
    """Off without a file of users, and then nothing is made; on with one."""
    data = tmp_path / "data"
    assert isinstance(build(Settings(web_ui_data=data)), SignInOff)
    assert not data.exists()
    write_users(tmp_path / "users", KIM)
    settings = Settings(web_ui_data=data, web_ui_users=tmp_path / "users")
    auth = build(settings)
    assert isinstance(auth, SignInOn)
    assert (data / "session.key").exists()
    auth.close()
    secret = settings.model_copy(update={"web_ui_secret": SecretStr("short")})
    with pytest.raises(SettingsProblem, match="WEB_UI_SECRET"):
        build(secret)
    absent = settings.model_copy(
        update={"web_ui_users": tmp_path / "none", "web_ui_secret": SecretStr(SECRET)}
    )
    with pytest.raises(SettingsProblem, match="WEB_UI_USERS"):
        build(absent)


@pytest.mark.parametrize(
    "name", ["", "x" * 101, "k:im", "#kim", "k\nim", "k\u200bim", "k\u00a0im", "\ud800", "k\x7fim"]
)
def test_some_names_are_nobodys(name: str) -> None:
    """Too long, a part of the file's own form, or with characters that nobody sees."""
    assert name_problem(name) is not None


@pytest.mark.parametrize("name", ["k", "x" * 100, "박 영희", "kim@example.com", "김-2 😀"])
def test_other_names_are_fine(name: str) -> None:
    """In any script, with spaces inside."""
    assert name_problem(name) is None
