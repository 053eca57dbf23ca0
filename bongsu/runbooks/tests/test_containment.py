"""Containment against a strict fake: from the dry run to the version the serving process reports (C7, M7)."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from bongsu.approvals import actions as approvals
from bongsu.approvals.models import Approval
from bongsu.comms.models import Message
from bongsu.events.models import Event
from bongsu.events.queries import fact_of
from bongsu.files.queries import open_file
from bongsu.incidents import actions as incidents
from bongsu.incidents.models import Duty, Incident
from bongsu.integrations.actions import hold_everything, release_everything
from bongsu.integrations.models import Call
from bongsu.kernel import clock
from bongsu.kernel.actors import Actor
from bongsu.kernel.errors import Conflict, Forbidden, Invalid, NotFound, Refused
from bongsu.packs.rules.taxonomy import Taxonomy
from bongsu.runbooks import actions, reactions
from bongsu.runbooks.models import Containment, Rollback, StepRun
from bongsu.systems.models import AISystem

from .fakes import FakeModelHouse

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("night")]
Open = Callable[..., Incident]
MINUTE = timedelta(minutes=1)


@pytest.fixture
def machine_may(monkeypatch: pytest.MonkeyPatch) -> None:
    """A pack whose policy lets the machine roll back alone."""
    kept = Taxonomy.mode

    def mode(self: Taxonomy, act: str, severity: str) -> str:
        return "machine" if act == "roll_back_model" else kept(self, act, severity)

    monkeypatch.setattr(Taxonomy, "mode", mode)


def only(incident: Incident) -> Containment:
    return Containment.objects.filter(incident=incident, undoes=None).latest("proposed_at")


def approve(actor: Actor, row: Containment, is_approved: bool = True) -> None:
    waiting = Approval.objects.get(about_ref=row.ref, state="waiting")
    approvals.decide(actor, approval=waiting.id, is_approved=is_approved, text_hash=waiting.text_hash, reason="그래프 확인")


def asked(actor: Actor, incident: Incident, drain: Any, **values: Any) -> Containment:
    actions.ask_for_containment(actor, incident=incident.id, containment=only(incident).id, **values)
    drain()
    return only(incident)


def contained(incident: Incident, alice: Actor, carol: Actor, drain: Any) -> Containment:
    approve(carol, asked(alice, incident, drain))
    drain()
    return only(incident)


def said(name: str) -> int:
    return Event.objects.filter(name=f"runbooks.{name}@1").count()


def test_C7_the_machine_proposes_with_before_and_after_and_changes_nothing(incident: Incident, house: FakeModelHouse) -> None:
    row = only(incident)
    assert (row.state, row.before, row.after, row.serving_version) == ("proposed", "2", "1", "2")
    assert row.proposed_by == "system:runbooks"
    assert "version 2 to version 1" in row.text
    assert (house.moves, house.tags["2"]) == ([], {})


def test_C7_snapshot_first_then_another_person_then_done_only_when_serving_reports_it(
    incident: Incident, alice: Actor, carol: Actor, house: FakeModelHouse, drain: Any
) -> None:
    row = asked(alice, incident, drain, approver=carol.person_id)
    assert (row.state, house.moves) == ("approval", [])
    kept = json.loads(open_file(alice, row.snapshot.evidence.file_id)[1])
    assert kept["parts"]["alias"]["version"] == "2"
    assert kept["parts"]["series"]["series"][0]["samples"]
    assert StepRun.objects.get(run__incident=incident, step="snapshot").state == "done"
    told = Message.objects.filter(template="approval_request")
    assert [m.person_id for m in told] == [carol.person_id]
    approve(carol, row)
    drain()
    row = only(incident)
    assert (row.state, row.decided_by, row.serving_version, house.alias) == ("done", carol.key, "1", "1")
    assert house.tags["2"] == {"quarantined": incident.number}
    assert StepRun.objects.get(run__incident=incident, step="rollback").state == "done"
    assert Duty.objects.get(incident=incident, key="containment.done").met_at is not None
    assert said("containment_done") == 1


def test_C7_nobody_approves_what_they_asked_for(
    incident: Incident, alice: Actor, bob: Actor, house: FakeModelHouse, drain: Any
) -> None:
    with pytest.raises(Invalid):
        actions.ask_for_containment(alice, incident=incident.id, containment=only(incident).id, approver=alice.person_id)
    with pytest.raises(Invalid):
        actions.ask_for_containment(alice, incident=incident.id, containment=only(incident).id, approver=bob.person_id)
    row = asked(alice, incident, drain)
    with pytest.raises(Refused):
        approve(alice, row)
    with pytest.raises(Forbidden):
        approve(bob, row)
    assert house.moves == []


def test_C7_a_refusal_ends_it_with_the_alias_untouched(
    incident: Incident, alice: Actor, carol: Actor, house: FakeModelHouse, drain: Any
) -> None:
    approve(carol, asked(alice, incident, drain), is_approved=False)
    drain()
    assert (only(incident).state, house.moves) == ("refused", [])


def test_C7_an_alias_that_moved_meanwhile_stops_it_loudly(
    incident: Incident, alice: Actor, carol: Actor, house: FakeModelHouse, drain: Any
) -> None:
    row = asked(alice, incident, drain)
    house.alias = "3"
    approve(carol, row)
    drain()
    row = only(incident)
    assert (row.state, house.moves, house.alias) == ("stale", [], "3")
    assert said("containment_failed") == 1
    loud = Message.objects.filter(template="containment_failed")
    assert [m.person_id for m in loud] == [alice.person_id]
    assert "version 3" in loud[0].text


def test_C7_moved_but_not_loaded_is_a_state_of_its_own_and_times_out_loudly(
    incident: Incident, alice: Actor, carol: Actor, house: FakeModelHouse, drain: Any
) -> None:
    house.loads = False
    row = contained(incident, alice, carol, drain)
    assert (row.state, row.serving_version, house.alias) == ("moved", "2", "1")
    assert Duty.objects.get(incident=incident, key="containment.done").met_at is None
    drain(until=clock.now() + 11 * MINUTE)
    row = only(incident)
    assert row.state == "timed_out"
    assert row.polls > 10
    assert Message.objects.filter(template="containment_failed").count() == 1
    house.loaded = "1"
    actions.check_again(alice, incident=incident.id, containment=row.id)
    drain()
    assert only(incident).state == "done"


def test_C7_serving_that_loads_later_is_noticed_by_the_timer(
    incident: Incident, alice: Actor, carol: Actor, house: FakeModelHouse, drain: Any
) -> None:
    house.loads = False
    contained(incident, alice, carol, drain)
    house.loaded = "1"
    drain(until=clock.now() + timedelta(seconds=30))
    assert only(incident).state == "done"


def test_C7_a_write_the_registry_refuses_fails_loudly_and_one_whose_answer_was_lost_goes_on(
    incident: Incident, alice: Actor, carol: Actor, house: FakeModelHouse, drain: Any
) -> None:
    row = asked(alice, incident, drain)
    house.tags.pop("1")
    approve(carol, row)
    drain()
    assert (only(incident).state, house.alias) == ("failed", "2")
    assert "not found" in only(incident).error
    house.tags["1"] = {}
    clock.advance(MINUTE)
    again = actions.propose_containment(alice, incident=incident.id)
    drain()
    house.lose_move = True
    contained(incident, alice, carol, drain)
    again.refresh_from_db()
    assert (again.state, house.alias) == ("done", "1")


def test_C7_a_registry_that_cannot_be_read_fails_the_dry_run_loudly(
    alice: Actor, opened: Open, system: AISystem, house: FakeModelHouse, drain: Any
) -> None:
    house.dead.add("/registered-models/alias")
    found = opened(alice, system=system)
    drain()
    assert only(found).state == "failed"
    assert Message.objects.filter(template="containment_failed").count() == 1


def test_C7_metrics_that_are_down_do_not_hold_up_the_snapshot(
    incident: Incident, alice: Actor, house: FakeModelHouse, drain: Any
) -> None:
    house.dead.add("/api/v1/query_range")
    row = asked(alice, incident, drain)
    assert row.state == "approval"
    assert list(row.snapshot.missing) == ["series"]  # type: ignore[union-attr]


def test_C7_undo_restores_the_former_version_by_the_same_way(
    incident: Incident, alice: Actor, carol: Actor, house: FakeModelHouse, drain: Any
) -> None:
    row = contained(incident, alice, carol, drain)
    with pytest.raises(Invalid):
        actions.undo_containment(alice, incident=incident.id, containment=row.id, reason=" ")
    back = actions.undo_containment(alice, incident=incident.id, containment=row.id, reason="옛 버전이 더 나쁨")
    drain()
    back.refresh_from_db()
    assert (back.state, back.before, back.after) == ("proposed", "1", "2")
    with pytest.raises(Conflict):
        actions.undo_containment(alice, incident=incident.id, containment=row.id, reason="두 번")
    actions.ask_for_containment(alice, incident=incident.id, containment=back.id)
    drain()
    approve(carol, back)
    drain()
    back.refresh_from_db()
    row.refresh_from_db()
    assert (back.state, row.state, house.alias) == ("done", "undone", "2")
    assert house.tags["2"]["quarantined"] == "no"


@pytest.mark.usefixtures("machine_may")
def test_M7_the_policy_lets_the_machine_alone_for_a_confirmed_severity_but_never_twice_within_an_hour(
    alice: Actor, opened: Open, system: AISystem, house: FakeModelHouse, drain: Any
) -> None:
    first = opened(alice, system=system)
    drain()
    assert (only(first).state, only(first).decided_by, house.alias) == ("done", "policy", "1")
    house.alias = house.loaded = "3"
    second = opened(alice, system=system)
    drain()
    assert (only(second).state, house.moves) == ("proposed", ["1"])
    assert asked(alice, second, drain).state == "approval"
    assert Rollback.objects.count() == 1
    third = opened(alice, system=system)
    drain()
    with pytest.raises(Conflict):  # the alias is taken by the one that waits
        asked(alice, third, drain)
    actions.withdraw_containment(alice, incident=second.id, containment=only(second).id, reason="기다림")
    drain(until=clock.now() + 61 * MINUTE)
    assert asked(alice, third, drain).decided_by == "policy"


@pytest.mark.usefixtures("machine_may")
def test_M7_a_severity_no_person_confirmed_triggers_nothing(
    opened: Open, alice: Actor, system: AISystem, house: FakeModelHouse, drain: Any
) -> None:
    from bongsu.kernel.actors import system as machine

    found = opened(machine("signals"), system=system, origin="signal", commander=alice.person_id)
    drain()
    assert (only(found).state, house.moves) == ("proposed", [])
    incidents.accept_command(alice, incident=found.id)
    incidents.change_severity(alice, incident=found.id, severity="P0", reason="맞음")
    drain()
    assert asked(alice, found, drain).decided_by == "policy"


def test_B6_a_drill_is_held_at_the_gate_and_shown_as_held(
    alice: Actor, opened: Open, system: AISystem, house: FakeModelHouse, drain: Any
) -> None:
    found = opened(alice, system=system, is_drill=True)
    drain()
    assert only(found).state == "held"
    assert house.log == []
    actions.withdraw_containment(alice, incident=found.id, containment=only(found).id, reason="훈련 끝")
    assert only(found).state == "withdrawn"


def test_C7_what_is_done_by_hand_counts_on_a_persons_word_and_its_expiry_is_remembered(
    alice: Actor, opened: Open, drain: Any
) -> None:
    found = opened(alice, type="security", subtype="prompt_injection")
    drain()
    with pytest.raises(Refused):
        actions.propose_containment(alice, incident=found.id, kind="feature_off")
    row = actions.note_by_hand(alice, incident=found.id, kind="feature_off", text="order.lookup 도구를 껐음")
    assert (row.state, row.is_by_hand) == ("done", True)
    assert StepRun.objects.get(run__incident=found, step="remove_power").state == "done"
    assert Duty.objects.get(incident=found, key="containment.done").met_at is not None
    with pytest.raises(Refused):  # there is nothing left to carry out
        actions.ask_for_containment(alice, incident=found.id, containment=row.id)
    drain(until=clock.now() + timedelta(hours=25))
    assert said("containment_expired") == 1
    actions.undo_containment(alice, incident=found.id, containment=row.id, reason="다시 켰음")
    row.refresh_from_db()
    assert row.state == "undone"


def test_C7_who_may_not_may_not(incident: Incident, charlie: Actor, ivy: Actor, alice: Actor) -> None:
    with pytest.raises(NotFound):
        actions.propose_containment(charlie, incident=incident.id)
    with pytest.raises(Forbidden):
        actions.propose_containment(ivy, incident=incident.id)
    with pytest.raises(Forbidden):
        actions.ask_for_containment(ivy, incident=incident.id, containment=only(incident).id)


def test_C7_the_database_itself_refuses_done_without_serving_and_deciding_for_oneself(
    incident: Incident, alice: Actor, drain: Any
) -> None:
    row = asked(alice, incident, drain)
    for values in ({"state": "done", "serving_version": "2"}, {"decided_by": alice.key}, {"state": "no such"}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Containment.objects.filter(pk=row.pk).update(**values)


def test_C7_every_answer_heard_twice_changes_nothing(
    incident: Incident, alice: Actor, carol: Actor, house: FakeModelHouse, drain: Any
) -> None:
    contained(incident, alice, carol, drain)
    before = (Event.objects.count(), Call.objects.count(), only(incident).state)
    listeners = {"integrations.call_done@1": reactions.answered, "approvals.granted@1": reactions.approved}
    for event in Event.objects.filter(subject=incident.subject_id, name__in=listeners).order_by("seq"):
        listeners[event.name](event, fact_of(event))
    assert (Event.objects.count(), Call.objects.count(), only(incident).state) == before
    assert house.moves == ["1"]


def test_C7_an_incident_that_is_over_leaves_nothing_behind_to_approve(
    incident: Incident, alice: Actor, carol: Actor, house: FakeModelHouse, drain: Any
) -> None:
    row = asked(alice, incident, drain)
    incidents.move_state(alice, incident=incident.id, state="false_positive", reason="표본 오류")
    drain()
    row.refresh_from_db()
    assert (row.state, house.moves) == ("withdrawn", [])
    assert Approval.objects.get(about_ref=row.ref).state == "void"


def test_B6_what_an_administrator_held_goes_on_when_it_is_released(
    alice: Actor, root: Actor, opened: Open, system: AISystem, house: FakeModelHouse, drain: Any
) -> None:
    hold_everything(root, reason="복원 뒤 점검")
    found = opened(alice, system=system)
    drain()
    assert (only(found).state, house.log) == ("held", [])
    release_everything(root, is_letting_go=True)
    drain()
    assert only(found).state == "proposed"
