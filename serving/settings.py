"""Settings from the environment: bounded, documented, named when they cannot be read.

A field's name in capitals is the variable's name; an empty variable means the default. A
secret can come from a file instead: `NAME_FILE` holds its path.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias, TypeVar

from pydantic import BeforeValidator, Field, SecretStr, ValidationError
from pydantic.fields import FieldInfo
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

MIB = 1024 * 1024
ABOUT_PORT = "port to listen on; 0 takes a free one"


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
Port: TypeAlias = Annotated[int, Field(ge=0, le=65535)]
LogLevel: TypeAlias = Annotated[
    Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"], BeforeValidator(_upper)
]


class ServiceSettings(BaseSettings):
    """The settings that both services have."""

    model_config = SettingsConfigDict(env_ignore_empty=True, extra="ignore", frozen=True)

    host: str = Field(default="127.0.0.1", description="address to listen on")
    port: Port = Field(default=0, description=ABOUT_PORT)
    stt_max_upload_mb: int = Field(
        default=512, ge=1, le=102_400, description="largest upload, in MiB"
    )
    stt_drain_seconds: float = Field(
        default=30,
        ge=0,
        le=3600,
        allow_inf_nan=False,
        description="what running work gets after SIGTERM",
    )
    log_level: LogLevel = Field(default="INFO", description="least severe level that is logged")
    log_format: Literal["text", "json"] = Field(default="text", description="json for collectors")

    @property
    def max_upload_bytes(self) -> int:
        return self.stt_max_upload_mb * MIB

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


Kind = TypeVar("Kind", bound=ServiceSettings)


def load(kind: type[Kind]) -> Kind:
    """Read the environment. Raises `SettingsProblem`, which names every setting at fault."""
    try:
        return kind()
    except ValidationError as error:
        lines = [_line(kind, dict(problem)) for problem in error.errors()]
        raise SettingsProblem("; ".join(lines)) from None


def _line(kind: type[ServiceSettings], problem: dict[str, Any]) -> str:
    name = str(problem["loc"][0])
    message = str(problem["msg"]).removeprefix("Value error, ")
    field = kind.model_fields.get(name)
    if field is not None and field.annotation is SecretStr:
        return f"{name.upper()}: {message}"
    quoted = re.sub(
        r"(['\"])(.*)\1", lambda found: f"{found[1]}{_safe(found[2])}{found[1]}", message
    )
    return f"{name.upper()}: {quoted} (it is {_safe(str(problem['input']))!r:.80})"


def _safe(text: str) -> str:
    """Without what an address may hold beside a host and a path: a name and a password before
    it, keys in its query. Text that is no address may lose something too."""
    text = re.sub(r"^(.*?://)?.*@", r"\1***@", text, flags=re.DOTALL)
    return re.sub(r"[?#].*", "?***", text, flags=re.DOTALL)
