"""Requests take turns: whose chunk is next."""

from __future__ import annotations

from stt_scheduler import FairQueue


def filled(**lines: str) -> FairQueue[str]:
    """Request 1 waits with the items of `one`, and so on."""
    queue: FairQueue[str] = FairQueue()
    for request, name in enumerate(("one", "two", "three"), start=1):
        for item in lines.get(name, ""):
            queue.add(request, item)
    return queue


def drained(queue: FairQueue[str]) -> str:
    items = ""
    while (taken := queue.take()) is not None:
        items += taken[1]
    return items


def test_requests_take_turns() -> None:
    """Each request gives one item in turn, and its own items keep their order."""
    assert drained(filled(one="abc", two="DEF", three="7")) == "aD7bEcF"


def test_a_clip_waits_for_one_chunk_of_the_others() -> None:
    """A request that comes late is served after one item of each request before it."""
    queue = filled(one="abcdefgh", two="ABCDEFGH")
    assert queue.take() == (1, "a")
    queue.add(3, "clip")
    served = [queue.take() for _ in range(3)]
    assert (3, "clip") in served


def test_an_item_put_back_is_the_very_next() -> None:
    """What was taken and not served keeps its place, before the other requests."""
    queue = filled(one="ab", two="C")
    assert queue.take() == (1, "a")
    queue.put_back(1, "a")
    assert drained(queue) == "aCb"


def test_the_last_item_put_back_is_the_very_next() -> None:
    """A request whose only item was taken comes back to the front of the line."""
    queue = filled(one="a", two="B")
    queue.take()
    queue.put_back(1, "a")
    assert drained(queue) == "aB"


def test_dropping_a_request_leaves_the_others() -> None:
    """A request that left is forgotten, and what it had waiting is handed out."""
    queue = filled(one="ab", two="CD")
    assert queue.drop(1) == ["a", "b"]
    assert queue.drop(1) == []
    assert drained(queue) == "CD"


def test_dropping_all_empties_the_queue() -> None:
    """Everything that waits is handed out, and nothing waits afterwards."""
    queue = filled(one="ab", two="C")
    assert sorted(queue.drop_all()) == ["C", "a", "b"]
    assert len(queue) == 0
    assert queue.take() is None


def test_length_counts_every_item() -> None:
    """The length is the number of items of all requests."""
    queue = filled(one="abc", two="D")
    assert len(queue) == 4
    queue.take()
    assert len(queue) == 3


def test_a_request_served_to_its_end_may_come_again() -> None:
    """A request whose line ran empty joins at the back with its next item."""
    queue = filled(one="a", two="BC")
    queue.take()
    queue.add(1, "b")
    assert drained(queue) == "BbC"
