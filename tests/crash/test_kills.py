"""`kill -9` of either service, at any moment, loses nothing and repeats nothing."""

from __future__ import annotations

import base64
import random
import time
import wave
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import httpx
import pytest

from tests.services import ROOT, Service

pytestmark = [pytest.mark.crash, pytest.mark.model, pytest.mark.timeout(1800)]

SAMPLES = ROOT / "audio" / "samples"
CLIPS = (
    "ko_sentence.flac", "ko_greeting.flac", "ko_proverb.flac", "ko_thinking.flac", "jfk.flac",
    "en_sentence.flac", "noise_10s.flac",
)  # fmt: skip
RATE = 16_000
JOBS = 10
KILLS = 20
LONGEST_SECONDS = 900.0
PIECE_BYTES = 256 * 1024
TUS = {"Tus-Resumable": "1.0.0"}
# What the processing of a call may differ in without any harm to it.
COMPARED = ("text", "language", "state", "duration", "coverage", "suppressed")


@pytest.fixture(scope="module")
def calls(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Ten recordings, each of some clips in an order of its own."""
    directory = tmp_path_factory.mktemp("calls")
    clips = {name: _samples(SAMPLES / name) for name in CLIPS}
    chance = random.Random(7)  # noqa: S311 - not for secrets
    paths = []
    for number in range(JOBS):
        chosen = chance.choices(CLIPS, k=6)
        path = directory / f"call-{number}.wav"
        with wave.open(str(path), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(RATE)
            for name in chosen:
                file.writeframes(clips[name] + bytes(RATE))
        paths.append(path)
    return paths


def _samples(path: Path) -> bytes:
    resampler = av.AudioResampler("s16", "mono", RATE)
    with av.open(str(path)) as container:
        frames = [
            frame for packet in container.decode(audio=0) for frame in resampler.resample(packet)
        ]
        frames += resampler.resample(None)
    return b"".join(bytes(frame.planes[0])[: frame.samples * 2] for frame in frames)


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[tuple[Service, Service]]:
    """stt-api and web-ui, ready."""
    api = Service("api_server.app", tmp_path / "api.log", STT_FALLBACK="error")
    pages = Service(
        "web_ui.app",
        tmp_path / "web.log",
        STT_API_URL=api.url,
        WEB_UI_DATA=str(tmp_path / "data"),
        WEB_UI_LOGS=str(tmp_path / "logs"),
        WEB_UI_JOBS="3",
    )
    for service in (api, pages):
        service.start()
    try:
        for service in (api, pages):
            service.wait_until_ready()
        yield api, pages
    finally:
        for service in (api, pages):
            service.kill()


def test_nothing_is_lost_or_repeated(calls: list[Path], pair: tuple[Service, Service]) -> None:
    """Each service is killed at 20 random moments during ten jobs; every transcript equals that
    of an undisturbed run: its text, its segments and words, what was withheld, and the gaps."""
    api, pages = pair
    undisturbed = _finished(pages, [_upload(pages, path) for path in calls])
    chance = random.Random()  # noqa: S311 - not for secrets
    seed = chance.randrange(1_000_000)
    chance.seed(seed)
    kills = [api] * KILLS + [pages] * KILLS
    chance.shuffle(kills)
    waiting = list(calls)
    ids = [_upload(pages, waiting.pop(0)) for _ in range(3)]
    for service in kills:
        time.sleep(chance.uniform(0.2, 3.0))
        service.kill()
        time.sleep(chance.uniform(0.0, 0.5))
        service.start()
        if service is pages:
            pages.wait_until_ready()
        if waiting and chance.random() < 0.5:
            ids.append(_upload(pages, waiting.pop(0)))
    ids += [_upload(pages, path) for path in waiting]
    disturbed = _finished(pages, ids)
    for number, (one, other) in enumerate(zip(undisturbed, disturbed, strict=True)):
        told = f"call {number}, seed {seed}"
        assert _compared(one) == _compared(other), told
        assert len({segment["id"] for segment in other["segments"]}) == len(other["segments"]), told


def _compared(call: dict[str, Any]) -> dict[str, Any]:
    same = {name: call[name] for name in COMPARED}
    spoken = [
        (segment["start"], segment["end"], segment["text"], segment["words"])
        for segment in call["segments"]
    ]
    return {**same, "segments": spoken}


def _upload(pages: Service, path: Path) -> str:
    """By pieces, as a browser does: whatever was cut off goes on where it stopped."""
    content = path.read_bytes()
    name = base64.b64encode(path.name.encode()).decode()
    with httpx.Client(base_url=pages.url, timeout=30) as client:
        headers = {**TUS, "Upload-Length": str(len(content)), "Upload-Metadata": f"filename {name}"}
        address = (
            client.post("/api/uploads", headers=headers).raise_for_status().headers["location"]
        )
        offset = 0
        while offset < len(content):
            sent = client.patch(
                address,
                content=content[offset : offset + PIECE_BYTES],
                headers={
                    **TUS,
                    "Upload-Offset": str(offset),
                    "Content-Type": "application/offset+octet-stream",
                },
            )
            offset = int(sent.raise_for_status().headers["upload-offset"])
    return str(address).rsplit("/", 1)[-1]


def _finished(pages: Service, ids: list[str]) -> list[dict[str, Any]]:
    """Every call, once it is done."""
    deadline = time.monotonic() + LONGEST_SECONDS
    done: dict[str, dict[str, Any]] = {}
    while len(done) < len(ids):
        for id in ids:
            call = httpx.get(f"{pages.url}/api/transcripts/{id}", timeout=10).json()
            assert call["state"] not in ("failed", "dummy", "cancelled"), call["error_reason"]
            if call["state"] == "done":
                done[id] = call
        assert time.monotonic() < deadline, [call["state"] for call in done.values()]
        time.sleep(0.5)
    return [done[id] for id in ids]
