"""What a review of the code found: rights on labels, one open incident per source, who may command."""

from typing import Any

import pytest

from bongsu.files import actions as files
from bongsu.incidents import actions
from bongsu.incidents.models import Incident
from bongsu.kernel.actors import Actor
from bongsu.kernel.errors import Forbidden, NotFound, Refused
from bongsu.people.actions import deactivate_person

pytestmark = pytest.mark.django_db


def opened(actor: Actor, **values: Any) -> Incident:
    given = {"title": "t", "type": "security", "subtype": "prompt_injection", "severity": "P1"}
    return actions.open_incident(actor, **{**given, **values})


def test_a_label_put_on_evidence_reaches_its_file_and_is_taken_off_only_by_whom_may(
    alice: Actor, bob: Actor, lena: Actor, root: Actor, default_pack: Any
) -> None:
    incident = opened(alice)
    stored = files.store(alice, subject=incident.subject_id, name="a.txt", content=b"bad words", media_type="text/plain")
    row = actions.add_evidence(alice, incident=incident.id, title="", file=stored)
    actions.label_evidence(bob, incident=incident.id, evidence=row.id, is_harmful=True, is_privileged=True)
    stored.refresh_from_db()
    assert set(stored.labels) == {"harmful", "privileged"}
    with pytest.raises(Forbidden):
        actions.label_evidence(root, incident=incident.id, evidence=row.id, is_harmful=False)
    with pytest.raises(Forbidden):
        actions.label_evidence(bob, incident=incident.id, evidence=row.id, is_privileged=False)
    actions.label_evidence(lena, incident=incident.id, evidence=row.id, is_privileged=False)
    stored.refresh_from_db()
    assert stored.labels == ["harmful"]


def test_an_incident_is_not_reopened_while_its_source_burns_in_another(alice: Actor, default_pack: Any) -> None:
    first = opened(alice, group_key="g")
    for state in ("investigating", "mitigating", "monitoring", "resolved"):
        actions.move_state(alice, incident=first.id, state=state, reason="step")
    opened(alice, group_key="g")
    with pytest.raises(Refused):
        actions.move_state(alice, incident=first.id, state="reopened", reason="again")


def test_nobody_who_has_left_is_made_commander(alice: Actor, bob: Actor, root: Actor, default_pack: Any) -> None:
    assert bob.person_id
    deactivate_person(root, person=bob.person_id, reason="left")
    with pytest.raises(NotFound):
        opened(alice, commander=bob.person_id)
