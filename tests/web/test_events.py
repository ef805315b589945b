"""Server-sent events: a transcript as it grows and the list as it changes, over real sockets."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from stt_types import Event, Progress, Segment, Transcript
from tests.api.harness import serving, wait_until
from tests.fakes import TRANSCRIPT, FakeEngine
from tests.web.harness import WAV, answers, serving_process

FIRST = Segment(id=0, start=0.0, end=3.0, text="첫 마디")
SECOND = Segment(id=1, start=4.0, end=8.0, text="둘째 마디")
SCRIPT: list[Event | float | Exception] = [
    0.3, FIRST, Progress(3.5, 9.0, language="ko"), 0.5, SECOND, Progress(9.0, 9.0, language="ko"),
    TRANSCRIPT,
]  # fmt: skip


@contextmanager
def pages(tmp_path: Path, engine: FakeEngine) -> Iterator[str]:
    """The address of web-ui before a real stt-api whose model is a fake."""
    places = {"WEB_UI_DATA": str(tmp_path / "data"), "WEB_UI_LOGS": str(tmp_path / "logs")}
    with serving(engine) as stt_api, serving_process(STT_API_URL=stt_api, **places) as (address, _):
        wait_until(lambda: answers(address), 20)
        yield address


def sent(address: str) -> str:
    response = httpx.post(f"{address}/api/transcripts", files={"file": WAV})
    return str(response.raise_for_status().json()["id"])


def events(url: str, **headers: str) -> Iterator[tuple[str, dict[str, Any], float]]:
    """Name, data and moment of each event, until the stream ends."""
    with httpx.stream("GET", url, headers=headers, timeout=30) as response:
        assert response.headers["content-type"].startswith("text/event-stream")
        name = ""
        for line in response.iter_lines():
            if line.startswith("event: "):
                name = line.removeprefix("event: ")
            elif line.startswith("data: "):
                yield name, json.loads(line.removeprefix("data: ")), time.monotonic()


def test_transcript_arrives_as_it_is_made(tmp_path: Path) -> None:
    """Each segment when stt-api settles it, not at the end; then the end is told."""
    with pages(tmp_path, FakeEngine(SCRIPT)) as address:
        id = sent(address)
        told = list(events(f"{address}/api/transcripts/{id}/events"))
    segments = [(data["text"], moment) for name, data, moment in told if name == "segment"]
    assert [text for text, _ in segments] == ["첫 마디", "둘째 마디"]
    assert segments[1][1] - segments[0][1] > 0.3
    states = [data["state"] for name, data, _ in told if name == "state"]
    assert states[-1] == "done"
    assert told[-1][0] == "end"


@pytest.mark.parametrize("where", ["query", "header"])
def test_listener_that_comes_back_misses_nothing_and_hears_nothing_twice(
    where: str, tmp_path: Path
) -> None:
    """It says what it had heard, as browsers do by themselves."""
    with pages(tmp_path, FakeEngine(SCRIPT)) as address:
        id = sent(address)
        url = f"{address}/api/transcripts/{id}/events"
        list(events(url))
        again = (
            events(f"{url}?after=0") if where == "query" else events(url, **{"Last-Event-ID": "0"})
        )
        heard = [data["text"] for name, data, _ in again if name == "segment"]
    assert heard == ["둘째 마디"]


def test_list_tells_what_changes(tmp_path: Path) -> None:
    """A new call, its states, and that it was deleted."""
    told: list[tuple[str, dict[str, Any]]] = []
    with pages(tmp_path, FakeEngine(SCRIPT)) as address:

        def listen() -> None:
            for name, data, _ in events(f"{address}/api/events"):
                told.append((name, data))
                if name == "deleted":
                    return

        listener = threading.Thread(target=listen)
        listener.start()
        time.sleep(0.5)  # the listener's connection
        id = sent(address)
        wait_until(lambda: any(data.get("state") == "done" for _, data in told))
        httpx.delete(f"{address}/api/transcripts/{id}")
        listener.join(5)
    assert told[-1] == ("deleted", {"id": id})
    progress = [data["progress"] for name, data in told if name == "transcript"]
    assert progress == sorted(progress)


def test_many_segments_are_caught_up_with(tmp_path: Path) -> None:
    """A listener who comes late to a long call gets all of it, once."""
    count = 700
    script: list[Event | float | Exception] = []
    for number in range(count):
        script.append(Segment(id=number, start=number, end=number + 0.5, text=f"말 {number}"))
        script.append(Progress(number + 1.0, float(count)))
    script.append(
        Transcript(**{f: getattr(TRANSCRIPT, f) for f in Transcript.__dataclass_fields__})
    )
    with pages(tmp_path, FakeEngine(script)) as address:
        id = sent(address)
        status = f"{address}/api/transcripts/{id}"
        wait_until(lambda: httpx.get(status).json()["state"] == "done", 30)
        heard = [data["id"] for name, data, _ in events(f"{status}/events") if name == "segment"]
    assert heard == list(range(count))


def test_streams_do_not_hold_the_end(tmp_path: Path) -> None:
    """A service that is asked to stop ends its streams within seconds."""
    places = {"WEB_UI_DATA": str(tmp_path / "data"), "WEB_UI_LOGS": str(tmp_path / "logs")}
    with serving_process(**places) as (address, process):
        wait_until(lambda: answers(address), 20)
        with httpx.stream("GET", f"{address}/api/events", timeout=30) as response:
            pieces = response.iter_bytes()
            next(pieces)
            began = time.monotonic()
            process.terminate()
            for _ in pieces:
                pass
            assert process.wait(10) == 0
    assert time.monotonic() - began < 5
