"""Steps, versions, decisions and verdicts as tables (C1, C7, C8, M7)."""

from decimal import Decimal
from typing import Any

import pytest

from bongsu.runbooks.rules import containing, steps, verifying
from bongsu.runbooks.rules.steps import Place, Ticking
from bongsu.runbooks.rules.verifying import Criterion, judge

NAN = float("nan")


@pytest.mark.parametrize(
    ("source", "target", "given", "is_refused"),
    [
        ("waiting", "doing", Ticking(), False),
        ("waiting", "done", Ticking(), False),
        ("waiting", "done", Ticking(wants_proof=True), True),
        ("waiting", "done", Ticking(wants_proof=True, has_proof=True), False),
        ("doing", "done", Ticking(open_before=["Confirm"]), True),
        ("doing", "done", Ticking(open_before=["Confirm"], reason="it burns"), False),
        ("waiting", "skipped", Ticking(), True),
        ("waiting", "skipped", Ticking(reason=" "), True),
        ("waiting", "skipped", Ticking(reason="not here"), False),
        ("waiting", "not_applicable", Ticking(), True),
        ("done", "waiting", Ticking(), True),
        ("done", "waiting", Ticking(reason="it came back"), False),
        ("done", "skipped", Ticking(reason="x"), True),
        ("waiting", "nonsense", Ticking(reason="x"), True),
    ],
)
def test_C1_a_step_moves_only_along_its_table_and_with_what_the_move_needs(
    source: str, target: str, given: Ticking, is_refused: bool
) -> None:
    assert (steps.why_not(source, target, given) is not None) is is_refused


@pytest.mark.parametrize(
    ("places", "expected"),
    [
        ([Place("a", "waiting"), Place("b", "waiting")], "a"),
        ([Place("a", "done"), Place("b", "waiting")], "b"),
        ([Place("a", "waiting"), Place("b", "doing")], "b"),
        ([Place("a", "skipped"), Place("b", "waiting", ("a",)), Place("c", "waiting")], "b"),
        ([Place("a", "waiting", ("c",)), Place("b", "done"), Place("c", "waiting")], "c"),
        ([Place("a", "waiting", ("z",))], "a"),
        ([Place("a", "done"), Place("b", "not_applicable")], None),
        ([], None),
    ],
)
def test_C1_the_next_step_is_what_is_in_progress_else_the_first_that_can_begin(places: list[Place], expected: str | None) -> None:
    assert steps.next_step(places) == expected


VERSIONS: list[dict[str, Any]] = [
    {"version": "3", "tags": {}},
    {"version": "2", "tags": {"quarantined": "INC-2026-001"}},
    {"version": "1", "tags": {"quarantined": "no"}},
]


@pytest.mark.parametrize(
    ("current", "wanted", "good", "expected"),
    [
        ("3", "", "1", "1"),
        ("3", "", "", ""),
        ("3", "", "2", ""),  # quarantined: never by itself
        ("3", "2", "1", "2"),  # a person's word counts, and undoing needs it
        ("3", "9", "1", ""),
        ("1", "", "1", ""),
    ],
)
def test_C7_the_version_to_go_back_to_is_known_good_or_chosen_and_never_guessed(
    current: str, wanted: str, good: str, expected: str
) -> None:
    version, why_none = containing.target_version(VERSIONS, current=current, wanted=wanted, good=good)
    assert (version, why_none is None) == (expected, bool(expected))


@pytest.mark.parametrize(
    ("mode", "is_confirmed", "was_automatic_lately", "is_undo", "needs"),
    [
        ("machine", True, False, False, False),
        ("machine", False, False, False, True),
        ("machine", True, True, False, True),
        ("machine", True, False, True, True),
        ("propose", True, False, False, True),
        ("person", True, False, False, True),
    ],
)
def test_M7_only_the_policy_and_a_confirmed_severity_let_the_machine_act_alone(
    mode: str, is_confirmed: bool, was_automatic_lately: bool, is_undo: bool, needs: bool
) -> None:
    found = containing.decision(mode=mode, is_confirmed=is_confirmed, was_automatic_lately=was_automatic_lately, is_undo=is_undo)
    assert found.needs_approval is needs


@pytest.mark.parametrize(("at", "state"), [("1", "moved"), ("2", "failed"), ("3", "stale"), ("", "stale")])
def test_C7_a_failed_write_is_judged_by_where_the_alias_is(at: str, state: str) -> None:
    assert containing.after_failed_write(at=at, before="2", after="1") == state


def test_C7_nothing_is_done_without_passing_moved_and_nothing_is_written_without_a_snapshot() -> None:
    assert {source for source, target in containing.TRANSITIONS if target == "done"} == {"moved", "timed_out"}
    assert {source for source, target in containing.TRANSITIONS if target == "executing"} == {"snapshot", "approval", "held"}
    assert not containing.may_move("proposed", "executing")
    assert not containing.may_move("withdrawn", "executing")


def line(*values: float | None, start: float = 0.0, step: float = 1.0) -> list[tuple[float, float | None]]:
    return [(start + n * step, value) for n, value in enumerate(values)]


GOOD = line(*[0.95] * 11)
BUSY = line(*[500.0] * 11)
FROM_BASELINE = Criterion("gte", "baseline", Decimal("0.98"), 100, Decimal("0.95"))


@pytest.mark.parametrize(
    ("series", "traffic", "criterion", "state"),
    [
        ([GOOD], [BUSY], FROM_BASELINE, "recovered"),
        ([line(*[0.95] * 5, 0.71, *[0.95] * 5)], [BUSY], FROM_BASELINE, "not_recovered"),
        ([GOOD, line(*[0.71] * 11)], [BUSY], FROM_BASELINE, "not_recovered"),  # the worst series counts
        ([], [BUSY], FROM_BASELINE, "no_data"),
        ([[]], [BUSY], FROM_BASELINE, "no_data"),
        ([line(*[None] * 11)], [BUSY], FROM_BASELINE, "no_data"),  # not a number
        ([line(*[NAN] * 11)], [BUSY], FROM_BASELINE, "no_data"),
        ([line(*[0.95] * 5)], [BUSY], FROM_BASELINE, "no_data"),  # the series vanished
        ([line(*[0.95] * 5, start=6.0)], [BUSY], FROM_BASELINE, "no_data"),  # it began too late
        ([line(*[0.95] * 3, None, None, None, None, *[0.95] * 4)], [BUSY], FROM_BASELINE, "no_data"),  # a hole
        ([line(*[0.95] * 5, None, *[0.95] * 5)], [BUSY], FROM_BASELINE, "recovered"),  # one missed sample
        ([GOOD], [line(*[0.0] * 11)], FROM_BASELINE, "not_enough_traffic"),
        ([GOOD], [], FROM_BASELINE, "not_enough_traffic"),
        ([GOOD], [line(*[500.0] * 10, 3.0)], FROM_BASELINE, "not_enough_traffic"),
        ([GOOD], [line(*[60.0] * 11), line(*[60.0] * 11)], FROM_BASELINE, "recovered"),
        ([GOOD], [], Criterion("gte", "baseline", Decimal("0.98"), 0, Decimal("0.95")), "recovered"),
        ([GOOD], [BUSY], Criterion("gte", "baseline", Decimal("0.98"), 100, None), "no_data"),  # no baseline
        ([line(*[0.01] * 11)], [BUSY], Criterion("lte", "absolute", Decimal("0.05")), "recovered"),
        ([line(*[0.01] * 10, 0.2)], [BUSY], Criterion("lte", "absolute", Decimal("0.05")), "not_recovered"),
        ([line(*[0.05] * 11)], [BUSY], Criterion("lte", "absolute", Decimal("0.05")), "recovered"),
    ],
)
def test_C8_no_data_is_not_recovery_and_every_verdict_is_its_own(
    series: Any, traffic: Any, criterion: Criterion, state: str
) -> None:
    verdict = judge(series, traffic, criterion=criterion, end=10.0, dwell=10.0, step=1.0)
    assert (verdict.state, verdict.has_passed) == (state, state == "recovered")
    assert str(verdict.reason)


@pytest.mark.parametrize(
    ("series", "expected"),
    [([line(0.95, 0.95, 0.2)], Decimal("0.95")), ([line(None, NAN)], None), ([], None), ([line(1.0), line(3.0)], Decimal("2"))],
)
def test_C8_the_baseline_is_the_median_so_that_one_spike_is_not_the_measure(series: Any, expected: Decimal | None) -> None:
    assert verifying.baseline_of(series) == expected


@pytest.mark.parametrize(
    ("query", "filled", "unknown"),
    [
        ('avg(acc{model="{model}"})', 'avg(acc{model="cr\\"edit"})', []),
        ('avg(acc{system="{system}"})', 'avg(acc{system=""})', ["system"]),
        ('avg(acc{code=~"5.."})', 'avg(acc{code=~"5.."})', []),
    ],
)
def test_C8_only_the_named_places_of_a_query_are_filled(query: str, filled: str, unknown: list[str]) -> None:
    assert verifying.fill(query, {"system": "", "model": 'cr"edit'}) == (filled, unknown)
