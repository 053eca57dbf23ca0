"""E3 and M7: four eyes over one exact text; the requester never decides, in the action and in the database."""

from typing import Any

import pytest
from django.db import IntegrityError, transaction

from bongsu.approvals import actions, queries
from bongsu.approvals.models import Approval
from bongsu.approvals.rules import why_not_decide
from bongsu.events.actions import action, open_subject, restrict
from bongsu.events.models import Event
from bongsu.kernel.actors import Actor, system
from bongsu.kernel.canonical import digest
from bongsu.kernel.clock import now
from bongsu.kernel.errors import Forbidden, Invalid, NotFound, Refused
from bongsu.people.actions import ensure_posts, set_post_holder
from bongsu.people.rules import PostWanted

pytestmark = pytest.mark.django_db
TEXT = "roll model@champion back to 13"


@pytest.fixture
def subject(database: None) -> str:
    opened = action(lambda actor: open_subject(actor, subject="incident:00000000-0000-7000-8000-000000000001").ref)
    return opened(system("tests"))


def ask(actor: Actor, subject: str, **more: Any) -> Approval:
    values = {"purpose": "containment", "title": "Roll back", "text": TEXT, "grant": "containment.approve", **more}
    return actions.request(actor, subject=subject, about_ref="step:1", **values)


def test_another_person_with_the_right_approves_exactly_this_text(alice: Actor, bob: Actor, subject: str) -> None:
    row = ask(bob, subject)
    assert queries.waiting_for(alice) == [row]
    assert queries.waiting_for(bob) == []
    actions.decide(alice, approval=row.id, is_approved=True, text_hash=digest(TEXT))
    assert queries.granted("step:1", "containment", digest(TEXT)) == Approval.objects.get()
    assert queries.granted("step:1", "containment", digest(TEXT + "!")) is None
    assert list(Event.objects.filter(name__startswith="approvals.").values_list("name", flat=True).order_by("seq")) == [
        "approvals.requested@1",
        "approvals.granted@1",
    ]


def test_nobody_approves_what_they_asked_for(alice: Actor, subject: str) -> None:
    row = ask(alice, subject)
    assert queries.waiting_for(alice) == []
    with pytest.raises(Refused, match="Another person"):
        actions.decide(alice, approval=row.id, is_approved=True, text_hash=row.text_hash)


def test_the_database_refuses_a_requester_who_decides(alice: Actor, subject: str) -> None:
    row = ask(alice, subject)
    with pytest.raises(IntegrityError, match="requester_never_decides"), transaction.atomic():
        Approval.objects.filter(pk=row.pk).update(state="granted", decided_by=alice.key, decided_at=now())


@pytest.mark.parametrize("change", [{"state": "granted"}, {"decided_by": "system:x"}, {"post_key": "", "grant": ""}])
def test_the_database_refuses_half_a_decision_a_machines_and_an_approval_nobody_may_give(
    bob: Actor, subject: str, change: dict[str, str]
) -> None:
    row = ask(bob, subject)
    with pytest.raises(IntegrityError), transaction.atomic():
        Approval.objects.filter(pk=row.pk).update(**change)


def test_those_who_wrote_it_are_barred_too(alice: Actor, bob: Actor, subject: str) -> None:
    row = ask(bob, subject, barred=[alice.key])
    with pytest.raises(Refused, match="worked on this"):
        actions.decide(alice, approval=row.id, is_approved=True, text_hash=row.text_hash)


def test_a_decision_on_another_text_than_was_read_is_refused(alice: Actor, bob: Actor, subject: str) -> None:
    row = ask(bob, subject)
    with pytest.raises(Refused, match="changed"):
        actions.decide(alice, approval=row.id, is_approved=True, text_hash=digest("older text"))


def test_asking_again_for_a_changed_text_voids_the_first_and_the_same_text_returns_it(
    alice: Actor, bob: Actor, subject: str
) -> None:
    first = ask(bob, subject)
    assert ask(bob, subject) == first
    second = ask(bob, subject, text="roll back to 12")
    first.refresh_from_db()
    assert first.state == "void"
    assert queries.waiting_for(alice) == [second]
    with pytest.raises(Refused):
        actions.decide(alice, approval=first.id, is_approved=True, text_hash=first.text_hash)


def test_a_changed_text_voids_what_was_granted(alice: Actor, bob: Actor, subject: str) -> None:
    row = ask(bob, subject)
    actions.decide(alice, approval=row.id, is_approved=True, text_hash=row.text_hash)
    assert actions.void(system("tests"), about_ref="step:1", reason="text changed", keep_hash=digest(TEXT)) == 0
    assert actions.void(system("tests"), about_ref="step:1", reason="text changed", keep_hash=digest("new")) == 1
    assert queries.granted("step:1", "containment", row.text_hash) is None


def test_a_refusal_needs_its_reason(alice: Actor, bob: Actor, subject: str) -> None:
    row = ask(bob, subject)
    with pytest.raises(Invalid):
        actions.decide(alice, approval=row.id, is_approved=False, text_hash=row.text_hash)
    actions.decide(alice, approval=row.id, is_approved=False, text_hash=row.text_hash, reason="version 12 is older")
    assert Event.objects.filter(name="approvals.refused@1").exists()
    with pytest.raises(Refused, match="decided already"):
        actions.decide(alice, approval=row.id, is_approved=True, text_hash=row.text_hash)


def test_without_right_or_post_nobody_decides_and_a_stranger_sees_nothing(
    bob: Actor, ivy: Actor, charlie: Actor, subject: str
) -> None:
    row = ask(bob, subject)
    with pytest.raises(Forbidden):
        actions.decide(ivy, approval=row.id, is_approved=True, text_hash=row.text_hash)
    with pytest.raises(NotFound):
        actions.decide(charlie, approval=row.id, is_approved=True, text_hash=row.text_hash)
    assert queries.waiting_for(ivy) == queries.waiting_for(charlie) == []


def test_the_holder_of_the_post_decides(console: Actor, bob: Actor, ivy: Actor, subject: str) -> None:
    ensure_posts(console, posts=[PostWanted("ciso", "정보보호책임자", "CISO")])
    set_post_holder(console, post="ciso", person=ivy.person_id)
    row = ask(bob, subject, grant="", post_key="ciso")
    assert queries.waiting_for(ivy) == [row]
    actions.decide(ivy, approval=row.id, is_approved=True, text_hash=row.text_hash)


def test_a_restricted_record_hides_its_approvals(alice: Actor, bob: Actor, subject: str) -> None:
    ask(bob, subject)
    restrict(system("tests"), subject=subject, readers=[bob.person_id], reason="personal data")
    assert queries.waiting_for(alice) == []


def test_a_machine_never_decides() -> None:
    values = {"state": "waiting", "requester": "person:1", "barred": [], "seen_hash": "a", "text_hash": "a"}
    assert why_not_decide(decider="system:policy", **values)
    assert not why_not_decide(decider="person:2", **values)


@pytest.mark.parametrize("wrong", [{"text_hash": "0" * 64}, {"grant": "", "post_key": ""}])
def test_a_request_with_a_foreign_hash_or_for_nobody_is_refused(bob: Actor, subject: str, wrong: dict[str, str]) -> None:
    with pytest.raises(Invalid):
        ask(bob, subject, **wrong)


def test_the_pages_show_what_waits_and_take_the_decision(
    alice: Actor, bob: Actor, alice_client: Any, bob_client: Any, subject: str
) -> None:
    row = ask(bob, subject)
    assert "Roll back" in alice_client.get("/approvals/").content.decode()
    page = alice_client.get(f"/approvals/{row.id}/").content.decode()
    assert TEXT in page
    assert row.text_hash in page
    assert "Another person" in bob_client.get(f"/approvals/{row.id}/").content.decode()
    assert alice_client.post(f"/approvals/{row.id}/", {"text_hash": row.text_hash}).status_code == 422
    sent = alice_client.post(f"/approvals/{row.id}/", {"text_hash": row.text_hash, "is_approved": "yes", "reason": ""})
    assert sent.status_code == 302
    assert Approval.objects.get().state == "granted"


def test_machines_read_and_people_decide_over_the_api(alice: Actor, bob: Actor, client: Any, token_of: Any, subject: str) -> None:
    row = ask(bob, subject)
    door = {"headers": {"Authorization": f"Bearer {token_of(alice)}"}}
    assert [one["id"] for one in client.get("/api/v1/approvals/waiting", **door).json()] == [str(row.id)]
    body = {"is_approved": True, "text_hash": row.text_hash}
    made = client.post(f"/api/v1/approvals/{row.id}/decision", body, content_type="application/json", **door)
    assert made.status_code == 200, made.content
    assert made.json()["state"] == "granted"
    assert client.get("/api/v1/approvals", {"about_ref": "step:1"}, **door).json()["items"][0]["decided_by"] == alice.key
