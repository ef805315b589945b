"""What can go wrong between a recording and its text.

    STTError
    ├── OptionError          a request that can never be served (unknown language, …)
    ├── AudioError           the recording is not usable: the reason says how
    │   └── AudioTooLong     longer than the limit
    ├── QueueFull            more audio is waiting than may; come back later
    ├── ModelLoadError       no backend could be loaded and proved by an inference
    └── InferenceError       a loaded model failed on this audio
        ├── WorkerLost       its process died
        └── WorkerHung       its process did not answer in time

Errors of PyAV, CTranslate2, onnxruntime and the operating system become one of these in
the module that wraps the library. `str(error)` is one line, fit for a client and a log: it
names no recording, no transcript and no path but configured ones.
"""

from __future__ import annotations


class STTError(Exception):
    """Base of every error the engine raises."""


class OptionError(STTError):
    """An option that cannot be served; `field` names it."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field


class AudioError(STTError):
    """The recording cannot be used. `code` is one word for programs."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code


class AudioTooLong(AudioError):
    """Longer than the limit, by its header or by what was decoded so far."""

    def __init__(self, limit_seconds: float) -> None:
        super().__init__("too_long", f"the audio is longer than the limit of {limit_seconds:g} s")


class QueueFull(STTError):
    """Too much audio is waiting already; `retry_after` is a guess in whole seconds."""

    def __init__(self, waiting_seconds: float, limit_seconds: float, retry_after: int) -> None:
        super().__init__(
            f"{waiting_seconds:.0f} s of audio are waiting; the limit is {limit_seconds:g} s"
        )
        self.retry_after = retry_after


class ModelLoadError(STTError):
    """No model could be loaded and proved by an inference."""


class InferenceError(STTError):
    """A loaded model failed while transcribing."""


class WorkerLost(InferenceError):
    """The process that holds the model died."""


class WorkerHung(InferenceError):
    """The process that holds the model did not answer within its limit."""
