"""Every setting is documented, bounded, and named when it cannot be read."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import SecretStr

from api_server.settings import Settings, load_settings
from serving.settings import SettingsProblem

ROOT = Path(__file__).parents[2]
DOCUMENTS = [ROOT / "README.md", ROOT / "docker" / ".env.example"]
SECRETS = ["STT_API_KEYS", "STT_ADMIN_KEY", "AGENT_API_KEY"]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
@pytest.mark.parametrize("name", [name.upper() for name in Settings.model_fields])
def test_every_setting_is_documented(name: str, document: Path) -> None:
    """A setting that nobody can read of does not exist."""
    if not document.exists():
        pytest.skip(f"{document.name} is not part of this checkout")
    assert re.search(rf"\b{name}\b", document.read_text(encoding="utf-8"))


def test_every_setting_has_a_description() -> None:
    """Each field says what it is."""
    assert [n for n, f in Settings.model_fields.items() if not f.description] == []


def test_defaults_are_the_contracts() -> None:
    """Without an environment, the documented defaults hold."""
    settings = load_settings()
    assert (settings.host, settings.port) == ("127.0.0.1", 8003)
    assert (settings.stt_model, settings.stt_backend, settings.stt_device) == (
        "base", "auto", "auto",
    )  # fmt: skip
    assert (settings.stt_compute_type, settings.stt_fallback) == ("default", "dummy")
    assert settings.stt_audio_roots == (Path("audio"),)
    assert settings.stt_max_upload_mb == 512
    assert (settings.stt_max_audio_seconds, settings.stt_max_queue_seconds) == (14400, 7200)
    assert settings.api_keys == settings.cors_origins == ()
    assert (settings.agent_request_format, settings.agent_timeout) == ("prompt_based", "30")
    assert (settings.log_level, settings.log_format) == ("INFO", "text")
    assert settings.log_transcripts is False


def test_empty_means_default(monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty variable is an absent one, as compose files write them."""
    for name in Settings.model_fields:
        monkeypatch.setenv(name.upper(), "")
    assert load_settings() == Settings()


def test_lists_are_separated_by_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    """Blanks around an item, and empty items, mean nothing."""
    monkeypatch.setenv("STT_AUDIO_ROOTS", "audio, /srv/calls ,")
    monkeypatch.setenv("CORS_ORIGINS", "https://a.example/, http://localhost:3000")
    monkeypatch.setenv("STT_API_KEYS", "one, two,")
    settings = load_settings()
    assert settings.stt_audio_roots == (Path("audio"), Path("/srv/calls"))
    assert settings.cors_origins == ("https://a.example", "http://localhost:3000")
    assert settings.api_keys == ("one", "two")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "eighty"), ("PORT", "70000"), ("STT_MAX_UPLOAD_MB", "0"),
        ("STT_MAX_UPLOAD_MB", "many"), ("STT_MAX_AUDIO_SECONDS", "-1"),
        ("STT_MAX_AUDIO_SECONDS", "nan"), ("STT_MAX_QUEUE_SECONDS", "inf"),
        ("STT_DRAIN_SECONDS", "soon"), ("STT_BACKEND", "kaldi"), ("STT_FALLBACK", "maybe"),
        ("STT_COMPUTE_TYPE", "int3"), ("LOG_LEVEL", "LOUD"), ("LOG_FORMAT", "xml"),
        ("LOG_TRANSCRIPTS", "perhaps"), ("CORS_ORIGINS", "example.com"),
    ],
)  # fmt: skip
def test_unreadable_setting_is_named(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A number or a choice that cannot be read is one line that begins with its name."""
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsProblem, match=rf"^{name}: .*{value}[^\n]*$"):
        load_settings()


@pytest.mark.parametrize(
    ("name", "value"),
    [("AGENT_TIMEOUT", "soon"), ("AGENT_REQUEST_FORMAT", "xml"), ("AGENT_URL", "::"),
     ("AGENT_ALLOWED_URLS", ","), ("STT_DEVICE", "abacus"), ("STT_MODEL", "/nowhere")],
)  # fmt: skip
def test_what_falls_back_never_stops_the_start(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A model, a device or an agent that does not work is no reason not to start."""
    monkeypatch.setenv(name, value)
    assert getattr(load_settings(), name.lower()) == value


@pytest.mark.parametrize("name", SECRETS)
def test_secrets_come_from_files(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """NAME_FILE holds the path of a file with the secret; the line's end is not part of it."""
    (tmp_path / "secret").write_text("hunter2\n", encoding="utf-8")
    monkeypatch.setenv(f"{name}_FILE", str(tmp_path / "secret"))
    secret = getattr(load_settings(), name.lower())
    assert secret.get_secret_value() == "hunter2"
    assert "hunter2" not in repr(load_settings())


def test_every_secret_is_known_here() -> None:
    """The list above is complete."""
    fields = Settings.model_fields.items()
    assert [n.upper() for n, f in fields if f.annotation is SecretStr] == SECRETS


def test_secret_given_twice_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of two secrets, nobody could say which holds."""
    monkeypatch.setenv("STT_ADMIN_KEY", "a")
    monkeypatch.setenv("STT_ADMIN_KEY_FILE", str(tmp_path / "b"))
    with pytest.raises(SettingsProblem, match=r"^STT_ADMIN_KEY: set either"):
        load_settings()


def test_secret_file_that_cannot_be_read_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A key that cannot be read must not leave the service open."""
    monkeypatch.setenv("STT_API_KEYS_FILE", str(tmp_path / "absent"))
    with pytest.raises(SettingsProblem, match=r"^STT_API_KEYS_FILE: .*No such file"):
        load_settings()


def test_process_ends_with_one_line() -> None:
    """`python -m api_server.app` with a bad setting says so in one line and ends with 2."""
    env = {**os.environ, "STT_MAX_UPLOAD_MB": "lots", "PORT": "x"}
    done = subprocess.run(
        [sys.executable, "-m", "api_server.app"], cwd=ROOT, env=env, capture_output=True, text=True,
        timeout=30, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "STT_MAX_UPLOAD_MB" in done.stderr
    assert "PORT" in done.stderr
