"""The incident's channel: named by rule, everyone relevant in it, in order, restricted ones private (D1, B6)."""

from datetime import timedelta
from typing import Any

import pytest

from bongsu.comms.models import Message
from bongsu.events.models import Event
from bongsu.events.queries import fact_of
from bongsu.incidents import actions as incidents
from bongsu.incidents.models import Duty
from bongsu.integrations.models import Call
from bongsu.kernel.actors import Actor
from bongsu.kernel.errors import Forbidden, NotFound, Refused
from bongsu.people.actions import set_post_holder
from bongsu.updates import reactions
from bongsu.updates.actions import channels
from bongsu.updates.models import ChannelPost, IncidentChannel, Invitation, StandingChannel

from .conftest import START

pytestmark = pytest.mark.django_db


def said(slack: Any, name: str) -> list[str]:
    return [m["text"] for m in slack.messages.get(slack.channel_named(name)["id"], [])]


def test_a_declaration_opens_the_channel_and_says_it_in_the_exact_form(alice: Actor, slack: Any, opened: Any, drain: Any) -> None:
    incident = opened(alice, affected_scope="대출 심사")
    drain()
    row = IncidentChannel.objects.get(incident=incident)
    assert (row.name, row.state, row.is_private) == ("incident-inc-2026-001", "open", False)
    assert said(slack, "incident-inc-2026-001") == [
        "[P1] 인시던트: 여신 모델 성능 급락\n"
        "발생 시각: 2026-03-02 12:00 KST\n"
        "영향 범위: 확인 중, 대출 심사, 확인 중\n"
        "현재 상태: 선언됨\n"
        "담당자: Alice\n"
        "상태 페이지: —\n"
    ]
    assert "INC-2026-001 · P1 · 선언됨\n시간: 2026-03-02 12:00 KST\n다음 업데이트: 13:00\n" in said(slack, "incident-status")[0]
    assert "여신" not in said(slack, "incident-status")[0]
    duty = Duty.objects.get(incident=incident, key="channel.opened")
    assert duty.met_at
    assert duty.title == {"ko": "인시던트 채널(Slack/Teams) 개설", "en": "Incident channel (Slack/Teams) opened"}


def test_everyone_relevant_is_invited_and_later_roles_too(
    alice: Actor, bob: Actor, lena: Actor, root: Actor, slack: Any, opened: Any, drain: Any, make_person: Any
) -> None:
    board = make_person("board-lead", "responder")
    users = {actor.person_id: slack.add_person(f"{name}@example.org") for actor, name in (
        (alice, "alice"), (bob, "bob"), (board, "board-lead"))}  # fmt: skip
    incident = opened(alice)
    set_post_holder(root, post="governance_board", person=board.person_id)
    drain()
    members = slack.channel_named("incident-inc-2026-001")["members"]
    assert users[alice.person_id] in members
    assert users[board.person_id] in members
    assert users[bob.person_id] not in members
    assert users[alice.person_id] in slack.channel_named("incident-command")["members"]
    incidents.assign_role(alice, incident=incident.id, role="technical_lead", person=bob.person_id)
    incidents.assign_role(alice, incident=incident.id, role="legal", person=lena.person_id)
    drain()
    assert users[bob.person_id] in slack.channel_named("incident-inc-2026-001")["members"]
    assert Invitation.objects.get(person=lena.person_id).state == "unknown"  # Slack does not know her; the page says so
    assert Invitation.objects.get(person=bob.person_id).state == "invited"


def test_a_taken_name_gets_a_number(alice: Actor, slack: Any, opened: Any, drain: Any) -> None:
    slack.do_conversations_create({"name": "incident-inc-2026-001"})
    incident = opened(alice)
    drain()
    row = IncidentChannel.objects.get(incident=incident)
    assert (row.asked_name, row.name) == ("incident-inc-2026-001", "incident-inc-2026-001-2")
    assert len(slack.messages[row.address]) == 1


def test_a_restricted_incident_gets_a_private_channel_that_names_only_the_id(
    alice: Actor, slack: Any, opened: Any, drain: Any
) -> None:
    opened(alice, restriction="개인정보가 걸려 있음")
    drain()
    channel = slack.channel_named("incident-inc-2026-001")
    assert channel["is_private"]
    assert channel["topic"]["value"] == "INC-2026-001"
    assert "여신 모델" in slack.messages[channel["id"]][0]["text"]  # its readers are the members
    assert not slack.messages.get(slack.channel_named("incident-status")["id"])
    assert not any("여신" in str(c.payload) for c in Call.objects.filter(operation__in=["open_channel", "set_topic"]))


def test_an_incident_that_is_restricted_later_goes_on_in_a_private_channel(
    alice: Actor, slack: Any, opened: Any, drain: Any
) -> None:
    incident = opened(alice)
    drain()
    incidents.restrict_incident(alice, incident=incident.id, reason="개인정보가 발견됨")
    drain()
    private = IncidentChannel.objects.get(incident=incident, is_private=True)
    public = IncidentChannel.objects.get(incident=incident, is_private=False)
    before = len(slack.messages[public.address])
    incidents.move_state(alice, incident=incident.id, state="investigating")
    drain()
    assert private.name == "incident-inc-2026-001-2"
    assert len(slack.messages[public.address]) == before
    assert "조사 중" in slack.messages[private.address][-1]["text"]


def test_without_a_chat_service_the_duty_says_so_and_is_met_by_hand(alice: Actor, opened: Any, drain: Any) -> None:
    incident = opened(alice)
    drain()
    duty = Duty.objects.get(incident=incident, key="channel.opened")
    assert duty.is_open
    assert "no chat service is connected" in duty.title["en"]
    assert "연결된 채팅 서비스가 없" in duty.title["ko"]
    with pytest.raises(Refused):
        channels.open_channel(alice, incident=incident.id)
    incidents.meet_by_hand(alice, incident=incident.id, key="channel.opened", proof="Teams: 사고 대응방")
    duty.refresh_from_db()
    assert duty.met_at


def test_an_hour_without_slack_is_caught_up_in_order_and_delays_no_page(
    alice: Actor, root: Actor, slack: Any, pagerduty: Any, opened: Any, drain: Any, make_person: Any, console: Any
) -> None:
    from bongsu.people.actions.persons import add_contact_way

    lead = make_person("lead", "responder")
    add_contact_way(console, person=lead.person_id, channel="pager", address="default")
    port = slack.server.server_address[1]
    slack.stop()
    incident = opened(alice)
    set_post_holder(root, post="product_lead", person=lead.person_id)
    drain()
    pages = Message.objects.filter(person=lead.person_id, purpose="escalation", sendings__way="pager", sendings__state="sent")
    assert pages.get().sent_at == START
    incidents.move_state(alice, incident=incident.id, state="investigating")
    drain(until=START + timedelta(minutes=40))
    incidents.move_state(alice, incident=incident.id, state="mitigating")
    drain(until=START + timedelta(hours=1))
    assert not slack.messages
    assert IncidentChannel.objects.get().state == "asked"
    slack.start(port)
    drain(until=START + timedelta(hours=1, minutes=30))
    texts = [m["text"] for m in slack.messages[IncidentChannel.objects.get().address]]
    order = ["현재 상태: 선언됨", "P1 · 조사 중", "P1 · 완화 중"]
    found = [next(i for i, text in enumerate(texts) if mark in text) for mark in order]
    assert found == sorted(found)
    assert Duty.objects.get(incident=incident, key="channel.opened").met_at


def test_a_drill_does_everything_but_leave_the_house(alice: Actor, slack: Any, opened: Any, drain: Any) -> None:
    incident = opened(alice, is_drill=True)
    drain()
    assert not slack.channels
    assert Duty.objects.get(incident=incident, key="channel.opened").proof == "#incident-drl-2026-001"
    assert Message.objects.get(purpose="channel").state == "held"
    assert not StandingChannel.objects.exists()


def test_reactions_that_run_twice_open_and_say_once(alice: Actor, slack: Any, opened: Any, drain: Any) -> None:
    incident = opened(alice)
    drain()
    for name, run in (("incidents.opened@1", reactions.incident_opened), ("integrations.call_done@1", reactions.call_done)):
        for event in Event.objects.filter(name=name):
            run(event, fact_of(event))
    drain()
    assert IncidentChannel.objects.count() == 1
    assert len(said(slack, "incident-inc-2026-001")) == 1
    assert ChannelPost.objects.filter(incident=incident).count() == 2
    assert Event.objects.filter(name="updates.channel_opened@1").count() == 1


def test_an_administrator_says_where_the_standing_channels_are(
    alice: Actor, root: Actor, slack: Any, opened: Any, drain: Any
) -> None:
    ours = slack.do_conversations_create({"name": "ai-status"})["channel"]["id"]
    with pytest.raises(Forbidden):
        channels.set_standing_channel(alice, connection=slack.connection.id, key="incident-status", address=ours)
    channels.set_standing_channel(root, connection=slack.connection.id, key="incident-status", address=ours)
    channels.set_standing_channel(root, connection=slack.connection.id, key="incident-command", address="")
    opened(alice)
    drain()
    assert len(slack.messages[ours]) == 1
    assert slack.channel_named("incident-status") is None
    assert slack.channel_named("incident-command") is None


def test_a_stranger_does_not_learn_of_a_channel(charlie: Actor, alice: Actor, opened: Any) -> None:
    incident = opened(alice)
    with pytest.raises(NotFound):
        channels.open_channel(charlie, incident=incident.id)
