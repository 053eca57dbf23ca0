"""What the rules are given to read: figures with units, denials, slips of the pen, joined names, whole short words (A4)."""

from decimal import Decimal
from time import process_time
from typing import Any

import pytest

from bongsu.packs import queries
from bongsu.packs.rules import Pack, evaluate, figures, parse_files
from bongsu.packs.rules.classification import LONGEST_TEXT, full_text
from bongsu.packs.rules.conditions import Test
from bongsu.packs.rules.reading import PackError
from bongsu.packs.rules.spelling import Spelling

Condition = Test
Condition.__test__ = False  # type: ignore[attr-defined]  # not a test class


@pytest.fixture(scope="module")
def pack() -> Pack:
    return queries.library_pack(queries.DEFAULT_PACK)


@pytest.mark.parametrize(
    ("text", "name", "value"),
    [
        ("고객 3.2만 명", "people", 32_000),
        ("about 1.5K users", "people", 1_500),
        ("2 million customer profiles", "people", 2_000_000),
        ("affected_users=4,213", "people", 4_213),
        ("카드번호 수천 건", "records", 2_000),
        ("정확도가 92%에서 52%로 40%p 떨어졌습니다", "drop_percent", 43),
        ("F1 0.90 → 0.62", "drop_percent", 31),
        ("MAPE가 12%에서 31%로 악화", "rise_percent", 158),
        ("결측률이 1%에서 62%로", "share_percent", 62),
        ("40배", "times", 40),
        ("ratio 0.60", "ratio", 0),
    ],
)
def test_a_figure_is_read_with_its_unit(text: str, name: str, value: int) -> None:
    assert int(figures(text, {}, {})[name]) == value


@pytest.mark.parametrize(
    ("value", "baseline", "drop"), [(0.63, "0.90", 30), (0.64, "0.90", 28), (0.9, "0.9", None), ("NaN", "0.9", None)]
)
def test_a_measure_is_held_against_its_baseline(value: Any, baseline: str, drop: int | None) -> None:
    found = figures("", {"name": "accuracy", "value": value}, {"baseline": baseline}).get("drop_percent")
    assert (int(found) if found is not None else None) == drop


def test_a_ratio_that_is_measured_counts_like_one_that_is_written() -> None:
    assert figures("", {"name": "adverse_impact_ratio", "value": 0.61, "threshold": 0.8}, {})["ratio"] == Decimal("0.61")


def test_groups_that_are_compared_are_no_fall() -> None:
    assert "drop_percent" not in figures("selection_rate 0.36 vs 0.59", {}, {})


@pytest.mark.parametrize(
    ("said", "severity"),
    [
        ("Batch scoring is down since 03:00. No customer data was exposed and there is no sign of an attack.", "P1"),
        ("Batch scoring is down since 03:00, and customer data of 4,000 people was exposed.", "P0"),
        ("응답이 느립니다. 개인정보 유출은 없습니다.", "P2"),
        ("응답이 느립니다. 그리고 회원 2만 명의 개인정보가 유출되었습니다.", "P0"),
        ("No data was lost, but chat history of all users was visible to everyone.", "P0"),
    ],
)
def test_what_is_denied_counts_for_nothing_and_what_stands_beside_it_counts(said: str, severity: str, pack: Pack) -> None:
    verdict = pack.propose({"text": said, "status": "firing"}).verdict
    assert verdict
    assert verdict.severity == severity


def test_a_slip_is_read_as_the_word_that_was_meant() -> None:
    known = Spelling(["all accounts", "visible to", "chat history", "evacuation"])
    assert list(known.mended("hisotry of all acounts visble")) == ["history of all accounts visible"]
    assert list(known.mended("the evaluation of the account")) == []  # another letter, another ending: another word


@pytest.mark.parametrize(
    ("word", "text", "holds"),
    [
        ("sla", "ask in slack", False),
        ("sla", "the SLAs are broken", True),
        ("psi", "psi 0.3", True),
        ("pii", "shipping", False),
        ("개인 정보 유출", "개인정보유출 의심", True),
        ("해커", "이해 커피", False),
    ],
)
def test_short_latin_words_stand_whole_and_korean_ones_however_spaced(word: str, text: str, *, holds: bool) -> None:
    assert evaluate(Condition("text", "contains_any", (word,)), {"text": text}) is holds


def test_names_that_are_joined_are_read_in_words(pack: Pack) -> None:
    verdict = pack.propose({"title": "ModelDriftHigh", "status": "firing"}).verdict
    assert verdict
    assert (verdict.type, verdict.severity) == ("data", "P2")


def test_an_endless_joined_name_costs_no_more_than_reading_it() -> None:
    began = process_time()
    full_text({"text": "aB" * (LONGEST_TEXT // 2 - 1) + "_"})
    assert process_time() - began < 0.5  # tried at each capital letter it would be seconds


def test_a_guess_speaks_only_when_no_rule_does(pack: Pack) -> None:
    alone = pack.propose({"text": "the assistant does something", "status": "firing"})
    assert alone.is_guess
    assert alone.verdict
    assert (alone.rule, alone.verdict.type) == ("guess.model", "model")
    beside = pack.propose({"text": "the assistant is slow", "status": "firing"})
    assert not beside.is_guess
    assert "guess.model" not in beside.also


def test_a_denial_with_a_costly_pattern_is_refused(pack: Pack) -> None:
    files = queries.read_directory(queries.LIBRARY / queries.DEFAULT_PACK)
    files["classification.yaml"] = "- id: bad\n  hides: '(a+)+b'\n  why: {ko: 가, en: a}\n"
    with pytest.raises(PackError, match="too costly"):
        parse_files(files)


def test_every_case_says_what_it_rests_on_and_all_twenty_cells_are_tried(pack: Pack) -> None:
    tried = {(case.expect.type, case.expect.severity) for case in pack.cases}
    assert {(cell.type, cell.severity) for cell in pack.taxonomy.matrix} <= tried
    assert all(case.why for case in pack.cases if case.id[0] in "ABDE")


def test_no_p0_of_the_pack_falls_to_p2_when_it_is_shouted_or_told_with_other_words_around(pack: Pack) -> None:
    graves = [case for case in pack.cases if case.expect.severity == "P0" and case.facts and "text" in case.facts]
    assert len(graves) > 60
    for case in graves:
        for text in (case.facts["text"].upper(), f"FYI: {case.facts['text']} (posted in #ml-ops)"):
            verdict = pack.propose({**case.facts, "text": text}).verdict
            assert verdict, case.id
            assert pack.fires[verdict.severity] >= pack.fires["P1"], case.id
