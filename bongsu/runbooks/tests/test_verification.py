"""Is it back? Baseline, verdicts, dwell, overrides and what is kept (C8)."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from bongsu.events.models import Event
from bongsu.events.queries import fact_of
from bongsu.files.queries import open_file
from bongsu.incidents.models import Duty, Incident
from bongsu.integrations.models import Call
from bongsu.kernel import clock
from bongsu.kernel.actors import Actor
from bongsu.kernel.errors import Invalid, Refused
from bongsu.runbooks import actions, queries, reactions
from bongsu.runbooks.models import Check, StepRun, Verification
from bongsu.systems.models import AISystem

from .conftest import START
from .fakes import FakeModelHouse

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("night")]
Open = Callable[..., Incident]
BEGAN, BROKE = START.timestamp(), START.timestamp() - 600


@pytest.fixture
def incident(alice: Actor, opened: Open, system: AISystem, house: FakeModelHouse, drain: Any) -> Incident:
    """Good before the incident, bad since ten minutes before it was noticed; 500 requests in every window."""
    house.value = lambda query, at: 500.0 if "predictions" in query else (0.95 if at < BROKE else 0.71)
    found = opened(alice, system=system, occurred_at=START - timedelta(minutes=10))
    drain()
    return found


def row_of(incident: Incident) -> Verification:
    return Verification.objects.get(incident=incident, step__run__replaced_at=None)


def check(actor: Actor, incident: Incident, drain: Any) -> Verification:
    actions.check_recovery(actor, incident=incident.id, verification=row_of(incident).id)
    drain()
    return row_of(incident)


def duty(incident: Incident) -> Duty:
    return Duty.objects.get(incident=incident, key="verification.passed")


def values(house: FakeModelHouse, quality: Any, traffic: Any = 500.0) -> None:
    """`quality` and `traffic` after the incident began; numbers or functions of the moment."""

    def value(query: str, at: float) -> float | None:
        chosen = traffic if "predictions" in query else quality
        return chosen(at) if callable(chosen) else chosen

    house.value = value


def test_C8_the_baseline_is_frozen_from_the_window_before_the_incident(incident: Incident) -> None:
    row = row_of(incident)
    assert row.baseline is not None
    assert float(row.baseline) == 0.95
    assert row.baseline_until_at == START - timedelta(minutes=10)
    assert row.baseline_until_at - row.baseline_from_at == timedelta(minutes=40)


@pytest.mark.parametrize(
    ("quality", "traffic", "verdict"),
    [
        (0.94, 500.0, "recovered"),
        (0.71, 500.0, "not_recovered"),
        (None, 500.0, "no_data"),
        (float("nan"), 500.0, "no_data"),
        (0.94, 3.0, "not_enough_traffic"),
        (0.94, None, "not_enough_traffic"),
    ],
)
def test_C8_only_recovered_meets_the_duty(
    incident: Incident, alice: Actor, house: FakeModelHouse, drain: Any, quality: Any, traffic: Any, verdict: str
) -> None:
    values(house, quality, traffic)
    row = check(alice, incident, drain)
    assert row.state == verdict
    assert (duty(incident).met_at is not None) is (verdict == "recovered")
    kept = row.checks.get().evidence
    assert kept is not None
    body = json.loads(open_file(alice, kept.file_id)[1])
    assert (body["verdict"], body["baseline"]) == (verdict, "0.95")
    assert body["query"] == 'avg_over_time(model_accuracy{model="credit"}[10m])'


def test_C8_a_query_that_fails_is_a_verdict_of_its_own(
    incident: Incident, alice: Actor, house: FakeModelHouse, drain: Any
) -> None:
    house.dead.add("/api/v1/query_range")
    assert check(alice, incident, drain).state == "query_failed"
    assert duty(incident).met_at is None


def test_C8_it_is_looked_at_again_until_it_held_through_its_dwell_time(
    incident: Incident, alice: Actor, house: FakeModelHouse, drain: Any
) -> None:
    values(house, lambda at: 0.71 if at < BEGAN + 300 else 0.95)
    row = check(alice, incident, drain)
    assert row.state == "not_recovered"
    assert row.next_at is not None
    drain(until=clock.now() + timedelta(minutes=20))
    assert row_of(incident).state == "not_recovered"  # the dwell time still holds bad samples
    drain(until=clock.now() + timedelta(minutes=20))
    row = row_of(incident)
    assert row.state == "recovered"
    assert row.next_at is None
    assert StepRun.objects.get(run__incident=incident, step="verify").state == "done"
    kept = queries.series_of(incident)
    assert [one.verdict for one in kept] == ["not_recovered", "recovered"]  # a verdict that repeats itself is kept once
    assert kept[-1].points
    assert kept[-1].baseline == 0.95
    assert kept[-1].bound == pytest.approx(0.931)


def test_C8_looking_ends_when_patience_does(incident: Incident, alice: Actor, drain: Any) -> None:
    row = check(alice, incident, drain)
    assert row.watch_until_at is not None
    drain(until=row.watch_until_at + timedelta(minutes=30))
    row = row_of(incident)
    assert (row.state, row.next_at) == ("not_recovered", None)
    n = row.checks.count()
    drain(until=clock.now() + timedelta(hours=1))
    assert row.checks.count() == n


def test_C8_a_recovery_that_did_not_last_opens_the_duty_again(
    incident: Incident, alice: Actor, house: FakeModelHouse, drain: Any
) -> None:
    values(house, 0.95)
    assert check(alice, incident, drain).state == "recovered"
    values(house, 0.6)
    assert check(alice, incident, drain).state == "not_recovered"
    assert duty(incident).met_at is None
    assert StepRun.objects.get(run__incident=incident, step="verify").state == "waiting"


def test_C8_the_commander_overrides_with_a_reason_that_stays_beside_what_the_query_said(
    incident: Incident, alice: Actor, bob: Actor, drain: Any
) -> None:
    row = check(alice, incident, drain)
    with pytest.raises(Refused):
        actions.override_verification(bob, incident=incident.id, verification=row.id, reason="괜찮음")
    with pytest.raises(Invalid):
        actions.override_verification(alice, incident=incident.id, verification=row.id, reason=" ")
    actions.override_verification(alice, incident=incident.id, verification=row.id, reason="표본 500건을 사람이 확인")
    assert row_of(incident).state == "overridden"
    assert duty(incident).proof == "Decided without the query: 표본 500건을 사람이 확인"
    assert Event.objects.filter(name="runbooks.verification_overridden@1").count() == 1
    drain(until=clock.now() + timedelta(minutes=10))
    assert row_of(incident).state == "overridden"


def test_C8_the_criterion_is_changed_only_with_a_reason_and_another_query_has_another_baseline(
    incident: Incident, alice: Actor, house: FakeModelHouse, drain: Any
) -> None:
    row = row_of(incident)
    with pytest.raises(Invalid):
        actions.change_verification(alice, incident=incident.id, verification=row.id, reason="", query="up")
    with pytest.raises(Invalid):
        actions.change_verification(alice, incident=incident.id, verification=row.id, reason="x", dwell=0)
    house.value = lambda query, at: 0.5
    actions.change_verification(alice, incident=incident.id, verification=row.id, reason="그룹별 지표", query="other")
    drain()
    row = row_of(incident)
    assert (row.query, float(row.baseline or 0)) == ("other", 0.5)


def test_C8_without_metrics_or_a_system_it_is_refused_and_said_why(
    alice: Actor, opened: Open, system: AISystem, drain: Any
) -> None:
    found = opened(alice)  # no system: the query names {model}
    drain()
    with pytest.raises(Refused, match="model"):
        check(alice, found, drain)


def test_C8_containment_done_begins_the_check_by_itself(
    incident: Incident, alice: Actor, house: FakeModelHouse, drain: Any
) -> None:
    actions.note_by_hand(alice, incident=incident.id, kind="human_review", text="자동 결정을 멈춤")
    drain()
    assert row_of(incident).state == "not_recovered"


def test_B6_a_drill_asks_nobody_and_is_no_pass(
    alice: Actor, opened: Open, system: AISystem, house: FakeModelHouse, drain: Any
) -> None:
    found = opened(alice, system=system, is_drill=True)
    drain()
    row = check(alice, found, drain)
    assert (row.state, duty(found).met_at, house.log) == ("held", None, [])


def test_C8_an_answer_heard_twice_gives_one_verdict(incident: Incident, alice: Actor, drain: Any) -> None:
    check(alice, incident, drain)
    before = (Check.objects.count(), Event.objects.count(), Call.objects.count())
    for event in Event.objects.filter(subject=incident.subject_id, name="integrations.call_done@1").order_by("seq"):
        reactions.answered(event, fact_of(event))
    assert (Check.objects.count(), Event.objects.count(), Call.objects.count()) == before
