"""The fields a request for a transcript may have, with their limits."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self, TypeAlias, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from api_server.services.agent_types import Target
from api_server.services.analysis import Wanted
from serving.errors import InvalidOption
from stt_languages import LANGUAGES
from stt_types import TranscribeOptions, VadOptions

WEEK_SECONDS = 7 * 24 * 3600.0
MAX_PROMPT_CHARS = 2000
WITH_ANALYSES = frozenset({"json", "verbose_json"})

Form = TypeVar("Form", bound="RecordingForm")
ResponseFormat: TypeAlias = Literal["json", "text", "srt", "vtt", "tsv", "verbose_json"]
Prompt: TypeAlias = Annotated[str | None, Field(max_length=MAX_PROMPT_CHARS)]
Flag: TypeAlias = Annotated[bool, Field(json_schema_extra={"examples": [True]})]


class RecordingForm(BaseModel):
    """A recording: sent as `file`, or named by `file_path`."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    file_path: str | None = Field(
        default=None,
        max_length=4096,
        description="A recording on the server, inside `STT_AUDIO_ROOTS`; a relative path counts "
        "from the service's working directory. Instead of `file`.",
        examples=["audio/samples/test_ko_1min.wav"],
    )

    @classmethod
    def read(cls, fields: dict[str, str]) -> Self:
        """Read text fields; an empty one is absent. Raises `InvalidOption`, which names every
        field at fault and its limit."""
        given = {name: value for name, value in fields.items() if value != ""}
        try:
            return cls.model_validate(given)
        except ValidationError as error:
            problems = [_problem(dict(problem)) for problem in error.errors()]
            raise InvalidOption("; ".join(problems)) from None


class TranscribeForm(RecordingForm):
    """Everything `POST /transcribe` takes, beside the file."""

    language: str | None = Field(
        default=None,
        max_length=16,
        description="Language code, such as `ko`; absent: detected. `GET /info` lists them.",
        examples=["ko"],
    )
    task: Literal["transcribe", "translate"] = Field(
        default="transcribe", description="`translate` gives English text."
    )
    word_timestamps: Flag = Field(default=False, description="Time every word.")
    vad_filter: Flag = Field(default=True, description="Leave out what is not speech.")
    initial_prompt: Prompt = Field(
        default=None, description="Text that sets the style and the spelling of names."
    )
    hotwords: Prompt = Field(default=None, description="Words to expect.")
    beam_size: int | None = Field(
        default=None, ge=1, le=10, description="Hypotheses kept; absent: as `quality` says."
    )
    temperature: float | None = Field(
        default=None,
        ge=0,
        le=1,
        description="0 takes the likeliest; above 0 the text is drawn at random.",
    )
    quality: Literal["balanced", "fast", "accurate"] = Field(
        default="balanced", description="What to spend on an answer."
    )
    channels: Literal["mix", "split"] = Field(
        default="mix", description="`split` transcribes every channel of its own, as calls need."
    )
    response_format: ResponseFormat = Field(default="json", description="Shape of the answer.")
    stream: Flag = Field(
        default=False, description="Server-sent events; with `json` and `verbose_json` only."
    )
    start_seconds: float = Field(
        default=0, ge=0, le=WEEK_SECONDS, description="Skip to here; times stay absolute."
    )
    vad_threshold: float | None = Field(
        default=None,
        ge=0.01,
        le=0.99,
        description="Speech probability above which a frame counts as speech.",
    )
    vad_min_silence_ms: int | None = Field(
        default=None, ge=50, le=5_000, description="Pause that ends an utterance."
    )
    vad_min_speech_ms: int | None = Field(
        default=None, ge=0, le=5_000, description="Shorter bursts are not speech."
    )
    vad_speech_pad_ms: int | None = Field(
        default=None, ge=0, le=2_000, description="Audio kept before and after an utterance."
    )
    vad_max_chunk_seconds: float | None = Field(
        default=None,
        ge=2,
        le=26,
        description="Longest utterance; a longer one is cut where it is quietest.",
    )
    agent_channel: int | None = Field(
        default=None,
        ge=0,
        le=31,
        description="With `channels=split`: the seller's channel, from 0; absent: told from what "
        "is said.",
    )
    classify: Flag = Field(default=False, description="Tell what the call is about.")
    validate_sales: Flag = Field(
        default=False, description="Check that the product was sold properly (불완전판매요소)."
    )
    summarize: Flag = Field(default=False, description="Summarise the call.")
    translate_to: str | None = Field(
        default=None,
        max_length=35,
        description="Language code to translate to. Into `en`, Whisper translates where the LLM "
        "cannot, in a second pass over the recording.",
        examples=["en"],
    )
    product: str | None = Field(
        default=None,
        max_length=100,
        description="Product whose rules apply, such as `변액`; absent: inferred, and said so.",
    )
    agent_url: str | None = Field(
        default=None,
        max_length=2048,
        description="Another LLM server, of those that `AGENT_ALLOWED_URLS` permits.",
    )
    request_format: Literal["prompt_based", "text_only"] | None = Field(
        default=None, description="How the LLM server is asked."
    )

    def options(self) -> TranscribeOptions:
        """The engine's part of the form."""
        return TranscribeOptions(
            language=self.language,
            task=self.task,
            word_timestamps=self.word_timestamps,
            vad_filter=self.vad_filter,
            vad=self._vad(),
            initial_prompt=self.initial_prompt,
            hotwords=self.hotwords,
            beam_size=self.beam_size,
            temperature=self.temperature,
            quality=self.quality,
            channels=self.channels,
            start_seconds=self.start_seconds,
        )

    def wanted(self, language: str | None = None) -> Wanted:
        """The analyses asked for, of a call in `language`."""
        return Wanted(
            classify=self.classify,
            validate_sales=self.validate_sales,
            summarize=self.summarize,
            translate_to=self.translate_to,
            translate_from="en" if self.task == "translate" else language,
            product=self.product,
            target=Target(self.agent_url, self.request_format),
        )

    def check(self) -> None:
        """Refuse what does not go together. Raises `InvalidOption`, which names the field."""
        asked = self.wanted().kinds
        if self.translate_to is not None and self.translate_to not in LANGUAGES:
            raise InvalidOption("translate_to: not a language code, such as en or ja")
        if asked and self.response_format not in WITH_ANALYSES:
            raise InvalidOption("response_format: analyses come with json and verbose_json only")
        if self.agent_channel is not None and self.channels != "split":
            raise InvalidOption("agent_channel: only with channels=split")

    def warnings(self) -> list[str]:
        """What the answer does not cover, though it may seem so."""
        if self.wanted().kinds and self.start_seconds > 0:
            return ["the analyses cover the recording from start_seconds on"]
        return []

    def _vad(self) -> VadOptions:
        given = {
            name.removeprefix("vad_"): value
            for name, value in self.model_dump(exclude_none=True).items()
            if name.startswith("vad_") and name != "vad_filter"
        }
        return VadOptions(**given)


def _problem(problem: dict[str, Any]) -> str:
    name = str(problem["loc"][0])[:100] if problem["loc"] else "form"
    if problem["type"] == "extra_forbidden":
        return f"{name}: unknown field"
    return f"{name}: {problem['msg']}"
