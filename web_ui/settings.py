"""Every setting of web-ui: read once from the environment, bounded, documented."""

from __future__ import annotations

import ipaddress
import re
from pathlib import Path
from urllib.parse import urlsplit

import httpx
from pydantic import Field, SecretStr, field_validator
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from serving.settings import ABOUT_PORT, Port, ServiceSettings, load
from web_ui.store.database import sqlite_url

# A name's labels; the underscore is no host's, but compose files name services with it.
HOST_NAME = re.compile(
    r"(?!.{254})[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)*\.?",
    re.I,
)
NO_URL = "not a URL such as http://localhost:8003"
# The tables ask for nothing that PostgreSQL could not do, but no other has been tried.
DATABASE = "sqlite"
# What a header can carry as one word.
KEY = re.compile(r"[!-~]*")


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
        description="longest request for one transcript, in seconds; past it the job goes on anew",
    )

    web_ui_data: Path = Field(
        default=Path("web_ui/data"),
        description="recordings and the default database; created when missing",
    )
    database_url: SecretStr = Field(
        default=SecretStr(""), description="database URL; empty: SQLite under WEB_UI_DATA"
    )
    web_ui_jobs: int = Field(
        default=4, ge=1, le=32, description="transcripts that are worked on at a time"
    )
    web_ui_retention_days: int = Field(
        default=0, ge=0, le=36_500, description="days a transcript is kept; 0: until deleted"
    )
    web_ui_users: Path | None = Field(
        default=None, description="file of users with hashed passwords; unset: no sign-in"
    )
    web_ui_api_keys: SecretStr = Field(
        default=SecretStr(""),
        description="comma-separated keys of programs; only together with WEB_UI_USERS",
    )
    web_ui_session_hours: float = Field(
        default=12,
        gt=0,
        le=720,
        allow_inf_nan=False,
        description="how long a sign-in lasts without use, in hours",
    )
    web_ui_secret: SecretStr = Field(
        default=SecretStr(""),
        description="signs sessions; empty: made at first start and kept in WEB_UI_DATA",
    )
    web_ui_logs: Path = Field(
        default=Path("web_ui/logs"), description="where web-ui.log is written and rotates"
    )

    @field_validator("stt_api_url")
    @classmethod
    def _base_url(cls, url: str) -> str:
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError:  # its text may quote a password taken for a port
            raise ValueError(NO_URL) from None
        if parts.scheme not in {"http", "https"} or not parts.hostname or port == 0:
            raise ValueError(NO_URL)
        if parts.query or parts.fragment or parts.username or parts.password:
            raise ValueError("only a scheme, a host, a port and a path; the key is STT_API_KEY")
        if not _is_host(_host_asked(url)):
            raise ValueError("its host cannot be the name or the address of a machine")
        return url.rstrip("/")

    @field_validator("stt_api_key")
    @classmethod
    def _key(cls, key: SecretStr) -> SecretStr:
        if not KEY.fullmatch(key.get_secret_value().strip()):
            raise ValueError("only visible ASCII characters, without white space between them")
        return key

    @field_validator("web_ui_api_keys")
    @classmethod
    def _keys(cls, keys: SecretStr) -> SecretStr:
        if not all(KEY.fullmatch(key.strip()) for key in keys.get_secret_value().split(",")):
            raise ValueError("only visible ASCII characters, with commas between the keys")
        return keys

    @field_validator("database_url")
    @classmethod
    def _database(cls, url: SecretStr) -> SecretStr:
        try:
            backend = make_url(url.get_secret_value()).get_backend_name() if url else "sqlite"
        except ArgumentError:  # its text quotes the URL, and a password with it
            raise ValueError("not a URL such as sqlite:////var/lib/stt/web-ui.db") from None
        if backend != DATABASE:
            raise ValueError(f"only {DATABASE} databases can be used")
        return url

    @property
    def database(self) -> str:
        """The URL of the database in force."""
        return self.database_url.get_secret_value() or sqlite_url(self.web_ui_data)

    @property
    def api_key(self) -> str:
        return self.stt_api_key.get_secret_value().strip()


def _host_asked(url: str) -> str:
    """The host as the client will ask for it."""
    try:
        return httpx.URL(url).raw_host.decode("ascii")
    except httpx.InvalidURL:
        raise ValueError("the client cannot read this URL") from None


def _is_host(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        # Resolvers take a name of digits for an address.
        return HOST_NAME.fullmatch(host) is not None and not re.fullmatch(r"[\d.]+", host)
    return True


def load_settings() -> Settings:
    """Read the environment. Raises `SettingsProblem`, which names every setting at fault."""
    return load(Settings)
