"""The optional backends on real checkpoints: tiny ones of random weights, and the prepared one."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

pytest.importorskip("torch", reason="the optional backends are not installed")

from stt_audio import AudioReader, DecodeLimits
from stt_backends import Backend, BackendName, ChunkJob, DecodeOptions, ModelSpec, load
from stt_errors import InferenceError, ModelLoadError
from stt_types import AudioSource
from tests.backends.checkpoints import BASE, ROOT, save_openai, save_transformers, tiny
from tests.backends.prepared_model import prepared

if TYPE_CHECKING:
    from stt_vad import Samples

pytestmark = [
    pytest.mark.backends,
    pytest.mark.model,
    # openai-whisper leaves a file open, and its beam search sorts a tensor with numpy.
    pytest.mark.filterwarnings(
        "ignore::pytest.PytestUnraisableExceptionWarning",
        "ignore:__array_wrap__:DeprecationWarning",
    ),
]

TORCH: tuple[BackendName, ...] = ("transformers", "whisper")
NOISE = np.random.default_rng(7).normal(0, 0.1, 48_000).astype(np.float32)
NOISE.flags.writeable = False  # as audio that comes from another process is
KOREAN = DecodeOptions(language="ko", quality="fast")


@pytest.fixture(scope="module")
def tiny_models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory for each backend, with the same random weights."""
    root, model = tmp_path_factory.mktemp("tiny"), tiny()
    save_transformers(model, root / "transformers", [[0, 1], [1, 0]])
    save_openai(model, root / "whisper" / "tiny-random.pt")
    return root


@pytest.fixture(scope="module")
def base_models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The prepared model, as each backend wants it."""
    root = tmp_path_factory.mktemp("base")
    model, heads = prepared()
    save_transformers(model, root / "transformers", heads)
    save_openai(model, root / "whisper" / "base.pt")
    return root


def loaded(root: Path, name: BackendName, compute_type: str = "default") -> Backend:
    return load(ModelSpec(name, "random", root / name, compute_type=compute_type, cpu_threads=1))


def job(options: DecodeOptions, audio: Samples = NOISE) -> ChunkJob:
    seconds = len(audio) / 16_000
    return ChunkJob(audio, options, ((0.2, seconds - 0.2),), seconds - 0.4, seconds - 0.4)


def recording(name: str) -> Samples:
    with (
        (ROOT / "audio" / "samples" / name).open("rb") as file,
        AudioReader(AudioSource(file, name), DecodeLimits(), False) as reader,
    ):
        channel: Samples = np.concatenate(list(reader), axis=1)[0]
        return channel


@pytest.mark.parametrize("name", TORCH)
def test_same_input_same_hypotheses(tiny_models: Path, name: BackendName) -> None:
    """Each job has its hypothesis, in order, and a second time the same ones, sampled or not."""
    backend = loaded(tiny_models, name)
    options = [
        replace(KOREAN, task="translate", temperature=0.8, beam_size=3),
        replace(KOREAN, initial_prompt="<|endoftext|> 안녕 " * 200, hotwords="서울", beam_size=2),
        DecodeOptions(),
    ]
    jobs = [job(each) for each in options]
    first, second = backend.transcribe(jobs), backend.transcribe(jobs)
    assert len(first) == len(options)
    for one, two in zip(first, second, strict=True):
        assert replace(one, seconds=0.0) == replace(two, seconds=0.0)
        assert one.avg_logprob < 0.0
        assert 0.0 <= one.no_speech_prob <= 1.0
        assert one.seconds > 0.0
    assert [one.language for one in first[:2]] == ["ko", "ko"]
    assert first[-1].looks == 2  # it doubts itself, and balanced quality looks again
    assert first[-1].language_probability < 1.0


@pytest.mark.parametrize("name", TORCH)
def test_language_is_one_it_knows(tiny_models: Path, name: BackendName) -> None:
    """Code and probability for a second of audio, and for more than the window holds."""
    backend = loaded(tiny_models, name)
    for audio in (NOISE[:16_000], np.tile(NOISE, 11)):
        code, probability = backend.detect_language(audio)
        assert code in backend.info.languages
        assert 0.0 < probability <= 1.0
    assert len(backend.info.languages) == 99


@pytest.mark.parametrize("name", TORCH)
def test_words_stay_in_order_and_in_the_chunk(tiny_models: Path, name: BackendName) -> None:
    """Even words that were never said have times inside the chunk, none before the last."""
    backend = loaded(tiny_models, name)
    (found,) = backend.transcribe([job(replace(KOREAN, word_timestamps=True))])
    words = [word for piece in found.pieces for word in piece.words or ()]
    times = [moment for word in words for moment in (word.start, word.end)]
    assert words
    assert found.warnings == ()
    assert times == sorted(times)
    assert 0.0 <= times[0] <= times[-1] <= len(NOISE) / 16_000
    assert all(0.0 <= word.probability <= 1.0 for word in words)


def test_without_alignment_heads_the_text_comes_with_a_warning(tmp_path: Path) -> None:
    """A checkpoint that cannot time words still gives its text, and says what is missing."""
    save_transformers(tiny(), tmp_path / "transformers", None)
    backend = loaded(tmp_path, "transformers")
    (found,) = backend.transcribe([job(replace(KOREAN, word_timestamps=True))])
    assert found.text
    assert all(piece.words is None for piece in found.pieces)
    assert found.warnings == (
        "word_timestamps_unavailable: the checkpoint names no alignment heads",
    )


@pytest.mark.parametrize(
    ("name", "asked", "given"),
    [
        ("transformers", "int8", "float32"),
        ("transformers", "bfloat16", "bfloat16"),
        ("whisper", "bfloat16", "float32"),
        ("whisper", "float16", "float16"),
    ],
)
def test_compute_types_are_mapped_and_told(
    tiny_models: Path, name: BackendName, asked: str, given: str
) -> None:
    """What a library does not offer becomes the device's own, and the model still reads."""
    backend = loaded(tiny_models, name, compute_type=asked)
    assert (backend.info.device, backend.info.compute_type) == ("cpu", given)
    assert backend.info.backend == name
    assert len(backend.info.versions) == 2
    assert backend.transcribe([job(KOREAN)])[0].language == "ko"


@pytest.mark.parametrize("name", TORCH)
def test_unknown_language_is_an_inference_error(tiny_models: Path, name: BackendName) -> None:
    """A library's refusal crosses the seam as ours, on one line."""
    with pytest.raises(InferenceError) as caught:
        loaded(tiny_models, name).transcribe([job(DecodeOptions(language="tlh"))])
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("transformers", "no Transformers checkpoint in the model directory"),
        ("whisper", "no .pt checkpoint in the model directory"),
    ],
)
def test_another_format_is_named(name: BackendName, reason: str) -> None:
    """A CTranslate2 model, which the default backend wants, is refused in a few words."""
    with pytest.raises(ModelLoadError, match=f"^{reason}$"):
        load(ModelSpec(name, "base", BASE))


@pytest.mark.parametrize("name", TORCH)
@pytest.mark.parametrize("damage", ["cut", "garbage", "empty"])
def test_unreadable_weights_are_a_load_error(
    tiny_models: Path, tmp_path: Path, name: BackendName, damage: str
) -> None:
    """Half a file, no file of weights at all, nothing: ModelLoadError with one line."""
    weights = {"transformers": "model.safetensors", "whisper": "tiny-random.pt"}[name]
    for path in (tiny_models / name).iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    whole = (tmp_path / weights).read_bytes()
    left = {"cut": whole[: len(whole) // 2], "garbage": b"x" * 9999, "empty": b""}[damage]
    (tmp_path / weights).write_bytes(left)
    with pytest.raises(ModelLoadError) as caught:
        load(ModelSpec(name, "random", tmp_path))
    assert str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("missing", ["tokenizer.json", "preprocessor_config.json", "layers"])
def test_incomplete_checkpoint_is_a_load_error(
    tiny_models: Path, tmp_path: Path, missing: str
) -> None:
    """Nothing is filled in: no tokenizer, no front end, or a layer that has no weights."""
    for path in (tiny_models / "transformers").iterdir():
        if path.name != missing:
            (tmp_path / path.name).write_bytes(path.read_bytes())
    if missing == "layers":
        config = json.loads((tmp_path / "config.json").read_text())
        (tmp_path / "config.json").write_text(json.dumps(config | {"encoder_layers": 3}))
    with pytest.raises(ModelLoadError):
        load(ModelSpec("transformers", "random", tmp_path))


def test_one_of_several_checkpoints_must_be_named(tiny_models: Path, tmp_path: Path) -> None:
    """Two .pt files are a question; the model's namesake, or a path to a file, answers it."""
    content = (tiny_models / "whisper" / "tiny-random.pt").read_bytes()
    for stem in ("one", "two"):
        (tmp_path / f"{stem}.pt").write_bytes(content)
    with pytest.raises(ModelLoadError, match=r"holds 2 \.pt checkpoints"):
        load(ModelSpec("whisper", "three", tmp_path))
    assert load(ModelSpec("whisper", "two", tmp_path)).info.model == "two"
    assert load(ModelSpec("whisper", "three", tmp_path / "one.pt")).info.model == "three"


@pytest.mark.parametrize("name", TORCH)
def test_a_device_that_is_not_there_is_a_load_error(tiny_models: Path, name: BackendName) -> None:
    """No silent fall-back to the CPU: that is decided in one place, above."""
    with pytest.raises(ModelLoadError, match="no CUDA device 99"):
        load(ModelSpec(name, "random", tiny_models / name, device="cuda", device_index=99))


def test_both_read_what_the_default_backend_reads(base_models: Path) -> None:
    """The same weights give the same text and the same word times, whatever the library."""
    wanted = DecodeOptions(language="ko", word_timestamps=True, quality="accurate")
    audio = recording("ko_greeting.flac")
    default = load(ModelSpec("faster-whisper", "base", BASE, device="cpu", compute_type="float32"))
    (expected,) = default.transcribe([job(wanted, audio)])
    for name in TORCH:
        backend = loaded(base_models, name)
        (found,) = backend.transcribe([job(wanted, audio)])
        assert found.text == expected.text
        assert found.avg_logprob == pytest.approx(expected.avg_logprob, abs=0.02)
        assert found.no_speech_prob == pytest.approx(expected.no_speech_prob, abs=0.02)
        ours, theirs = (
            [(word.word, word.end) for piece in each.pieces for word in piece.words or ()]
            for each in (found, expected)
        )
        assert [word for word, _ in ours] == [word for word, _ in theirs]
        ends = [end for _, end in theirs]
        assert [end for _, end in ours] == pytest.approx(ends, abs=0.1)
        assert backend.detect_language(audio)[0] == "ko"
