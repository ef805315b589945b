"""What all answers share. Times are seconds from the start of the recording."""

from __future__ import annotations

from typing import Annotated, TypeAlias

from pydantic import AfterValidator, BaseModel, ConfigDict

Seconds: TypeAlias = Annotated[float, AfterValidator(lambda value: round(value, 3))]


class Answer(BaseModel):
    """Base of every answer; read from dataclasses by attribute."""

    model_config = ConfigDict(from_attributes=True)


class ComponentStatus(Answer):
    """What answered: real text, a real label, a valid answer of the LLM."""

    stt: bool
    classification: bool
    vllm: bool
