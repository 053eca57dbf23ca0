"""The life of an incident by its actions: opening, command, states, duties (A6, B1, B6, C3)."""

from datetime import timedelta
from typing import Any

import pytest

from bongsu.events.models import Event, Reader
from bongsu.incidents import actions, queries
from bongsu.incidents.models import Counter, Duty, Incident
from bongsu.kernel.actors import Actor
from bongsu.kernel.clock import now
from bongsu.kernel.errors import Conflict, Forbidden, Invalid, NotFound, Refused

pytestmark = pytest.mark.django_db


def opened(actor: Actor, **values: Any) -> Incident:
    given = {
        "title": "상담 챗봇이 다른 고객의 주문을 보여 줌",
        "type": "security",
        "subtype": "prompt_injection",
        "severity": "P1",
    }
    return actions.open_incident(actor, **{**given, **values})


def names(incident: Incident) -> list[str]:
    return list(Event.objects.filter(subject=incident.subject_id).order_by("seq").values_list("name", flat=True))


def test_a_declared_incident_has_number_state_ic_and_one_opening_fact(alice: Actor, default_pack: None) -> None:
    incident = opened(alice)
    assert incident.number == f"INC-{incident.declared_at.year}-001" or incident.number.endswith("-001")
    assert (incident.state, incident.is_open) == ("declared", True)
    chief = queries.commander(incident)
    assert chief is not None
    assert chief.person_id == alice.person_id
    assert chief.accepted_at == incident.declared_at
    assert names(incident)[0] == "incidents.opened@1"


def test_numbers_have_no_gap_when_a_declaration_fails(alice: Actor, default_pack: None) -> None:
    first = opened(alice)
    with pytest.raises(Invalid):
        opened(alice, subtype="no_such")
    opened(alice, group_key="g")
    with pytest.raises(Conflict):
        opened(alice, group_key="g")
    second = opened(alice)
    assert [int(i.number[-3:]) for i in (first, second)] == [1, 3]
    assert Counter.objects.get(is_drill=False).last == 3


def test_drills_are_numbered_apart_and_widen_past_999(alice: Actor, default_pack: None) -> None:
    Counter.objects.create(year=(now() + timedelta(hours=9)).year, is_drill=True, last=999)
    drill = opened(alice, is_drill=True)
    assert drill.number.startswith("DRL-")
    assert drill.number.endswith("-1000")
    assert opened(alice).number.endswith("-001")


def test_strangers_and_auditors_do_not_declare(charlie: Actor, ivy: Actor, default_pack: None) -> None:
    for actor in (charlie, ivy):
        with pytest.raises(Forbidden):
            opened(actor)


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"title": "  "}, "title"),
        ({"title": "x" * 201}, "title"),
        ({"type": "weather"}, "type"),
        ({"subtype": "drift"}, "subtype"),
        ({"severity": "P4"}, "severity"),
        ({"detected_at": now() + timedelta(days=1)}, "detected_at"),
        ({"occurred_at": now(), "detected_at": now() - timedelta(hours=1)}, "occurred_at"),
    ],
)
def test_a_bad_declaration_says_which_field(alice: Actor, default_pack: None, values: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as refused:
        opened(alice, **values)
    assert field in refused.value.fields
    assert not Incident.objects.exists()


def test_the_command_passes_only_when_it_is_accepted(alice: Actor, bob: Actor, default_pack: None) -> None:
    incident = opened(alice)
    assert bob.person_id
    assert alice.person_id
    actions.offer_command(alice, incident=incident.id, person=bob.person_id)
    assert queries.commander(incident).person_id == alice.person_id  # type: ignore[union-attr]
    with pytest.raises(Refused):
        actions.accept_command(alice, incident=incident.id)
    actions.accept_command(bob, incident=incident.id)
    assert queries.commander(incident).person_id == bob.person_id  # type: ignore[union-attr]
    assert incident.assignments.filter(role="ic", ended_at=None).count() == 1


def test_the_roles_know_to_whom_the_command_is_offered(alice: Actor, bob: Actor, default_pack: None) -> None:
    incident = opened(alice)
    actions.offer_command(alice, incident=incident.id, person=bob.person_id)  # type: ignore[arg-type]
    chief: Any = queries.roles(bob, incident)["ic"]
    assert (chief.offered_to, chief.offered_name) == (bob.person_id, "Bob")


def test_a_declined_command_stays_and_needs_a_reason(alice: Actor, bob: Actor, default_pack: None) -> None:
    incident = opened(alice)
    assert bob.person_id
    actions.offer_command(alice, incident=incident.id, person=bob.person_id)
    with pytest.raises(Invalid):
        actions.decline_command(bob, incident=incident.id, reason=" ")
    actions.decline_command(bob, incident=incident.id, reason="on another one")
    assert queries.open_offer(incident) is None
    with pytest.raises(Refused):
        actions.accept_command(bob, incident=incident.id)


def test_whoever_declares_without_command_leaves_an_offer_and_no_response_yet(
    bob: Actor, default_pack: None, root: Actor
) -> None:
    incident = opened(bob)
    chief = queries.commander(incident)
    assert chief is not None
    assert incident.responded_at is None
    assert chief.accepted_at is None
    assert queries.open_offer(incident) is not None


def test_only_the_ic_declares_recovery(alice: Actor, bob: Actor, default_pack: None) -> None:
    incident = opened(alice)
    for state in ("investigating", "mitigating", "monitoring"):
        actions.move_state(bob, incident=incident.id, state=state, reason="step")
    with pytest.raises(Refused):
        actions.move_state(bob, incident=incident.id, state="resolved", reason="looks fine")
    actions.move_state(alice, incident=incident.id, state="resolved", reason="metrics are back")
    incident.refresh_from_db()
    assert incident.resolved_at is not None
    assert not incident.is_open


def test_closing_with_an_open_duty_needs_the_ics_reason(alice: Actor, lena: Actor, default_pack: None, drain: Any) -> None:
    incident = opened(alice)
    actions.require(alice, incident=incident, key="late", title={"ko": "늦은 의무", "en": "Late duty"})
    actions.require(alice, incident=incident, key="late", title={"ko": "늦은 의무", "en": "Late duty"})
    assert Duty.objects.filter(key="late").count() == 1
    for state in ("investigating", "mitigating", "monitoring", "resolved"):
        actions.move_state(alice, incident=incident.id, state=state, reason="step")
    with pytest.raises(Refused) as waiting:
        actions.move_state(alice, incident=incident.id, state="closed", reason="at once")
    assert "patience" in str(waiting.value), "the listeners that leave duties have not had their say"
    drain()
    for duty in queries.open_duties(incident).exclude(key="late"):
        actions.waive(lena if duty.is_legal else alice, incident=incident.id, key=duty.key, reason="not in this test")
    with pytest.raises(Refused) as refused:
        actions.move_state(alice, incident=incident.id, state="closed")
    assert "Late duty" in str(refused.value)
    actions.meet(alice, incident=incident, key="late", proof="signed")
    actions.meet(alice, incident=incident, key="late", proof="again")
    assert Duty.objects.get(key="late").proof == "signed"
    actions.move_state(alice, incident=incident.id, state="closed")
    incident.refresh_from_db()
    assert incident.closed_at is not None


def test_there_is_no_way_that_the_table_does_not_name(alice: Actor, default_pack: None) -> None:
    incident = opened(alice)
    with pytest.raises(Refused):
        actions.move_state(alice, incident=incident.id, state="closed", reason="no")
    with pytest.raises(Refused):
        actions.move_state(alice, incident=incident.id, state="party", reason="no")


def test_severity_needs_a_reason_and_a_change(alice: Actor, default_pack: None) -> None:
    incident = opened(alice)
    with pytest.raises(Invalid):
        actions.change_severity(alice, incident=incident.id, severity="P0", reason="")
    with pytest.raises(Refused):
        actions.change_severity(alice, incident=incident.id, severity="P1", reason="same")
    actions.change_severity(alice, incident=incident.id, severity="P0", reason="personal data")
    assert "incidents.severity_changed@1" in names(incident)


def test_awareness_once_set_moves_only_with_a_second_approver(alice: Actor, lena: Actor, default_pack: None) -> None:
    incident = opened(alice)
    first = now() - timedelta(hours=2)
    actions.set_awareness(alice, incident=incident.id, aware_at=first, how="the dashboard")
    with pytest.raises(Refused):
        actions.set_awareness(alice, incident=incident.id, aware_at=now(), how="again")
    later = now() - timedelta(hours=1)
    actions.ask_awareness_change(alice, incident=incident.id, aware_at=later, how="call", reason="the first look was not it")
    with pytest.raises(Refused):
        actions.decide_awareness_change(alice, incident=incident.id, is_approved=True)
    incident.refresh_from_db()
    assert incident.aware_at == first
    actions.decide_awareness_change(lena, incident=incident.id, is_approved=True)
    incident.refresh_from_db()
    assert incident.aware_at == later


def test_a_retracted_note_leaves_its_tombstone(alice: Actor, bob: Actor, default_pack: None) -> None:
    incident = opened(alice)
    note = actions.add_note(bob, incident=incident.id, text="wrong system", occurred_at=now() - timedelta(minutes=5))
    with pytest.raises(Refused):
        actions.retract_entry(
            Actor(key="person:x", person_id=None, grants=bob.grants), incident=incident.id, event=note, reason="not mine"
        )
    actions.retract_entry(bob, incident=incident.id, event=note, reason="it was the other one")
    line = next(line for line in queries.timeline(alice, incident) if line.entry.event == note)
    assert line.is_retracted
    assert line.retraction_reason == "it was the other one"
    assert line.entry.is_backdated


def test_a_restricted_incident_is_not_there_for_others(alice: Actor, bob: Actor, root: Actor, default_pack: None) -> None:
    incident = opened(alice, restriction="a colleague is involved")
    assert not queries.incidents(bob).exists()
    with pytest.raises(NotFound):
        queries.incident(bob, incident.number)
    with pytest.raises(NotFound):
        actions.add_note(bob, incident=incident.id, text="hello")
    assert bob.person_id
    actions.let_in(alice, incident=incident.id, person=bob.person_id, reason="knows the cache")
    assert queries.incident(bob, incident.number) == incident


def test_breaking_the_glass_is_on_the_record(alice: Actor, bob: Actor, root: Actor, default_pack: None) -> None:
    incident = opened(alice, restriction="a colleague is involved", readers=[])
    # The posts of a P1 are empty here, so the administrator stands in for them: take him out to start as a non-reader.
    Reader.objects.filter(subject=incident.subject_id, person=root.person_id).delete()
    with pytest.raises(Forbidden):
        actions.break_glass(bob, number=incident.number, reason="I want to see it")
    with pytest.raises(Invalid):
        actions.break_glass(root, number=incident.number, reason="short")
    actions.break_glass(root, number=incident.number, reason="the commander is in hospital")
    assert "incidents.break_glass_used@1" in names(incident)
    assert queries.incident(root, incident.number) == incident


def test_a_deadline_entered_by_hand_is_watched_and_overdue_once(alice: Actor, default_pack: None, drain: Any) -> None:
    incident = opened(alice)
    duty = actions.enter_deadline(
        alice,
        incident=incident.id,
        title="PIPC",
        authority="개인정보보호위원회",
        due_at=now() - timedelta(minutes=1),
        zone="Asia/Seoul",
    )
    drain()
    drain()
    assert names(incident).count("incidents.duty_overdue@1") == 1
    assert queries.deadlines(alice, incident, limit=3)[0].key == f"incidents.duty:{duty.id}", "late, first, until it is met"
    actions.meet_by_hand(alice, incident=incident.id, key=duty.key, proof="receipt 12")
    assert [t.key for t in queries.deadlines(alice, limit=9) if t.kind == "incidents.duty"] == []
    with pytest.raises(Refused):
        actions.waive(alice, incident=incident.id, key=duty.key, reason="late")


def test_what_was_left_undone_at_closing_is_on_nobodys_clocks(alice: Actor, default_pack: None, drain: Any) -> None:
    incident = opened(alice)
    due_at = now() - timedelta(minutes=1)
    actions.enter_deadline(alice, incident=incident.id, title="KISA", authority="KISA", due_at=due_at, zone="Asia/Seoul")
    drain()
    for state in ("resolved", "closed"):
        assert [t.kind for t in queries.deadlines(alice, limit=1)] == ["incidents.duty"]
        actions.move_state(alice, incident=incident.id, state=state, reason="told by telephone")
        drain()
    assert [t.kind for t in queries.deadlines(alice, limit=9)] == []
