"""The arithmetic of the bench: error rates, medians, ratios, tables; no model runs."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from bench import main
from bench_clips import PAUSE_SECONDS, RATE, Clip, decode, joined, long_clips, nearest, write_wav
from bench_contestants import Heard
from bench_measure import Beside, Latency, Memory, Turn, take_turns
from bench_process import cpu_seconds, memory_mib, peak_mib, tree
from bench_report import (
    beside_table,
    cost_table,
    error_columns,
    latency_table,
    memory_table,
    percentile,
    pooled,
    ratio,
    rows,
    table,
)
from error_rate import cer, distance, normalised, wer

KOREAN = Clip(Path("ko.wav"), "ko", "가나 다라", 4.0)
ENGLISH = Clip(Path("en.wav"), "en", "one two three four", 6.0)


def turn(contestant: str, number: int, cpu: float, *texts: str) -> Turn:
    return Turn(contestant, "clips", number, 10.0, cpu, 2 * cpu, texts)


@pytest.mark.parametrize(
    ("reference", "hypothesis", "edits"),
    [("", "", 0), ("abc", "abc", 0), ("abc", "", 3), ("", "abc", 3), ("abcd", "acd", 1),
     ("kitten", "sitting", 3), ("ab", "ba", 2)],
)  # fmt: skip
def test_distance_is_levenshteins(reference: str, hypothesis: str, edits: int) -> None:
    """The least number of insertions, deletions and substitutions."""
    assert distance(reference, hypothesis) == edits


@pytest.mark.parametrize(
    ("text", "plain"),
    [("  Hello,  World! ", "hello world"), ("Ｆｕｌｌ１", "full1"), ("STRASSE ẞ", "strasse ss"),
     ("그는, 갔다.", "그는 갔다"), ("don't", "dont"), ("客観的。", "客観的"), ("a_b", "ab"),
     ("\u1100\u1161", "가")],
)  # fmt: skip
def test_normalised_keeps_what_is_spoken(text: str, plain: str) -> None:
    """Case, width, punctuation and composed or decomposed Hangul make no difference."""
    assert normalised(text) == plain


def test_error_rates_count_what_their_language_counts() -> None:
    """Spaces are no characters; a wrong character is a whole wrong word."""
    assert cer("가나 다라", "가나다라.") == 0
    assert wer("가나 다라", "가나다라") == 1
    assert cer("가나 다라", "가나 다마") == 0.25
    assert wer("one two three four", "One, too three!") == 0.5


def test_error_rate_of_what_was_not_said() -> None:
    """Against an empty reference anything is all wrong; inventions can pass 1."""
    assert (cer("", ""), cer("", "감사합니다"), wer("", "thank you")) == (0, 1, 1)
    assert wer("one", "one two three") == 2


def test_pooled_rates_weigh_by_length() -> None:
    """Ten clips of one word do not hide a long one."""
    pairs = (("one two three", "one two three"), ("four", "five"))
    assert pooled(pairs, "WER") == pytest.approx(0.25)
    assert pooled((("가나다", "가나다"), ("라", "마")), "CER") == pytest.approx(0.25)


def test_ratio_is_the_median_within_rounds() -> None:
    """A round in which everything took ten times as long changes nothing."""
    assert ratio([1.0, 10.0, 1.2], [2.0, 20.0, 2.0]) == 0.5


@pytest.mark.parametrize(
    ("share", "value"), [(0.5, 3.0), (0.95, 5.0), (0.2, 1.0), (0.21, 2.0), (0.0, 1.0), (1.0, 5.0)]
)
def test_percentile_is_a_value_that_was_measured(share: float, value: float) -> None:
    """The nearest rank, not something between two values."""
    assert percentile([5.0, 3.0, 1.0, 4.0, 2.0], share) == value


def test_rows_pair_rounds_whatever_their_order() -> None:
    """Costs are per second of audio, errors per unit, the reference's own ratio is 1."""
    texts = ("가나 다라", "one two three four")
    turns = [
        turn("a", 1, 40.0, *texts), turn("b", 1, 20.0, "가나 다", texts[1]),
        turn("b", 0, 2.0, "가나 다", texts[1]), turn("a", 0, 4.0, *texts),
    ]  # fmt: skip
    first, second = rows(turns, [KOREAN, ENGLISH], "a")
    assert (first.contestant, first.cpu_ratio, first.wall_ratio) == ("a", 1, 1)
    assert [second.cpu, second.wall] == pytest.approx([1.1, 2.2])
    assert (second.cpu_ratio, second.errors) == (0.5, (0.25, 0.0))


def test_every_speed_stands_beside_its_errors() -> None:
    """The table of costs has a column for each way of counting errors."""
    clips = [KOREAN, ENGLISH]
    assert error_columns(clips) == ["CER ko", "WER en"]
    assert error_columns([ENGLISH]) == ["WER en"]
    found = rows([turn("a", 0, 1.0, "가나 다라", "one two three")], clips, "a")
    lines = cost_table(found, clips, "a").splitlines()
    assert lines[0].endswith("| CER ko | WER en |")
    assert lines[2] == "| a | 0.100 | 1.00 | 0.200 | 1.00 | 0.000 | 0.250 |"


def test_added_latency_is_that_of_the_pairs() -> None:
    """The median of the differences, not the difference of the medians."""
    found = Latency("a.flac", 3.9, [0.30, 0.90, 0.31], [0.31, 0.91, 0.90], [0.004, 0.006, 0.005])
    lines = latency_table(found).splitlines()
    assert lines[0].startswith("| 3.9 s clip, 3 pairs |")
    assert lines[2] == "| `STTEngine.transcribe` in process | 300 | 310 | 900 |"
    assert lines[4].endswith("timings | 4.0 | 5.0 | 6.0 |")
    assert lines[5] == "| added, over in process (median of the pairs) | 10.0 | 10.0 |  |"


def test_lost_probes_are_counted_among_the_asked() -> None:
    """A probe without an answer is not left out of the table."""
    found = Beside(3.9, 120.0, [0.3], [0.5, 0.7, 0.6], [0.002, 0.004], lost=1)
    lines = beside_table(found).splitlines()
    assert lines[3] == "| 3.9 s clip, beside the long file | 3 | 0 | 600 | 700 | 700 |"
    assert lines[4] == "| `GET /health` meanwhile | 3 | 1 | 3.0 | 4.0 | 4.0 |"


def test_memory_is_told_over_idle() -> None:
    """The figure to reach is the difference."""
    line = memory_table([Memory("stt-api", 7200.0, 300.0, 420.4, 500.0)]).splitlines()[-1]
    assert line == "| stt-api | 120 | 300 | 420 | 120 |"


def test_table_is_markdown() -> None:
    """Titles, a rule with numbers to the right, lines."""
    assert table(["a", "b"], [["c", "1"]]) == "| a | b |\n| --- | ---: |\n| c | 1 |"


def test_joined_repeats_clips_and_their_texts(tmp_path: Path) -> None:
    """The long file holds every clip in turn with a pause after each, and its text says so."""
    clips = []
    for name, value in (("a", 100), ("b", 200)):
        path = tmp_path / f"{name}.wav"
        seconds = write_wav(path, [np.full(RATE, value, np.int16)])
        clips.append(Clip(path, "en", name, seconds))
    long = joined(clips, 4.0, tmp_path / "long.wav")
    assert (long.text, long.language) == ("a b a", "en")
    assert long.seconds == pytest.approx(3 * (1 + PAUSE_SECONDS))
    audio = decode(long.path)
    assert [int(audio[int(at * RATE)]) for at in (0.5, 1.3, 2.0, 3.6)] == [100, 0, 200, 100]


def test_long_files_need_two_clips_of_a_language(tmp_path: Path) -> None:
    """One sentence over and over would say nothing; the 4-second clip is found by length."""
    path = tmp_path / "a.wav"
    write_wav(path, [np.zeros(RATE, np.int16)])
    clips = [Clip(path, "en", "a", 1.0), Clip(path, "ko", "b", 4.2), Clip(path, "ko", "c", 9.0)]
    assert [one.language for one in long_clips(clips, 0.05, tmp_path)] == ["ko"]
    assert nearest(clips, 4.0).text == "b"


class Fake:
    """A contestant that notes when it is asked."""

    pid = os.getpid()

    def __init__(self, name: str, asked: list[str]) -> None:
        self.name, self._asked = name, asked

    def hear(self, clip: Clip) -> Heard:
        self._asked.append(self.name)
        return Heard(clip.text, 0.5)


def test_contestants_take_turns() -> None:
    """Each round begins with another one, so that nobody is always first."""
    asked: list[str] = []
    fakes = [Fake(name, asked) for name in "abc"]
    turns = take_turns(fakes, {"clips": [KOREAN]}, rounds=2)
    assert "".join(asked) == "abcbca"
    assert [one.round for one in turns] == [0, 0, 0, 1, 1, 1]


@pytest.mark.skipif(not Path("/proc/self/smaps_rollup").exists(), reason="Linux only")
def test_a_process_counts_with_its_children() -> None:
    """CPU time and memory are the tree's, also of a child in a session of its own."""
    burn = "import time\nend = time.process_time() + 0.3\nwhile time.process_time() < end: pass\n"
    code = f"{burn}import sys; print(flush=True); sys.stdin.read()"
    before = cpu_seconds(os.getpid())
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        start_new_session=True,
    ) as child:  # fmt: skip
        assert child.stdout is not None
        child.stdout.readline()
        assert child.pid in tree(os.getpid())
        assert cpu_seconds(os.getpid()) - before >= 0.25
        assert 0 < memory_mib(child.pid) <= peak_mib(child.pid)
        assert child.stdin is not None
        child.stdin.close()


@pytest.mark.parametrize(
    ("words", "said"),
    [(["--parts", "cost,speed"], "unknown speed"), (["--audio", "a.wav"], "needs --reference")],
)
def test_bad_options_are_refused(
    words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing is measured by mistake, and no speed without its errors."""
    with pytest.raises(SystemExit):
        main(words)
    assert said in capsys.readouterr().err
