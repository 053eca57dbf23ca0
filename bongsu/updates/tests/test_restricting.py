"""An incident that is restricted says nothing more where anybody may read it, and loses nothing that had to be said (B6)."""

from datetime import timedelta
from typing import Any

import pytest

from bongsu.comms.models import Message
from bongsu.events.models import Event
from bongsu.events.queries import fact_of
from bongsu.events.work import source
from bongsu.incidents import actions as incidents
from bongsu.incidents.models import Duty, Incident
from bongsu.integrations import gate
from bongsu.integrations.actions import claim_call
from bongsu.integrations.models import Call, Connection
from bongsu.kernel import clock
from bongsu.kernel.actors import Actor
from bongsu.updates.models import ChannelPost, IncidentChannel, Invitation

pytestmark = pytest.mark.django_db
WHY = "개인정보가 발견됨"


def deliver() -> None:
    """What listeners do, and nothing that leaves the house."""
    while keys := source("deliveries").due(clock.now(), 100):
        for key in keys:
            source("deliveries").run(key)


def said(slack: Any, name: str) -> list[str]:
    channel = slack.channel_named(name)
    return [m["text"] for m in slack.messages.get(channel["id"], [])] if channel else []


def channel(incident: Incident, *, is_private: bool) -> IncidentChannel:
    return IncidentChannel.objects.get(incident=incident, is_private=is_private)


def stated(name: str) -> list[Any]:
    return [fact_of(e) for e in Event.objects.filter(name=f"{name}@1").order_by("position")]


def test_posts_that_waited_for_the_public_channel_are_said_in_the_private_one_instead(
    alice: Actor, slack: Any, opened: Any, drain: Any
) -> None:
    incident = opened(alice)
    drain()
    public = channel(incident, is_private=False)
    before = {name: len(rows) for name, rows in slack.messages.items()}
    Connection.objects.filter(pk=slack.connection.pk).update(paused_until_at=clock.now() + timedelta(minutes=5))
    incidents.move_state(alice, incident=incident.id, state="investigating")
    incidents.change_severity(alice, incident=incident.id, severity="P0", reason="고객 정보가 보임")
    drain()
    incidents.restrict_incident(alice, incident=incident.id, reason=WHY)
    drain(until=clock.now() + timedelta(minutes=10))
    private = channel(incident, is_private=True)
    assert {name: len(rows) for name, rows in slack.messages.items() if name in before} == before
    texts = [m["text"] for m in slack.messages[private.address]]
    assert "조사 중" in texts[0]
    assert "고객 정보가 보임" in texts[1]
    withdrawn = Message.objects.filter(state="dropped").order_by("created_at")
    assert [m.recipient.rpartition(":")[2] == public.address for m in withdrawn].count(True) == 2
    assert "조사 중" in withdrawn[0].text
    assert len(stated("comms.message_dropped")) == withdrawn.count() == 4  # and the two for the status channel
    assert not stated("comms.message_dropped")[0].may_have_been_sent


def test_over_the_public_channel_stands_only_the_number(alice: Actor, slack: Any, opened: Any, drain: Any) -> None:
    incident = opened(alice)
    drain()
    assert "여신" in slack.channel_named("incident-inc-2026-001")["topic"]["value"]
    incidents.change_severity(alice, incident=incident.id, severity="P0", reason="고객 정보가 보임")
    incidents.restrict_incident(alice, incident=incident.id, reason=WHY)
    drain()
    topic = slack.channel_named("incident-inc-2026-001")["topic"]
    assert topic["value"] == "INC-2026-001"


def test_a_public_channel_that_was_only_asked_for_is_never_opened(alice: Actor, slack: Any, opened: Any, drain: Any) -> None:
    incident = opened(alice)
    deliver()
    assert ChannelPost.objects.filter(incident=incident, place="status", sent_at=None).count() == 1
    incidents.restrict_incident(alice, incident=incident.id, reason=WHY)
    drain()
    public, private = channel(incident, is_private=False), channel(incident, is_private=True)
    assert (public.state, public.address, private.state) == ("dropped", "", "open")
    assert [c["name"] for c in slack.channels.values() if c["name"].startswith("incident-inc")] == [private.name]
    assert "여신 모델" in said(slack, private.name)[0]
    assert said(slack, "incident-status") == []
    assert [f.n for f in stated("updates.posts_dropped")] == [1]
    assert Duty.objects.get(incident=incident, key="channel.opened").proof == f"#{private.name}"


def test_a_public_channel_that_opens_after_all_is_left_at_once(alice: Actor, slack: Any, opened: Any, drain: Any) -> None:
    incident = opened(alice)
    deliver()
    Call.objects.exclude(idempotency_key__startswith="channel:").update(next_at=clock.now() + timedelta(minutes=1))
    under_way = claim_call(gate.GATE, connection=slack.connection.id, lane="outside")
    assert under_way is not None
    assert under_way.operation == "open_channel"
    incidents.restrict_incident(alice, incident=incident.id, reason=WHY)
    deliver()
    gate.carry_out(under_way)
    drain(until=clock.now() + timedelta(minutes=2))
    public, private = channel(incident, is_private=False), channel(incident, is_private=True)
    assert public.state == "open"
    assert slack.channels[public.address]["topic"]["value"] == "INC-2026-001"
    assert not slack.messages.get(public.address)
    assert not Invitation.objects.filter(channel=public).exists()
    assert "여신 모델" in slack.messages[private.address][0]["text"]
    assert Duty.objects.get(incident=incident, key="channel.opened").proof == f"#{private.name}"
