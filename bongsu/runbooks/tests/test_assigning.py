"""A step is somebody's (C1): on the page, in the API, on the record; the one who was asked sees it."""

from collections.abc import Callable

import pytest
from django.test import Client

from bongsu.events.models import Event
from bongsu.incidents.models import Incident
from bongsu.kernel.actors import Actor
from bongsu.kernel.errors import NotFound
from bongsu.people.actions import deactivate_person
from bongsu.runbooks import actions
from bongsu.runbooks.models import StepRun

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("night")]


def test_C1_a_step_is_assigned_on_the_page_and_by_the_api(
    incident: Incident, alice: Actor, bob: Actor, alice_client: Client, client: Client, token_of: Callable[..., str]
) -> None:
    step = StepRun.objects.filter(run__incident=incident).order_by("position").first() or pytest.fail("no step")
    form = f"/incidents/{incident.number}/runbook/step/{step.step}/assign/"
    assert alice_client.post(form, {"person": str(bob.person_id)}).status_code == 302
    step.refresh_from_db()
    assert (step.person_id, step.state) == (bob.person_id, "waiting")  # it stays where it is
    assert "Bob" in alice_client.get(f"/incidents/{incident.number}/panels/next-step/").content.decode()
    told = Event.objects.get(name="runbooks.step_assigned@1")
    assert told.actor == alice.key
    mine = {"headers": {"Authorization": f"Bearer {token_of(bob)}"}, "content_type": "application/json"}
    url = f"/api/v1/incidents/{incident.number}/steps/{step.step}"
    answer = client.post(url, {"person": str(alice.person_id)}, **mine)
    assert answer.status_code == 200, answer.content
    step.refresh_from_db()
    assert step.person_id == alice.person_id


def test_C1_nobody_who_has_left_is_given_a_step(incident: Incident, alice: Actor, bob: Actor, root: Actor) -> None:
    assert bob.person_id
    deactivate_person(root, person=bob.person_id, reason="left")
    step = StepRun.objects.filter(run__incident=incident).first()
    assert step
    with pytest.raises(NotFound):
        actions.assign_step(alice, incident=incident.id, step=step.step, person=bob.person_id)
    with pytest.raises(NotFound):
        actions.assign_step(alice, incident=incident.id, step="no-such-step", person=alice.person_id)  # type: ignore[arg-type]
