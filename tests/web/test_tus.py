"""The protocol of resumable uploads: every header read strictly, every answer as it should be."""

from __future__ import annotations

from base64 import b64encode
from datetime import UTC, datetime

import httpx
import pytest
from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from serving.errors import (
    InvalidOption,
    MalformedBody,
    ServiceError,
    UnsupportedBody,
    UploadTooLarge,
)
from serving.settings import MIB
from web_ui.errors import UnsupportedTus, fault_of
from web_ui.recordings import tus
from web_ui.recordings.tus_answers import TusAnswers

pytestmark = pytest.mark.anyio

WHEN = datetime(2026, 11, 22, 10, 30, tzinfo=UTC)


def b64(text: str | bytes) -> str:
    return b64encode(text.encode() if isinstance(text, str) else text).decode()


def creating(**headers: str) -> Headers:
    given = {"Tus-Resumable": "1.0.0", "Upload-Length": "1000"}
    return Headers({**given, **{n.replace("_", "-"): v for n, v in headers.items()}})


def adding(**headers: str) -> Headers:
    given = {
        "Tus-Resumable": "1.0.0",
        "Upload-Offset": "10",
        "Content-Type": "application/offset+octet-stream",
    }
    return Headers({**given, **{n.replace("_", "-"): v for n, v in headers.items()}})


def test_creation_says_what_comes() -> None:
    """A length, a name, and the fields that a form would have."""
    metadata = f"filename {b64('통화 1.wav')},language {b64('ko')},classify {b64('1')},product"
    found = tus.read_creation(creating(Upload_Metadata=metadata), MIB)
    fields = {"language": "ko", "classify": "1", "product": ""}
    assert found == tus.Creation(1000, "통화 1.wav", fields)


def test_creation_needs_no_metadata() -> None:
    """A recording without a name has the name that a form would give it."""
    assert tus.read_creation(creating(), MIB) == tus.Creation(1000, "upload", {})


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("/etc/passwd", "passwd"),
        ("..\\..\\call.wav", "call.wav"),
        ("a\x1b[31m\r\n.wav", "a[31m.wav"),
        ("n" * 500, "n" * 100),
        ("", "upload"),
    ],
)
def test_filename_is_made_harmless(given: str, shown: str) -> None:
    """A name loses directories, control characters and excess, as in a form."""
    metadata = f"filename {b64(given)}"
    assert tus.read_creation(creating(Upload_Metadata=metadata), MIB).filename == shown


@pytest.mark.parametrize(
    ("headers", "error", "says"),
    [
        ({"Upload_Length": "-1"}, MalformedBody, "Upload-Length: not a whole number"),
        ({"Upload_Length": "1.5"}, MalformedBody, "Upload-Length: not a whole number"),
        ({"Upload_Length": "1_000"}, MalformedBody, "Upload-Length: not a whole number"),
        ({"Upload_Length": ""}, MalformedBody, "Upload-Length: not a whole number"),
        ({"Upload_Length": "0"}, InvalidOption, "Upload-Length: the recording is empty"),
        ({"Upload_Length": str(MIB + 1)}, UploadTooLarge, "limit of 1 MB"),
        ({"Upload_Length": "9" * 5000}, UploadTooLarge, "limit of 1 MB"),
        ({"Upload_Defer_Length": "1"}, InvalidOption, "Upload-Defer-Length: not supported"),
        ({"Tus_Resumable": "0.2.2"}, UnsupportedTus, "names another version"),
        ({"Upload_Metadata": "filename !!!!"}, MalformedBody, "filename is not base64"),
        ({"Upload_Metadata": "filename YQ=="[:-1]}, MalformedBody, "filename is not base64"),
        ({"Upload_Metadata": "a YQ== YQ=="}, MalformedBody, "a is not base64"),
        ({"Upload_Metadata": "a YQ==,a YQ=="}, InvalidOption, "a: given more than once"),
        ({"Upload_Metadata": "a YQ==,,b YQ=="}, MalformedBody, "a key is empty"),
        ({"Upload_Metadata": "\xe9 YQ=="}, MalformedBody, "not ASCII"),
        ({"Upload_Metadata": "k" * 101}, MalformedBody, "too long"),
        ({"Upload_Metadata": f"a {b64(bytes([0xFF]))}"}, InvalidOption, "a: not UTF-8"),
        ({"Upload_Metadata": f"a {b64('x' * 17_000)}"}, InvalidOption, "a: longer than 16384"),
        ({"Upload_Metadata": ",".join(f"k{i}" for i in range(70))}, InvalidOption, "too many"),
    ],
)
def test_bad_creation_is_refused(
    headers: dict[str, str], error: type[ServiceError], says: str
) -> None:
    """Whatever cannot be read is named, and refused with its own status."""
    with pytest.raises(error, match=says):
        tus.read_creation(creating(**headers), MIB)


def test_length_is_needed() -> None:
    """Without a length there is no telling when an upload is complete."""
    with pytest.raises(MalformedBody, match="Upload-Length is missing"):
        tus.read_creation(Headers({"Tus-Resumable": "1.0.0"}), MIB)


def test_another_protocol_is_412() -> None:
    """A client that does not speak tus, or another tus, is told which one is spoken here."""
    with pytest.raises(UnsupportedTus, match=r"is missing; this server speaks 1\.0\.0") as caught:
        tus.check_version(Headers())
    fault = fault_of(caught.value)
    assert (fault.status, fault.code) == (412, "unsupported_tus")


def test_piece_says_where_it_goes() -> None:
    """Its offset, whether or not its length is known."""
    assert tus.read_piece(adding(), 100) == 10
    assert tus.read_piece(adding(Content_Length="90"), 100) == 10


@pytest.mark.parametrize(
    ("headers", "error", "says"),
    [
        ({"Content_Type": "application/octet-stream"}, UnsupportedBody, "offset"),
        ({"Upload_Offset": "-5"}, MalformedBody, "Upload-Offset: not a whole number"),
        ({"Content_Length": "91"}, UploadTooLarge, "past the length"),
        ({"Tus_Resumable": "2.0.0"}, UnsupportedTus, "another version"),
    ],
)
def test_bad_piece_is_refused(
    headers: dict[str, str], error: type[ServiceError], says: str
) -> None:
    """Before a byte of it is read."""
    with pytest.raises(error, match=says):
        tus.read_piece(adding(**headers), 100)


def test_metadata_goes_and_comes() -> None:
    """What is written is read as it was."""
    fields = {"filename": "통화.wav", "product": "", "language": "ko"}
    assert tus.read_metadata(tus.write_metadata(fields)) == fields
    assert tus.read_metadata("") == {}
    assert tus.write_metadata({}) == ""


def test_answers() -> None:
    """What each request is answered with."""
    always = {"Tus-Resumable": "1.0.0", "Tus-Version": "1.0.0"}
    expires = {"Upload-Expires": "Sun, 22 Nov 2026 10:30:00 GMT"}
    assert tus.abilities(MIB) == always | {
        "Tus-Extension": "creation,termination,expiration",
        "Tus-Max-Size": "1048576",
    }
    assert tus.created("/api/uploads/x", WHEN) == always | expires | {
        "Location": "/api/uploads/x",
        "Upload-Offset": "0",
    }
    assert tus.standing(5, 10, {"a": "b"}) == always | {
        "Upload-Offset": "5",
        "Upload-Length": "10",
        "Upload-Metadata": "a Yg==",
        "Cache-Control": "no-store",
    }
    assert tus.advanced(7, WHEN) == always | expires | {"Upload-Offset": "7"}


@pytest.mark.parametrize(
    ("path", "is_ours"),
    [("/api/uploads", True), ("/api/uploads/x", True), ("/api/uploadsx", False), ("/", False)],
)
async def test_every_answer_of_the_protocol_is_marked(path: str, is_ours: bool) -> None:
    """Errors as well, and nothing else."""

    async def refuse(request: object) -> PlainTextResponse:
        return PlainTextResponse("no", 409)

    app = Starlette(routes=[Route("/{path:path}", refuse)])
    transport = httpx.ASGITransport(TusAnswers(app))
    async with httpx.AsyncClient(transport=transport, base_url="http://web") as client:
        response = await client.get(path)
    assert response.status_code == 409
    assert ("tus-resumable" in response.headers) is is_ours
