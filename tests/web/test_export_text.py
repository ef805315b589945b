"""Text, subtitles, table and JSON: what stands in them, to the character."""

from __future__ import annotations

import json
import random
import re

import pytest

from tests.web.export_calls import SPEAKERS, WRITTEN, call, dummy, exported, said, text_of
from web_ui.exports import export
from web_ui.exports.options import ExportOptions, Format
from web_ui.records import FullTranscript, Passage, Speaker
from web_ui.words import Words

SUBTITLES: tuple[Format, ...] = ("srt", "vtt")


def test_plain_transcript_in_every_format() -> None:
    """A segment without a speaker looks as stt-api writes it."""
    full = call(said(" 안녕하세요. "))
    assert text_of(full, "txt") == "안녕하세요.\n"
    assert text_of(full, "srt") == "1\n00:00:00,000 --> 00:00:03,400\n안녕하세요.\n\n"
    assert text_of(full, "vtt") == "WEBVTT\n\n00:00:00.000 --> 00:00:03.400\n안녕하세요.\n"
    assert text_of(full, "tsv") == "start\tend\ttext\n0\t3400\t안녕하세요.\n"


def test_types_and_names() -> None:
    """Each file says what it is, and is called by the transcript's title."""
    found = [exported(call(said("네")), name) for name in WRITTEN]
    assert [file.media_type.partition(";")[0] for file in found] == [
        "text/plain",
        "application/x-subrip",
        "text/vtt",
        "text/tab-separated-values",
    ]
    assert {file.file_name for file in found} == {f"암보험 가입 상담.{name}" for name in WRITTEN}


def test_speakers_are_named() -> None:
    """By their names, else their part in the call; in paragraphs, cues, voices and a column."""
    full = call(
        said("안녕하세요.", 0, 1, speaker="A"),
        said("김하늘입니다.", 1, 2, number=1, speaker="A"),
        said("네.", 2, 3, number=2, speaker="B"),
        speakers=SPEAKERS,
    )
    assert text_of(full, "txt") == "김하늘: 안녕하세요. 김하늘입니다.\n\n고객: 네.\n"
    assert text_of(full, "srt").splitlines()[2::4] == [
        "김하늘: 안녕하세요.",
        "김하늘: 김하늘입니다.",
        "고객: 네.",
    ]
    assert "<v 김하늘>안녕하세요.\n" in text_of(full, "vtt")
    assert text_of(full, "tsv").splitlines()[::3] == [
        "start\tend\ttext\tspeaker",
        "2000\t3000\t네.\t고객",
    ]


def test_speakers_can_be_left_out() -> None:
    """Without names nobody is named, but each still has paragraphs of their own."""
    full = call(
        said("네.", 0, 1, speaker="A"), said("네?", 1, 2, number=1, speaker="B"), speakers=SPEAKERS
    )
    assert text_of(full, "txt", speakers=False) == "네.\n\n네?\n"
    assert "<v" not in text_of(full, "vtt", speakers=False)
    assert text_of(full, "tsv", speakers=False).startswith("start\tend\ttext\n")


def test_channels_stand_in_for_names() -> None:
    """Where nobody is named, split channels tell the voices apart; they count from one."""
    full = call(
        said("하나", 0, 1, channel=0, speaker="A"),
        said("둘", 1, 2, number=1, channel=1),
        speakers=(Speaker("A", "  "),),
    )
    assert text_of(full, "txt") == "채널 1: 하나\n\n채널 2: 둘\n"


def test_text_with_times_is_a_line_a_segment() -> None:
    """Times are hours, minutes and seconds, cut off, not rounded up."""
    full = call(
        said("네.", 187.9, 190, speaker="A"), said("네?", 36_061.0, 36_062, number=1),
        speakers=SPEAKERS,
    )  # fmt: skip
    assert text_of(full, "txt", times=True) == "[00:03:07] 김하늘: 네.\n[10:01:01] 네?\n"


def test_a_long_pause_begins_a_paragraph() -> None:
    """A call in which nobody is told apart is not one block of text."""
    full = call(said("가.", 0, 1), said("나.", 4.9, 6, number=1), said("다.", 10, 11, number=2))
    assert text_of(full, "txt") == "가. 나.\n\n다.\n"


def test_unspaced_languages_are_joined_without_spaces() -> None:
    """Japanese and its like have no spaces between sentences."""
    full = call(said("はい。", 0, 1), said("そうです。", 1, 2, number=1), language="ja")
    assert text_of(full, "txt") == "はい。そうです。\n"


@pytest.mark.parametrize(
    ("seconds", "clock"),
    [
        (0.0004, "00:00:00,000"),
        (0.9995, "00:00:01,000"),
        (59.9995, "00:01:00,000"),
        (3599.9996, "01:00:00,000"),
        (36_061.25, "10:01:01,250"),
        (360_000.0, "100:00:00,000"),
        (-0.2, "00:00:00,000"),
    ],
)
def test_clock(seconds: float, clock: str) -> None:
    """Rounding carries into seconds, minutes and hours; hours may pass 99."""
    assert f"\n{clock} --> " in text_of(call(said("네", seconds, seconds + 5)), "srt")


@pytest.mark.parametrize("end", [2.0, 1.0, -1.0, 2.0004])
def test_segment_without_length_gets_one(end: float) -> None:
    """A segment that ends where it starts, or before, is shown for a tenth of a second."""
    full = call(said("네", 2.0, end))
    assert "00:00:02,000 --> 00:00:02,100" in text_of(full, "srt")
    assert "\n2000\t2100\t" in text_of(full, "tsv")


def test_segments_come_in_the_order_of_their_starts() -> None:
    """Channels are stored one after the other, and read together; blank ones are left out."""
    full = call(said("나", 5, 6), said(" \n\t", 1, 2, number=1), said("가", 0, 1, number=2))
    assert text_of(full, "srt").splitlines()[2::4] == ["가", "나"]


def test_hostile_text_stays_text() -> None:
    """Markup, arrows, tabs and blank lines of a text cannot break the format around it."""
    hostile = "a\n\n2\n00:00:05,000 --> 00:00:06,000\tb & <c> --->\x00\u2028d\ud800\uffff"
    full = call(said(hostile, 0, 1))
    assert text_of(full, "srt").count("-->") == 1
    assert text_of(full, "srt").endswith("\na 2 00:00:05,000 -> 00:00:06,000 b & <c> -> d\n\n")
    assert text_of(full, "vtt").endswith(
        "\na 2 00:00:05,000 --&gt; 00:00:06,000 b &amp; &lt;c&gt; ---&gt; d\n"
    )
    assert [row.count("\t") for row in text_of(full, "tsv").splitlines()] == [2, 2]
    assert text_of(full, "txt").count("\n") == 1


@pytest.mark.parametrize(
    ("name", "shown", "voice"),
    [
        ("محمد", "محمد", "محمد"),
        ("🦊 여우", "🦊 여우", "🦊 여우"),
        ('"A" & <B>', '"A" & <B>', '"A" &amp; &lt;B&gt;'),
        (
            "김\n\n1\n00:00 --> 00:01\t하늘",
            "김 1 00:00 -> 00:01 하늘",
            "김 1 00:00 --&gt; 00:01 하늘",
        ),
    ],
)
def test_hostile_names_stay_names(name: str, shown: str, voice: str) -> None:
    """Whatever people call a speaker, it stays on its line and in its voice."""
    full = call(said("네", 0, 1, speaker="A"), speakers=(Speaker("A", name),))
    assert text_of(full, "srt").splitlines()[2:] == [f"{shown}: 네", ""]
    assert text_of(full, "vtt").splitlines()[3:] == [f"<v {voice}>네"]
    assert text_of(full, "tsv").splitlines()[1].count("\t") == 3


@pytest.mark.parametrize("text", ["=1+1", "+82 10", "-네", "@cmd", "＝1", '"네" 라고'])
def test_table_holds_texts_not_formulas(text: str) -> None:
    """A spreadsheet shows what was said, and neither computes it nor swallows the next row."""
    full = call(
        said(text, 0, 1, speaker="A", translation=text), speakers=(Speaker("A", text),)
    )  # fmt: skip
    rows = text_of(full, "tsv", translation="both").splitlines()
    assert rows[1] == f"0\t1000\t'{text}\t'{text}\t'{text}"
    assert text_of(full, "txt", speakers=False) == f"{text}\n"


def test_edited_text_is_what_is_exported() -> None:
    """What a person wrote stands in place of what the engine wrote."""
    full = call(said("오만 원", original_text="오마 원"))
    assert [("오만" in text_of(full, name), "오마" in text_of(full, name)) for name in WRITTEN] == [
        (True, False)
    ] * 4


@pytest.mark.parametrize("name", WRITTEN)
def test_withheld_text_is_not_exported(name: Format) -> None:
    """What nobody seems to have said stands in no file of text."""
    full = call(said("네"))
    passage = Passage("withheld", 9, 12, "구독과 좋아요", "known_phrase")
    withheld = FullTranscript(full.transcript, full.segments, (passage,))
    assert text_of(withheld, name) == text_of(full, name)


def test_empty_transcript_is_a_valid_file() -> None:
    """No speech gives what each format calls empty."""
    assert [text_of(call(), name) for name in WRITTEN] == [
        "", "", "WEBVTT\n", "start\tend\ttext\n",
    ]  # fmt: skip


@pytest.mark.parametrize("text", ["[Dummy] Transcription of call.wav", "something", "", None])
def test_dummy_is_marked_in_every_format(text: str | None) -> None:
    """The first text of every format of a dummy is the mark, once, whatever the dummy says."""
    full = dummy(dummy_text=text)
    assert text_of(full, "txt").startswith("[Dummy]")
    assert text_of(full, "srt").splitlines()[2].startswith("[Dummy]")
    assert text_of(full, "vtt").splitlines()[0] == "WEBVTT - [Dummy]"
    assert text_of(full, "vtt").splitlines()[3].startswith("[Dummy]")
    assert text_of(full, "tsv").splitlines()[1].startswith("0\t61400\t[Dummy]")
    assert text_of(full, "txt").count("[Dummy]") == 1


def test_dummy_keeps_what_is_real() -> None:
    """The mark comes first and as long as the recording, says until when the text is real, and
    the real text follows."""
    full = dummy(said("안녕하세요.", 0, 3), said("네.", 4, 5, number=1), seconds_done=30.0)
    assert text_of(full, "txt") == (
        "[Dummy] Transcription of call-0714.wav (61.4 s, 1 channel) (이 줄은 실제 내용이 아닙니다. "
        "00:00:30까지의 글만 실제로 받아쓴 것입니다.)\n\n안녕하세요. 네.\n"
    )
    cues = text_of(full, "srt").split("\n\n")
    assert cues[0].startswith("1\n00:00:00,000 --> 00:01:01,400\n[Dummy]")
    assert cues[1:] == [
        "2\n00:00:00,000 --> 00:00:03,000\n안녕하세요.",
        "3\n00:00:04,000 --> 00:00:05,000\n네.",
        "",
    ]


@pytest.mark.parametrize(
    ("state", "told"),
    [
        ("queued", "[미완성] 받아쓰기가 아직 끝나지 않았습니다."),
        ("running", "[미완성] 받아쓰기가 아직 끝나지 않았습니다."),
        ("failed", "[미완성] 받아쓰기가 도중에 실패했습니다."),
        ("cancelled", "[미완성] 받아쓰기를 도중에 취소했습니다."),
    ],
)
def test_unfinished_text_says_so_first(state: str, told: str) -> None:
    """And until when it goes: a first line, a comment, or a cue that nobody can overlook in the
    file and hardly anybody sees on the screen."""
    full = call(said("네"), state=state, phase="transcribe", seconds_done=30.9)
    notice = f"{told} 00:00:30까지의 글만 들어 있습니다."
    assert text_of(full, "txt") == f"{notice}\n\n네\n"
    assert text_of(full, "vtt").startswith(f"WEBVTT\n\nNOTE {notice}\n\n00:00:00.000 --> ")
    assert text_of(full, "srt").startswith(f"1\n00:00:00,000 --> 00:00:00,100\n{notice}\n\n2\n")
    assert text_of(full, "tsv").splitlines()[1] == f"0\t100\t{notice}"


def test_json_is_what_the_api_answers() -> None:
    """The same object, readable, with every character; the other options change nothing."""
    told = {
        "id": "0f3c",
        "is_dummy": True,
        "text": "[Dummy] 더미 \ud800",
        "suppressed": [{"a": 1.5}],
    }
    options = ExportOptions("json", speakers=False, translation="only")
    file = export(call(), options, Words("ko"), as_json=lambda: told)
    assert json.loads(file.content) == {**told, "text": "[Dummy] 더미 ?"}
    assert '\n  "text": "[Dummy] 더미' in file.content.decode()
    assert (file.media_type, file.file_name) == ("application/json", "암보험 가입 상담.json")


def test_words_of_the_file_are_the_reader_s() -> None:
    """Notices and parts in the call are in the language that was asked for."""
    full = call(said("네", speaker="B"), state="failed", phase="transcribe", speakers=SPEAKERS)
    english = export(full, ExportOptions("txt"), Words("en"), as_json=dict).content.decode()
    assert (
        english == "[Incomplete] Transcription failed: text up to 00:01:01 only.\n\nCustomer: 네\n"
    )


@pytest.mark.parametrize("name", SUBTITLES)
def test_any_transcript_is_well_formed(name: Format) -> None:
    """Of random texts, names and times, every cue is a times line and a line of text, in order."""
    rng = random.Random(1)  # noqa: S311 - not for secrets
    times = re.compile(r"\d\d+:\d\d:\d\d[.,]\d{3} --> \d\d+:\d\d:\d\d[.,]\d{3}")
    for _ in range(100):
        segments = [
            said("".join(rng.choices("a-> \n\t&", k=9)), rng.uniform(0, 9e3), rng.uniform(0, 9e3),
                 number=number, speaker="A")
            for number in range(5)
        ]  # fmt: skip
        speaker = Speaker("A", "".join(rng.choices("b-> \n\t&<", k=6)))
        written = text_of(call(*segments, speakers=(speaker,)), name)
        cues = written.removeprefix("WEBVTT\n\n").rstrip("\n").split("\n\n")
        lines = [cue.split("\n")[name == "srt" :] for cue in cues if cue]
        assert all(len(cue) == 2 and times.fullmatch(cue[0]) for cue in lines)
        assert all("-->" not in cue[1] for cue in lines)
        assert [cue[0] for cue in lines] == sorted(cue[0] for cue in lines)


@pytest.mark.parametrize("name", WRITTEN)
def test_a_call_of_hours_is_written_whole(name: Format) -> None:
    """Five thousand segments, each once."""
    segments = [said(f"#{n}#", n * 2.0, n * 2.0 + 1.9, number=n) for n in range(5000)]
    assert text_of(call(*segments), name).count("#") == 10_000
