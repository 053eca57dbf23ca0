"""Telling people: once, in their language, by the ways that reach them, and never more than they may know (D6, D8, B6)."""

import re
from datetime import UTC, datetime, timedelta
from email import message_from_string, policy

import pytest

from bongsu.approvals.actions import decide
from bongsu.approvals.models import Approval
from bongsu.comms import actions, queries, reactions
from bongsu.comms.models import Message
from bongsu.comms.rules import Place
from bongsu.events.actions import open_subject, restrict
from bongsu.events.models import Event
from bongsu.events.queries import fact_of, timeline
from bongsu.integrations.actions import hold_everything, release_everything
from bongsu.integrations.models import Call
from bongsu.kernel import clock
from bongsu.kernel.actors import system
from bongsu.kernel.errors import Invalid, NotFound
from bongsu.packs.actions import install_default
from bongsu.people.actions.persons import add_contact_way, order_contact_ways
from bongsu.people.models import Person
from bongsu.people.queries import ways_of
from bongsu.ui.language import say

pytestmark = pytest.mark.django_db
HOUSE = system("tests")
START = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
VALUES = {
    "incident_id": "INC-2026-001", "severity": "P1", "title": "여신 모델 성능 저하", "open_for": "1 h", "role": "CISO",
    "state": {"ko": "조사 중", "en": "investigating"}, "owner": "Alice", "link": "https://bongsu.example/incidents/INC-2026-001/",
}  # fmt: skip


@pytest.fixture(autouse=True)
def stopped_clock():
    with clock.simulated(START):
        yield


@pytest.fixture(autouse=True)
def pack(database):
    install_default(system("tests"))


@pytest.fixture
def incident():
    return open_subject(HOUSE, subject="incident:1")


def persons(*actors):
    return [Person.objects.get(pk=a.person_id) for a in actors]


def tell(subject, people, key="k", template="escalation", **more):
    given = {"subject": subject, "key": key, "template": template, "values": VALUES, "people": people, "purpose": "escalation"}
    return actions.send(HOUSE, **(given | more))


def way(console, actor, channel, address):
    add_contact_way(console, person=actor.person_id, channel=channel, address=address)


def slack_first(console, actor):
    ways = sorted(ways_of([actor.person_id])[actor.person_id], key=lambda w: w.channel != "slack")
    order_contact_ways(console, person=actor.person_id, order=[w.id for w in ways])


def read(raw):
    return message_from_string(raw, policy=policy.default)


def said(name):
    return [fact_of(e) for e in Event.objects.filter(name=f"comms.{name}@1")]


def test_each_is_told_in_their_language_and_what_was_sent_is_kept(incident, inbox, mail, make_person, drain):
    kim, bob = make_person("kim", "responder", language="ko"), make_person("bob", "responder")
    written = tell(incident, persons(kim, bob))
    assert inbox.mails == []
    drain()
    mails = {to: read(raw) for to, raw in inbox.mails}
    assert "미해결" in mails["kim@example.org"]["Subject"]
    assert "조사 중" in mails["kim@example.org"].get_content()
    assert "investigating" in mails["bob@example.org"].get_content()
    for message in written:
        message.refresh_from_db()
        mail_ = mails[message.person.email]
        kept, _gap, own = mail_.get_content().replace("\r\n", "\n").strip().rpartition("\n\n")
        assert (kept, "/read/" in own, "/read/" in kept) == (message.text.strip(), True, False)
        assert mail_["Subject"] == message.title
        assert (message.state, message.template, message.template_version) == ("sent", "escalation", 1)
        assert message.sendings.get().external_id == mail_["Message-ID"]
    assert {f.recipient_name for f in said("message_sent")} == {"Kim", "Bob"}


def test_the_same_key_tells_nobody_twice(incident, inbox, mail, bob, drain):
    first, again = tell(incident, persons(bob)), tell(incident, persons(bob))
    assert first == again
    drain()
    drain()
    assert len(inbox.mails) == 1


def test_urgent_goes_by_every_way_at_once(incident, inbox, mail, slack, pagerduty, console, bob, drain):
    slack_id = slack.add_person("bob@example.org")
    way(console, bob, "slack", slack_id)
    way(console, bob, "pager", "default")
    tell(incident, persons(bob), is_urgent=True)
    drain()
    assert len(inbox.mails) == 1
    assert "INC-2026-001" in slack.messages["D" + slack_id[1:]][0]["text"]
    assert [a["state"] for a in pagerduty.alerts.values()] == ["triggered"]
    assert len(said("message_sent")) == 1


def test_mail_is_the_last_resort_when_chat_refuses(incident, inbox, mail, slack, console, bob, drain):
    way(console, bob, "slack", "U-GONE")
    slack_first(console, bob)
    (message,) = tell(incident, persons(bob))
    drain()
    message.refresh_from_db()
    assert message.state == "sent"
    assert {(s.way, s.state) for s in message.sendings.all()} == {("slack", "failed"), ("email", "sent")}


def test_whom_nothing_reaches_is_said_loudly(incident, inbox, mail, bob, drain):
    inbox.refused.add("bob@example.org")
    (message,) = tell(incident, persons(bob))
    drain()
    message.refresh_from_db()
    assert message.state == "failed"
    assert "550" in said("message_failed")[0].why


def test_without_any_connection_the_failure_is_known_at_once(incident, bob):
    (message,) = tell(incident, persons(bob))
    message.refresh_from_db()
    assert message.state == "failed"


def test_of_a_restricted_record_others_learn_only_that_they_are_needed(inbox, mail, alice, bob, drain):
    subject = open_subject(HOUSE, subject="incident:2", restricted=True, readers=[alice.person_id])
    tell(subject, persons(alice, bob))
    drain()
    mails = {to: read(raw) for to, raw in inbox.mails}
    assert mails["alice@example.org"]["Subject"] == "INC-2026-001"
    assert VALUES["title"] in mails["alice@example.org"].get_content()
    told_bob = mails["bob@example.org"].as_string() + mails["bob@example.org"].get_content()
    assert "you are needed" in mails["bob@example.org"]["Subject"]
    assert VALUES["title"] not in told_bob
    with pytest.raises(NotFound):
        queries.message(bob, Message.objects.get(person=alice.person_id).id)


def test_a_public_channel_gets_only_the_id_of_a_restricted_record(slack, drain):
    subject = open_subject(HOUSE, subject="incident:2", restricted=True)
    for number, name in enumerate(("status", "private")):
        slack.channels[f"C{number}"] = {"id": f"C{number}", "name": name, "members": ["UBOT"], "is_archived": False}
        place = Place(str(slack.connection.id), f"C{number}", is_private=name == "private")
        tell(subject, (), key=name, channel=place)
    drain()
    assert VALUES["title"] not in slack.messages["C0"][0]["text"]
    assert VALUES["title"] in slack.messages["C1"][0]["text"]


def test_once_a_record_is_restricted_what_waits_for_others_than_its_readers_stays_in_the_house(
    incident, inbox, mail, alice, bob, lena, root, drain
):
    hold_everything(root, reason="restored")
    told = tell(incident, persons(alice, bob)) + tell(incident, persons(bob), key="needed", template="you_are_needed")
    asked = actions.send(
        alice, subject=incident, key="n", template="customer_notice", values=VALUES | NOTICE, people=persons(lena),
        purpose="notice",
    )  # fmt: skip
    drain()
    restrict(HOUSE, subject=incident.ref, readers=[alice.person_id], reason="personal data")
    drain()
    release_everything(root, is_letting_go=True)
    drain()
    assert [Message.objects.get(pk=m.pk).state for m in told + asked] == ["sent", "dropped", "sent", "dropped"]
    assert sorted(to for to, _raw in inbox.mails) == ["alice@example.org", "bob@example.org"]
    assert "you are needed" in read(dict(inbox.mails)["bob@example.org"])["Subject"]
    assert {f.reason for f in said("message_dropped")} == {"stranger"}


def test_a_way_that_failed_before_the_restriction_is_followed_by_no_other(incident, mail, slack, console, bob, drain):
    way(console, bob, "slack", "U-GONE")
    slack_first(console, bob)
    (message,) = tell(incident, persons(bob))
    (asked,) = Call.objects.filter(idempotency_key__startswith="message:")
    Call.objects.filter(pk=asked.pk).update(state="failed")
    restrict(HOUSE, subject=incident.ref, readers=[], reason="personal data")
    actions.leave_out_strangers(HOUSE, subject=incident.ref)
    actions.note_outcome(HOUSE, call=asked.id, state="failed", why="no such user")  # what waited behind the restriction
    drain()
    message.refresh_from_db()
    assert {(s.way, s.state) for s in message.sendings.all()} == {("slack", "dropped"), ("email", "later")}
    assert message.state == "dropped"
    assert Call.objects.filter(idempotency_key__startswith="message:").count() == 1


def test_a_drill_tells_nobody_outside_and_says_so(inbox, mail, bob, drain):
    (message,) = tell(open_subject(HOUSE, subject="drill:1", is_drill=True), persons(bob))
    drain()
    message.refresh_from_db()
    assert (message.state, inbox.mails) == ("held", [])
    assert said("message_held")[0].reason == "drill"


NOTICE = {
    "service": "여신 상담", "company": "한빛은행", "date": "2026-03-02", "clock_time": "10:00", "problem": "지연",
    "cause": "모델", "measures": "되돌림", "recovery": "11:00", "contact": "help@example.org", "time": "10:00",
}  # fmt: skip


@pytest.mark.parametrize("is_approved", [True, False])
def test_what_needs_approval_waits_for_somebody_else(incident, inbox, mail, alice, bob, lena, drain, is_approved):
    (message,) = actions.send(
        alice, subject=incident, key="n", template="customer_notice", values=VALUES | NOTICE, people=persons(bob),
        purpose="notice",
    )  # fmt: skip
    drain()
    message.refresh_from_db()
    assert (message.state, inbox.mails) == ("waiting", [])
    approval = Approval.objects.get()
    decide(lena, approval=approval.id, is_approved=is_approved, text_hash=approval.text_hash, reason="read")
    drain()
    message.refresh_from_db()
    assert message.state == ("sent" if is_approved else "cancelled")
    assert len(inbox.mails) == is_approved


def test_the_link_in_a_mail_acknowledges_by_a_press_not_by_a_look(incident, inbox, mail, bob, client, drain):
    (message,) = tell(incident, persons(bob))
    drain()
    link = re.search(r"http\S+/read/\S+", read(inbox.mails[0][1]).get_content())[0]
    path = "/" + link.split("/", 3)[3]
    assert client.get(path).status_code == 200
    message.refresh_from_db()
    assert message.acknowledged_at is None
    assert client.post(path).status_code == 200
    message.refresh_from_db()
    assert (message.acknowledged_at, message.acknowledged_via) == (START, "link")
    assert client.post(path[:-3] + "xx/").status_code == 404
    assert len(said("message_acknowledged")) == 1


def test_nobody_else_reads_the_link_that_acknowledges(incident, inbox, mail, slack, console, bob, alice, alice_client, drain):
    way(console, bob, "slack", slack.add_person("bob@example.org"))
    (message,) = tell(incident, persons(bob), is_urgent=True)
    drain()
    token = queries.acknowledge_token(message.id)
    posted = [m["text"] for place in slack.messages.values() for m in place]
    assert [f"/read/{token}/" in text for text in [*posted, read(inbox.mails[0][1]).get_content()]] == [True, True]
    seen = alice_client.get(f"/messages/{message.id}/")
    assert seen.status_code == 200
    pages = [seen, alice_client.get("/messages/"), alice_client.get(f"/api/v1/messages/{message.id}")]
    assert token not in queries.message(alice, message.id).text
    assert not any(token in page.content.decode() for page in pages)


def test_only_the_recipient_acknowledges_and_the_pager_is_told(incident, inbox, mail, pagerduty, console, alice, bob, drain):
    way(console, bob, "pager", "default")
    (message,) = tell(incident, persons(bob), is_urgent=True)
    drain()
    with pytest.raises(NotFound):
        actions.acknowledge(alice, message=message.id)
    actions.acknowledge(bob, message=message.id, via="api")
    actions.acknowledge(bob, message=message.id, via="api")
    drain()
    assert [a["state"] for a in pagerduty.alerts.values()] == ["acknowledged"]
    assert actions.resolve_pages(HOUSE, subject=incident.ref) == 1
    drain()
    assert [a["state"] for a in pagerduty.alerts.values()] == ["resolved"]


def test_an_outcome_that_is_told_twice_changes_nothing(incident, inbox, mail, bob, drain):
    tell(incident, persons(bob))
    drain()
    event = Event.objects.get(name="integrations.call_done@1")
    reactions.call_done(event, fact_of(event))
    assert len(said("message_sent")) == 1


def test_a_dead_letter_that_is_tried_again_makes_the_message_sent(incident, inbox, mail, root, bob, drain):
    from bongsu.integrations.actions import retry_call

    inbox.refused.add("bob@example.org")
    (message,) = tell(incident, persons(bob))
    drain()
    inbox.refused.clear()
    retry_call(root, call=message.sendings.get().call_id)
    drain(until=START + timedelta(seconds=5))
    message.refresh_from_db()
    assert message.state == "sent"


def test_values_that_are_missing_are_refused_and_nothing_is_written(incident, bob):
    with pytest.raises(Invalid):
        tell(incident, persons(bob), values={"incident_id": "INC-2026-001"})
    assert not Message.objects.exists()


def test_a_new_line_in_a_title_cannot_add_a_header(incident, inbox, mail, bob, drain):
    tell(incident, persons(bob), values=VALUES | {"title": "x\r\nBcc: evil@example.org"})
    drain()
    assert len(inbox.mails) == 1
    assert read(inbox.mails[0][1])["Bcc"] is None


# ---- what reached nobody ----------------------------------------------------------------------------------------------


def test_D3_an_urgent_message_that_reached_nobody_is_an_alarm_until_somebody_has_looked(
    incident, alice, bob, alice_client, bob_client, drain
):
    tell(incident, persons(bob), is_urgent=True)
    tell(incident, persons(bob), key="calm")
    page = alice_client.get("/messages/").content.decode()
    assert "Urgent messages reached nobody: Bob" in page
    assert "Urgent messages reached nobody" not in bob_client.get("/messages/").content.decode()
    assert bob_client.post("/messages/unreached/").status_code == 403
    page = alice_client.get("/messages/unreached/").content.decode()
    assert "I have looked at these" in page
    assert f"person:{bob.person_id}" not in page
    alice_client.post("/messages/unreached/")
    assert "Urgent messages reached nobody" not in alice_client.get("/messages/").content.decode()
    [seen] = said("unreached_seen")
    assert len(seen.messages) == 1


def test_D8_the_standing_check_knows_at_once_what_is_connected(mail, root):
    from bongsu.integrations.actions import switch_connection
    from bongsu.people.queries import grave_problems

    assert "unconnected" not in [p.kind for p in grave_problems()]
    switch_connection(root, connection=mail.id, is_enabled=False)
    assert grave_problems()[0].kind == "unconnected"


def test_D3_what_a_drill_wrote_to_nobody_is_no_alarm(alice, bob):
    drill = open_subject(HOUSE, subject="incident:9", is_drill=True)
    tell(drill, persons(bob), is_urgent=True)
    assert not queries.unreached(alice).exists()


def test_D3_machines_say_that_somebody_has_looked(incident, alice, bob, client, token_of):
    tell(incident, persons(bob), is_urgent=True)
    own = {"HTTP_AUTHORIZATION": f"Bearer {token_of(alice)}"}
    assert client.post("/api/v1/messages/unreached/seen", **own).json() == {"count": 1}
    [row] = client.get("/api/v1/messages?state=failed", **own).json()["items"]
    assert row["is_urgent"]
    assert row["seen_at"]


def test_M6_why_nobody_was_reached_is_said_in_the_readers_language(incident, bob):
    tell(incident, persons(bob))
    [line] = [e for e in timeline(HOUSE, incident.ref) if e.name.startswith("comms.message_failed")]
    assert "no connected way to reach this person" in say(line.sentence, "en")
    assert "이 사람에게 닿는 연결된 경로가 없음" in say(line.sentence, "ko")


def test_M6_an_approval_is_titled_in_the_languages_of_its_message(incident, make_person, bob):
    kim = make_person("kim", "responder", language="ko")
    tell(incident, persons(kim, bob), template="customer_notice", values={**VALUES, **NOTICE})
    title = Approval.objects.get().title
    assert all(row.title in title for row in Message.objects.all())
    assert len({row.title for row in Message.objects.all()}) == 2
