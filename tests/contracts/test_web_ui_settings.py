"""Every setting of web-ui is documented, bounded, and named when it cannot be read."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from pydantic import SecretStr

from api_server.settings import load_settings as load_stt_api_settings
from serving.settings import SettingsProblem
from web_ui.client import SttApi
from web_ui.settings import Settings, load_settings

ROOT = Path(__file__).parents[2]
SECRETS = ["STT_API_KEY", "DATABASE_URL", "WEB_UI_API_KEYS", "WEB_UI_SECRET"]
DATABASE = "sqlite:////srv/hunter2.db"
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
        ("WEB_UI_JOBS", "0"), ("WEB_UI_JOBS", "33"), ("WEB_UI_RETENTION_DAYS", "-1"),
        ("WEB_UI_SESSION_HOURS", "0"), ("WEB_UI_SESSION_HOURS", "721"),
        ("STT_API_TIMEOUT", "0"), ("STT_API_TIMEOUT", "inf"), ("STT_API_TIMEOUT", "soon"),
        ("STT_DRAIN_SECONDS", "-1"), ("LOG_LEVEL", "LOUD"), ("LOG_FORMAT", "xml"),
        ("STT_API_URL", "localhost:8003"), ("STT_API_URL", "ftp://stt"), ("STT_API_URL", "http://"),
        ("STT_API_URL", "http://stt:99999"), ("STT_API_URL", "http://stt:x"),
        ("STT_API_URL", "http://[::1"), ("STT_API_URL", "http://s tt"), ("STT_API_URL", "http://-"),
        ("STT_API_URL", "http://a..b"), ("STT_API_URL", "http://.b"), ("STT_API_URL", "http://1.2"),
        ("STT_API_URL", "http://999.1.1.1"), ("STT_API_URL", "http://a%20b"),
        ("STT_API_URL", "http://" + "a" * 64), ("STT_API_URL", "http://xn--/"),
    ],
)  # fmt: skip
def test_unreadable_setting_is_named(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A number or a choice that cannot be read is one line that begins with its name."""
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsProblem, match=rf"^{name}: .*{re.escape(value)}[^\n]*$"):
        load_settings()


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("http://me:hunter2@stt", "http://***@stt"),
        ("http://me:hunt/er2@stt", "http://***@stt"),
        ("me:hunter2@stt:8003", "***@stt:8003"),
        ("http://me:hun'ter2@stt", "http://***@stt"),
        ("http://stt/?key=hunter2", "http://stt/?***"),
        ("http://stt/?key=hun'ter2", "http://stt/?***"),
        ("http://stt/#hunter2 hunter2", "http://stt/?***"),
        ("ftp://me:hunter2@stt/a?key=hunter2", "ftp://***@stt/a?***"),
    ],
)
@pytest.mark.parametrize("name", ["STT_API_URL", "PORT"])
def test_secrets_of_an_address_are_not_repeated(
    name: str, url: str, shown: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The line that refuses an address tells which it was, not what opens it; also where the
    address went into the wrong variable."""
    monkeypatch.setenv(name, url)
    with pytest.raises(SettingsProblem) as caught:
        load_settings()
    assert re.search(r"hunt?|ter2", str(caught.value)) is None
    assert f"(it is '{shown}')" in str(caught.value)


def test_origins_secrets_are_not_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor where the message itself quotes the value."""
    monkeypatch.setenv("CORS_ORIGINS", "https://ok.example,https://me:hunter2@x/y?key=hunter3")
    with pytest.raises(SettingsProblem, match=r"^CORS_ORIGINS: ") as caught:
        load_stt_api_settings()
    assert "hunter" not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    ["http://st\nt", "http://stt\x7f", "http://stt\u2028", "http://" + "a." * 40_000, "http://\udcff",
     "http://stt/\x00", "http://[fe80::1%25eth0]", "http://[v1.x]", "http://stt:", "http://열쇠.kr",
     "http://ⅷ\u200d", "http://stt:+80", "http://stt:８０"],
)  # fmt: skip
def test_odd_address_is_refused_or_works(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the settings let through, a client can be made of: no traceback later on."""
    monkeypatch.setattr(os, "environ", {**os.environ, "STT_API_URL": url})
    problem, settings = outcome()
    assert problem.isprintable()
    if settings is None:
        assert problem.startswith("STT_API_URL: ")
    else:
        SttApi(settings)


def outcome() -> tuple[str, Settings | None]:
    try:
        return "", load_settings()
    except SettingsProblem as problem:
        return str(problem), None


@pytest.mark.parametrize(
    "key", ["hunter2 hunter3", "hunter2\nX: 1", "hunter2\t3", "열쇠", "a\x7f", "é"]
)
def test_key_that_no_header_carries_is_refused(key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """One line that names the setting and keeps the key to itself."""
    monkeypatch.setenv("STT_API_KEY", key)
    with pytest.raises(SettingsProblem, match=r"^STT_API_KEY: [^\n]*$") as caught:
        load_settings()
    assert key not in str(caught.value)


def test_key_may_be_any_word(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every visible ASCII character, and the white space around it is nobody's."""
    word = "".join(map(chr, range(33, 127)))
    monkeypatch.setenv("STT_API_KEY", f" {word}\n")
    assert load_settings().api_key == word


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8003", "http://[::1]:8003", "http://stt_api:8003", "http://Stt-1.example.",
            "https://음성.example/engine"],
)  # fmt: skip
def test_good_addresses_pass(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Names, the names of compose services, and addresses of both kinds."""
    monkeypatch.setenv("STT_API_URL", url)
    assert load_settings().stt_api_url == url


def test_address_may_have_a_path_and_a_slash(monkeypatch: pytest.MonkeyPatch) -> None:
    """stt-api may stand behind a proxy's path."""
    monkeypatch.setenv("STT_API_URL", "https://stt.example/engine/")
    assert load_settings().stt_api_url == "https://stt.example/engine"


@pytest.mark.parametrize("name", SECRETS)
def test_secrets_come_from_files(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """NAME_FILE holds the path of a file with the secret; the line's end is not part of it."""
    content = DATABASE if name == "DATABASE_URL" else "hunter2"
    (tmp_path / "secret").write_text(f"{content}\n", encoding="utf-8")
    monkeypatch.setenv(f"{name}_FILE", str(tmp_path / "secret"))
    secret = getattr(load_settings(), name.lower())
    assert secret.get_secret_value() == content
    assert "hunter2" not in repr(load_settings())


@pytest.mark.parametrize(
    "url", ["hunter2", "mysql://u:hunter2@db/x", "postgresql://u:hunter2@db/x"]
)
def test_other_databases_are_refused(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """In one line that keeps the password in the URL to itself."""
    monkeypatch.setenv("DATABASE_URL", url)
    with pytest.raises(SettingsProblem, match=r"^DATABASE_URL: [^\n]*sqlite[^\n]*$") as caught:
        load_settings()
    assert "hunter2" not in str(caught.value)


def test_every_secret_is_known_here() -> None:
    """The list above is complete."""
    fields = Settings.model_fields.items()
    assert [n.upper() for n, f in fields if f.annotation is SecretStr] == SECRETS
