"""From a setting to a loaded model: which backends to try, on which devices."""

from __future__ import annotations

import os
import re
from pathlib import Path

from stt_backends import BACKENDS, BackendName, ModelSpec
from stt_errors import ModelLoadError
from stt_models import locate, require_converted
from stt_runner import InlineRunner, Runner, load_and_prove
from stt_slot import LoadPlan, Watch
from stt_supervisor import ProcessRunner

_DEVICE = re.compile(r"(auto|cpu|cuda)(?::(\d+(?:,\d+)*))?")


def load_runner(plan: LoadPlan, watch: Watch) -> Runner:
    """The first backend that loads and reads (blocking: seconds to minutes).

    Raises ModelLoadError with the reason of each that did not.
    """
    if plan.backend == "dummy":
        raise ModelLoadError("the dummy backend was chosen (STT_BACKEND=dummy)")
    path = locate(plan.model, plan.model_dir)
    names = BACKENDS if plan.backend == "auto" else (plan.backend,)
    reasons: list[str] = []
    for name in names:
        try:
            return _try_devices(plan, name, path, watch)
        except ModelLoadError as error:
            reasons.append(f"{name}: {error}")
    raise ModelLoadError("; ".join(reasons))


def _try_devices(plan: LoadPlan, backend: BackendName, path: Path, watch: Watch) -> Runner:
    """`auto` that fails on a GPU is tried again on the CPU: a broken driver stops nobody."""
    if backend == "faster-whisper":
        require_converted(path)
    device, indices = _parse_device(plan.device)
    try:
        return _start(plan, backend, path, device, indices, watch)
    except ModelLoadError:
        if device != "auto":
            raise
        return _start(plan, backend, path, "cpu", [0], watch)


def _start(
    plan: LoadPlan,
    backend: BackendName,
    path: Path,
    device: str,
    indices: list[int],
    watch: Watch,
) -> Runner:
    specs = [
        ModelSpec(
            backend=backend,
            name=plan.model,
            path=path,
            device=device,
            device_index=index,
            compute_type=plan.compute_type,
            cpu_threads=plan.cpu_threads or usable_cores(),
        )
        for index in indices
    ]
    if plan.isolation == "process":
        runner = ProcessRunner(specs, watch.lost)
        watch.starting(runner)
        runner.start()
        return runner
    return InlineRunner(load_and_prove(specs[0])[0])


def _parse_device(device: str) -> tuple[str, list[int]]:
    match = _DEVICE.fullmatch(device.strip().lower())
    if match is None:
        raise ModelLoadError(f"there is no device {device!r}: auto, cpu, cuda or cuda:0,1")
    name, indices = match.groups()
    return name, [int(index) for index in (indices or "0").split(",")]


def usable_cores() -> int:
    """Cores this process may run on, at most four: CTranslate2 gains little from more."""
    if hasattr(os, "sched_getaffinity"):
        return min(4, len(os.sched_getaffinity(0)))
    return min(4, os.cpu_count() or 1)
