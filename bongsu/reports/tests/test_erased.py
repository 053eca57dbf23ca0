"""What was erased from the ledger is gone from the cockpit's timeline and from the report, and says by whom and why (M1, E2)."""

from typing import Any

import pytest
from django.test import Client

from bongsu.documents.queries import rendered
from bongsu.events.actions import erase_personal
from bongsu.incidents import actions as incidents
from bongsu.kernel.actors import Actor
from bongsu.reports import actions

pytestmark = pytest.mark.django_db


def test_an_erased_note_is_a_mark_on_the_timeline_and_in_the_report(
    alice: Actor, lena: Actor, alice_client: Client, default_pack: Any, drain: Any
) -> None:
    incident = incidents.open_incident(alice, title="t", type="model", subtype="bias", severity="P3")
    event = incidents.add_note(alice, incident=incident.id, text="his name is Hong", kind="decision")
    part = f"/incidents/{incident.number}/part/timeline/"
    assert "Hong" in alice_client.get(part).content.decode()
    erase_personal(lena, event=event, field="text", reason="he asked")
    page = alice_client.get(part).content.decode()
    assert "Hong" not in page
    assert "▒▒▒ (erased on the record by Lena: he asked)" in page
    report = rendered(actions.draft(alice, incident=incident.id, language="en"), "md").decode()
    assert "Hong" not in report
    assert "▒▒▒ (erased on the record by Lena: he asked)" in report
    api = alice_client.get(f"/api/v1/incidents/{incident.number}/timeline").content.decode()
    assert "Hong" not in api
