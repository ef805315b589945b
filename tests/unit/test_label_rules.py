"""What a call is about, by rules: the built-in labels, and a user's own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from api_server.services.call_text import CallText
from api_server.services.conversation import Conversation, Line, Speaker
from api_server.services.label_rules import LabelProblem, Labels, load_labels

DEVELOPMENT = Path(__file__).parents[1] / "data" / "call_labels_dev.jsonl"
FLOOR = 0.85
NAMES = (
    "상담", "가입 권유", "계약 변경", "해지", "민원", "보험금 청구", "납입·연체", "본인 확인",
    "기타",
)  # fmt: skip
SPEAKERS: dict[str, Speaker] = {"a": "agent", "c": "customer"}
IDENTITY = "a 본인 확인 위해 성함과 생년월일 부탁드립니다 / c 유하나 팔공 이월 구일이요 / "

# Other ways of saying it than those of the development file.
SAID_OTHERWISE = {
    "상담": (
        "c 연금저축을 중간에 빼면 세금을 얼마나 내는 건가요 / a 기타소득세가 붙습니다",
        "c 지금 해약하면 환급금이 얼마나 되는지만 알고 싶어요 / a 삼백이십만 원이세요",
        "c 보험을 해지하지 않고 돈을 좀 빼 쓸 수도 있나요 / a 약관대출 가능하세요",
        IDENTITY + "c 제 보험에 태아도 되는 게 있는지 해서요 / a 태아 특약이 없으십니다",
    ),
    "가입 권유": (
        "a 이번에 특판으로 연 사 프로짜리 나왔는데 넣으시는 게 어떠세요 / c 백만 원만 할게요",
        "a 보험금 지급은 완료되셨고요 보니까 입원 담보가 약하시더라고요 월 칠천 원이면 되거든요",
        "a 저희로 옮기시면 십만 원은 싸지세요 비교견적 내 드릴까요 / c 바쁜데 다음에요",
        "c 적금 하나 들려고 전화했는데요 / a 일 년짜리로 삼 점 오 프로 상품 있으십니다",
    ),
    "계약 변경": (
        IDENTITY + "c 보험료 빠지는 날짜를 월급날로 맞추고 싶어서요 / "
        "a 이십일 일로 변경해 드렸습니다",
        "c 핸드폰 번호가 바뀌어서 새로 등록해야 될 것 같아요 / a 네 수정해 드렸습니다",
        "c 월 납입액을 오십에서 삼십으로 줄이고 싶어요 / a 네 감액 처리 도와드리겠습니다",
        "c 대출 만기가 다음 달인데 일 년 더 연장할 수 있을까요 / a 네 연장 가능하세요",
    ),
    "해지": (
        "c 형편이 안 좋아져서 보험을 더는 못 넣겠어요 / a 지금 해약하시면 백만 원 받으세요",
        "c 어제 가입한 거 취소하고 싶은데요 / a 청약 철회 가능 기간이세요 / c 취소해 주세요",
        "c 카드 탈회하려고 전화드렸습니다 / a 네 탈회 처리 완료됐습니다",
        "c 안 쓰는 통장이 세 개나 있는데 다 없애고 하나만 남기고 싶어요 / a 네 가능하세요",
    ),
    "민원": (
        "c 해지했는데 보험료를 또 빼 갔잖아요 도대체 일을 어떻게 하는 거예요 / "
        "a 저희 착오입니다 죄송합니다",
        "c 지점 직원이 저한테 반말을 하더라고요 / a 정말 죄송합니다 / c 그 직원 교육 좀 시키세요",
        "c 설계사가 원금 보장된다고 했는데 이거 사기 아닙니까 책임지세요 / "
        "a 담당 부서로 전달하겠습니다",
    ),
    "보험금 청구": (
        "c 개한테 물려서 응급실 갔다 왔어요 청구 어떻게 해요 / a 영수증 올려 주세요",
        "c 어제 뒤에서 누가 제 차를 받았어요 / a 사고 접수해 드리고 보상 담당자가 연락드릴게요",
        "c 남편이 돌아가셨는데 보험 든 게 있어서요 / a 사망진단서가 필요하세요",
    ),
    "납입·연체": (
        "c 두 달 치 못 낸 보험료 한꺼번에 내고 싶어요 / a 가상계좌 보내 드릴게요",
        "a 이번 달 결제 대금이 아직 입금이 안 돼서 연락드렸습니다 / c 깜빡했네요 이따 넣을게요",
        "c 보험이 효력 정지됐다는데 다 내면 되살아나요 / a 내시고 부활 신청하시면 됩니다",
    ),
    "본인 확인": (
        "c 이체할 때 쓰는 비밀번호가 기억이 안 나요 / a 재설정하시면 됩니다 링크 보내 드릴게요",
        "a 고액 이체 건으로 본인이신지 확인드리려고요 / c 네 본인 맞아요 / a 네 확인됐습니다",
        "c 보안카드를 잃어버려서요 / a 재발급해 드릴게요 신분증 가지고 오셔야 합니다",
    ),
    "기타": (
        "a 세움은행입니다 / c 어 거기 구청 아닌가요 / a 아니에요 은행입니다",
        "c 창구에 안경을 놓고 온 것 같아요 / a 지점 확인해 드릴게요",
        "c 내일 공휴일인데 영업하나요 / a 내일은 휴무입니다",
    ),
}

OWN = """\
version: "1"
labels:
  - name: 칭찬
    description: Praise.
    cues:
      - {said: "친절|고마", weight: 3, by: customer}
  - name: 분실
    description: Something is lost.
    cues:
      - {said: "카드 잃어버|분실", weight: 3, unless: ["우산"]}
      - {said: "재발급 {yes}", weight: 2, by: agent}
"""


@pytest.fixture(scope="module")
def labels() -> Labels:
    return load_labels()


@pytest.fixture
def own(tmp_path: Path) -> Path:
    path = tmp_path / "own.yaml"
    path.write_text(OWN, encoding="utf-8")
    return path


def call(script: str) -> Conversation:
    """A call from `a … / c …`; a turn without a or c is somebody's, nobody knows whose."""
    turns = [turn.strip() for turn in script.split(" / ")]
    return Conversation(
        tuple(
            Line(n, turn[2:], n * 4.0, n * 4.0 + 3.5, SPEAKERS.get(turn[0]))
            for n, turn in enumerate(turns)
        )
    )


def label_of(labels: Labels, script: str) -> str | None:
    found = labels.classify(CallText.of(call(script)))
    return found.label if found else None


def recorded(path: Path, *, speakers: bool = True) -> list[tuple[Conversation, str]]:
    """The calls of a file with their labels."""
    rows = [json.loads(row) for row in path.read_text(encoding="utf-8").splitlines()]
    return [
        (Conversation(tuple(line(s, speakers) for s in r["segments"])), r["label"]) for r in rows
    ]


def line(segment: dict[str, Any], speakers: bool) -> Line:
    speaker = segment["speaker"] if speakers else None
    return Line(segment["id"], segment["text"], segment["start"], segment["end"], speaker)


def test_built_in_labels_are_those_of_a_financial_call_centre(labels: Labels) -> None:
    """The default set has nine labels, each described in one line."""
    assert labels.names == NAMES
    assert all(labels.description(name).strip() for name in NAMES)
    assert not any("\n" in labels.description(name) for name in NAMES)


@pytest.mark.parametrize("speakers", [True, False])
def test_development_calls_keep_their_accuracy(labels: Labels, speakers: bool) -> None:
    """Of the labelled calls so many are right, told who speaks or not."""
    calls = recorded(DEVELOPMENT, speakers=speakers)
    answers = [labels.classify(CallText.of(conversation)) for conversation, _ in calls]
    right = sum(
        answer is not None and answer.label == label
        for answer, (_, label) in zip(answers, calls, strict=True)
    )
    assert right / len(calls) >= FLOOR


def test_other_wordings_are_understood(labels: Labels) -> None:
    """Calls in other words than the development file's are labelled as well."""
    scripts = [(label, script) for label, said in SAID_OTHERWISE.items() for script in said]
    wrong = [script for label, script in scripts if label_of(labels, script) != label]
    assert len(wrong) <= len(scripts) * (1 - FLOOR), wrong


def test_all_of_one_kind_of_call_in_a_row_is_still_that_kind(labels: Labels) -> None:
    """A long call does not drift to the label with the most weak cues."""
    for name, scripts in SAID_OTHERWISE.items():
        assert label_of(labels, " / ".join(scripts)) == name


def test_evidence_is_quoted_character_by_character(labels: Labels) -> None:
    """Every quote is a piece of the segment it names."""
    for conversation, _ in recorded(DEVELOPMENT):
        texts = {line.id: line.text for line in conversation.lines}
        found = labels.classify(CallText.of(conversation))
        assert found is not None
        assert found.evidence
        assert all(quote.quote in texts[quote.segment_id] for quote in found.evidence)


def test_the_strongest_cue_is_quoted_first(labels: Labels) -> None:
    """What the label rests on comes first, not what was said first."""
    found = labels.classify(
        CallText.of(call("c 저기요 / a 무엇을 도와드릴까요 / c 적금 해지하려고요"))
    )
    assert found is not None
    assert (found.label, found.method) == ("해지", "rules")
    assert (found.evidence[0].quote, found.evidence[0].segment_id) == ("적금 해지하려고요", 2)
    assert found.evidence[0].speaker == "customer"


def test_confidence_follows_the_margin(labels: Labels) -> None:
    """A clear call is more certain than one between two labels; both stay within 0.3 and 0.95."""
    clear = labels.classify(
        CallText.of(call("c 적금 해지하려고요 / a 해지 접수했습니다 / c 네 해지해 주세요"))
    )
    torn = labels.classify(CallText.of(call("c 적금 해지하려고요 / c 주소도 바꿔 주세요")))
    assert clear is not None
    assert torn is not None
    assert 0.3 <= torn.confidence < clear.confidence <= 0.95


def test_one_weak_cue_is_no_certainty(labels: Labels) -> None:
    """Without a rival, a single weak cue still gives a low confidence."""
    found = labels.classify(CallText.of(call("c 그건 언제부터 돼요")))
    assert found is not None
    assert found.confidence < 0.6


@pytest.mark.parametrize(
    "script", ["", "a 네 / c 네", "a 안녕하세요 / c 안녕하세요", "a hello there / c good morning"]
)
def test_a_call_about_nothing_has_no_label(labels: Labels, script: str) -> None:
    """Where no label reaches its minimum, none is given."""
    assert labels.classify(CallText.of(call(script) if script else Conversation(()))) is None


def test_the_same_call_has_the_same_answer(labels: Labels) -> None:
    """Two readings of the rules answer alike, evidence and confidence included."""
    again = load_labels()
    for conversation, _ in recorded(DEVELOPMENT):
        assert labels.classify(CallText.of(conversation)) == again.classify(
            CallText.of(conversation)
        )


def test_a_file_of_ones_own_replaces_the_built_in_one(own: Path) -> None:
    """Only the user's labels are given, with the user's cues."""
    labels = load_labels(own)
    assert labels.names == ("칭찬", "분실")
    assert labels.description("분실") == "Something is lost."
    assert label_of(labels, "c 카드를 잃어버렸어요") == "분실"
    assert label_of(labels, "c 상담원이 참 친절하시네요") == "칭찬"
    assert label_of(labels, "c 적금 해지하려고요") is None


def test_cues_count_only_where_they_are_meant(own: Path) -> None:
    """Denied, excused by `unless`, or said by the other one, a cue is no cue."""
    labels = load_labels(own)
    assert label_of(labels, "c 분실이 아니에요") is None
    assert label_of(labels, "c 우산을 분실했어요") is None
    assert label_of(labels, "a 친절하게 도와드릴게요") is None
    assert label_of(labels, "c 재발급해 주세요") is None
    assert label_of(labels, "a 재발급해 드릴게요") == "분실"
    assert label_of(labels, "a 재발급은 안 됩니다") is None


def test_a_cue_counts_twice_at_most(own: Path) -> None:
    """What is said ten times is no surer than what is said twice."""
    labels = load_labels(own)
    twice = labels.classify(CallText.of(call("c 친절해요 / c 친절하세요 / c 분실했어요")))
    often = labels.classify(CallText.of(call("c 친절해요 / " * 9 + "c 분실했어요")))
    assert twice is not None
    assert often is not None
    assert twice.confidence == often.confidence


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("weight: 2", "wieght: 2", "own.yaml:11: labels.1.cues.1.wieght: unknown key"),
        ("weight: 2", "weight: -2", "own.yaml:11: labels.1.cues.1.weight: Input should be greater"),
        ("{yes}", "{ja}", "own.yaml:11: labels.1.cues.1.said: unknown {ja}"),
        ("by: agent", "by: robot", "own.yaml:11: labels.1.cues.1.by: Input should be 'agent'"),
        ("name: 분실", "name: 칭찬", "own.yaml:7: labels.1.name: a second label named 칭찬"),
        ('"1"', "1.0", "own.yaml:1: version: Input should be a valid string"),
        ("Praise.", '"two\\nlines"', "own.yaml:4: labels.0.description: String should match"),
        ("labels:", "labels: [", "own.yaml:"),
    ],
)
def test_a_mistake_is_one_line_that_names_the_line(
    own: Path, old: str, new: str, problem: str
) -> None:
    """The message has the file, the line, the place and what is wrong."""
    own.write_text(OWN.replace(old, new), encoding="utf-8")
    with pytest.raises(LabelProblem) as caught:
        load_labels(own)
    assert str(caught.value).startswith(problem)
    assert "\n" not in str(caught.value)


def test_too_many_labels_are_refused(own: Path) -> None:
    """A file has at most a hundred labels."""
    listed = "".join(f"  - {{name: n{n}, description: d}}\n" for n in range(101))
    own.write_text('version: "1"\nlabels:\n' + listed, encoding="utf-8")
    with pytest.raises(LabelProblem, match=r"own\.yaml:2: labels: .*at most 100"):
        load_labels(own)


def test_a_file_that_is_not_there_is_a_problem(tmp_path: Path) -> None:
    """A wrong path is told in one line, too."""
    with pytest.raises(LabelProblem, match=r"none\.yaml: No such file"):
        load_labels(tmp_path / "none.yaml")
