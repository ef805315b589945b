"""How many uploads there may be at once: each holds a file until its transcript is there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from web_ui.errors import TooManyUploads

MAX_UPLOADS = 8


class UploadPlaces:
    """A place at once, or a refusal before a byte is read."""

    def __init__(self, places: int = MAX_UPLOADS) -> None:
        self._free = places

    @contextmanager
    def taken(self) -> Iterator[None]:
        """Raises `TooManyUploads` when none is free."""
        if self._free == 0:
            raise TooManyUploads("as many uploads as can be taken are under way")
        self._free -= 1
        try:
            yield
        finally:
            self._free += 1
