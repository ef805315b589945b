"""Describes a bundle from what is in it: MANIFEST.json, release.env, SHA256SUMS.

A part of scripts/build_release.sh, which says what it is called with.

    MANIFEST.json   for people and inventories: versions, images, model, what the host must have
    release.env     the same for install_release.sh, which has no JSON
    SHA256SUMS      of every file of the bundle but itself
"""

from __future__ import annotations

import argparse
import hashlib
import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from model_store import FileFacts, Record

SUMS = "SHA256SUMS"
# An image's content, whatever store holds it: an id is the digest of a configuration in one kind
# of store and of a manifest in another. install_release.sh asks the same.
IDENTITY = (
    "{{range .RootFS.Layers}}{{println .}}{{end}}"
    "{{println .Config.User}}{{println .Config.Cmd}}{{println .Config.Entrypoint}}"
    "{{println .Config.WorkingDir}}{{println .Config.Env}}"
)
PACKAGES = ("ctranslate2", "faster-whisper", "onnxruntime", "av", "fastapi")
ASK_VERSIONS = (
    "import importlib.metadata as m, json, sys;"
    "print(json.dumps({name: m.version(name) for name in sys.argv[1:]}))"
)


@dataclass(frozen=True, slots=True)
class Image:
    """An image of the bundle; `bytes` is its size in an engine, `identity` its content's digest."""

    name: str
    identity: str
    id: str
    bytes: int


def main(arguments: list[str] | None = None) -> int:
    asked = _parser().parse_args(arguments)
    bundle: Path = asked.bundle
    problem = model_problem(bundle / "models" / asked.model)
    if problem:
        print(f"release_manifest.py: {problem}", file=sys.stderr)
        return 1
    images = [image_of(name) for name in asked.images]
    manifest = manifest_of(asked, images)
    text = json.dumps(manifest, indent=2, ensure_ascii=False) + "\n"
    (bundle / "MANIFEST.json").write_text(text, encoding="utf-8")
    (bundle / "release.env").write_text(environment_of(asked, images), encoding="utf-8")
    write_sums(bundle)
    return 0


def model_problem(model: Path) -> str | None:
    """Why the copied model is not the one that was prepared; None when it is."""
    record = Record.load(model)
    if record is None:
        return f"{model.name} has no record that can be read"
    for name, facts in record.files.items():
        if FileFacts.of(model / name).sha256 != facts.sha256:
            return f"{model.name}/{name} is not what was prepared; prepare the model again"
    return None


def image_of(name: str) -> Image:
    identity = hashlib.sha256("".join(_identity_lines(name)).encode()).hexdigest()
    facts = _docker("image", "inspect", "--format", "{{.Id}} {{.Size}}", name).split()
    return Image(name, identity, facts[0], int(facts[1]))


def manifest_of(asked: argparse.Namespace, images: list[Image]) -> dict[str, object]:
    record = Record.load(asked.bundle / "models" / asked.model)
    return {
        "format": 1,
        "version": asked.version,
        "flavor": asked.flavor,
        "revision": asked.revision,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "images": [asdict(image) for image in images],
        "packages": _versions(images[0].name),
        "model": None if record is None else asdict(record),
        "host": {
            "architecture": "x86_64",
            "gpu": asked.flavor == "gpu",
            "min_driver": asked.min_driver,
            "min_driver_where_compiled_at_start": asked.min_driver_jit,
            "min_compute_capability": asked.min_capability,
            "compiled_at_start_above": asked.native_capability,
            "free_megabytes": needed_megabytes(asked.bundle, images),
        },
    }


def environment_of(asked: argparse.Namespace, images: list[Image]) -> str:
    """Names and values that need no quoting: every one of them was made here or checked."""
    values = {
        "STT_VERSION": asked.version,
        "STT_RELEASE": f"{asked.version}-{asked.flavor}-{asked.built}",
        "STT_FLAVOR": asked.flavor,
        "STT_MODEL": asked.model,
        "STT_API_IMAGE": images[0].name,
        "WEB_UI_IMAGE": images[1].name,
        "PROXY_IMAGE": images[2].name,
        "STT_API_IDENTITY": images[0].identity,
        "WEB_UI_IDENTITY": images[1].identity,
        "PROXY_IDENTITY": images[2].identity,
        "SMOKE_CLIP": asked.smoke_clip,
        "NEEDED_MEGABYTES": needed_megabytes(asked.bundle, images),
        "MIN_DRIVER": asked.min_driver,
        "MIN_DRIVER_JIT": asked.min_driver_jit,
        "MIN_CAPABILITY": asked.min_capability,
        "NATIVE_CAPABILITY": asked.native_capability,
    }
    return "".join(f"{name}={value}\n" for name, value in values.items())


def needed_megabytes(bundle: Path, images: list[Image]) -> int:
    """What the target needs free: the images in the engine, once more while they are unpacked,
    and a copy of the rest."""
    files = sum(path.stat().st_size for path in bundle.rglob("*") if path.is_file())
    return int((files + 2 * sum(image.bytes for image in images)) / 1e6) + 512


def write_sums(bundle: Path) -> None:
    paths = sorted(path for path in bundle.rglob("*") if path.is_file() and path.name != SUMS)
    lines = [f"{FileFacts.of(path).sha256}  {path.relative_to(bundle)}\n" for path in paths]
    (bundle / SUMS).write_text("".join(lines), encoding="utf-8")


def _identity_lines(name: str) -> Iterator[str]:
    text = _docker("image", "inspect", "--format", IDENTITY, name)
    return (f"{line}\n" for line in text.splitlines() if line)


def _versions(image: str) -> object:
    ask = ("run", "--rm", "--network", "none", image, "python", "-c", ASK_VERSIONS, *PACKAGES)
    return json.loads(_docker(*ask))


def _docker(*words: str) -> str:
    return subprocess.run(
        ["docker", *words], check=True, stdout=subprocess.PIPE, text=True, timeout=120
    ).stdout


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="release_manifest.py")
    parser.add_argument("bundle", type=Path)
    for option in ("version", "flavor", "built", "revision", "model", "smoke-clip"):
        parser.add_argument(f"--{option}", required=True)
    for option in ("min-driver", "min-driver-jit", "min-capability", "native-capability"):
        parser.add_argument(f"--{option}", required=True)
    parser.add_argument("images", nargs=3, help="stt-api, web-ui, proxy")
    return parser


if __name__ == "__main__":
    sys.exit(main())
