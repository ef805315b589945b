"""`python -m web_ui.auth.add_user NAME [--file FILE] [--remove]`: who may sign in to web-ui.

Asks for the password twice, without showing it; where standard input is no terminal, its first
line is the password. Ends with 0, or with 2 and one line that says what was wrong.
"""

from __future__ import annotations

import argparse
import getpass
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from web_ui.auth import user_file
from web_ui.auth.passwords import MIN_CHARS, Argon2, prepared, problem_of
from web_ui.auth.users import UserFileProblem, name_problem, normal


class Refused(Exception):
    """What was asked for cannot be done. One line."""


def main(arguments: Sequence[str] | None = None) -> int:
    asked = _parser().parse_args(arguments)
    try:
        path = _path(asked.file)
        name = _name(asked.name)
        print(_remove(path, name) if asked.remove else _put(path, name))
    except (Refused, UserFileProblem) as problem:
        return _complain(str(problem))
    except OSError as error:
        return _complain(f"the file cannot be written ({error.strerror})")
    except (KeyboardInterrupt, EOFError):
        return _complain("nothing was changed")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m web_ui.auth.add_user",
        description="Let somebody sign in to web-ui, give them another password, or remove them.",
    )
    parser.add_argument("name", metavar="NAME", help="what they type in to sign in")
    parser.add_argument(
        "--file", metavar="FILE", help="the file of users; without it, the one in WEB_UI_USERS"
    )
    parser.add_argument("--remove", action="store_true", help="remove them, and end their sessions")
    return parser


def _path(given: str | None) -> Path:
    path = given or os.environ.get("WEB_UI_USERS")
    if not path:
        raise Refused("which file? Set WEB_UI_USERS, or give --file FILE")
    # Of a link, what it points to is replaced, not the link itself.
    return Path(path).resolve()


def _name(given: str) -> str:
    name = normal(given)
    if problem := name_problem(name):
        raise Refused(problem)
    return name


def _remove(path: Path, name: str) -> str:
    if not user_file.remove(path, name):
        raise Refused(f"there is no user {name} in {path}")
    return f"Removed {name} from {path}; whoever is signed in under that name no longer is."


def _put(path: Path, name: str) -> str:
    if user_file.put(path, name, Argon2().hash(_password())):
        return f"Changed the password of {name} in {path}; sessions of the old one have ended."
    return f"Added {name} to {path}."


def _password() -> str:
    if not sys.stdin.isatty():
        password = sys.stdin.readline().rstrip("\r\n")
        return _checked(password)
    password = _checked(getpass.getpass(f"Password (at least {MIN_CHARS} characters): "))
    if prepared(getpass.getpass("The same again: ")) != prepared(password):
        raise Refused("the two passwords differ; nothing was changed")
    return password


def _checked(password: str) -> str:
    if problem := problem_of(password):
        raise Refused(problem)
    return password


def _complain(problem: str) -> int:
    print(f"add_user: {problem}", file=sys.stderr)
    return 2


if __name__ == "__main__":
    raise SystemExit(main())
