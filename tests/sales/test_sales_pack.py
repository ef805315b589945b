"""Rule packs: what a user's file may hold, and what an error says."""

from __future__ import annotations

from pathlib import Path

import pytest

from api_server.services.incomplete_sales_validator import RULES, build_validator
from api_server.services.sales_pack import PRINCIPLES, PackProblem, load_packs
from tests.sales.calls import call

PACK = """\
id: pension
name: 연금저축
version: "7"
aliases: [연금저축]
include: [identity]
signs:
  - {said: "연금저축"}
elements:
  - id: tax_credit
    name: 세액공제 안내
    principle: 설명의무
    description: The tax credit is explained.
    says:
      - "세액공제 {percent}"
"""


def write(folder: Path, text: str, name: str = "pension.yaml") -> Path:
    (folder / name).write_text(text, encoding="utf-8")
    return folder


def test_a_pack_is_added_without_touching_code(tmp_path: Path) -> None:
    """A file in RULES_DIR is a product like the built-in ones, with its version in the result."""
    checker = build_validator(write(tmp_path, PACK))
    report = checker.validate(call("a: 세액공제가 13.2%까지 됩니다."), "연금저축")
    assert report.pack == "pension 7"
    assert [(e.id, e.status) for e in report.elements] == [
        ("identity", "missing"),
        ("tax_credit", "met"),
    ]


def test_a_pack_of_the_same_id_takes_the_place_of_a_built_in_one(tmp_path: Path) -> None:
    """A user's `deposit` replaces ours."""
    mine = PACK.replace("id: pension", "id: deposit").replace("[연금저축]", "[예금]")
    report = build_validator(write(tmp_path, mine)).validate(call("a: 네"), "예금")
    assert {element.id for element in report.elements} == {"identity", "tax_credit"}


@pytest.mark.parametrize(
    ("change", "line", "says"),
    [
        (("principle: 설명의무", "principle: 친절의무"), 11, "one of 적합성"),
        (('"세액공제 {percent}"', '"세액공제 {procent}"'), 14, "unknown {procent}"),
        (("    says:", "    sayz:"), 13, "unknown key"),
        (("    name: 세액공제 안내\n", ""), 9, "Field required"),
        (("include: [identity]", "include: [nobody]"), 0, "no element is named nobody"),
        (('version: "7"', "version: [7"), 4, "expected"),
        (("id: tax_credit", "id: Tax Credit"), 9, "pattern"),
        (('      - "세액공제 {percent}"', "      - {together: [세액]}"), 14, "at least 2"),
        (('      - "세액공제 {percent}"', "      - {near: [세액]}"), 14, "one of together"),
        (("    description: The tax", "    weight: heavy\n    description: The tax"), 12, "number"),
    ],
)
def test_an_error_names_the_file_the_line_and_what_is_wrong(
    tmp_path: Path, change: tuple[str, str], line: int, says: str
) -> None:
    """One line leads to the mistake."""
    with pytest.raises(PackProblem) as raised:
        build_validator(write(tmp_path, PACK.replace(*change)))
    message = str(raised.value)
    assert "\n" not in message
    assert message.startswith(f"pension.yaml:{line}:" if line else "pension.yaml:"), message
    assert says in message


def test_a_second_element_of_the_same_id_is_an_error(tmp_path: Path) -> None:
    """One of the two would be silently lost."""
    twice = PACK + PACK[PACK.index("  - id: tax_credit") :]
    with pytest.raises(PackProblem, match=r"pension.yaml:15: .*second element named tax_credit"):
        build_validator(write(tmp_path, twice))


def test_an_alias_belongs_to_one_pack(tmp_path: Path) -> None:
    """`product=대출` must mean one thing."""
    with pytest.raises(PackProblem, match="alias 대출"):
        build_validator(write(tmp_path, PACK.replace("[연금저축]", "[대출]")))


def test_a_directory_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    """RULES_DIR with a typing mistake must not mean no rules."""
    with pytest.raises(PackProblem, match="no such directory"):
        build_validator(tmp_path / "nowhere")


def test_a_file_that_is_not_text_is_an_error(tmp_path: Path) -> None:
    """A binary file is named, not decoded."""
    (tmp_path / "x.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(PackProblem, match=r"x.yaml: not UTF-8"):
        build_validator(tmp_path)


def test_the_built_in_packs_serve_all_six_principles() -> None:
    """Every family is there, and together they serve every principle of the law."""
    packs = load_packs([RULES]).products
    assert set(packs) == {"protection", "variable", "fund", "loan", "deposit"}
    assert {rule.principle for pack in packs.values() for rule in pack.rules} == set(PRINCIPLES)
    for pack in packs.values():
        assert {"identity", "customer_consent", "certainty_claim"} <= {r.id for r in pack.rules}
        assert all(rule.topic for rule in pack.rules), "the LLM's quotes are checked against it"
