"""A containment that is over writes nothing later: not by a release, a second try, or a service that comes back (C7, B6)."""

from typing import Any

import pytest

from bongsu.comms.models import Message
from bongsu.events.models import Delivery
from bongsu.events.work import source
from bongsu.incidents.models import Incident
from bongsu.integrations.actions import (
    claim_call,
    fail_call,
    finish_call,
    hold_everything,
    release_everything,
    retry_call,
    switch_connection,
)
from bongsu.integrations.contract import Sent
from bongsu.integrations.gate import GATE
from bongsu.integrations.models import Call
from bongsu.kernel import clock
from bongsu.kernel.actors import Actor
from bongsu.kernel.errors import Conflict, Refused, TransportError
from bongsu.runbooks import actions
from bongsu.runbooks.models import Containment
from bongsu.systems.models import AISystem
from tests.fakes.serving import Told

from .fakes import FakeModelHouse
from .test_containment import MINUTE, Open, approve, asked, contained, only, said

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("night")]


@pytest.fixture
def about_to_write(incident: Incident, alice: Actor, carol: Actor, drain: Any) -> Containment:
    """Approved, and the alias read once more: the next thing that leaves the house is the write."""
    row = asked(alice, incident, drain)
    approve(carol, row)
    for name in ("deliveries", "calls"):
        for key in source(name).due(clock.now(), 100):
            source(name).run(key)
    assert Call.objects.filter(operation="get_alias", state="done", idempotency_key=f"{row.ref}:reread").exists()
    return row


def write(row: Containment) -> Call:
    return Call.objects.get(idempotency_key=f"{row.ref}:move")


def test_C7_a_held_write_that_was_withdrawn_is_never_released(
    about_to_write: Containment, incident: Incident, alice: Actor, root: Actor, house: FakeModelHouse, drain: Any
) -> None:
    hold_everything(root, reason="복원 뒤 점검")
    drain()
    assert (only(incident).state, write(about_to_write).state) == ("held", "held")
    actions.withdraw_containment(alice, incident=incident.id, containment=about_to_write.id, reason="다른 길로 막음")
    release_everything(root, is_letting_go=True)
    drain()
    assert (only(incident).state, write(about_to_write).state) == ("withdrawn", "dropped")
    assert (house.alias, house.moves) == ("2", [])


def test_C7_a_write_held_by_a_disabled_connection_is_not_tried_again_once_the_incident_is_over(
    about_to_write: Containment, incident: Incident, alice: Actor, root: Actor, house: FakeModelHouse, drain: Any
) -> None:
    from bongsu.incidents import actions as incidents

    registry = about_to_write.connection_id
    switch_connection(root, connection=registry, is_enabled=False)
    drain()
    assert write(about_to_write).held_because == "disabled"
    incidents.move_state(alice, incident=incident.id, state="false_positive", reason="표본 오류")
    drain()
    switch_connection(root, connection=registry, is_enabled=True)
    with pytest.raises(Conflict):
        retry_call(root, call=write(about_to_write).id)
    drain()
    assert (only(incident).state, house.moves) == ("withdrawn", [])


def test_C7_a_write_whose_time_is_over_does_not_happen_when_the_registry_comes_back(
    about_to_write: Containment, incident: Incident, house: FakeModelHouse, drain: Any
) -> None:
    house.trouble = [Told({}, 429, {"Retry-After": "900"})]  # was told to come back after the containment's time
    drain(until=clock.now() + 11 * MINUTE)
    assert (only(incident).state, write(about_to_write).state) == ("timed_out", "dropped")
    drain(until=clock.now() + 30 * MINUTE)
    assert (only(incident).state, house.moves) == ("timed_out", [])


def test_C7_a_write_that_may_have_gone_through_when_its_time_was_over_is_looked_up_not_repeated(
    about_to_write: Containment, incident: Incident, house: FakeModelHouse, drain: Any
) -> None:
    for key in source("deliveries").due(clock.now(), 100):
        source("deliveries").run(key)
    taken = claim_call(GATE, connection=about_to_write.connection_id, lane="page")
    fail_call(GATE, call=taken, error=TransportError("no answer", retry_after=900))
    house.alias = house.loaded = "1"  # it went through, and nobody heard of it
    drain(until=clock.now() + 11 * MINUTE)
    assert write(about_to_write).state == "dropped"
    assert only(incident).state == "timed_out"
    drain(until=clock.now() + 20 * MINUTE)
    assert (only(incident).state, house.moves) == ("done", [])


@pytest.fixture
def second(opened: Open, system: AISystem, alice: Actor, drain: Any) -> Incident:
    """Of the same model; its own containment is proposed."""
    found = opened(alice, system=system)
    drain()
    assert only(found).state == "proposed"
    return found


@pytest.fixture
def under_way(about_to_write: Containment, incident: Incident, alice: Actor, root: Actor, drain: Any) -> Call:
    """The write was held, let go and is with the registry; in this moment the containment is taken back."""
    hold_everything(root, reason="복원 뒤 점검")
    drain()
    release_everything(root, is_letting_go=True)
    taken = claim_call(GATE, connection=about_to_write.connection_id, lane="page")
    assert (taken.idempotency_key, taken.state) == (f"{about_to_write.ref}:move", "sending")
    actions.withdraw_containment(alice, incident=incident.id, containment=about_to_write.id, reason="다른 길로 막음")
    assert only(incident).state == "withdrawn"
    return taken


def test_C7_a_write_that_succeeds_after_it_was_taken_back_is_on_the_record_loud_and_can_be_undone(
    under_way: Call, incident: Incident, alice: Actor, carol: Actor, house: FakeModelHouse, drain: Any
) -> None:
    house.alias = house.loaded = "1"
    finish_call(GATE, call=under_way, sent=Sent({"version": "1"}), may_be_twice=False)
    drain()
    row = only(incident)
    assert (row.state, row.serving_version) == ("done", "1")
    assert Message.objects.filter(purpose="containment", text__contains="taken back").exists()
    back = actions.undo_containment(alice, incident=incident.id, containment=row.id, reason="돌려놓음")
    drain()
    actions.ask_for_containment(alice, incident=incident.id, containment=back.id)
    drain()
    approve(carol, back)
    drain()
    assert (only(incident).state, house.alias) == ("undone", "2")


def test_C7_a_late_success_does_not_push_aside_the_one_that_took_its_place(
    second: Incident, under_way: Call, incident: Incident, alice: Actor, carol: Actor, house: FakeModelHouse, drain: Any
) -> None:
    actions.ask_for_containment(alice, incident=second.id, containment=only(second).id)
    house.alias = house.loaded = "1"
    finish_call(GATE, call=under_way, sent=Sent({"version": "1"}), may_be_twice=False)
    drain()
    first = only(incident)
    assert (first.state, first.moved_at is not None, only(second).state) == ("withdrawn", True, "approval")
    assert Message.objects.filter(purpose="containment", text__contains="taken back").exists()
    assert not Delivery.objects.exclude(dead_at=None).exists()
    approve(carol, only(second))
    drain()
    assert only(second).state == "stale"  # the alias is not where it saw it: what moved it can still be undone
    back = actions.undo_containment(alice, incident=incident.id, containment=first.id, reason="돌려놓음")
    drain()
    actions.ask_for_containment(alice, incident=incident.id, containment=back.id)
    drain()
    approve(carol, back)
    drain()
    assert (only(incident).state, house.alias) == ("undone", "2")


def test_B6_of_two_that_were_held_with_their_snapshots_one_goes_on_and_the_other_ends(
    second: Incident, incident: Incident, alice: Actor, root: Actor, house: FakeModelHouse, drain: Any
) -> None:
    hold_everything(root, reason="복원 뒤 점검")
    for held in (incident, second):
        actions.ask_for_containment(alice, incident=held.id, containment=only(held).id)
        drain()
    assert (only(incident).state, only(second).state) == ("held", "held")
    with pytest.raises(Refused):
        actions.ask_for_containment(alice, incident=second.id, containment=only(second).id)
    release_everything(root, is_letting_go=True)
    drain()
    assert sorted([only(incident).state, only(second).state]) == ["approval", "withdrawn"]
    assert not Delivery.objects.exclude(dead_at=None).exists()


def test_B6_a_dry_run_that_was_held_goes_on_beside_the_one_that_waits_for_approval(
    incident: Incident, opened: Open, system: AISystem, alice: Actor, root: Actor, house: FakeModelHouse, drain: Any
) -> None:
    asked(alice, incident, drain)
    hold_everything(root, reason="복원 뒤 점검")
    other = opened(alice, system=system)
    drain()
    assert only(other).state == "held"
    release_everything(root, is_letting_go=True)
    drain()
    assert (only(incident).state, only(other).state) == ("approval", "proposed")


def test_B6_one_whose_alias_had_moved_when_it_was_held_is_not_lost_when_another_took_its_place(
    second: Incident, about_to_write: Containment, incident: Incident, alice: Actor, root: Actor, drain: Any
) -> None:
    for name in ("deliveries", "calls", "deliveries"):
        for key in source(name).due(clock.now(), 100):
            source(name).run(key)
    assert only(incident).state == "moved"
    hold_everything(root, reason="복원 뒤 점검")
    drain()
    assert (only(incident).state, only(incident).held_from) == ("held", "moved")
    actions.ask_for_containment(alice, incident=second.id, containment=only(second).id)
    release_everything(root, is_letting_go=True)
    drain()
    assert said("containment_failed") == 1  # loudly out of time; then the serving process, asked once more, reports the version
    assert (only(incident).state, only(second).state) == ("done", "approval")
    assert not Delivery.objects.exclude(dead_at=None).exists()
    assert actions.undo_containment(alice, incident=incident.id, containment=only(incident).id, reason="x").state == "reading"


def test_C7_a_write_the_registry_refused_is_not_tried_again_after_it_failed(
    about_to_write: Containment, incident: Incident, root: Actor, house: FakeModelHouse, drain: Any
) -> None:
    house.tags.pop("1")
    drain()
    assert only(incident).state == "failed"
    house.tags["1"] = {}
    with pytest.raises(Conflict):
        retry_call(root, call=write(about_to_write).id)
    drain()
    assert house.moves == []


def test_C7_the_quarantine_mark_of_a_containment_that_was_undone_is_not_set_later(
    incident: Incident, alice: Actor, carol: Actor, root: Actor, house: FakeModelHouse, drain: Any
) -> None:
    house.dead.add("/model-versions/set-tag")
    row = contained(incident, alice, carol, drain)
    mark = Call.objects.get(idempotency_key=f"{row.ref}:tag")
    assert (row.state, mark.state) == ("done", "failed")
    house.dead.clear()
    back = actions.undo_containment(alice, incident=incident.id, containment=row.id, reason="옛 버전이 더 나쁨")
    drain()
    actions.ask_for_containment(alice, incident=incident.id, containment=back.id)
    drain()
    approve(carol, back)
    drain()
    assert only(incident).state == "undone"
    with pytest.raises(Conflict):
        retry_call(root, call=mark.id)
    assert house.tags["2"] == {"quarantined": "no"}
