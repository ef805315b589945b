"""The sound of a call over HTTP: ranges, the waveform, and files that are no recordings."""

from __future__ import annotations

import asyncio
from pathlib import Path

import httpx
import pytest

from tests.web.calls import ended, sent
from tests.web.fakes import FakeSttApi
from tests.web.harness import ROOT, client_of

pytestmark = pytest.mark.anyio
SAMPLE = ROOT / "audio" / "samples" / "ko_sentence.flac"
HTML = b"<!doctype html><script>alert(1)</script>"


async def prepared(client: httpx.AsyncClient, id: str) -> httpx.Response:
    """The answer about the waveform, once it is known."""
    async with asyncio.timeout(20):
        while True:
            found = await client.get(f"/api/transcripts/{id}/peaks")
            if found.status_code != 202:
                return found
            await asyncio.sleep(0.1)


async def test_recording_is_played_in_ranges_with_its_waveform(tmp_path: Path) -> None:
    """As it was sent where browsers can play that; peaks for all of its length."""
    content = SAMPLE.read_bytes()
    async with client_of(FakeSttApi(), tmp_path) as client:
        id = await sent(client, ("통화.flac", content))
        await ended(client, id)
        waveform = (await prepared(client, id)).json()
        audio = f"/api/transcripts/{id}/audio"
        part = await client.get(audio, headers={"Range": "bytes=100-199"})
        head = await client.head(audio)
        original = await client.get(f"{audio}?original=1")
    assert waveform["duration"] == pytest.approx(3.9, abs=0.1)
    assert len(waveform["peaks"]) == pytest.approx(3.9 * waveform["per_second"], rel=0.1)
    assert max(waveform["peaks"]) > 50
    assert (part.status_code, part.content) == (206, content[100:200])
    assert part.headers["content-type"] == "audio/flac"
    assert head.headers["content-length"] == str(len(content))
    assert original.content == content
    assert original.headers["content-disposition"].startswith("attachment;")


async def test_what_is_no_recording_is_only_bytes(tmp_path: Path) -> None:
    """A page that was uploaded is no page here: it is saved, never shown, and never runs."""
    async with client_of(FakeSttApi(), tmp_path) as client:
        id = await sent(client, ("page.html", HTML))
        await ended(client, id)
        waveform = await prepared(client, id)
        answers = [
            await client.get(f"/api/transcripts/{id}/audio{query}") for query in ("", "?original=1")
        ]
    assert (waveform.status_code, waveform.json()["error_code"]) == (404, "not_found")
    for answer in answers:
        assert answer.headers["content-type"] == "application/octet-stream"
        assert answer.headers["content-disposition"].startswith("attachment;")
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "sandbox" in answer.headers["content-security-policy"]


async def test_recording_that_is_gone_is_told(tmp_path: Path) -> None:
    """410 for the sound; the page and the text are there all the same."""
    async with client_of(FakeSttApi(), tmp_path) as client:
        id = await sent(client, ("통화.flac", SAMPLE.read_bytes()))
        await ended(client, id)
        await prepared(client, id)
        for path in tmp_path.rglob(f"{id}*"):
            path.unlink()
        audio = await client.get(f"/api/transcripts/{id}/audio")
        page = await client.get(f"/transcripts/{id}")
    assert (audio.status_code, audio.json()["error_code"]) == (410, "recording_missing")
    assert page.status_code == 200
