"""The process that holds a model: loads it, proves it, answers one message at a time.

Started by `stt_supervisor` as `python stt_worker.py FD`, with one end of a socket pair.
Nothing else runs here, so whatever a native library does (abort, hang, run out of memory)
it does to this process alone. It leaves when its supervisor does.

Messages are pickled tuples; both ends are this program, on one machine, over an unnamed
socket.  In: a ModelSpec first, then ("transcribe", [ChunkJob]) or ("detect", audio).
Out: ("ready", ModelInfo, seconds) or ("failed", reason); then ("ok", answer) or ("error", reason).
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any, TypeAlias

from stt_backends import Backend, ModelSpec
from stt_errors import InferenceError, ModelLoadError
from stt_runner import load_and_prove

_LOOK_SECONDS = 0.5

Load: TypeAlias = Callable[[ModelSpec], tuple[Backend, float]]


def main(descriptor: int, load: Load = load_and_prove) -> int:
    threading.Thread(target=_leave_with, args=(os.getppid(),), daemon=True).start()
    pipe: Connection[Any, Any] = Connection(descriptor)
    try:
        spec = pipe.recv()
        # Read by the libraries when they are loaded, a few lines on; without it they take every
        # core of the host, also those that belong to others.
        os.environ.setdefault("OMP_NUM_THREADS", str(spec.cpu_threads))
        try:
            backend, seconds = load(spec)
        except ModelLoadError as error:
            pipe.send(("failed", str(error)))
            return 1
        pipe.send(("ready", backend.info, seconds))
        while True:
            pipe.send(_answer(backend, pipe.recv()))
    except (EOFError, BrokenPipeError, ConnectionResetError):
        return 0  # the supervisor is gone, and with it everyone who waits


def _answer(backend: Backend, message: tuple[str, Any]) -> tuple[str, Any]:
    verb, payload = message
    try:
        if verb == "transcribe":
            return "ok", backend.transcribe(payload)
        return "ok", backend.detect_language(payload)
    except InferenceError as error:
        return "error", str(error)


def _leave_with(parent: int) -> None:
    """Ends this process when its supervisor is gone, even in mid-inference: the libraries let
    other threads run meanwhile. (The kernel's own signal for it follows the death of the thread
    that started us, not of the process.)"""
    while os.getppid() == parent:
        time.sleep(_LOOK_SECONDS)
    os._exit(0)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])))
