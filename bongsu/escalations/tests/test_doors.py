"""The ladder's doors: the panel, silence for oneself, escalating now; pages and API (D3)."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from bongsu.comms.models import Message
from bongsu.escalations import actions as ladder
from bongsu.escalations.models import Snooze, Step
from bongsu.events.models import Event
from bongsu.incidents import actions
from bongsu.incidents.models import Incident
from bongsu.kernel import clock
from bongsu.kernel.actors import Actor
from bongsu.kernel.errors import Forbidden, Invalid, Refused
from bongsu.people.actions import set_post_holder

pytestmark = pytest.mark.django_db
START = datetime(2026, 3, 2, 3, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def night() -> Iterator[None]:
    with clock.simulated(START):
        yield


@pytest.fixture
def incident(alice: Actor, lena: Actor, root: Actor, default_pack: Any, drain: Any) -> Incident:
    set_post_holder(root, post="ciso", person=lena.person_id)
    made = actions.open_incident(alice, title="성능 급락", type="model", subtype="performance_drop", severity="P1")
    drain()
    return made


def test_the_ic_brings_the_next_step_forward_and_it_never_fires_again(
    alice: Actor, lena: Actor, incident: Incident, drain: Any
) -> None:
    drain(until=START + timedelta(minutes=10))
    step = ladder.escalate_now(alice, incident=incident.id, reason="고객이 늘고 있음")
    assert (step.key, step.fired_at) == ("P1-60", START + timedelta(minutes=10))
    told = Message.objects.get(purpose="escalation", person=lena.person_id, key=step.message_key)
    assert told.created_at == START + timedelta(minutes=10)
    drain(until=START + timedelta(hours=2))
    assert Message.objects.filter(key=step.message_key, person=lena.person_id).count() == 1
    line = Event.objects.get(name="escalations.step_brought_forward@1")
    assert line.actor == alice.key
    ladder.escalate_now(alice, incident=incident.id, reason="계속")
    with pytest.raises(Refused):
        ladder.escalate_now(alice, incident=incident.id, reason="더")


def test_not_everybody_escalates_and_nobody_without_a_reason(alice: Actor, bob: Actor, ivy: Actor, incident: Incident) -> None:
    for actor in (bob, ivy):
        with pytest.raises(Forbidden):
            ladder.escalate_now(actor, incident=incident.id, reason="x")
    with pytest.raises(Invalid):
        ladder.escalate_now(alice, incident=incident.id, reason=" ")
    assert Step.objects.filter(incident=incident, fired_at=None).count() == 2


def test_the_panel_shows_steps_receipts_and_what_waits(alice_client: Client, incident: Incident) -> None:
    page = alice_client.get(f"/incidents/{incident.number}/panels/escalation/").content.decode()
    assert "P1-60" not in page
    assert "1 h after the beginning" in page
    assert "not reached" in page  # no way is connected: nobody is called told
    assert "Chief Information Security Officer" in page or "CISO" in page
    assert "Escalate now" in page


def test_the_forms_open_as_pages_and_over_the_page(alice: Actor, alice_client: Client, incident: Incident) -> None:
    at = f"/incidents/{incident.number}/escalation"
    assert "<h1>No reminders to me</h1>" in alice_client.get(f"{at}/snooze/").content.decode()
    assert "<dialog" in alice_client.get(f"{at}/now/", headers={"HX-Request": "true"}).content.decode()
    assert alice_client.post(f"{at}/snooze/", {"minutes": "60"}).status_code == 422
    assert alice_client.post(f"{at}/snooze/", {"minutes": "60", "reason": "회의"}).status_code == 302
    assert Snooze.objects.get(person=alice.person_id).until_at == START + timedelta(hours=1)
    answer = alice_client.post(f"{at}/now/", {"reason": "늘고 있음"}, headers={"HX-Request": "true"})
    assert answer.headers["HX-Trigger"] == f"bongsu:{incident.subject_id}"
    assert Step.objects.get(incident=incident, key="P1-60").fired_at == START


def test_machines_read_the_ladder_snooze_and_escalate(
    alice: Actor, ivy: Actor, incident: Incident, token_of: Any, client: Client
) -> None:
    at = f"/api/v1/incidents/{incident.number}"
    own, auditor = ({"HTTP_AUTHORIZATION": f"Bearer {token_of(one)}"} for one in (alice, ivy))
    steps = client.get(f"{at}/escalation", **auditor).json()
    assert {s["key"]: s["state"] for s in steps} == {
        "P1-0": "done", "P1-executives": "done", "P1-60": "waiting", "P1-240": "waiting"}  # fmt: skip
    assert {s["key"]: s["reached"] for s in steps if s["state"] == "done"} == {"P1-0": "unreached", "P1-executives": "unreached"}
    assert all(r["person"] and r["state"] for s in steps for r in s["receipts"])
    until = (START + timedelta(hours=1)).isoformat()
    body = {"until_at": until, "reason": "회의"}
    assert client.post(f"{at}/snooze", json.dumps(body), content_type="application/json", **own).status_code == 201
    late = {"until_at": (START + timedelta(days=2)).isoformat(), "reason": "잠"}
    assert client.post(f"{at}/snooze", json.dumps(late), content_type="application/json", **own).status_code == 422
    made = client.post(f"{at}/escalation", '{"reason": "늘고 있음"}', content_type="application/json", **own)
    assert (made.status_code, made.json()["key"], made.json()["state"]) == (201, "P1-60", "done")
    assert client.post(f"{at}/escalation", '{"reason": "x"}', content_type="application/json", **auditor).status_code == 403


def test_the_ladder_speaks_korean(make_person: Any, signed_in: Any, default_pack: Any, drain: Any) -> None:
    kim = make_person("kim", "commander", language="ko")
    made = actions.open_incident(kim, title="성능 급락", type="model", subtype="performance_drop", severity="P1")
    drain()
    page = signed_in(kim).get(f"/incidents/{made.number}/panels/escalation/", headers={"accept-language": "ko"}).content.decode()
    assert "지금 에스컬레이션" in page
    assert "누구에게 언제 알리고" in page
