"""Every setting of stt-api: read once from the environment, bounded, documented."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, TypeAlias
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator

from serving.settings import ABOUT_PORT, Comma, Paths, Port, ServiceSettings, load

WEEK = 7 * 24 * 3600

Backend: TypeAlias = Literal["auto", "faster-whisper", "transformers", "whisper", "dummy"]
ComputeType: TypeAlias = Literal[
    "default", "auto", "int8", "int8_float32", "int8_float16", "int8_bfloat16",
    "int16", "float16", "bfloat16", "float32",
]  # fmt: skip


class Settings(ServiceSettings):
    """The settings that concern stt-api."""

    port: Port = Field(default=8003, description=ABOUT_PORT)

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

    log_transcripts: bool = Field(default=False, description="log what was said; off by default")

    @field_validator("cors_origins")
    @classmethod
    def _origins(cls, origins: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(_origin(origin) for origin in origins)

    @property
    def api_keys(self) -> tuple[str, ...]:
        keys = self.stt_api_keys.get_secret_value().split(",")
        return tuple(key.strip() for key in keys if key.strip())

    @property
    def admin_key(self) -> str:
        return self.stt_admin_key.get_secret_value().strip()


def _origin(text: str) -> str:
    parts = urlsplit(text)
    if text == "*" or (parts.scheme in {"http", "https"} and parts.netloc and parts.path in "/"):
        return text.rstrip("/")
    raise ValueError(f"{text!r} is not an origin such as https://example.com")


def load_settings() -> Settings:
    """Read the environment. Raises `SettingsProblem`, which names every setting at fault."""
    return load(Settings)
