"""Puts a verified Whisper model, converted for CTranslate2, under `STT_MODEL_DIR/NAME`.

    scripts/prepare_model_local.sh [NAME|HF_REPO|DIR]     (default: base)

The first source that has the model wins: the directory that was named; else the Hugging
Face cache, the hub, the packages that carry it. Nothing appears under the model's name
before it has passed its checksums and transcribed a clip. Again, it does nothing.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from model_catalogue import KNOWN_MODELS, PACKAGED_MODELS
from model_packages import PackageIndex
from model_sources import Directory, Hub, HubCache, Provenance, Source, fingerprint
from model_store import (
    RECORD,
    FileFacts,
    ModelStore,
    Record,
    State,
    Unavailable,
    missing_files,
    write_record,
)
from verify_model import Heard

ROOT = Path(__file__).resolve().parent.parent
VERIFY_SECONDS = 900

# What hears a clip with the model in a directory, as verify_model.hear does; raises `Unavailable`.
Proof = Callable[[Path], Heard]


class Refused(Exception):
    """Nothing can be prepared; the message is one paragraph that says what to do."""


@dataclass(frozen=True, slots=True)
class Request:
    """What was asked for. `source` and `revision` are set where only that one will do."""

    name: str
    sources: tuple[Source, ...]
    source: str | None = None
    revision: str | None = None

    def accepts(self, record: Record | None) -> bool:
        if record is None or self.source is None:
            return record is not None
        return record.source == self.source and self.revision in (None, record.revision)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="prepare_model_local.sh", description="Fetch, convert and verify a Whisper model."
    )
    parser.add_argument("model", nargs="?", default="base", metavar="NAME|HF_REPO|DIR")
    asked = parser.parse_args(arguments).model
    store = ModelStore(ROOT / (os.environ.get("STT_MODEL_DIR") or "models"))
    try:
        prepare(understand(asked, store), store, prove)
    except Refused as refusal:
        print(refusal, file=sys.stderr)
        return 1
    except OSError as error:
        print(f"The model could not be written: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\ninterrupted; run it again to go on", file=sys.stderr)
        return 130
    return 0


def understand(asked: str, store: ModelStore) -> Request:
    """Tells a known name, a repository of the hub and a directory apart."""
    if known := KNOWN_MODELS.get(asked):
        packages = [PackageIndex(PACKAGED_MODELS[asked])] if asked in PACKAGED_MODELS else []
        cached = (HubCache(known.converted), HubCache(known.checkpoint))
        return Request(asked, (*cached, Hub(known.converted), *packages))
    path = Path(asked).expanduser()
    if asked and path.is_dir():
        path = path.resolve()
        if path == store.path(path.name).resolve():
            return Request(path.name, ())
        directory = Directory(path)
        return Request(path.name, (directory,), directory.title, fingerprint(path))
    if re.fullmatch(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*", asked):
        name = asked.split("/")[1].removeprefix("faster-whisper-")
        return Request(name, (HubCache(asked), Hub(asked)), asked)
    if re.fullmatch(r"[A-Za-z0-9][\w.-]*", asked) and store.path(asked).is_dir():
        return Request(asked, ())
    names = ", ".join(KNOWN_MODELS)
    raise Refused(
        f"There is no model or directory {asked!r}. Name one of {names}; a repository of the "
        "hub such as openai/whisper-base; or a directory that holds a model."
    )


def prepare(request: Request, store: ModelStore, proof: Proof) -> Record:
    """The model's record; makes the model first unless it is there. Raises `Refused`."""
    if record := _current(request, store):
        return record
    with store.locked(request.name):
        store.clear_leftovers(request.name)
        if record := _current(request, store):
            return record
        if store.state(request.name) is State.UNRECORDED:
            return _adopt(request, store, proof)
        return _obtain(request, store, proof)


def _current(request: Request, store: ModelStore) -> Record | None:
    if store.state(request.name) is not State.PREPARED:
        return None
    record = Record.load(store.path(request.name))
    if record is None or not request.accepts(record):
        return None
    print(f"{request.name}: ready ({record.megabytes:.0f} MB, from {record.source})")
    return record


def _adopt(request: Request, store: ModelStore, proof: Proof) -> Record:
    """A model that somebody copied in by hand is verified where it is, never replaced."""
    directory = store.path(request.name)
    if request.source is not None:
        raise Refused(
            f"{directory} is there already and was not made by this script. Move it away, or "
            f"use it as it is: prepare_model_local.sh {request.name}"
        )
    print(f"{request.name}: found in place, not verified yet", flush=True)
    try:
        return _verify(request.name, directory, Provenance("copied by hand", None), proof)
    except Unavailable as error:
        raise Refused(
            f"{directory} cannot be used: {error}. Copy a whole model there, or move it away "
            "and run this again."
        ) from error


def _obtain(request: Request, store: ModelStore, proof: Proof) -> Record:
    reasons = []
    for source in request.sources:
        print(f"{request.name}: trying {source.title}", flush=True)
        with store.staging(request.name) as staging:
            try:
                provenance = source.fetch(staging, store.downloads(request.name))
            except Unavailable as error:
                reasons.append(_told(source, error))
                continue
            try:
                record = _verify(request.name, staging, provenance, proof)
            except Unavailable as error:
                # What was fetched is no good: the next run must not resume from it.
                store.forget_downloads(request.name)
                reasons.append(_told(source, error))
                continue
            store.install(staging, request.name)
            print(f"use it with STT_MODEL={request.name}")
            return record
    store.forget_empty_downloads(request.name)
    raise Refused(_advice(request.name, store.path(request.name), reasons))


def _told(source: Source, error: Unavailable) -> str:
    print(f"  {error}", flush=True)
    return f"{source.title}: {error}"


def _advice(name: str, target: Path, reasons: list[str]) -> str:
    tried = "; ".join(reasons) or "it was changed since it was prepared, and its source is gone"
    return (
        f"The model {name} cannot be had from here ({tried}). On a machine that reaches the hub "
        f"run scripts/ec2_prepare_model.sh {name} and unpack what it makes into {target.parent}/; "
        "or copy a converted model (config.json, model.bin, tokenizer.json, vocabulary.json or "
        f".txt) to {target}/ by hand; then run this again. Until then the service starts and "
        "answers with marked dummies."
    )


def _verify(name: str, directory: Path, provenance: Provenance, proof: Proof) -> Record:
    """Files, then a real inference; the record is written into the directory."""
    if missing := missing_files(directory):
        raise Unavailable(f"incomplete: {', '.join(missing)} missing")
    files = {
        path.name: FileFacts.of(path) for path in sorted(directory.iterdir()) if _is_model(path)
    }
    print("verifying: one clip, int8 on the CPU", flush=True)
    heard = proof(directory)
    created = datetime.now(UTC).isoformat(timespec="seconds")
    tools = {**provenance.tools, **heard.tools}
    record = Record(name, provenance.source, provenance.revision, created, tools, files)
    print(f"  {heard.clip}, {heard.audio_seconds} s: {heard.text}")
    print(
        f"  loaded in {heard.load_seconds} s, transcribed in {heard.transcribe_seconds} s, "
        f"{record.megabytes:.0f} MB on disk"
    )
    if os.access(directory, os.W_OK):
        write_record(directory, record)
    return record


def _is_model(path: Path) -> bool:
    return path.is_file() and path.suffix in {".json", ".txt", ".bin"} and path.name != RECORD


def prove(directory: Path) -> Heard:
    """Runs verify_model.py in a process of its own. Raises `Unavailable`."""
    command = [sys.executable, str(Path(__file__).with_name("verify_model.py")), str(directory)]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, timeout=VERIFY_SECONDS
        )
    except subprocess.TimeoutExpired as error:
        raise Unavailable(f"no text after {VERIFY_SECONDS} s") from error
    if done.returncode < 0:
        raise Unavailable(f"the model aborted at its first inference (signal {-done.returncode})")
    if done.returncode:
        raise Unavailable((done.stderr.strip().splitlines() or ["it failed silently"])[-1])
    heard = Heard(**json.loads(done.stdout.splitlines()[-1]))
    if not heard.text:
        raise Unavailable(f"it heard nothing in {heard.clip}, which is clear speech")
    return heard


if __name__ == "__main__":
    sys.exit(main())
