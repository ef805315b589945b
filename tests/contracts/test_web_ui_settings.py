"""Every setting of web-ui is documented, bounded, and named when it cannot be read."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pydantic import SecretStr

from serving.settings import SettingsProblem
from web_ui.settings import Settings, load_settings

ROOT = Path(__file__).parents[2]
SECRETS = ["STT_API_KEY"]
NAMES = [name.upper() for name in Settings.model_fields]


@pytest.mark.parametrize("name", NAMES)
def test_every_setting_is_in_the_readmes_table(name: str) -> None:
    """A setting that nobody can read of does not exist."""
    readme = ROOT / "README.md"
    if not readme.exists():
        pytest.skip("README.md is not part of this checkout")
    assert re.search(rf"^\| .*`{name}`.* \|", readme.read_text(encoding="utf-8"), re.MULTILINE)


@pytest.mark.parametrize("name", NAMES)
def test_every_setting_is_in_the_example(name: str) -> None:
    """`docker/.env.example` lists it, commented out."""
    example = (ROOT / "docker" / ".env.example").read_text(encoding="utf-8")
    assert re.search(rf"^#{name}=", example, re.MULTILINE)


def test_every_setting_has_a_description() -> None:
    """Each field says what it is."""
    assert [n for n, f in Settings.model_fields.items() if not f.description] == []


def test_defaults_are_the_contracts() -> None:
    """Without an environment, the documented defaults hold."""
    settings = load_settings()
    assert (settings.host, settings.port) == ("127.0.0.1", 8100)
    assert (settings.stt_api_url, settings.api_key) == ("http://localhost:8003", "")
    assert (settings.web_ui_data, settings.web_ui_logs) == (
        Path("web_ui/data"), Path("web_ui/logs"),
    )  # fmt: skip
    assert (settings.stt_max_upload_mb, settings.stt_drain_seconds) == (512, 30)
    assert settings.stt_api_timeout == 3600
    assert (settings.log_level, settings.log_format) == ("INFO", "text")


def test_empty_means_default(monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty variable is an absent one, as compose files write them."""
    for name in NAMES:
        monkeypatch.setenv(name, "")
    assert load_settings() == Settings()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "eighty"), ("PORT", "70000"), ("STT_MAX_UPLOAD_MB", "0"),
        ("STT_API_TIMEOUT", "0"), ("STT_API_TIMEOUT", "inf"), ("STT_API_TIMEOUT", "soon"),
        ("STT_DRAIN_SECONDS", "-1"), ("LOG_LEVEL", "LOUD"), ("LOG_FORMAT", "xml"),
        ("STT_API_URL", "localhost:8003"), ("STT_API_URL", "ftp://stt"), ("STT_API_URL", "http://"),
        ("STT_API_URL", "http://stt:99999"), ("STT_API_URL", "http://me:secret@stt"),
        ("STT_API_URL", "http://stt/?key=1"),
    ],
)  # fmt: skip
def test_unreadable_setting_is_named(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A number or a choice that cannot be read is one line that begins with its name."""
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsProblem, match=rf"^{name}: .*{re.escape(value)}[^\n]*$"):
        load_settings()


def test_address_may_have_a_path_and_a_slash(monkeypatch: pytest.MonkeyPatch) -> None:
    """stt-api may stand behind a proxy's path."""
    monkeypatch.setenv("STT_API_URL", "https://stt.example/engine/")
    assert load_settings().stt_api_url == "https://stt.example/engine"


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
