"""A restriction has a reason, an approver and a day of review; the day comes, and somebody keeps or lifts it (B6)."""

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from bongsu.approvals.actions import decide
from bongsu.approvals.models import Approval
from bongsu.comms.models import Message
from bongsu.events.models import Event, Reader, Timer
from bongsu.events.queries import shown_timers
from bongsu.incidents import actions, queries
from bongsu.incidents.models import Incident, Restriction
from bongsu.kernel import clock
from bongsu.kernel.actors import Actor
from bongsu.kernel.errors import Forbidden, Invalid, NotFound, Refused

pytestmark = pytest.mark.django_db
START = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
REVIEW = date(2026, 4, 1)  # thirty days later


@pytest.fixture(autouse=True)
def stopped_clock() -> Any:
    with clock.simulated(START):
        yield


@pytest.fixture
def secret(alice: Actor, lena: Actor, default_pack: Any, drain: Any) -> Incident:
    found = actions.open_incident(
        alice, title="t", type="model", subtype="bias", severity="P3", restriction="a colleague", readers=[lena.person_id]
    )
    drain()
    return found


def facts(incident: Incident) -> list[str]:
    names = Event.objects.filter(subject=incident.subject_id).order_by("seq").values_list("name", flat=True)
    return [name.partition("@")[0] for name in names]


def test_the_day_of_review_is_among_the_deadlines_and_when_it_comes_ic_and_approver_are_told(
    secret: Incident, alice: Actor, bob: Actor, drain: Any
) -> None:
    (timer,) = [t for t in shown_timers(alice, subject=secret.subject_id) if t.kind == "incidents.restriction"]
    assert timer.due_at == datetime(2026, 4, 1, 0, 0, tzinfo=UTC)  # nine o'clock in Seoul
    assert [t for t in shown_timers(bob) if t.kind == "incidents.restriction"] == []
    assert bob.person_id
    actions.let_in(alice, incident=secret.id, person=bob.person_id, reason="takes over")
    actions.offer_command(alice, incident=secret.id, person=bob.person_id)
    actions.accept_command(bob, incident=secret.id)
    clock.advance(timer.due_at)  # the house was down meanwhile: nothing else is acted out
    drain()
    assert facts(secret).count("incidents.restriction_review_due") == 1
    told = Message.objects.filter(subject=secret.subject_id, purpose="restriction")
    assert {m.person_id for m in told} == {alice.person_id, bob.person_id}  # who approved it, who commands now
    assert {m.template for m in told} == {"restriction_review"}
    assert all("a colleague" not in m.title + m.text for m in told)
    clock.advance(timedelta(days=7))
    drain()
    assert facts(secret).count("incidents.restriction_review_due") == 2


def test_kept_with_a_reason_until_another_day_it_is_not_asked_before(secret: Incident, alice: Actor, drain: Any) -> None:
    clock.advance(datetime(2026, 4, 1, 2, 0, tzinfo=UTC))
    drain()
    actions.keep_restricted(alice, incident=secret.id, reason="the hearing is in May", review_on=date(2026, 5, 20))
    assert Restriction.objects.get().review_on == date(2026, 5, 20)
    before = facts(secret).count("incidents.restriction_review_due")
    clock.advance(datetime(2026, 5, 19, 23, 0, tzinfo=UTC))
    drain()
    assert facts(secret).count("incidents.restriction_review_due") == before == 1
    clock.advance(datetime(2026, 5, 20, 0, 0, tzinfo=UTC))
    drain()
    assert facts(secret).count("incidents.restriction_review_due") == 2
    assert "incidents.restriction_kept" in facts(secret)


@pytest.mark.parametrize("day", [date(2026, 3, 2), date(2026, 3, 1), date(2027, 4, 1)])
def test_a_day_of_review_is_ahead_and_within_a_year(secret: Incident, alice: Actor, day: date) -> None:
    with pytest.raises(Invalid) as refusal:
        actions.keep_restricted(alice, incident=secret.id, reason="x", review_on=day)
    assert set(refusal.value.fields) == {"review_on"}
    with pytest.raises(Invalid):
        actions.restrict_incident(alice, incident=secret.id, reason="x", review_on=day)


def test_it_is_lifted_when_a_second_person_of_legal_approves(
    secret: Incident, alice: Actor, lena: Actor, bob: Actor, drain: Any
) -> None:
    asked = actions.ask_to_lift(alice, incident=secret.id, reason="the colleague agreed")
    drain()
    assert Incident.objects.get(pk=secret.pk).subject.restricted
    with pytest.raises(Refused):
        decide(alice, approval=asked.id, is_approved=True, text_hash=asked.text_hash)
    decide(lena, approval=asked.id, is_approved=True, text_hash=asked.text_hash, reason="fine")
    drain()
    found = queries.incident(bob, secret.number)
    assert not found.subject.restricted
    assert queries.restriction(bob, found) is None
    lifted = Event.objects.get(name="events.restriction_lifted@1")
    assert lifted.actor == lena.key
    assert not Timer.objects.filter(kind="incidents.restriction", done_at=None).exists()
    assert not Reader.objects.filter(subject=secret.subject_id).exists()
    with pytest.raises(Refused):
        actions.keep_restricted(alice, incident=secret.id, reason="x", review_on=REVIEW)
    actions.restrict_incident(alice, incident=secret.id, reason="again")  # who read it before does not read it now
    with pytest.raises(NotFound):
        queries.incident(lena, secret.number)


def test_who_keeps_it_ends_the_wish_to_lift_it_and_a_refusal_changes_nothing(
    secret: Incident, alice: Actor, lena: Actor, drain: Any
) -> None:
    asked = actions.ask_to_lift(alice, incident=secret.id, reason="agreed")
    decide(lena, approval=asked.id, is_approved=False, text_hash=asked.text_hash, reason="not yet")
    drain()
    assert Incident.objects.get(pk=secret.pk).subject.restricted
    second = actions.ask_to_lift(alice, incident=secret.id, reason="agreed in writing")
    actions.keep_restricted(alice, incident=secret.id, reason="withdrawn", review_on=REVIEW)
    assert Approval.objects.get(pk=second.id).state == "void"


def test_kept_after_it_was_approved_and_before_it_was_lifted_it_stays(
    secret: Incident, alice: Actor, lena: Actor, drain: Any
) -> None:
    asked = actions.ask_to_lift(alice, incident=secret.id, reason="agreed")
    decide(lena, approval=asked.id, is_approved=True, text_hash=asked.text_hash, reason="fine")
    actions.keep_restricted(alice, incident=secret.id, reason="more was found", review_on=date(2026, 5, 1))
    drain()
    assert Incident.objects.get(pk=secret.pk).subject.restricted
    assert "events.restriction_lifted" not in facts(secret)


def test_restricted_anew_it_is_not_lifted_by_a_wish_from_before(secret: Incident, alice: Actor, lena: Actor, drain: Any) -> None:
    asked = actions.ask_to_lift(alice, incident=secret.id, reason="agreed")
    actions.restrict_incident(alice, incident=secret.id, reason="a second colleague is involved")
    assert Approval.objects.get(pk=asked.id).state == "void"
    with pytest.raises(Refused):
        decide(lena, approval=asked.id, is_approved=True, text_hash=asked.text_hash, reason="fine")
    drain()
    assert Incident.objects.get(pk=secret.pk).subject.restricted


def test_only_its_ic_or_approver_reviews_and_legal_must_be_able_to_read(
    secret: Incident, alice: Actor, lena: Actor, bob: Actor, default_pack: Any
) -> None:
    with pytest.raises(Forbidden):
        actions.keep_restricted(lena, incident=secret.id, reason="x", review_on=REVIEW)
    with pytest.raises(NotFound):
        actions.ask_to_lift(bob, incident=secret.id, reason="x")
    with pytest.raises(Invalid):
        actions.ask_to_lift(alice, incident=secret.id, reason=" ")
    alone = actions.open_incident(alice, title="t", type="model", subtype="bias", severity="P3", restriction="only me")
    with pytest.raises(Refused, match="legal"):
        actions.ask_to_lift(alice, incident=alone.id, reason="x")


def test_the_page_shows_the_restriction_and_its_two_acts_to_who_reviews(
    secret: Incident, alice_client: Client, lena_client: Client
) -> None:
    here = f"/incidents/{secret.number}/"
    page = alice_client.get(f"{here}part/people/").content.decode()
    assert "a colleague" in page
    assert f"{here}act/keep-restricted/" in page
    assert f"{here}act/keep-restricted/" not in lena_client.get(f"{here}part/people/").content.decode()
    bad = alice_client.post(f"{here}act/keep-restricted/", {"reason": "x", "review_on": "2020-01-01"})
    assert (bad.status_code, "within a year" in bad.content.decode()) == (422, True)
    kept = alice_client.post(f"{here}act/keep-restricted/", {"reason": "x", "review_on": "2026-05-01"})
    assert kept.status_code == 302
    assert alice_client.post(f"{here}act/lift-restriction/", {"reason": "agreed"}).status_code == 302
    assert Approval.objects.get(purpose="restriction").state == "waiting"
    assert (
        "Lift the restriction" in lena_client.get("/approvals/").content.decode()
        or "열람 제한 해제" in lena_client.get("/approvals/").content.decode()
    )


def test_machines_review_it_too(secret: Incident, alice: Actor, token_of: Any, client: Client) -> None:
    def ask(method: str, path: str, body: Any = None) -> Any:
        more = {"data": json.dumps(body), "content_type": "application/json"} if body is not None else {}
        headers = {"Authorization": f"Bearer {token_of(alice)}"}
        return getattr(client, method)(f"/api/v1/incidents/{secret.number}/restriction{path}", headers=headers, **more)

    assert ask("get", "").json()["review_on"] == "2026-04-01"
    assert ask("post", "/keep", {"reason": "x", "review_on": "2020-01-01"}).status_code == 422
    assert ask("post", "/keep", {"reason": "x", "review_on": "2026-05-01"}).json()["review_on"] == "2026-05-01"
    answer = ask("post", "/lift", {"reason": "agreed"})
    assert (answer.status_code, answer.json()) == (202, str(Approval.objects.get(purpose="restriction").id))
