"""Status updates in the source's form, and the timer that asks for the next one (D2); what people are told (D1, D3)."""

from datetime import timedelta
from email import message_from_string, policy
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from bongsu.comms.models import Message
from bongsu.events.models import Event, Timer
from bongsu.events.queries import fact_of
from bongsu.incidents import actions as incidents
from bongsu.incidents.models import Incident
from bongsu.incidents.queries import deadlines
from bongsu.kernel.actors import Actor
from bongsu.kernel.errors import Forbidden, Invalid, Refused
from bongsu.people.actions import set_post_holder
from bongsu.updates import queries, reactions
from bongsu.updates.actions.updating import send_update
from bongsu.updates.models import StatusUpdate
from bongsu.updates.rules import Item, clock_time, read_addresses

from .conftest import START

pytestmark = pytest.mark.django_db
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
ITEMS = [
    Item("done", "근본 원인 파악 완료: 데이터 품질 저하"),
    Item("in_progress", "문제 데이터 필터링 적용"),
    Item("waiting", "모니터링 지표 확인"),
]


def shown(incident: Incident) -> list[tuple[str, Any]]:
    rows = Timer.objects.filter(subject=incident.subject_id, kind__startswith="updates.", done_at=None, is_shown=True)
    return [(t.label["message"].format(**t.label["values"]), t.due_at - START) for t in rows]


def lates() -> list[Any]:
    return [m.created_at - START for m in Message.objects.filter(template="update_late").order_by("created_at")]


def test_the_form_is_the_sources_in_both_languages(alice: Actor, bob: Actor, opened: Any, drain: Any) -> None:
    incident = opened(alice)
    incidents.assign_role(alice, incident=incident.id, role="technical_lead", person=bob.person_id)
    incidents.move_state(alice, incident=incident.id, state="mitigating")
    for _ in range(2):
        send_update(alice, incident=incident.id, items=[Item("waiting", "변화 없음")])
    sent = send_update(alice, incident=incident.id, items=ITEMS)
    assert sent.text_ko == (
        "[인시던트 INC-2026-001] 상태 업데이트 #3\n"
        "시간: 2026-03-02 12:00 KST\n"
        "현재 상태: 완화 중\n"
        "진행 상황:\n"
        "- ✅ 근본 원인 파악 완료: 데이터 품질 저하\n"
        "- 🔄 진행 중: 문제 데이터 필터링 적용\n"
        "- ⏳ 대기 중: 모니터링 지표 확인\n"
        "다음 업데이트: 13:00\n"
    )
    assert sent.text_en == (
        "[Incident INC-2026-001] Status update #3\n"
        "Time: 2026-03-02 12:00 KST\n"
        "State: Mitigating\n"
        "Progress:\n"
        "- ✅ 근본 원인 파악 완료: 데이터 품질 저하\n"
        "- 🔄 In progress: 문제 데이터 필터링 적용\n"
        "- ⏳ Waiting: 모니터링 지표 확인\n"
        "Next update: 13:00\n"
    )
    told = Message.objects.get(key=sent.message_key, person=bob.person_id)
    assert told.text.startswith(sent.text_en.rstrip("\n"))


def test_an_update_goes_to_channel_roles_and_the_state_to_the_broadcast(
    alice: Actor, bob: Actor, slack: Any, opened: Any, drain: Any
) -> None:
    incident = opened(alice)
    incidents.assign_role(alice, incident=incident.id, role="technical_lead", person=bob.person_id)
    drain()
    sent = send_update(alice, incident=incident.id, items=ITEMS)
    drain()
    channel = slack.messages[slack.channel_named("incident-inc-2026-001")["id"]]
    status = slack.messages[slack.channel_named("incident-status")["id"]]
    assert channel[-1]["text"] == sent.text_ko
    assert status[-1]["text"] == "INC-2026-001 · P1 · 선언됨\n시간: 2026-03-02 12:00 KST\n다음 업데이트: 13:00\n"
    assert list(Message.objects.filter(key=sent.message_key).values_list("name", flat=True)) == ["Bob"]


def test_done_items_are_not_carried_over(alice: Actor, opened: Any) -> None:
    incident = opened(alice)
    assert queries.first_items(incident) == []
    send_update(alice, incident=incident.id, items=ITEMS)
    assert queries.first_items(incident) == ITEMS[1:]
    assert queries.next_number(incident) == 2


def test_an_update_says_something_and_may_not_be_sent_by_anybody(alice: Actor, ivy: Actor, opened: Any) -> None:
    incident = opened(alice)
    for items in ([], [Item("done", "  ")], [Item("later", "x")], [Item("done", "x" * 301)], [Item("done", "x")] * 31):
        with pytest.raises(Invalid):
            send_update(alice, incident=incident.id, items=items)
    with pytest.raises(Forbidden):
        send_update(ivy, incident=incident.id, items=ITEMS)
    assert not StatusUpdate.objects.exists()
    send_update(alice, incident=incident.id, items=ITEMS)
    with pytest.raises(IntegrityError), transaction.atomic():
        StatusUpdate.objects.create(
            incident=incident, subject_id=incident.subject_id, number=1, state="declared", items=[], text_ko="", text_en=""
        )


def test_the_timer_is_shown_and_moves_with_every_update(alice: Actor, opened: Any, drain: Any) -> None:
    incident = opened(alice)
    drain(until=START + 30 * MINUTE)
    assert shown(incident) == [("Status update #1", HOUR)]
    send_update(alice, incident=incident.id, items=ITEMS)
    assert shown(incident) == [("Status update #2", HOUR + 30 * MINUTE)]
    drain(until=START + HOUR + 20 * MINUTE)
    assert lates() == []


def test_a_late_update_reminds_the_ic_every_quarter_of_an_hour_until_it_comes(
    alice: Actor, bob: Actor, opened: Any, drain: Any
) -> None:
    incident = opened(alice)
    drain(until=START + HOUR + 31 * MINUTE)
    assert lates() == [HOUR, HOUR + 15 * MINUTE, HOUR + 30 * MINUTE]
    assert set(Message.objects.filter(template="update_late").values_list("person_id", flat=True)) == {alice.person_id}
    assert Event.objects.filter(name="updates.late@1").count() == 1
    send_update(alice, incident=incident.id, items=ITEMS)
    drain(until=START + 2 * HOUR)
    assert len(lates()) == 3


def test_hours_missed_while_the_house_was_down_are_said_once(alice: Actor, opened: Any, drain: Any) -> None:
    from bongsu.kernel import clock

    incident = opened(alice)
    drain()
    clock.advance(START + 5 * HOUR)
    drain()
    assert lates() == [5 * HOUR]
    assert "240 minutes" in Message.objects.get(template="update_late").text
    assert queries.due_at(incident) == START + HOUR


def test_resolving_stops_the_timer_and_reopening_begins_it_again(alice: Actor, opened: Any, drain: Any) -> None:
    incident = opened(alice)
    drain()
    incidents.move_state(alice, incident=incident.id, state="resolved", reason="되돌림")
    drain(until=START + 3 * HOUR)
    assert lates() == []
    assert shown(incident) == []
    last = send_update(alice, incident=incident.id, items=[Item("done", "복구 완료")])
    assert last.next_due_at is None
    assert "다음 업데이트: 없음 (대응 완료)" in last.text_ko
    incidents.move_state(alice, incident=incident.id, state="reopened", reason="재발")
    drain()
    assert shown(incident) == [("Status update #2", 4 * HOUR)]


def test_another_severity_computes_the_timer_again_with_a_line(
    alice: Actor, root: Actor, opened: Any, drain: Any, tmp_path: Any
) -> None:
    _activate_faster_pack(root, tmp_path)
    incident = opened(alice)
    drain(until=START + 10 * MINUTE)
    incidents.change_severity(alice, incident=incident.id, severity="P0", reason="개인정보")
    drain()
    assert shown(incident) == [("Status update #1", 30 * MINUTE)]
    line = Event.objects.get(name="updates.due_moved@1")
    assert "04:00" in line.text
    assert "03:30" in line.text
    drain(until=START + 31 * MINUTE)
    assert lates() == [30 * MINUTE]


def _activate_faster_pack(root: Actor, folder: Any) -> None:
    import shutil

    from bongsu.packs.actions import activate_pack, import_pack
    from bongsu.packs.queries import LIBRARY

    shutil.copytree(LIBRARY / "bongsu-default", folder / "faster")
    for name, old, new in (
        ("pack.yaml", "id: bongsu-default", "id: faster"),
        ("taxonomy.yaml", "[ciso, legal, ceo]\n    update_every: 1h", "[ciso, legal, ceo]\n    update_every: 30m"),
    ):
        path = folder / "faster" / name
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new), encoding="utf-8")
    activate_pack(root, version_id=import_pack(root, folder=folder / "faster").id)


def test_reactions_that_run_twice_tell_once(alice: Actor, bob: Actor, opened: Any, drain: Any) -> None:
    incident = opened(alice)
    incidents.assign_role(alice, incident=incident.id, role="technical_lead", person=bob.person_id)
    incidents.change_severity(alice, incident=incident.id, severity="P0", reason="넓어짐")
    incidents.move_state(alice, incident=incident.id, state="investigating")
    drain()
    before = sorted(Message.objects.values_list("key", "recipient"))
    runs = {
        "incidents.role_assigned@1": reactions.role_assigned,
        "incidents.severity_changed@1": reactions.severity_changed,
        "incidents.state_moved@1": reactions.state_moved,
    }
    for name, run in runs.items():
        event = Event.objects.get(name=name)
        run(event, fact_of(event))
    drain()
    assert sorted(Message.objects.values_list("key", "recipient")) == before
    assert {bob.person_id, alice.person_id} == set(
        Message.objects.filter(template="severity_changed").values_list("person_id", flat=True)
    )


def test_who_is_offered_or_given_a_role_is_told(alice: Actor, bob: Actor, lena: Actor, opened: Any, drain: Any) -> None:
    incident = opened(alice)
    incidents.offer_command(alice, incident=incident.id, person=bob.person_id)
    incidents.assign_role(alice, incident=incident.id, role="legal", person=lena.person_id)
    drain()
    offer, given = Message.objects.get(template="role_offer"), Message.objects.get(template="role_assigned")
    assert (offer.person_id, given.person_id) == (bob.person_id, lena.person_id)
    assert "Alice offers you the role of" in offer.text
    assert "Assigned by Alice" in given.text


def test_the_ic_of_a_restricted_incident_hears_of_broken_glass(alice: Actor, root: Actor, opened: Any, drain: Any) -> None:
    for post in ("governance_board", "product_lead"):
        set_post_holder(root, post=post, person=alice.person_id)
    incident = opened(alice, restriction="개인정보가 걸려 있음")
    drain()
    incidents.break_glass(root, number=incident.number, reason="감사 요청에 따른 확인입니다")
    drain()
    glass = Message.objects.get(template="break_glass")
    assert glass.person_id == alice.person_id
    assert "감사 요청" in glass.text


def test_an_overdue_legal_duty_is_told_to_the_ic_and_to_legal(alice: Actor, lena: Actor, opened: Any, drain: Any) -> None:
    incident = opened(alice)
    incidents.assign_role(alice, incident=incident.id, role="legal", person=lena.person_id)
    incidents.enter_deadline(
        alice, incident=incident.id, title="개인정보위 신고", authority="PIPC", due_at=START + HOUR, zone="Asia/Seoul"
    )
    drain(until=START + HOUR)
    told = Message.objects.filter(template="duty_overdue")
    assert {m.person_id for m in told} == {alice.person_id, lena.person_id}
    assert all("개인정보위 신고" in m.text for m in told)


def test_what_could_not_be_opened_is_told_loudly_to_the_ic_once(
    alice: Actor, slack: Any, inbox: Any, opened: Any, drain: Any
) -> None:
    slack.token = "another"
    opened(alice)
    drain()
    told = Message.objects.filter(template="sending_failed")
    assert {m.person_id for m in told} == {alice.person_id}
    assert any("open_channel" in m.text and "invalid_auth" in m.text for m in told)
    mails = [message_from_string(raw, policy=policy.default) for to, raw in inbox.mails if to == "alice@example.org"]
    assert any("open_channel" in mail.get_content() for mail in mails)


def test_the_pager_follows_the_ic_and_the_end(
    alice: Actor, bob: Actor, root: Actor, pagerduty: Any, opened: Any, drain: Any, make_person: Any, console: Any
) -> None:
    from bongsu.people.actions.persons import add_contact_way

    lead = make_person("lead", "responder")
    add_contact_way(console, person=lead.person_id, channel="pager", address="default")
    set_post_holder(root, post="product_lead", person=lead.person_id)
    incident = opened(bob, commander=alice.person_id)
    drain()
    assert {one["state"] for one in pagerduty.alerts.values()} == {"triggered"}
    incidents.accept_command(alice, incident=incident.id)
    drain()
    assert {one["state"] for one in pagerduty.alerts.values()} == {"acknowledged"}
    assert Message.objects.get(person=lead.person_id, purpose="escalation").acknowledged_at is None
    incidents.move_state(alice, incident=incident.id, state="resolved", reason="끝")
    drain()
    assert {one["state"] for one in pagerduty.alerts.values()} == {"resolved"}


def test_a_closed_incident_gets_no_update(alice: Actor, opened: Any, drain: Any) -> None:
    incident = opened(alice)
    drain()
    incidents.move_state(alice, incident=incident.id, state="resolved", reason="끝")
    drain()
    incidents.move_state(alice, incident=incident.id, state="closed", reason="연습 없이 닫음")
    with pytest.raises(Refused):
        send_update(alice, incident=incident.id, items=ITEMS)


def test_a_moment_on_another_day_is_written_with_its_day() -> None:
    assert clock_time(START + HOUR, seen_from=START, zone="Asia/Seoul") == "13:00"
    assert clock_time(START + 12 * HOUR, seen_from=START, zone="Asia/Seoul") == "2026-03-03 00:00"


@pytest.mark.parametrize(
    ("text", "good", "bad"),
    [
        ("a@example.org, b@example.org;A@EXAMPLE.ORG", ["a@example.org", "b@example.org"], []),
        ("이름,메일\n김철수,<kim@example.co.kr>\n", ["kim@example.co.kr"], []),
        ("mailto:x@example.org broken@ @no", ["x@example.org"], ["broken@", "@no"]),
        ("no addresses", [], []),
    ],
)
def test_addresses_are_read_from_pasted_lines_and_csv(text: str, good: list[str], bad: list[str]) -> None:
    assert read_addresses(text) == (good, bad)


def test_D2_an_update_that_went_by_stays_on_the_clocks_from_its_own_moment_until_it_comes(
    alice: Actor, opened: Any, drain: Any
) -> None:
    def clocks() -> list[tuple[str, Any]]:
        return [(t.kind, t.due_at - START) for t in deadlines(alice, incident, limit=30) if t.kind.startswith("updates.")]

    incident = opened(alice)
    drain(until=START + HOUR + 20 * MINUTE)
    assert clocks() == [("updates.due", HOUR)]
    send_update(alice, incident=incident.id, items=ITEMS)
    assert clocks() == [("updates.due", 2 * HOUR + 20 * MINUTE)]


def test_D2_the_next_update_is_the_new_commanders_after_a_hand_over(alice: Actor, bob: Actor, opened: Any, drain: Any) -> None:
    incident = opened(alice)
    drain()
    before = Timer.objects.get(key=f"updates.due:{incident.id}")
    incidents.offer_command(alice, incident=incident.id, person=bob.person_id)
    incidents.accept_command(bob, incident=incident.id)
    drain()
    timer = Timer.objects.get(key=f"updates.due:{incident.id}")
    assert (before.owner_id, timer.owner_id) == (alice.person_id, bob.person_id)
    assert (timer.set_at, timer.due_at) == (before.set_at, before.due_at)
