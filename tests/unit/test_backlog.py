"""How much audio may wait, who is refused, and when he may come back."""

from __future__ import annotations

import pytest

from stt_backlog import Backlog
from stt_errors import QueueFull


def refusal(backlog: Backlog, coming: float = 0.0) -> QueueFull:
    with pytest.raises(QueueFull) as caught:
        backlog.refuse_if_full(coming)
    return caught.value


def test_requests_add_up_until_the_limit() -> None:
    """Audio is accepted while all of it together stays within the limit."""
    backlog = Backlog(100.0)
    backlog.admit(60.0)
    backlog.admit(40.0)
    assert backlog.seconds == 100.0
    with pytest.raises(QueueFull, match=r"^100 s of audio are waiting; the limit is 100 s$"):
        backlog.admit(1.0)
    assert backlog.seconds == 100.0


def test_a_long_recording_alone_is_accepted() -> None:
    """A recording longer than the limit is served when nothing else waits, and only then."""
    backlog = Backlog(100.0)
    permit = backlog.admit(500.0)
    refusal(backlog)
    permit.close()
    backlog.refuse_if_full()
    backlog.admit(1.0)
    refusal(backlog, 500.0)


def test_a_full_queue_is_known_before_a_byte_is_read() -> None:
    """Without knowing what comes, the queue refuses once it is past its limit, not at it."""
    backlog = Backlog(100.0)
    permit = backlog.admit(100.0)
    backlog.refuse_if_full()
    permit.advance(0.0, 101.0)
    refusal(backlog)


def test_progress_makes_room() -> None:
    """What is transcribed no longer waits; closing the permit takes the rest away."""
    backlog = Backlog(100.0)
    permit = backlog.admit(90.0)
    permit.advance(60.0, 60.0)
    assert backlog.seconds == 30.0
    backlog.admit(70.0).close()
    permit.close()
    assert backlog.seconds == 0.0


def test_a_recording_turns_out_longer_than_it_said() -> None:
    """A header that says too little, or nothing, is corrected by what was decoded."""
    backlog = Backlog(100.0)
    permit = backlog.admit(0.0)
    assert backlog.seconds == 0.0
    permit.advance(10.0, 70.0)
    assert backlog.seconds == 60.0


def test_a_resumed_recording_counts_for_what_is_left() -> None:
    """The part before `start_seconds` does not wait, whatever the header says."""
    backlog = Backlog(100.0)
    permit = backlog.admit(3_600.0, 3_550.0)
    assert backlog.seconds == 50.0
    permit.advance(3_580.0, 3_590.0)
    assert backlog.seconds == 20.0
    backlog.admit(60.0, 80.0)
    assert backlog.seconds == 20.0


def test_progress_past_the_end_never_counts_negative() -> None:
    """A recording shorter than what was done waits for nothing, and frees nobody else's room."""
    backlog = Backlog(100.0)
    backlog.admit(50.0)
    backlog.admit(10.0).advance(11.0, 10.0)
    assert backlog.seconds == 50.0


def test_closing_twice_is_closing_once() -> None:
    """A permit may be closed again without harm."""
    backlog = Backlog(100.0)
    permit = backlog.admit(10.0)
    permit.close()
    permit.close()
    assert backlog.seconds == 0.0


@pytest.mark.parametrize(
    ("waiting", "least", "most"), [(0.5, 1, 1), (500.0, 60, 200), (1e9, 600, 600)]
)
def test_retry_after_is_bounded(waiting: float, least: int, most: int) -> None:
    """The wait is a whole number of seconds between 1 and 600 that grows with the queue."""
    backlog = Backlog(0.1)
    backlog.admit(waiting)
    assert least <= refusal(backlog).retry_after <= most


def test_retry_after_learns_the_speed() -> None:
    """A machine that proves fast asks for a shorter wait."""
    backlog = Backlog(100.0)
    waiting = backlog.admit(1_000.0)
    before = refusal(backlog).retry_after
    waiting.advance(400.0, 1_400.0)  # hundreds of seconds of audio within a moment
    assert backlog.seconds == 1_000.0
    assert refusal(backlog).retry_after < before


def test_a_resumption_is_no_proof_of_speed() -> None:
    """The skipped part of a resumed recording does not count as transcribed."""
    backlog = Backlog(100.0)
    resumed = backlog.admit(5_000.0, 5_000.0)
    backlog.admit(1_000.0)
    before = refusal(backlog).retry_after
    resumed.advance(5_000.0, 5_000.0)
    assert refusal(backlog).retry_after >= before
