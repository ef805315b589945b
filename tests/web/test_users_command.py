"""The command that writes the file of users, as a process."""

from __future__ import annotations

import os
import pty
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.web.sign_in_harness import HASH, KIM, write_users
from web_ui.auth import user_file
from web_ui.auth.passwords import Argon2
from web_ui.auth.users import parse

ROOT = Path(__file__).parents[2]
PASSWORD = "correct horse battery"


def command(
    *arguments: str, typed: str = "", **environment: str
) -> subprocess.CompletedProcess[str]:
    """The command as a process, with what comes in by its standard input."""
    usual = {name: value for name, value in os.environ.items() if name != "WEB_UI_USERS"}
    return subprocess.run(
        [sys.executable, "-m", "web_ui.auth.add_user", *arguments],
        cwd=ROOT,
        env={**usual, **environment},
        input=typed,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_command_adds_changes_and_removes(tmp_path: Path) -> None:
    """It says what it did; the file is for its owner alone, comments stay, nothing is left over."""
    path = tmp_path / "users"
    done = command("kim", "--file", str(path), typed=f"{PASSWORD}\n")
    assert (done.returncode, done.stdout, done.stderr) == (0, f"Added kim to {path}.\n", "")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert Argon2().matches(parse(path.read_text())["kim"], PASSWORD)
    path.write_text(f"# the staff\n{path.read_text()}\npark:{HASH}", encoding="utf-8")
    done = command("kim", typed="another long password", WEB_UI_USERS=str(path))
    assert done.stdout.startswith(f"Changed the password of kim in {path};")
    lines = path.read_text().splitlines()
    assert [line.partition(":")[0] for line in lines] == ["# the staff", "kim", "", "park"]
    assert Argon2().matches(parse(path.read_text())["kim"], "another long password")
    done = command("kim", "--remove", "--file", str(path))
    assert done.stdout.startswith(f"Removed kim from {path};")
    assert parse(path.read_text()) == {"park": HASH}
    assert [each.name for each in tmp_path.iterdir()] == ["users"]
    assert PASSWORD not in done.stdout


@pytest.mark.parametrize(
    ("name", "typed", "problem"),
    [
        ("kim", "too short\n", "add_user: the password is shorter than 10 characters\n"),
        ("kim", "", "add_user: the password is shorter than 10 characters\n"),
        ("k:im", PASSWORD, "add_user: a name has no colon, and does not begin with #\n"),
    ],
)
def test_the_command_refuses_in_one_line(
    name: str, typed: str, problem: str, tmp_path: Path
) -> None:
    """Status 2, no file, and what was wrong."""
    done = command(name, "--file", str(tmp_path / "users"), typed=typed)
    assert (done.returncode, done.stdout, done.stderr) == (2, "", problem)
    assert list(tmp_path.iterdir()) == []


def test_the_command_leaves_what_it_cannot_read(tmp_path: Path) -> None:
    """A broken file stays as it is; so does one without the name that is to go."""
    path = tmp_path / "users"
    path.write_text("kim:not a hash\n")
    done = command("park", "--file", str(path), typed=PASSWORD)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "line 1: " in done.stderr
    assert path.read_text() == "kim:not a hash\n"
    write_users(path, KIM)
    before = path.read_bytes()
    assert "there is no user park" in command("park", "--remove", "--file", str(path)).stderr
    assert path.read_bytes() == before
    assert "WEB_UI_USERS" in command("park", typed=PASSWORD).stderr
    missing = command("park", "--file", str(tmp_path / "no" / "users"), typed=PASSWORD)
    assert missing.stderr == "add_user: the file cannot be written (No such file or directory)\n"


def test_the_command_writes_where_a_link_leads(tmp_path: Path) -> None:
    """The link stays one, as it is where secrets are mounted."""
    (tmp_path / "real").mkdir()
    link = tmp_path / "users"
    link.symlink_to(tmp_path / "real" / "users")
    assert command("kim", "--file", str(link), typed=PASSWORD).returncode == 0
    assert link.is_symlink()
    assert list(parse((tmp_path / "real" / "users").read_text())) == ["kim"]


def test_changes_at_once_lose_nobody(tmp_path: Path) -> None:
    """Each reads what the one before it wrote."""
    path = tmp_path / "users"
    names = [f"user {number}" for number in range(40)]
    with ThreadPoolExecutor(8) as threads:
        changes = threads.map(lambda name: user_file.put(path, name, HASH), names)
        assert list(changes) == [False] * len(names)
    assert set(parse(path.read_text())) == set(names)


def at_a_terminal(path: Path, *lines: str) -> tuple[int, str]:
    """The command at a terminal, with these lines typed; its status and what the screen shows."""
    ours, theirs = pty.openpty()
    arguments = [sys.executable, "-m", "web_ui.auth.add_user", "kim", "--file", str(path)]
    with subprocess.Popen(
        arguments, cwd=ROOT, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True
    ) as process:
        os.close(theirs)
        shown = ""
        for line in lines:
            shown += until_asked(ours)
            os.write(ours, f"{line}\n".encode())
        shown += until_asked(ours)
        status = process.wait(30)
    os.close(ours)
    return status, shown


def until_asked(terminal: int) -> str:
    """What comes until a question ends with a colon, or the process with its last line."""
    shown = ""
    while not shown.endswith(": "):
        try:
            piece = os.read(terminal, 1024)
        except OSError:  # the other side is closed
            break
        if not piece:
            break
        shown += piece.decode()
    return shown


def test_at_a_terminal_it_asks_twice_and_shows_nothing(tmp_path: Path) -> None:
    """A slip of the finger is found before it is kept."""
    path = tmp_path / "users"
    status, shown = at_a_terminal(path, PASSWORD, f"{PASSWORD}x")
    assert status == 2
    assert "the two passwords differ; nothing was changed" in shown
    assert not path.exists()
    status, shown = at_a_terminal(path, PASSWORD, PASSWORD)
    assert (status, PASSWORD in shown) == (0, False)
    assert "Added kim" in shown
    assert Argon2().matches(parse(path.read_text())["kim"], PASSWORD)
