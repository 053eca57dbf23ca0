"""Pages, API and CLI of updates: what is shown to whom, what is refused how (D2, D6, M6)."""

import json
from typing import Any

import pytest
from django.test import Client

from bongsu.comms.models import Message
from bongsu.incidents import actions as incidents
from bongsu.kernel.actors import Actor
from bongsu.people.models import Person
from bongsu.updates.actions.updating import send_update
from bongsu.updates.models import Notice, StandingChannel, StatusUpdate
from bongsu.updates.rules import Item

from .test_notices import VALUES

pytestmark = pytest.mark.django_db


def html(answer: Any) -> str:
    return answer.content.decode()


def test_the_form_begins_with_what_is_under_way_and_shows_the_text_live(
    alice: Actor, alice_client: Client, opened: Any, drain: Any
) -> None:
    incident = opened(alice)
    send_update(alice, incident=incident.id, items=[Item("done", "원인 파악"), Item("waiting", "지표 확인")])
    page = html(alice_client.get(f"/incidents/{incident.number}/updates/new/"))
    assert 'value="지표 확인"' in page
    assert 'value="원인 파악"' not in page
    posted = {"state": ["done", "in_progress"], "text": ["필터 적용", "<b>확인</b>"]}
    preview = html(alice_client.post(f"/incidents/{incident.number}/updates/preview/", posted))
    assert 'aria-label="✅"' in preview or "<title>✅</title>" in preview
    assert "진행 중: &lt;b&gt;확인&lt;/b&gt;" in preview
    assert StatusUpdate.objects.count() == 1
    assert alice_client.post(f"/incidents/{incident.number}/updates/new/", posted).status_code == 302
    assert StatusUpdate.objects.first().number == 2


def test_an_empty_update_keeps_the_form_and_says_why(alice: Actor, alice_client: Client, opened: Any) -> None:
    incident = opened(alice)
    answer = alice_client.post(f"/incidents/{incident.number}/updates/new/", {"state": ["done"], "text": [""]})
    assert answer.status_code == 422
    assert "If nothing has changed" in html(answer)


def test_the_cockpit_shows_the_last_update_and_what_is_due(alice: Actor, alice_client: Client, opened: Any, drain: Any) -> None:
    incident = opened(alice)
    drain()
    send_update(alice, incident=incident.id, items=[Item("in_progress", "문제 데이터 필터링 적용")])
    page = html(alice_client.get(f"/incidents/{incident.number}/panels/updates/"))
    assert "문제 데이터 필터링 적용" in page
    assert "Next update" in page
    assert f"/incidents/{incident.number}/updates/new/" in page


def test_the_page_of_what_was_said_lists_texts_receipts_and_channel(
    alice: Actor, bob: Actor, alice_client: Client, slack: Any, opened: Any, drain: Any
) -> None:
    incident = opened(alice)
    incidents.assign_role(alice, incident=incident.id, role="technical_lead", person=bob.person_id)
    drain()
    send_update(alice, incident=incident.id, items=[Item("done", "원인 파악")])
    drain()
    page = html(alice_client.get(f"/incidents/{incident.number}/updates/"))
    assert "Status update #1" in page
    assert "#incident-inc-2026-001" in page
    assert "Bob" in page
    assert "the chat service does not know this address" in page


def test_an_auditor_reads_and_does_not_write(alice: Actor, ivy_client: Client, charlie_client: Client, opened: Any) -> None:
    incident = opened(alice)
    assert ivy_client.get(f"/incidents/{incident.number}/updates/").status_code == 200
    assert ivy_client.get(f"/incidents/{incident.number}/updates/new/").status_code == 403
    assert ivy_client.get(f"/incidents/{incident.number}/notices/new/").status_code == 403
    assert charlie_client.get(f"/incidents/{incident.number}/updates/").status_code in (403, 404)


def test_a_notice_is_written_beside_its_preview_with_addresses_from_a_file(
    alice: Actor, alice_client: Client, ivy_client: Client, opened: Any
) -> None:
    from django.core.files.uploadedfile import SimpleUploadedFile

    incident = opened(alice)
    at = f"/incidents/{incident.number}/notices/"
    assert "[What happened]" in html(alice_client.get(f"{at}new/"))
    assert "대출 심사 오류가" in html(alice_client.post(f"{at}preview/", {**VALUES, "language": "ko"}))
    file = SimpleUploadedFile("customers.csv", "이름,메일\n김철수,kim@example.org\n".encode("cp949"))
    answer = alice_client.post(f"{at}new/", {**VALUES, "language": "ko", "recipients": "lee@example.org", "file": file})
    notice = Notice.objects.get()
    assert answer.headers["Location"] == f"{at}{notice.id}/"
    assert list(notice.recipients.values_list("address", flat=True)) == ["kim@example.org", "lee@example.org"]
    assert "kim@example.org" in html(alice_client.get(f"{at}{notice.id}/"))
    seen = html(ivy_client.get(f"{at}{notice.id}/"))
    assert "대출 심사 오류" in seen
    assert "kim@example.org" not in seen
    wrong = alice_client.post(f"{at}new/", {**VALUES, "language": "ko", "recipients": "nobody@"})
    assert wrong.status_code == 422
    assert "nobody@" in html(wrong)


def test_an_administrator_sets_standing_channels_on_their_page(root_client: Client, alice_client: Client, slack: Any) -> None:
    assert alice_client.get("/channels/").status_code == 403
    assert "incident-status" in html(root_client.get("/channels/"))
    root_client.post("/channels/", {"connection": slack.connection.id, "key": "incident-status", "address": "C123"})
    row = StandingChannel.objects.get()
    assert (row.address, row.state) == ("C123", "open")


def test_machines_send_updates_and_read_them(alice: Actor, ivy: Actor, token_of: Any, opened: Any, client: Client) -> None:
    incident = opened(alice)
    at = f"/api/v1/incidents/{incident.number}"
    own, auditor = ({"HTTP_AUTHORIZATION": f"Bearer {token_of(one)}"} for one in (alice, ivy))
    body = json.dumps({"items": [{"state": "done", "text": "원인 파악"}, {"text": "필터 적용"}]})
    made = client.post(f"{at}/updates", body, content_type="application/json", **own)
    assert (made.status_code, made.json()["number"]) == (201, 1)
    assert "- ✅ 원인 파악" in made.json()["text_ko"]
    assert client.post(f"{at}/updates", body, content_type="application/json", **auditor).status_code == 403
    assert client.post(f"{at}/updates", '{"items": []}', content_type="application/json", **own).status_code == 422
    following = client.get(f"{at}/updates/next", **own).json()
    assert (following["number"], following["items"]) == (2, [{"state": "in_progress", "text": "필터 적용"}])
    assert [u["number"] for u in client.get(f"{at}/updates", **auditor).json()["items"]] == [1]
    assert client.get(f"{at}/updates/99", **own).status_code == 404
    assert client.get(f"{at}/channel", **own).status_code == 404
    assert client.post(f"{at}/channel", **own).status_code == 409


def test_machines_write_notices_and_only_senders_read_addresses(
    alice: Actor, ivy: Actor, token_of: Any, opened: Any, client: Client
) -> None:
    incident = opened(alice)
    at = f"/api/v1/incidents/{incident.number}/notices"
    own, auditor = ({"HTTP_AUTHORIZATION": f"Bearer {token_of(one)}"} for one in (alice, ivy))
    body = json.dumps({**VALUES, "language": "en", "recipients": ["kim@example.org"]})
    made = client.post(at, body, content_type="application/json", **own).json()
    assert made["title"] == "Temporary disruption of 봉수 대출"
    assert (made["state"], made["recipients"]) == ("waiting", 1)
    assert client.get(f"{at}/{made['id']}/recipients", **own).json()["items"][0]["address"] == "kim@example.org"
    assert client.get(f"{at}/{made['id']}/recipients", **auditor).status_code == 403
    assert "kim@example.org" not in client.get(at, **auditor).content.decode()


def test_pages_speak_korean(opened: Any, make_person: Any, signed_in: Any) -> None:
    kim = make_person("kim", "commander", language="ko")
    incident = opened(kim)
    page = html(signed_in(kim).get(f"/incidents/{incident.number}/updates/new/", headers={"accept-language": "ko"}))
    assert "진행 상황" in page
    assert "보낼 내용" in page


def test_a_restricted_incident_says_nothing_through_any_door(
    alice: Actor, bob: Actor, root: Actor, bob_client: Client, token_of: Any, opened: Any, drain: Any, client: Client
) -> None:
    from bongsu.people.actions import set_post_holder

    for post in ("governance_board", "product_lead"):
        set_post_holder(root, post=post, person=alice.person_id)
    incident = opened(alice, restriction="개인정보가 걸려 있음")
    drain()
    send_update(alice, incident=incident.id, items=[Item("done", "비밀스러운 일")])
    drain()
    token = {"HTTP_AUTHORIZATION": f"Bearer {token_of(bob)}"}
    for rest in ("updates/", "updates/new/", "notices/new/", "escalation/snooze/", "escalation/now/"):
        assert bob_client.get(f"/incidents/{incident.number}/{rest}").status_code == 404
    for rest in ("updates", "updates/next", "notices", "channel", "escalation"):
        assert client.get(f"/api/v1/incidents/{incident.number}/{rest}", **token).status_code == 404
    assert not Message.objects.filter(is_id_only=True, text__contains="비밀").exists()


def test_the_head_of_the_cockpit_leads_to_the_form(
    alice: Actor, alice_client: Client, ivy_client: Client, opened: Any, drain: Any
) -> None:
    incident = opened(alice)
    drain()
    link = f'<a class="button" href="/incidents/{incident.number}/updates/new/">'
    assert link in html(alice_client.get(f"/incidents/{incident.number}/"))
    assert link not in html(ivy_client.get(f"/incidents/{incident.number}/"))


def test_D2_the_form_says_who_gets_it_and_a_drill_says_that_nothing_leaves(
    alice: Actor, bob: Actor, alice_client: Client, slack: Any, opened: Any, drain: Any
) -> None:
    incident, drill = opened(alice), opened(alice, is_drill=True)
    incidents.assign_role(alice, incident=incident.id, role="technical_lead", person=bob.person_id)
    drain()
    page = html(alice_client.get(f"/incidents/{incident.number}/updates/new/"))
    named = page.split('data-confirm="')[1].split('"')[0]
    assert named.startswith("It goes to: Bob, #")
    assert "the status channel (the state only)" in named
    assert "data-stays" not in page
    page = html(alice_client.get(f"/incidents/{drill.number}/updates/new/"))
    assert "nothing leaves the house" in page.split('data-confirm="')[1].split('"')[0]
    assert "data-stays" in page


def test_D2_more_rows_come_without_sending_and_the_first_one_is_required(alice: Actor, alice_client: Client, opened: Any) -> None:
    incident = opened(alice)
    where = f"/incidents/{incident.number}/updates/new/"
    first = html(alice_client.get(where))
    assert (first.count('name="text"'), first.count(" required")) == (4, 1)
    posted = {"state": ["done"] * 4, "text": ["one", "two", "three", "four"], "more": "1"}
    more = alice_client.post(where, posted)
    assert more.status_code == 200
    assert html(more).count('name="text"') == 8
    assert 'value="four"' in html(more)
    assert StatusUpdate.objects.count() == 0
    long = alice_client.post(where, {"state": ["done"], "text": ["x" * 301]})
    assert long.status_code == 422
    assert "at most 300 characters" in html(long)


def test_E4_a_reader_in_another_zone_is_told_the_zone(
    alice: Actor, make_person: Any, signed_in: Any, opened: Any, drain: Any
) -> None:
    far = make_person("far", "responder")
    Person.objects.filter(pk=far.person_id).update(zone="Europe/Berlin")
    incident = opened(alice)
    drain()
    page = html(signed_in(far).get(f"/incidents/{incident.number}/panels/updates/"))
    assert "05:00 CET" in page  # 13:00 in Seoul
    assert "Times in the text are those of Asia/Seoul" in html(signed_in(far).get(f"/incidents/{incident.number}/updates/new/"))
