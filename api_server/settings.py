"""Every setting of stt-api: read once from the environment, bounded, documented.

A field's name in capitals is the variable's name; an empty variable means the default. A
secret can come from a file instead: `NAME_FILE` holds its path.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias
from urllib.parse import urlsplit

from pydantic import BeforeValidator, Field, SecretStr, ValidationError, field_validator
from pydantic.fields import FieldInfo
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

MIB = 1024 * 1024
WEEK = 7 * 24 * 3600


class SettingsProblem(ValueError):
    """A setting cannot be read. One line, which names it."""


def _split(value: object) -> object:
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    return value


def _upper(value: object) -> object:
    return value.upper() if isinstance(value, str) else value


Comma: TypeAlias = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split)]
Paths: TypeAlias = Annotated[tuple[Path, ...], NoDecode, BeforeValidator(_split)]
LogLevel: TypeAlias = Annotated[
    Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"], BeforeValidator(_upper)
]
Backend: TypeAlias = Literal["auto", "faster-whisper", "transformers", "whisper", "dummy"]
ComputeType: TypeAlias = Literal[
    "default", "auto", "int8", "int8_float32", "int8_float16", "int8_bfloat16",
    "int16", "float16", "bfloat16", "float32",
]  # fmt: skip


class Settings(BaseSettings):
    """The settings that concern stt-api."""

    model_config = SettingsConfigDict(env_ignore_empty=True, extra="ignore", frozen=True)

    host: str = Field(default="127.0.0.1", description="address to listen on")
    port: int = Field(
        default=8003, ge=0, le=65535, description="port to listen on; 0 takes a free one"
    )

    stt_model: str = Field(default="base", description="a model's name, or its directory")
    stt_model_dir: Path = Field(
        default=Path("models"), description="where models are looked for first"
    )
    stt_backend: Backend = Field(default="auto", description="auto takes the first that loads")
    stt_device: str = Field(
        default="auto", max_length=64, description="as CTranslate2 names devices"
    )
    stt_compute_type: ComputeType = Field(
        default="default", description="as CTranslate2 names them"
    )
    stt_fallback: Literal["dummy", "error"] = Field(
        default="dummy", description="what a failure becomes: a marked dummy result, or an error"
    )

    stt_audio_roots: Paths = Field(
        default=(Path("audio"),), description="the only directories a file_path may name"
    )
    stt_upload_dir: Path | None = Field(
        default=None,
        description="where uploads wait for their transcript; default: the system's own",
    )
    stt_max_upload_mb: int = Field(
        default=512, ge=1, le=102_400, description="largest upload, in MiB"
    )
    stt_max_audio_seconds: float = Field(
        default=14_400, gt=0, le=WEEK, allow_inf_nan=False, description="longest recording"
    )
    stt_max_queue_seconds: float = Field(
        default=7_200,
        gt=0,
        le=WEEK,
        allow_inf_nan=False,
        description="audio accepted but not transcribed",
    )
    stt_drain_seconds: float = Field(
        default=30,
        ge=0,
        le=3600,
        allow_inf_nan=False,
        description="what running work gets after SIGTERM",
    )

    stt_api_keys: SecretStr = Field(
        default=SecretStr(""), description="comma-separated client keys"
    )
    stt_admin_key: SecretStr = Field(default=SecretStr(""), description="enables the /admin routes")
    cors_origins: Comma = Field(default=(), description="origins whose pages may call this service")

    # Text, all of them: an AGENT_* value that does not work must become a marked dummy of
    # the agent, never a service that does not start. Whoever calls the agent judges them.
    agent_url: str = Field(default="", description="base URL of the LLM server")
    agent_model: str = Field(default="", description="the first model served, when empty")
    agent_api_key: SecretStr = Field(default=SecretStr(""), description="sent to AGENT_URL alone")
    agent_request_format: str = Field(
        default="prompt_based", description="prompt_based or text_only"
    )
    agent_timeout: str = Field(
        default="30", description="seconds for a whole call, retries included"
    )
    agent_allowed_urls: str = Field(
        default="", description="origins a request's agent_url may name"
    )

    labels_file: Path | None = Field(
        default=None, description="labels of the classification; default: the built-in ones"
    )
    rules_dir: Path | None = Field(
        default=None, description="rule packs of your own, over the built-in ones"
    )
    mask_pii: bool = Field(
        default=False, description="mask personal data in what is returned; logs always are"
    )

    log_level: LogLevel = Field(default="INFO", description="least severe level that is logged")
    log_format: Literal["text", "json"] = Field(default="text", description="json for collectors")
    log_transcripts: bool = Field(default=False, description="log what was said; off by default")

    @field_validator("cors_origins")
    @classmethod
    def _origins(cls, origins: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(_origin(origin) for origin in origins)

    @property
    def max_upload_bytes(self) -> int:
        return self.stt_max_upload_mb * MIB

    @property
    def api_keys(self) -> tuple[str, ...]:
        keys = self.stt_api_keys.get_secret_value().split(",")
        return tuple(key.strip() for key in keys if key.strip())

    @property
    def admin_key(self) -> str:
        return self.stt_admin_key.get_secret_value().strip()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, env_settings, SecretFiles(settings_cls)


class SecretFiles(PydanticBaseSettingsSource):
    """`NAME_FILE`: a secret in a file, the way containers are given theirs."""

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        return _secret_from_file(field_name.upper()), field_name, False

    def __call__(self) -> dict[str, Any]:
        fields = self.settings_cls.model_fields.items()
        secrets = {n: _secret_from_file(n.upper()) for n, f in fields if f.annotation is SecretStr}
        return {name: value for name, value in secrets.items() if value is not None}


def _secret_from_file(name: str) -> str | None:
    path = os.environ.get(f"{name}_FILE", "")
    if not path:
        return None
    if os.environ.get(name):
        raise SettingsProblem(f"{name}: set either {name} or {name}_FILE, not both")
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "not UTF-8 text"
        raise SettingsProblem(f"{name}_FILE: the file cannot be read ({reason})") from None


def _origin(text: str) -> str:
    parts = urlsplit(text)
    if text == "*" or (parts.scheme in {"http", "https"} and parts.netloc and parts.path in "/"):
        return text.rstrip("/")
    raise ValueError(f"{text!r} is not an origin such as https://example.com")


def load_settings() -> Settings:
    """Read the environment. Raises `SettingsProblem`, which names every setting at fault."""
    try:
        return Settings()
    except ValidationError as error:
        lines = [_line(dict(problem)) for problem in error.errors()]
        raise SettingsProblem("; ".join(lines)) from None


def _line(problem: dict[str, Any]) -> str:
    name = str(problem["loc"][0])
    message = str(problem["msg"]).removeprefix("Value error, ")
    field = Settings.model_fields.get(name)
    if field is not None and field.annotation is SecretStr:
        return f"{name.upper()}: {message}"
    return f"{name.upper()}: {message} (it is {problem['input']!r:.80})"
