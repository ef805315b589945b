"""Every setting of web-ui: read once from the environment, bounded, documented."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator

from serving.settings import ABOUT_PORT, Port, ServiceSettings, load


class Settings(ServiceSettings):
    """The settings that concern web-ui."""

    port: Port = Field(default=8100, description=ABOUT_PORT)

    stt_api_url: str = Field(default="http://localhost:8003", description="stt-api's base URL")
    stt_api_key: SecretStr = Field(default=SecretStr(""), description="sent to stt-api as Bearer")
    stt_api_timeout: float = Field(
        default=3600,
        gt=0,
        le=86_400,
        allow_inf_nan=False,
        description="longest wait for one transcript, in seconds",
    )

    web_ui_data: Path = Field(
        default=Path("web_ui/data"), description="where uploads wait; created when missing"
    )
    web_ui_logs: Path = Field(
        default=Path("web_ui/logs"), description="where web-ui.log is written and rotates"
    )

    @field_validator("stt_api_url")
    @classmethod
    def _base_url(cls, url: str) -> str:
        parts = urlsplit(url)
        # Reading the port is what checks it.
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.port == 0:
            raise ValueError("not a URL such as http://localhost:8003")
        if parts.query or parts.fragment or parts.username or parts.password:
            raise ValueError("only a scheme, a host, a port and a path; the key is STT_API_KEY")
        return url.rstrip("/")

    @property
    def api_key(self) -> str:
        return self.stt_api_key.get_secret_value().strip()


def load_settings() -> Settings:
    """Read the environment. Raises `SettingsProblem`, which names every setting at fault."""
    return load(Settings)
