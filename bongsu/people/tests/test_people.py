"""Adding, changing and deactivating people; what of it stands in the ledger and who may read it."""

import pytest

from bongsu.events.models import Event, Personal
from bongsu.events.queries import may_see, values_of
from bongsu.kernel.errors import Forbidden, NotFound, Refused
from bongsu.people import queries
from bongsu.people.actions import (
    add_contact_way,
    change_person,
    create_person,
    deactivate_person,
    end_contact_way,
    grant_role,
    order_contact_ways,
    reactivate_person,
    revoke_role,
)
from bongsu.people.models import ContactWay, Person

pytestmark = pytest.mark.django_db


def facts(ref: str) -> list[str]:
    return list(Event.objects.filter(subject=ref).order_by("seq").values_list("name", flat=True))


def test_M1_a_new_person_stands_in_the_ledger_with_name_and_mail_kept_apart(root):
    dana = create_person(root, email=" Dana@Example.org ", name="Dana", roles=["responder"])
    assert dana.email == "dana@example.org"
    assert facts(dana.ref) == ["people.person_created@1", "people.role_granted@1"]
    event = Event.objects.get(name="people.person_created@1", subject=dana.ref)
    assert "Dana" not in event.text
    assert "dana@" not in event.text
    assert values_of(event)[0]["who"] == "Dana"
    assert {p.field for p in Personal.objects.filter(event=event.event)} == {"who", "email"}


def test_D8_a_new_person_is_reached_by_mail_from_the_start(root):
    dana = create_person(root, email="dana@example.org", name="Dana")
    assert [(w.channel, w.address) for w in queries.ways_of([dana.id])[dana.id]] == [("email", "dana@example.org")]


def test_M2_only_who_keeps_people_adds_one(alice, charlie):
    for actor in (alice, charlie):
        with pytest.raises(Forbidden):
            create_person(actor, email="x@example.org", name="X")
    assert not Person.objects.filter(email="x@example.org").exists()


def test_M2_everybody_changes_their_own_language_but_nobody_elses(bob, charlie):
    change_person(bob, person=bob.person_id, language="ko", zone="Europe/Berlin")
    assert queries.actor_of(queries.person(bob.person_id)).zone == "Europe/Berlin"
    with pytest.raises(Forbidden):
        change_person(charlie, person=bob.person_id, language="en")


def test_M2_the_sign_in_address_is_not_ones_own_to_change(bob, root):
    with pytest.raises(Forbidden):
        change_person(bob, person=bob.person_id, email="boss@example.org")
    change_person(root, person=bob.person_id, email="boss@example.org")
    assert queries.person(bob.person_id).email == "boss@example.org"


def test_nothing_is_stated_when_nothing_changes(bob):
    before = Event.objects.count()
    change_person(bob, person=bob.person_id, name="Bob")
    assert Event.objects.count() == before


def test_M2_the_record_of_a_person_is_theirs_and_of_those_who_keep_people(bob, alice, charlie):
    ref = queries.person(bob.person_id).ref
    assert may_see(bob, ref)
    assert not may_see(alice, ref)
    assert not may_see(charlie, ref)


def test_M2_a_deactivated_person_may_nothing_and_comes_back_as_they_were(root, bob):
    deactivate_person(root, person=bob.person_id, reason="left")
    assert queries.actor_of(queries.person(bob.person_id)).grants == frozenset()
    reactivate_person(root, person=bob.person_id, reason="came back")
    assert queries.actor_of(queries.person(bob.person_id)).roles == {"responder"}


def test_M2_the_last_administrator_stays(console, root):
    with pytest.raises(Refused, match="last administrator"):
        deactivate_person(console, person=root.person_id, reason="gone")
    with pytest.raises(Refused, match="last administrator"):
        revoke_role(console, person=root.person_id, role="administrator", reason="gone")
    assert queries.actor_of(queries.person(root.person_id)).may("people.manage")


def test_M2_an_inactive_administrator_does_not_count_as_one_who_is_left(console, root, bob):
    grant_role(console, person=bob.person_id, role="administrator")
    deactivate_person(console, person=bob.person_id, reason="left")
    with pytest.raises(Refused, match="last administrator"):
        deactivate_person(console, person=root.person_id, reason="gone")


def test_M2_nobody_deactivates_themselves(root):
    with pytest.raises(Forbidden):
        deactivate_person(root, person=root.person_id, reason="tired")


def test_granting_twice_states_it_once(root, bob):
    grant_role(root, person=bob.person_id, role="legal")
    grant_role(root, person=bob.person_id, role="legal")
    assert facts(f"person:{bob.person_id}").count("people.role_granted@1") == 2  # responder at first, legal once


def test_a_revoked_role_ends_but_its_row_stays(root, bob):
    revoke_role(root, person=bob.person_id, role="responder", reason="moved")
    row = queries.person(bob.person_id).access.get()
    assert row.ended_at is not None
    with pytest.raises(NotFound):
        revoke_role(root, person=bob.person_id, role="responder", reason="again")


def test_D8_the_order_of_ways_is_the_persons_own(bob):
    phone = add_contact_way(bob, person=bob.person_id, channel="phone", address="+82 10 1234 5678")
    mail = ContactWay.objects.get(person=bob.person_id, channel="email")
    order_contact_ways(bob, person=bob.person_id, order=[phone.id, mail.id])
    assert [w.channel for w in queries.ways_of([bob.person_id])[bob.person_id]] == ["phone", "email"]
    end_contact_way(bob, way=phone.id)
    assert [w.channel for w in queries.ways_of([bob.person_id])[bob.person_id]] == ["email"]
    assert facts(f"person:{bob.person_id}")[-3:] == [
        "people.contact_way_added@1",
        "people.contact_ways_ordered@1",
        "people.contact_way_ended@1",
    ]


def test_D8_nobody_ends_the_way_of_another(bob, alice, charlie):
    way = ContactWay.objects.get(person=bob.person_id)
    with pytest.raises(Forbidden):
        end_contact_way(alice, way=way.id)
    with pytest.raises(NotFound):
        end_contact_way(charlie, way=way.id)


def test_M2_a_stranger_sees_only_themselves(charlie, bob):
    assert [p.id for p in queries.people(charlie)] == [charlie.person_id]
    with pytest.raises(NotFound):
        queries.profile(charlie, bob.person_id)
    assert queries.profile(charlie, charlie.person_id).ways


def test_M2_a_responder_sees_how_to_reach_somebody_but_not_their_tokens(bob, alice, ivy):
    seen = queries.profile(bob, alice.person_id)
    assert seen.ways is not None
    assert seen.tokens is None
    assert queries.profile(ivy, alice.person_id).tokens == []


def test_people_are_found_by_name_role_and_state(root, bob, alice):
    assert [p.name for p in queries.people(root, search="BOB")] == ["Bob"]
    assert [p.name for p in queries.people(root, role="commander")] == ["Alice"]
    deactivate_person(root, person=bob.person_id, reason="left")
    assert "Bob" not in [p.name for p in queries.people(root, is_active=True)]
    assert queries.people_with_grant("incident.command") == [queries.person(alice.person_id)]


def test_M1_the_ledger_speaks_names_for_people(bob):
    from bongsu.events.listening import names_of

    assert names_of([bob.key, "system:x"]) == {bob.key: "Bob", "system:x": "x"}
