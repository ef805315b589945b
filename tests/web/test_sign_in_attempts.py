"""Guessing is slow, whoever guesses what from where; a mistake costs nothing."""

from __future__ import annotations

import asyncio
import threading
import unicodedata
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.web.sign_in_harness import CHEAP, KIM, Clock, signing_in, site_of, write_users
from web_ui.auth.attempts import ADDRESS, REST_SECONDS, Attempts
from web_ui.auth.passwords import THREADS, WAITING, Argon2, Passwords, problem_of
from web_ui.errors import TooManyAttempts, WrongPassword

HERE = "192.0.2.7"


def wait(attempts: Attempts, name: str, address: str, now: float) -> int:
    """Takes an attempt; the seconds to wait if there was none."""
    try:
        attempts.take(name, address, now)
    except TooManyAttempts as refused:
        return refused.retry_after
    return 0


def fail(attempts: Attempts, times: int, name: str = "kim", now: float = 0.0) -> float:
    """Fails so often, each time as soon as it may; returns when the last one was."""
    for _ in range(times):
        while seconds := wait(attempts, name, HERE, now):
            now += seconds
    return now


def test_waits_double_after_five_attempts() -> None:
    """1, 2, 4 … seconds, five minutes at most."""
    attempts = Attempts()
    now, waits = 0.0, []
    for _ in range(5):
        assert wait(attempts, "kim", HERE, now) == 0
    for _ in range(11):
        waits.append(wait(attempts, "kim", HERE, now))
        now += waits[-1]
        assert wait(attempts, "kim", HERE, now) == 0
    assert waits == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]


def test_pressing_again_does_not_make_the_wait_longer() -> None:
    """What is refused does not count; the seconds that are told are those that are left."""
    attempts = Attempts()
    now = fail(attempts, 8)
    assert [wait(attempts, "kim", HERE, now + past) for past in (0, 0, 1, 7.9)] == [8, 8, 7, 1]
    assert wait(attempts, "kim", HERE, now + 8) == 0


def test_a_rest_is_a_new_start() -> None:
    """After a quarter of an hour without an attempt, five are free again."""
    attempts = Attempts()
    now = fail(attempts, 12)
    assert wait(attempts, "kim", HERE, now + REST_SECONDS - 1) == 0
    assert wait(attempts, "kim", HERE, now + REST_SECONDS) > 0
    later = now + 2 * REST_SECONDS
    assert [wait(attempts, "kim", HERE, later) for _ in range(6)] == [0, 0, 0, 0, 0, 1]


def test_success_forgives_the_account() -> None:
    """Its failures are gone; those of other accounts from there are not."""
    attempts = Attempts()
    fail(attempts, 5, "park")
    fail(attempts, 4)
    attempts.take("kim", HERE, 0.0)
    attempts.succeed("kim", HERE)
    assert [wait(attempts, "kim", HERE, 0.0) for _ in range(6)] == [0, 0, 0, 0, 0, 1]
    assert wait(attempts, "park", HERE, 0.0) == 1


def test_an_attempt_that_was_not_compared_is_taken_back() -> None:
    """The service was busy: that is nobody's mistake."""
    attempts = Attempts()
    for _ in range(50):
        attempts.take("kim", HERE, 0.0)
        attempts.take_back("kim", HERE)
    assert len(attempts) == 0


def test_one_account_is_limited_from_everywhere() -> None:
    """A new address does not buy another guess at the same name."""
    attempts = Attempts()
    for number in range(5):
        attempts.take("kim", f"192.0.2.{number}", 0.0)
    assert wait(attempts, "kim", "198.51.100.1", 0.0) == 1
    assert wait(attempts, "park", "198.51.100.1", 0.0) == 0


def test_an_address_has_much_more_room_than_an_account() -> None:
    """An office behind one proxy signs in; who tries a password on every name is slowed down,
    for half a minute at most: others sit behind that address too."""
    attempts = Attempts()
    for number in range(ADDRESS.free):
        assert wait(attempts, f"user {number}", HERE, 0.0) == 0
    assert wait(attempts, "one more", HERE, 0.0) == 1
    assert wait(attempts, "one more", "192.0.2.8", 0.0) == 0
    now = 0.0
    for number in range(20):
        seconds = wait(attempts, f"another {number}", HERE, now)
        assert seconds <= 30
        now += seconds
        attempts.take(f"another {number}", HERE, now)
    assert wait(attempts, "the last", HERE, now) == 30


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        ("2001:db8::1", "2001:db8:0:0:ffff::2", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("::ffff:192.0.2.7", "192.0.2.7", True),
        ("fe80::1%eth0", "fe80::2", True),
        ("192.0.2.7", "192.0.2.8", False),
        ("", "", True),
        ("unix:", "testclient", False),
    ],
)
def test_an_ipv6_network_is_one_address(first: str, second: str, same: bool) -> None:
    """A client has a /64 to itself; nobody gets past the limit by changing the lower half."""
    attempts = Attempts()
    for number in range(ADDRESS.free):
        attempts.take(str(number), first, 0.0)
    assert (wait(attempts, "more", second, 0.0) > 0) is same


def test_memory_is_bounded() -> None:
    """The longest at rest are forgotten first; no name is kept as it was typed."""
    attempts = Attempts(entries=100)
    fail(attempts, 7, "kim")
    for number in range(99):
        attempts.take(f"name {number}", f"192.0.2.{number}", 10.0)
    assert wait(attempts, "kim", "198.51.100.1", 0.0) > 0
    for number in range(200):
        attempts.take(f"more {number}", f"2001:db8:{number:x}::", 20.0)
    assert len(attempts) == 100
    assert wait(attempts, "kim", "198.51.100.1", 0.0) == 0
    assert b"more 199" not in repr(list(attempts._accounts._counts)).encode()


@pytest.mark.anyio
async def test_many_at_once_are_no_way_around(tmp_path: Path) -> None:
    """Of fifty attempts sent together, five are compared."""
    async with site_of(tmp_path) as site:
        form = {"name": KIM[0], "password": "not the password"}
        sent = (site.client.post("/sign-in", data=form) for _ in range(50))
        answers = await asyncio.gather(*sent)
        statuses = [answer.status_code for answer in answers]
        assert len(site.hasher.compared) == 5
    assert (statuses.count(403), statuses.count(429)) == (5, 45)


@dataclass
class SlowHasher:
    """Compares until it is let go, and counts how many do at once."""

    go: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)
    running: int = 0
    most: int = 0
    names: set[str] = field(default_factory=set)

    def hash(self, password: str) -> str:
        return password

    def matches(self, encoded: str, password: str) -> bool:
        with self.lock:
            self.running += 1
            self.most = max(self.most, self.running)
            self.names.add(threading.current_thread().name)
        self.go.wait(10)
        with self.lock:
            self.running -= 1
        return encoded == password


@pytest.mark.anyio
async def test_comparing_leaves_the_loop_free_and_the_queue_short() -> None:
    """Two at once on threads, a bounded queue behind them, the next is refused at once."""
    hasher = SlowHasher()
    passwords = Passwords(hasher)
    tasks = [asyncio.create_task(passwords.match("a", "a")) for _ in range(THREADS + WAITING)]
    await asyncio.sleep(0)
    with pytest.raises(TooManyAttempts) as refused:
        await passwords.match("a", "a")
    assert refused.value.retry_after > 0
    hasher.go.set()
    assert await asyncio.gather(*tasks) == [True] * (THREADS + WAITING)
    assert hasher.most <= THREADS
    assert all(name.startswith("sign-in") for name in hasher.names)
    assert await passwords.match("a", "b") is False
    passwords.close()


@pytest.mark.anyio
async def test_a_busy_service_is_nobodys_failure(tmp_path: Path) -> None:
    """Who is sent away before their password is compared has not used up an attempt."""
    write_users(tmp_path / "users", KIM)
    hasher = SlowHasher()
    auth = signing_in(tmp_path / "users", hasher, Clock())
    signing = [
        asyncio.create_task(auth.sign_in(f"user {number}", "a", HERE))
        for number in range(THREADS + WAITING)
    ]
    await asyncio.sleep(0.1)
    for _ in range(20):
        with pytest.raises(TooManyAttempts, match="too many people"):
            await auth.sign_in("kim", "not the password", HERE)
    hasher.go.set()
    answers = await asyncio.gather(*signing, return_exceptions=True)
    assert {type(answer) for answer in answers} == {WrongPassword}
    with pytest.raises(WrongPassword):
        await auth.sign_in("kim", "not the password", HERE)
    auth.close()


@pytest.mark.anyio
async def test_who_hangs_up_keeps_their_place_until_the_work_is_done() -> None:
    """A cancelled request makes no room while its thread still works."""
    hasher = SlowHasher()
    passwords = Passwords(hasher)
    tasks = [asyncio.create_task(passwords.match("a", "a")) for _ in range(THREADS + WAITING)]
    await asyncio.sleep(0)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    with pytest.raises(TooManyAttempts):
        await passwords.match("a", "a")
    hasher.go.set()
    assert await admitted(passwords) is True
    passwords.close()


async def admitted(passwords: Passwords) -> bool:
    """The answer, once there is room for the question."""
    for _ in range(500):
        with suppress(TooManyAttempts):
            return await passwords.match("a", "a")
        await asyncio.sleep(0.01)
    raise AssertionError("there is no room")


def test_a_password_is_the_same_however_it_was_composed() -> None:
    """One keyboard sends syllables, another their letters."""
    encoded = CHEAP.hash("비밀번호 열두 글자")
    assert CHEAP.matches(encoded, unicodedata.normalize("NFD", "비밀번호 열두 글자"))
    assert not CHEAP.matches(encoded, "비밀번호 열두글자")


def test_hashes_are_argon2id_with_the_librarys_defaults() -> None:
    """As RFC 9106 recommends where memory is short, each with a salt of its own."""
    first, second = (Argon2().hash("the same password") for _ in range(2))
    assert first.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert first != second
    assert Argon2().matches(first, "the same password")


@pytest.mark.parametrize(
    ("password", "problem"),
    [
        ("ten chars!", None),
        ("a" * 10, None),
        ("열 글자가 넘는 말", None),
        (" surrounding white space ", None),
        ("👩‍👩‍👧 family and words", None),
        ("nine char", "shorter than 10"),
        ("", "shorter than 10"),
        ("비밀번호", "shorter than 10"),
        ("x" * 1024, None),
        ("x" * 1025, "longer than 1024"),
        ("ﷺ" * 100, "longer than 1024"),
        ("a bell \a rings", "cannot be typed"),
        ("two\nlines of it", "cannot be typed"),
        ("half \ud83d a pair", "cannot be typed"),
    ],
)
def test_length_is_what_a_password_needs(password: str, problem: str | None) -> None:
    """No rule about digits or signs; only what no keyboard has is refused."""
    found = problem_of(password)
    assert (found is None) if problem is None else (found is not None and problem in found)
