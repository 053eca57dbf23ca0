"""How the timeline reads: in words of the reader, a flood in one line, nothing offered that would be refused (C3, M6)."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from bongsu.comms.facts import MessageHeld
from bongsu.events.actions import action, record
from bongsu.incidents import actions
from bongsu.incidents.models import Incident
from bongsu.incidents.views.timeline import SHOWN, entries
from bongsu.kernel.actors import Actor, system
from bongsu.kernel.clock import now, simulated
from bongsu.runbooks.facts import PhaseOver
from bongsu.ui.language import say

pytestmark = pytest.mark.django_db


@pytest.fixture
def incident(alice: Actor, default_pack: Any, drain: Any) -> Incident:
    found = actions.open_incident(alice, title="foreign orders", type="security", subtype="prompt_injection", severity="P1")
    drain()
    return found


@action
def hold_back(actor: Actor, incident: Incident, name: str, reason: str = "demo") -> None:
    record(actor, MessageHeld(
        subject=incident.subject_id, message=name, recipient=name, recipient_name=name, purpose="role", reason=reason
    ))  # fmt: skip


def lines(actor: Actor, incident: Incident, language: str = "en", **more: Any) -> list[str]:
    return [say(entry.text, language) for entry in entries(actor, incident, **more)[0]]


def test_alike_lines_of_one_moment_are_one_line_that_opens(alice: Actor, incident: Incident) -> None:
    hold_back(system("comms"), incident, "Kim")
    actions.add_note(alice, incident=incident.id, text="meanwhile")
    hold_back(system("comms"), incident, "Lee")
    hold_back(system("comms"), incident, "Park", reason="held")
    with simulated(now() + timedelta(minutes=30)):
        hold_back(system("comms"), incident, "Choi")
    found = entries(alice, incident)[0][:4]
    assert [len(entry.alike) for entry in found] == [0, 0, 2, 0]
    assert say(found[0].text, "en").startswith("The message to Choi did not leave the house: this is a demo")
    assert "everything is held back" in say(found[1].text, "en")
    assert say(found[2].text, "en") == "2 messages did not leave the house (Lee, Kim): this is a demo (role in the incident)."
    assert [say(one.text, "en").split(" did")[0] for one in found[2].alike] == ["The message to Lee", "The message to Kim"]


def test_what_two_languages_were_kept_for_is_said_in_the_reader_s(alice: Actor, incident: Incident) -> None:
    @action
    def over(actor: Actor) -> None:
        title = {"ko": "초기 대응", "en": "First response"}
        record(actor, PhaseOver(subject=incident.subject_id, run=incident.id, phase="initial", title=title, n=3))

    over(system("runbooks"))
    assert lines(alice, incident)[0] == "The time of the phase “First response” is over; steps still open: 3"
    assert "“초기 대응”" in lines(alice, incident, "ko")[0]


def test_no_key_and_no_open_particle_stands_on_the_timeline(alice: Actor, bob: Actor, incident: Incident, drain: Any) -> None:
    actions.assign_role(alice, incident=incident.id, role="technical_lead", person=bob.person_id)  # type: ignore[arg-type]
    actions.change_severity(alice, incident=incident.id, severity="P0", reason="personal data")
    actions.move_state(alice, incident=incident.id, state="investigating", reason="")
    drain()
    for language in ("ko", "en"):
        told = "\n".join(lines(alice, incident, language, is_all=True))
        for raw in ("P1-", "P0-", "executives", "technical_lead", "system:", "이(가)", "을(를)", "{"):
            assert raw not in told, told
    assert "봉수 님" not in told


def test_the_first_page_of_a_long_timeline_is_short_and_says_that_there_is_more(alice: Actor, incident: Incident) -> None:
    for n in range(SHOWN + 5):
        actions.add_note(alice, incident=incident.id, text=f"note {n}")
    found, has_more = entries(alice, incident)
    assert len(found) == SHOWN
    assert has_more
    every, has_more = entries(alice, incident, is_all=True)
    assert len(every) > SHOWN
    assert not has_more


def test_a_closed_incident_offers_nothing_that_would_change_it(
    alice: Actor, alice_client: Client, incident: Incident, drain: Any
) -> None:
    here = f"/incidents/{incident.number}/"
    changing = [f"{here}act/{name}/" for name in ("severity", "deadline", "offer", "role", "impact", "classification", "met")]
    changing += [f"{here}updates/new/"]
    before = alice_client.get(here).content.decode()
    assert [url for url in changing if url not in before] == []
    for state in ("investigating", "mitigating", "monitoring", "resolved", "closed"):
        actions.move_state(alice, incident=incident.id, state=state, reason="it is over")
        drain()
    after = alice_client.get(here).content.decode()
    assert [url for url in changing if url in after] == []
    assert "compose" in after
