"""From the words of a chunk to sentences with times."""

from __future__ import annotations

import numpy as np
import pytest

from stt_backends import ChunkJob, DecodeOptions, Piece
from stt_sentences import one_piece, sentences, unread
from stt_types import SAMPLE_RATE, Word


def job(*speech: tuple[float, float], seconds: float = 10.0) -> ChunkJob:
    audio = np.zeros(int(seconds * SAMPLE_RATE), np.float32)
    return ChunkJob(audio, DecodeOptions(), speech, sum(b - a for a, b in speech))


TALK = job((0.5, 9.5))


def words(*texts: str, start: float = 1.0, each: float = 0.5) -> list[Word]:
    """Words as the model's tokenizer gives them, half a second apart."""
    return [
        Word(start + each * n, start + each * (n + 1), text, 0.5 + n / 100)
        for n, text in enumerate(texts)
    ]


def pieces(*texts: str, keep_words: bool = True, spoken: ChunkJob = TALK) -> tuple[Piece, ...]:
    return sentences("".join(texts).strip(), words(*texts), spoken, keep_words=keep_words)


def test_a_text_is_cut_after_each_sentence() -> None:
    """Each sentence is a piece with the times of its first and last word."""
    found = pieces(" 안녕하세요?", " 반갑습니다.", " 오늘", " 날씨가", " 좋네요")
    assert [(p.start, p.end, p.text) for p in found] == [
        (1.0, 1.5, "안녕하세요?"), (1.5, 2.0, "반갑습니다."), (2.0, 3.5, "오늘 날씨가 좋네요"),
    ]  # fmt: skip


@pytest.mark.parametrize("end", [".", "!", "?", "。", "！", "？", "…", '."', ".」", "!)"])
def test_every_script_ends_its_sentences(end: str) -> None:
    """Full stops of every script end a sentence, closing quotes included."""
    assert len(pieces(f" 하나{end}", " 둘")) == 2


@pytest.mark.parametrize("text", [" 3.5", " 하나,", " 둘:", " Mr"])
def test_other_punctuation_does_not_end_one(text: str) -> None:
    """Commas, colons and a point within a number leave the sentence whole."""
    assert len(pieces(text, " 그리고")) == 1


def test_words_are_kept_on_demand() -> None:
    """Words come with the pieces only when they were asked for."""
    assert pieces(" 하나", " 둘", keep_words=False)[0].words is None
    kept = pieces(" 하나", " 둘")[0].words
    assert kept is not None
    assert [(w.start, w.end, w.word.strip(), w.probability) for w in kept] == [
        (1.0, 1.5, "하나", 0.5), (1.5, 2.0, "둘", 0.51),
    ]  # fmt: skip


def test_punctuation_goes_with_its_word() -> None:
    """What the tokenizer split off belongs to the word before it, an opening quote to the next."""
    found = pieces(" 하나", ".", " “", "둘", "”", "?")
    assert [piece.text for piece in found] == ["하나.", "“둘”?"]
    assert found[0].end == 2.0
    assert [len(piece.words or ()) for piece in found] == [1, 1]


@pytest.mark.parametrize(
    "texts",
    [(" 하나", " “", "둘", "”."), (" 하나", " (", "둘", ")", " 셋"), (" 하나", ' "')],
)
def test_nothing_of_the_text_is_lost(texts: tuple[str, ...]) -> None:
    """Whatever the punctuation, the pieces say what the text says."""
    assert " ".join(piece.text for piece in pieces(*texts)) == "".join(texts).strip()


def test_unspaced_words_are_joined_as_they_are() -> None:
    """Japanese words come without spaces, and the text has none."""
    assert [p.text for p in pieces("客観的", "実在の", "判断。", "成立する")] == [
        "客観的実在の判断。", "成立する",
    ]  # fmt: skip


def test_times_stay_within_the_speech() -> None:
    """Words stretched over silence are clamped to the speech that was heard, and a little."""
    stretched = [Word(0.0, 4.2, " 하나", 0.9), Word(4.2, 10.0, " 둘.", 0.9)]
    (piece,) = sentences("하나 둘.", stretched, job((4.0, 6.0)), keep_words=True)
    assert piece.start == pytest.approx(3.7)
    assert piece.end == pytest.approx(6.3)


def test_times_never_run_backwards() -> None:
    """Words come in order and inside the chunk, whatever the alignment says."""
    wild = [
        Word(3.0, 2.0, " 하나", 0.9), Word(1.0, 9.0, " 둘", 0.9),
        Word(5.0, 5.0, " 셋.", 0.9), Word(-4.0, 99.0, " 넷", 0.9),
    ]  # fmt: skip
    found = sentences("하나 둘 셋. 넷", wild, job((0.0, 10.0)), keep_words=True)
    times = [t for p in found for word in p.words or () for t in (word.start, word.end)]
    assert times == sorted(times)
    assert times[0] >= 0.0
    assert times[-1] <= 10.0
    assert [(piece.start, piece.end) for piece in found] == [(3.0, 9.0), (9.0, 10.0)]


def test_blank_words_are_left_out() -> None:
    """A word of spaces alone makes no piece."""
    assert pieces(" ", "  ") == ()
    assert [piece.text for piece in pieces(" 하나", " ", " 둘")] == ["하나 둘"]


def test_one_piece_is_timed_by_the_speech() -> None:
    """Without words a text lasts from the first speech to the last, or as long as the chunk."""
    assert one_piece("가", job((1.0, 2.0), (4.0, 6.0))) == Piece(1.0, 6.0, "가")
    assert one_piece("가", job((1.0, 12.0))) == Piece(1.0, 10.0, "가")
    assert one_piece("가", job()) == Piece(0.0, 10.0, "가")


@pytest.mark.parametrize(
    ("texts", "cut"),
    [
        ((" Mr.", " Quilter", " came."), ["Mr. Quilter came."]),
        ((" J.", " F.", " Kennedy."), ["J. F. Kennedy."]),
        (("3.", "5", "パーセント"), ["3.5パーセント"]),
        ((" 네.", " 알겠습니다."), ["네.", "알겠습니다."]),
        ((" 2026.", " Then"), ["2026.", "Then"]),
    ],
)
def test_not_every_full_stop_ends_a_sentence(texts: tuple[str, ...], cut: list[str]) -> None:
    """Titles, initials and decimals go on; a word of one Korean syllable may be a sentence."""
    assert [piece.text for piece in pieces(*texts)] == cut


def test_speech_under_words_is_read() -> None:
    """Words over all the speech leave nothing unread, pauses and loose edges included."""
    spoken = job((0.5, 2.0), (3.0, 4.5))
    assert unread([Word(0.6, 1.9, " 하나둘셋", 0.9), Word(3.2, 4.3, " 넷다섯", 0.9)], spoken) == 0.0


def test_speech_without_a_word_is_unread() -> None:
    """A second sentence that brought no word counts with all its length."""
    assert unread([Word(0.5, 1.5, " 하나둘", 0.9)], job((0.5, 1.5), (2.0, 5.0))) == 3.0


def test_a_word_stretched_over_a_sentence_leaves_it_unread() -> None:
    """What a word covers beyond the time anyone takes to say it counts as unread."""
    stretched = [Word(0.0, 6.0, " 그는", 0.9), Word(6.0, 7.0, " 갔다", 0.9)]
    assert unread(stretched, job((0.0, 7.0))) == pytest.approx(6.0 - 0.5 - 2 * 0.4)
