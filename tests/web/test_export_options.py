"""What may be asked of an export, and what the file is called."""

from __future__ import annotations

import re
from urllib.parse import unquote

import pytest

from serving.errors import InvalidOption
from web_ui.exports.names import MAX_BYTES, content_disposition, file_name
from web_ui.exports.options import FORMATS, ExportOptions, read


def test_every_option_is_read() -> None:
    """Each field of the query means what it says; fields of pages are passed over."""
    query = {"format": "TXT", "speakers": "0", "times": "1", "translation": "both", "lang": "ko"}
    assert read(query) == ExportOptions("txt", speakers=False, times=True, translation="both")


@pytest.mark.parametrize("name", FORMATS)
def test_a_format_is_enough(name: str) -> None:
    """Speakers are named and nothing is translated unless asked; a docx alone shows times."""
    options = read({"format": name})
    assert (options.speakers, options.translation) == (True, "none")
    assert options.shows_times == (name == "docx")


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ({}, "format: missing; one of txt, srt, vtt, tsv, json, docx"),
        ({"format": "pdf"}, "format: one of txt, srt, vtt, tsv, json, docx"),
        ({"format": "txt", "speakers": "yes"}, "speakers: one of 1, 0"),
        ({"format": "txt", "times": ""}, "times: one of 1, 0"),
        ({"format": "txt", "translation": "en"}, "translation: one of none, both, only"),
    ],
)
def test_other_values_are_refused(query: dict[str, str], told: str) -> None:
    """The refusal names the field and what may be chosen, and repeats nothing that was sent."""
    with pytest.raises(InvalidOption, match=f"^{re.escape(told)}$"):
        read(query)


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("암보험 가입 상담", "암보험 가입 상담.srt"),
        ("call.wav", "call.srt"),
        ("2026.07 상담", "2026.07 상담.srt"),
        ("../../etc/passwd", "_.._etc_passwd.srt"),
        ('a<b>:"c"|d?*\\e', "a_b_c_d_e.srt"),
        (" 해지\r\nSet-Cookie: x=1\x00 ", "해지 Set-Cookie_ x=1.srt"),
        ("CON", "_CON.srt"),
        ("lpt1.txt", "_lpt1.txt.srt"),
        ("\u202egpj.exe", "gpj.exe.srt"),
        ("👨\u200d👩\u200d👧 통화", "👨\u200d👩\u200d👧 통화.srt"),
        ("반값 50% ~할인~", "반값 50% ~할인~.srt"),
        ("\ud800", "transcript.srt"),
        (" . ", "transcript.srt"),
        ("", "transcript.srt"),
    ],
)
def test_file_is_called_by_its_title(title: str, name: str) -> None:
    """Whatever a title holds, the name is one that every file system takes and shows as it is."""
    assert file_name(title, "call.wav", "srt") == name


@pytest.mark.parametrize("title", ["가" * 300, "x" * 300, "👩\u200d👧" * 100, "가 ." * 100])
def test_long_titles_are_cut_between_characters(title: str) -> None:
    """A name is at most 200 bytes long, extension and all, and ends in a whole character."""
    name = file_name(title, "call.wav", "docx")
    assert 180 < len(name.encode()) <= MAX_BYTES
    assert title.startswith(name.removesuffix(".docx"))
    assert not name.removesuffix(".docx").endswith((" ", ".", "\u200d"))


@pytest.mark.parametrize(
    ("name", "plain", "encoded"),
    [
        ("call.srt", "call.srt", "call.srt"),
        ("해지 1.srt", "1.srt", "%ED%95%B4%EC%A7%80%201.srt"),
        ("해지.srt", "transcript.srt", "%ED%95%B4%EC%A7%80.srt"),
        ("résumé.txt", "resume.txt", "r%C3%A9sum%C3%A9.txt"),
        ('a";filename="b.exe', "a_filename_b.exe", "a_%3Bfilename%3D_b.exe"),
        ("it's 5%.txt", "its 5.txt", "it%27s%205%25.txt"),
        ("", "transcript", "transcript"),
    ],
)
def test_header_holds_any_name(name: str, plain: str, encoded: str) -> None:
    """Old clients get a plain name, all others the real one."""
    assert content_disposition(name) == (
        f"attachment; filename=\"{plain}\"; filename*=UTF-8''{encoded}"
    )


@pytest.mark.parametrize("name", ["a\r\nX-Evil: 1", 'q"\\', "\x00\x7f\u2028", "\ud800", "a/../b"])
def test_header_cannot_be_broken_out_of(name: str) -> None:
    """The header is one line of ASCII with two quotes, and its name holds no path."""
    header = content_disposition(name)
    assert re.fullmatch(
        r"attachment; filename=\"[\w .()+-]+\"; filename\*=UTF-8''[\w.%~-]+", header, re.ASCII
    )
    assert not set("/\\\r\n\x00") & set(unquote(header.rpartition("''")[2]))
