"""What must stand in the ledger and not only in a row: who may read and why, who was aware, who stands in as commander."""

from typing import Any

import pytest

from bongsu.comms.models import Message
from bongsu.events.models import Event, Reader
from bongsu.events.queries import fact_of
from bongsu.incidents import actions, queries
from bongsu.incidents.models import RoleAssignment
from bongsu.kernel.actors import Actor
from bongsu.kernel.clock import now
from bongsu.people.actions import deactivate_person, set_post_holder

pytestmark = pytest.mark.django_db
LEAK = {"title": "leak", "type": "data", "subtype": "personal_data_leak", "severity": "P1"}


def only(name: str) -> Any:
    return fact_of(Event.objects.get(name=f"{name}@1"))


def test_B6_declared_as_restricted_its_reason_and_readers_are_on_the_record(
    alice: Actor, lena: Actor, bora: Actor, root: Actor, default_pack: Any
) -> None:
    set_post_holder(root, post="ciso", person=bora.person_id)  # a P1 names this post
    found = actions.open_incident(alice, restriction="a colleague is involved", readers=[lena.person_id], **LEAK)  # type: ignore[list-item]
    told = only("events.restricted")
    assert told.reason == "a colleague is involved"
    assert {str(alice.person_id), str(lena.person_id), str(bora.person_id)} <= set(told.readers)
    assert set(told.readers) == {str(p) for p in Reader.objects.filter(subject=found.subject_id).values_list("person", flat=True)}


def test_A6_who_was_aware_and_by_what_evidence_is_on_the_record(alice: Actor, lena: Actor, default_pack: Any) -> None:
    found = actions.open_incident(alice, **LEAK)  # type: ignore[arg-type]
    letter = actions.add_evidence(alice, incident=found.id, title="", quote="they wrote to us")
    actions.set_awareness(alice, incident=found.id, aware_at=now(), how="a letter", person=lena.person_id, evidence=letter.id)
    told = only("incidents.awareness_set")
    assert (told.person, told.person_name, told.evidence) == (str(lena.person_id), "Lena", str(letter.id))


def test_A6_when_the_commander_leaves_somebody_stands_in_at_once_and_is_asked(
    alice: Actor, bob: Actor, root: Actor, default_pack: Any, drain: Any
) -> None:
    set_post_holder(root, post="triage_desk", person=bob.person_id)
    open_one, closed = actions.open_incident(alice, **LEAK), actions.open_incident(alice, **LEAK)  # type: ignore[arg-type]
    for state in ("resolved", "closed"):
        drain()
        actions.move_state(alice, incident=closed.id, state=state, reason="over")
    assert alice.person_id
    deactivate_person(root, person=alice.person_id, reason="left the bank")
    drain()
    chief = queries.commander(open_one)
    assert chief is not None
    assert (chief.person_id, chief.accepted_at) == (bob.person_id, None)
    assert RoleAssignment.objects.filter(incident=open_one, role="ic", ended_at=None).count() == 1
    assert only("incidents.commander_left").stand_in_name == "Bob"
    assert Message.objects.filter(template="role_offer", person=bob.person_id, subject=open_one.subject_id).exists()
    actions.accept_command(bob, incident=open_one.id)
    assert queries.commander(closed).person_id == alice.person_id  # type: ignore[union-attr]  # what is closed keeps who closed it


def test_a_duty_is_named_in_the_readers_language_wherever_the_ledger_is_read(
    alice: Actor, ivy_client: Any, default_pack: Any, drain: Any
) -> None:
    actions.open_incident(alice, **LEAK)  # type: ignore[arg-type]
    drain()
    told = Event.objects.filter(name="incidents.duty_met@1").first()
    assert told is not None
    title: Any = fact_of(told).title  # type: ignore[union-attr]
    assert set(title) == {"ko", "en"}
    words = ivy_client.get(f"/ledger/records/{told.subject_id}/", headers={"Accept-Language": "en"}).content.decode()
    assert title["en"] in words
    assert title["ko"] not in words
