"""Who can be given the command or a role, and what the page offers first (B1, E4)."""

import re
from typing import Any

import pytest
from django.test import Client

from bongsu.incidents import actions, queries
from bongsu.incidents.models import Incident
from bongsu.kernel.actors import Actor
from bongsu.kernel.errors import Invalid

pytestmark = pytest.mark.django_db


@pytest.fixture
def incident(alice: Actor, default_pack: None) -> Incident:
    return actions.open_incident(alice, title="foreign orders", type="security", subtype="prompt_injection", severity="P1")


def door(token: str) -> dict[str, Any]:
    return {"content_type": "application/json", "headers": {"Authorization": f"Bearer {token}"}}


def test_B1_the_command_and_roles_go_only_to_those_who_may_respond(
    incident: Incident, alice: Actor, bob: Actor, ivy: Actor, bora: Actor, charlie: Actor
) -> None:
    for somebody in (ivy, bora, charlie):
        with pytest.raises(Invalid) as refused:
            actions.offer_command(alice, incident=incident.id, person=somebody.person_id)  # type: ignore[arg-type]
        assert "no right to respond" in str(refused.value)
        with pytest.raises(Invalid):
            actions.assign_role(alice, incident=incident.id, role="technical_lead", person=somebody.person_id)  # type: ignore[arg-type]
        with pytest.raises(Invalid) as declared:
            actions.open_incident(
                alice, title="x", type="model", subtype="bias", severity="P3", commander=somebody.person_id,
            )  # fmt: skip
        assert set(declared.value.fields) == {"commander"}
    actions.offer_command(alice, incident=incident.id, person=bob.person_id)  # type: ignore[arg-type]


def test_B1_the_form_offers_only_them_without_the_present_commander_and_nobody_first(
    incident: Incident, alice: Actor, bob: Actor, lena: Actor, ivy: Actor, bora: Actor, charlie: Actor, alice_client: Client
) -> None:
    words = alice_client.get(f"/incidents/{incident.number}/act/offer/").content.decode()
    offered = re.findall(r'<option value="([^"]*)"', words.split('name="person"')[1])
    assert offered[0] == ""
    assert {str(bob.person_id), str(lena.person_id)} <= set(offered)
    assert not {str(one.person_id) for one in (alice, ivy, bora, charlie)} & set(offered)
    refused = alice_client.post(f"/incidents/{incident.number}/act/offer/", {"person": ""})
    assert refused.status_code == 422
    assert queries.open_offer(incident) is None


def test_B1_the_api_refuses_with_the_field(incident: Incident, alice: Actor, ivy: Actor, client: Client, token_of: Any) -> None:
    url = f"/api/v1/incidents/{incident.number}/command/offer"
    refused = client.post(url, {"person": str(ivy.person_id)}, **door(token_of(alice)))
    assert refused.status_code == 422
    assert "no right to respond" in refused.content.decode()


def test_E4_the_main_button_is_the_natural_next_state_and_recovery_only_once_measures_are_under_way(
    incident: Incident, alice: Actor, bob: Actor, bob_client: Client, alice_client: Client
) -> None:
    def main(client: Client) -> list[str]:
        words = client.get(f"/incidents/{incident.number}/").content.decode()
        head = words.split('id="incident-head"')[1].split("</header>")[0]
        return re.findall(r'class="button main"[^>]*>([^<]*)<', head) + re.findall(r'<button class="main">([^<]*)<', head)

    assert main(alice_client) == ["Start investigating…"]
    actions.move_state(alice, incident=incident.id, state="investigating")
    assert main(alice_client) == ["Start mitigating…"]
    actions.move_state(alice, incident=incident.id, state="mitigating")
    assert main(alice_client) == ["Call it resolved…"]
    assert main(bob_client) == []
    actions.offer_command(alice, incident=incident.id, person=bob.person_id)  # type: ignore[arg-type]
    assert main(bob_client) == ["Take the command"]
    actions.move_state(alice, incident=incident.id, state="resolved")
    assert main(alice_client) == ["Close…"]
