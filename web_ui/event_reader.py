"""Server-sent events out of bytes. Sans-IO.

Split at line feeds alone: JSON may hold other characters that Python takes for line ends.
https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream
"""

from __future__ import annotations

from collections.abc import Iterator

from web_ui.errors import EngineBroken

# The last event of hours of speech holds every word of it.
MAX_EVENT_BYTES = 256 * 1024 * 1024


class EventReader:
    """Feed it bytes; take (event, data) pairs. Comments keep a connection alive, no more."""

    def __init__(self) -> None:
        self._rest: list[bytes] = []
        self._held = 0
        self._name = ""
        self._data: list[bytes] = []

    def feed(self, data: bytes) -> Iterator[tuple[str, bytes]]:
        """Raises `EngineBroken` for an event without an end."""
        first, *more = data.split(b"\n")
        self._rest.append(first)
        self._held += len(first)
        if self._held > MAX_EVENT_BYTES:
            raise EngineBroken("stt-api's event is larger than any transcript")
        if not more:
            return
        lines = [b"".join(self._rest), *more[:-1]]
        self._rest, self._held = [more[-1]], len(more[-1])
        for line in lines:
            yield from self._line(line.removesuffix(b"\r"))

    def _line(self, line: bytes) -> Iterator[tuple[str, bytes]]:
        if not line:
            if self._data:
                yield self._name, b"\n".join(self._data)
            self._name, self._data = "", []
            return
        field, _, value = line.partition(b":")
        if field == b"event":
            self._name = value.removeprefix(b" ").decode("utf-8", "replace")
        elif field == b"data":
            self._data.append(value.removeprefix(b" "))
