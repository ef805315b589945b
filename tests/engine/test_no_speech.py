"""Where nobody speaks there is no text: silence, noise, music and the sounds of a line."""

from __future__ import annotations

import numpy as np
import pytest

from tests import sounds
from tests.engine.service import Service
from tests.sounds import Sound, wav

pytestmark = pytest.mark.model

SOUNDS: dict[str, Sound] = {
    "silence": sounds.silence(6.0),
    "faint-noise": sounds.noise(6.0, 0.003),
    "loud-noise": sounds.noise(6.0, 0.05),
    "hold-melody": sounds.melody(repeat=1),
    "dial-tone": sounds.tones(5.0, 350, 440),
    "busy-tone": sounds.cadence(sounds.tones(6.0, 480, 620), 0.5, 0.5),
    "ringing": sounds.cadence(sounds.tones(7.0, 440, 480), 1.0, 2.0),
    "dialling": sounds.dial(repeat=2),
    "hum": sounds.hum(6.0),
    "clicks": sounds.clicks(6.0),
}
RECORDINGS = {name: wav(sound) for name, sound in SOUNDS.items()}


@pytest.mark.parametrize("vad_filter", [True, False])
@pytest.mark.parametrize("language", ["ko", None])
@pytest.mark.parametrize("sound", SOUNDS)
def test_no_speech_gives_no_text(
    service: Service, sound: str, language: str | None, vad_filter: bool
) -> None:
    """The text is empty, with voice activity and without, whatever the language; what the
    model wrote all the same is told with its reason, and speech without text with its place."""
    heard = service.transcript(RECORDINGS[sound], language=language, vad_filter=vad_filter)
    assert (heard.text, heard.segments) == ("", ())
    assert all(withheld.text and withheld.reason for withheld in heard.suppressed)
    assert heard.coverage.transcribed_seconds == 0.0
    if heard.coverage.speech_seconds >= 0.3:
        assert heard.coverage.gaps
    if sound == "silence":
        assert heard.suppressed == ()


def test_what_is_withheld_is_shown(service: Service) -> None:
    """Noise that is listened to in full makes the model write, and all of it is told."""
    heard = service.transcript(RECORDINGS["loud-noise"], language="en", vad_filter=False)
    assert heard.suppressed
    assert all(0.0 <= w.start < w.end <= heard.duration for w in heard.suppressed)


@pytest.mark.parametrize("sound", ["hold-melody", "busy-tone", "loud-noise"])
def test_speech_after_no_speech_is_heard(service: Service, sound: str) -> None:
    """What precedes a sentence neither drowns it nor adds a word to it."""
    sentence = sounds.speech("ko_proverb.flac")
    recording = wav(np.concatenate((SOUNDS[sound], sounds.silence(1.0), sentence)))
    alone = service.transcript(wav(sentence), language="ko")
    heard = service.transcript(recording, language="ko")
    assert heard.text.strip(".") == alone.text.strip(".") != ""
    assert heard.segments[0].start >= len(SOUNDS[sound]) / 16_000 - 0.5


def test_silence_has_no_language(service: Service) -> None:
    """A recording in which nothing is heard has no language, rather than a guess."""
    heard = service.transcript(RECORDINGS["silence"])
    assert (heard.language, heard.language_probability) == (None, 0.0)
