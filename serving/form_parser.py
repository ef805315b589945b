"""A multipart form, read piece by piece. Sans-IO: bytes in, fields and the file's bytes out.

The file's bytes are handed on as they are found and never gathered here; everything else
is small and bounded.
"""

from __future__ import annotations

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from serving.errors import InvalidOption, MalformedBody, UploadTooLarge

FILE_FIELD = "file"
MAX_FIELDS = 64
MAX_FIELD_BYTES = 16 * 1024
MAX_NAME_CHARS = 100


class FormParser:
    """Reads one multipart body.

    fields: the text fields so far, each given once.
    filename: the name that came with the file; None while there was no file.
    """

    def __init__(self, content_type: str, max_file_bytes: int) -> None:
        self.fields: dict[str, str] = {}
        self.filename: str | None = None
        self.file_bytes = 0
        self._max_file_bytes = max_file_bytes
        self._pieces: list[bytes] = []
        self._ended = False
        self._name = ""
        self._disposition = b""
        self._header = bytearray()
        self._value = bytearray()
        self._content = bytearray()
        self._parser = _parser(content_type, self)

    def feed(self, data: bytes) -> list[bytes]:
        """Take more of the body; return the bytes of the file that were in it."""
        self._pieces = []
        try:
            self._parser.write(data)
        except FormParserError:
            raise MalformedBody("the multipart body cannot be read") from None
        return self._pieces

    def close(self) -> None:
        """Say that the body has ended. Raises `MalformedBody` if the form has not."""
        if not self._ended:
            raise MalformedBody("the multipart body ends before its last boundary")

    def on_part_begin(self) -> None:
        self._name = ""
        self._disposition = b""
        self._header.clear()
        self._value.clear()
        self._content.clear()

    def on_header_field(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]

    def on_header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def on_header_end(self) -> None:
        if self._header.lower() == b"content-disposition":
            self._disposition = bytes(self._value)
        self._header.clear()
        self._value.clear()

    def on_headers_finished(self) -> None:
        _, options = parse_options_header(self._disposition)
        self._name = _text(options.get(b"name", b""), "a field's name")
        if not self._name:
            raise MalformedBody("a part of the form has no name")
        given = self._name in self.fields or (self._name == FILE_FIELD and self.filename)
        if given or len(self.fields) >= MAX_FIELDS:
            raise InvalidOption(f"{self._name[:MAX_NAME_CHARS]}: given more than once, or too many")
        if self._name == FILE_FIELD:
            self.filename = shown_name(options.get(b"filename", b""))
        elif b"filename" in options:
            name = self._name[:MAX_NAME_CHARS]
            raise InvalidOption(f"{name}: unknown; send the recording as {FILE_FIELD}")

    def on_part_data(self, data: bytes, start: int, end: int) -> None:
        if self._name == FILE_FIELD:
            self._add_to_file(data[start:end])
        elif len(self._content) + end - start > MAX_FIELD_BYTES:
            name = self._name[:MAX_NAME_CHARS]
            raise InvalidOption(f"{name}: longer than {MAX_FIELD_BYTES} bytes")
        else:
            self._content += data[start:end]

    def on_part_end(self) -> None:
        if self._name != FILE_FIELD:
            self.fields[self._name] = _text(bytes(self._content), self._name[:MAX_NAME_CHARS])

    def on_end(self) -> None:
        self._ended = True

    def _add_to_file(self, piece: bytes) -> None:
        self.file_bytes += len(piece)
        if self.file_bytes > self._max_file_bytes:
            raise too_large(self._max_file_bytes)
        self._pieces.append(piece)


def too_large(limit_bytes: int) -> UploadTooLarge:
    return UploadTooLarge(f"file: larger than the limit of {limit_bytes // (1024 * 1024)} MB")


def _parser(content_type: str, form: FormParser) -> MultipartParser:
    _, options = parse_options_header(content_type)
    boundary = options.get(b"boundary")
    if not boundary:
        raise MalformedBody("Content-Type: multipart/form-data needs a boundary")
    try:
        return MultipartParser(
            boundary,
            {
                "on_part_begin": form.on_part_begin,
                "on_part_data": form.on_part_data,
                "on_part_end": form.on_part_end,
                "on_header_field": form.on_header_field,
                "on_header_value": form.on_header_value,
                "on_header_end": form.on_header_end,
                "on_headers_finished": form.on_headers_finished,
                "on_end": form.on_end,
            },
        )
    except FormParserError:
        raise MalformedBody("Content-Type: the boundary cannot be used") from None


def _text(raw: bytes, name: str) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        raise InvalidOption(f"{name}: not UTF-8 text") from None


def shown_name(raw: bytes) -> str:
    """A name fit to be shown: no directories, no control characters, bounded."""
    text = raw.decode("utf-8", "replace").replace("\\", "/").rsplit("/", 1)[-1]
    shown = "".join(char for char in text if char.isprintable())
    return shown[:MAX_NAME_CHARS] or "upload"
