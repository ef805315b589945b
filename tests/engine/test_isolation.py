"""The worker process under load and under attack: the same text, or a quick end."""

from __future__ import annotations

import asyncio
import io
import subprocess
import sys
import textwrap
import time
from collections.abc import AsyncGenerator
from pathlib import Path

import numpy as np
import psutil
import pytest
from error_rate import cer

from stt_engine import STTEngine
from stt_errors import AudioError
from stt_types import AudioSource, Event, Segment, TranscribeOptions, Transcript
from tests.engine.service import Service, collect, last_of
from tests.engine.test_real_model import reference
from tests.sounds import SAMPLES, silence, speech, wav

pytestmark = pytest.mark.model

ROOT = Path(__file__).parents[2]
PROMPT = 2.0
"""Seconds within which a request that is not wanted any more must be gone."""


def long_recording() -> bytes:
    """Some minutes of speech: far more than a test waits for."""
    turns = [speech("ko_greeting.flac"), silence(1.0), speech("ko_proverb.flac"), silence(1.0)]
    return wav(np.concatenate(turns * 16))


def stream_of(engine: STTEngine, recording: bytes) -> AsyncGenerator[Event, None]:
    source = AudioSource(io.BytesIO(recording), "call.wav")
    return engine.stream(source, TranscribeOptions(language="ko"), fallback="error")


async def first_segment(stream: AsyncGenerator[Event, None]) -> None:
    async for event in stream:
        if isinstance(event, Segment):
            return
    raise AssertionError("the stream ended without a segment")


def test_the_same_text_alone_and_among_others(service: Service) -> None:
    """Two other requests at the same time do not change a character."""
    clip = wav(speech("ko_greeting.flac"), speech("ko_sentence.flac"))
    others = [wav(speech("ko_proverb.flac")), wav(speech("en_sentence.flac"))]
    alone = service.events(clip, channels="split")

    async def together() -> list[list[Event]]:
        requests = [collect(service.engine, clip, channels="split")]
        requests += [collect(service.engine, other) for other in others]
        return list(await asyncio.gather(*requests))

    beside, *rest = service.run(together())
    assert beside[:-1] == alone[:-1]
    assert last_of(beside).text == last_of(alone).text != ""
    assert [last_of(events).language for events in rest] == ["ko", "en"]


def test_a_process_hears_what_a_script_hears(service: Service, engine: STTEngine) -> None:
    """In a worker process or in this one, the text is the same."""
    name = "ko_thinking.flac"
    here = engine.transcribe(SAMPLES / name)
    there = service.transcript((SAMPLES / name).read_bytes())
    assert (here.segments, here.language) == (there.segments, there.language)


def test_a_short_clip_overtakes_a_long_recording(service: Service) -> None:
    """A clip that comes while a long recording is transcribed is answered long before it."""
    clip, recording = wav(speech("ko_proverb.flac")), long_recording()

    async def race() -> tuple[Transcript, bool]:
        long = stream_of(service.engine, recording)
        await first_segment(long)
        rest = asyncio.ensure_future(drain(long))
        short = last_of(await collect(service.engine, clip, language="ko"))
        overtook = not rest.done()
        rest.cancel()
        await asyncio.gather(rest, return_exceptions=True)
        await long.aclose()
        return short, overtook

    short, overtook = service.run(race())
    assert overtook
    assert cer(reference("ko_proverb.flac"), short.text) <= 0.15


async def drain(stream: AsyncGenerator[Event, None]) -> None:
    async for _ in stream:
        pass


def test_a_killed_worker_costs_no_text(service: Service) -> None:
    """The worker is killed in the middle of a file: the text is the same as without."""
    names = ("greeting", "sentence", "thinking", "proverb")
    parts = [part for n in names for part in (speech(f"ko_{n}.flac"), silence(1.2))]
    recording = wav(np.concatenate(parts))
    expected = service.transcript(recording, language="ko")

    async def kill_mid_file() -> Transcript:
        stream = stream_of(service.engine, recording)
        await first_segment(stream)
        psutil.Process(service.runner.pids[0]).kill()
        *_, last = [event async for event in stream]
        assert isinstance(last, Transcript)
        return last

    before = service.runner.pids
    heard = service.run(kill_mid_file())
    assert service.runner.pids != before
    assert heard.text == expected.text
    assert not heard.is_dummy
    assert service.engine.state == "ready"


@pytest.mark.parametrize("how", ["closed", "cancelled"])
def test_leaving_frees_everything(service: Service, how: str) -> None:
    """A caller that leaves takes its audio out of the backlog and its chunks out of the queue,
    within moments."""
    recording = long_recording()

    async def leave() -> float:
        stream = stream_of(service.engine, recording)
        await first_segment(stream)
        assert service.engine.backlog_seconds > 60.0
        if how == "closed":
            began = time.monotonic()
            await stream.aclose()
        else:
            task = asyncio.ensure_future(drain(stream))
            await asyncio.sleep(0)
            began = time.monotonic()
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            assert task.cancelled()
        return time.monotonic() - began

    assert service.run(leave()) < PROMPT
    assert service.engine.backlog_seconds == 0.0
    assert len(service.runner._queue) == 0
    assert service.engine._slot.at_work == 0


def test_the_language_is_told_on_its_own(service: Service) -> None:
    """`detect_language` answers a code and how likely it is."""
    for name, code in (("ko_sentence.flac", "ko"), ("de_sentence.flac", "de")):
        source = AudioSource(io.BytesIO((SAMPLES / name).read_bytes()), name)
        language, probability = service.run(service.engine.detect_language(source))
        assert language == code
        assert 0.5 < probability <= 1.0


def test_silence_is_in_no_language(service: Service) -> None:
    """Where nobody speaks `detect_language` says so, instead of guessing."""
    source = AudioSource(io.BytesIO(wav(silence(3.0))), "quiet.wav")
    with pytest.raises(AudioError) as caught:
        service.run(service.engine.detect_language(source))
    assert caught.value.code == "no_speech"


SCRIPT = """
    import sys
    from stt_engine import STTEngine
    engine = STTEngine("base", model_dir=sys.argv[1], fallback="error")
    heard = engine.transcribe(sys.argv[2], "ko")
    print(heard.text)
    print(*sorted({name.partition(".")[0] for name in sys.modules}))
"""


def test_a_plain_script_needs_the_engine_alone(prepared: Path, tmp_path: Path) -> None:
    """With nothing but the files of the engine beside it, a script transcribes; no web
    framework is needed, or loaded."""
    for module in ROOT.glob("stt_*.py"):
        (tmp_path / module.name).write_bytes(module.read_bytes())
    clip = SAMPLES / "ko_proverb.flac"
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(SCRIPT), str(prepared), str(clip)],
        cwd=tmp_path, capture_output=True, text=True, check=True, timeout=100,
    )  # fmt: skip
    text, modules = done.stdout.splitlines()
    assert cer(reference(clip.name), text) <= 0.15
    assert not {"fastapi", "starlette", "api_server", "uvicorn", "web_ui"} & set(modules.split())
