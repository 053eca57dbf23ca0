"""Customer notices: exact text, four eyes, one mail per address, receipts, personal data kept back (D6)."""

import re
from typing import Any

import pytest

from bongsu.approvals.actions import decide
from bongsu.approvals.models import Approval
from bongsu.comms.models import Message
from bongsu.events.models import Event
from bongsu.incidents.models import Incident
from bongsu.kernel.actors import Actor
from bongsu.kernel.errors import Forbidden, Invalid, Refused
from bongsu.updates import queries
from bongsu.updates.actions import noticing
from bongsu.updates.models import Notice

pytestmark = pytest.mark.django_db
VALUES = {
    "service": "봉수 대출",
    "company": "봉수은행",
    "date": "2026-03-02",
    "clock_time": "12:00",
    "problem": "대출 심사 오류",
    "cause": "원인은 데이터 품질 저하로 확인되었습니다.",
    "measures": "이전 모델로 되돌렸습니다.",
    "recovery": "",
    "contact": "help@example.org",
}
TEXT = (
    "안녕하세요, 봉수은행입니다.\n\n"
    "2026-03-02 12:00경 대출 심사 오류가 발생하여 일부 사용자에게 불편을 드렸습니다.\n\n"
    "원인은 데이터 품질 저하로 확인되었습니다.\n"
    "이전 모델로 되돌렸습니다.\n\n"
    "불편을 드려 죄송하며, 같은 일이 다시 일어나지 않도록 최선을 다하겠습니다.\n\n"
    "문의: help@example.org\n"
)


def written(actor: Actor, incident: Incident, recipients: Any = ("a@example.org", "b@example.org")) -> Notice:
    return noticing.write_notice(actor, incident=incident.id, language="ko", values=VALUES, recipients=recipients)


def approve(actor: Actor, notice: Notice, is_approved: bool = True) -> None:
    row = Approval.objects.get(about_ref=notice.ref)
    decide(actor, approval=row.id, is_approved=is_approved, text_hash=row.text_hash, reason="읽었습니다")


def test_nothing_goes_out_before_somebody_else_has_approved_the_exact_text(
    alice: Actor, lena: Actor, inbox: Any, opened: Any, drain: Any
) -> None:
    notice = written(alice, opened(alice))
    drain()
    assert (notice.title, notice.text) == ("봉수 대출 일시적 장애 안내", TEXT)
    customers = [to for to, _mail in inbox.mails if to in ("a@example.org", "b@example.org")]
    assert (notice.state, customers) == ("waiting", [])
    with pytest.raises(Refused):
        approve(alice, notice)
    approve(lena, notice)
    drain()
    notice.refresh_from_db()
    assert sorted(to for to, _mail in inbox.mails if to[:2] in ("a@", "b@")) == ["a@example.org", "b@example.org"]
    assert {r.state for r in notice.recipients.all()} == {"sent"}
    assert notice.delivered_at


def test_a_refused_notice_goes_nowhere(alice: Actor, lena: Actor, inbox: Any, opened: Any, drain: Any) -> None:
    notice = written(alice, opened(alice))
    approve(lena, notice, is_approved=False)
    drain()
    notice.refresh_from_db()
    assert (notice.state, notice.reason) == ("refused", "읽었습니다")
    assert not [to for to, _mail in inbox.mails if to == "a@example.org"]


def test_each_address_has_its_own_receipt_and_the_ic_hears_of_failures_once(
    alice: Actor, lena: Actor, inbox: Any, opened: Any, drain: Any
) -> None:
    inbox.refused = {"b@example.org", "c@example.org"}
    notice = written(alice, opened(alice), ["a@example.org", "b@example.org", "c@example.org"])
    approve(lena, notice)
    drain()
    assert list(notice.recipients.values_list("state", flat=True)) == ["sent", "failed", "failed"]
    told = Message.objects.get(template="sending_failed")
    assert "2" in told.text
    assert "b@example.org" not in told.text


def test_addresses_stay_out_of_the_ledger_and_are_shown_to_few(
    alice: Actor, ivy: Actor, lena: Actor, inbox: Any, opened: Any, drain: Any
) -> None:
    notice = written(alice, opened(alice))
    approve(lena, notice)
    drain()
    # As a word of its own: a mail's Message-ID may end in an a before the same domain.
    assert [e.text for e in Event.objects.all() if re.search(r"\ba@example\.org", e.text)] == []
    assert len(queries.recipients(alice, notice)) == 2
    with pytest.raises(Forbidden):
        queries.recipients(ivy, notice)


def test_without_a_mail_server_it_waits_and_is_sent_later(
    alice: Actor, lena: Actor, opened: Any, drain: Any, request: Any
) -> None:
    notice = written(alice, opened(alice))
    approve(lena, notice)
    drain()
    assert {r.state for r in notice.recipients.all()} == {"waiting"}
    inbox = request.getfixturevalue("inbox")
    assert noticing.send_waiting(alice, notice=notice.id) == 2
    assert noticing.send_waiting(alice, notice=notice.id) == 0
    drain()
    assert sorted(to for to, _mail in inbox.mails) == ["a@example.org", "b@example.org"]


def test_a_notice_without_recipients_is_a_text_for_the_status_page(
    alice: Actor, lena: Actor, inbox: Any, opened: Any, drain: Any
) -> None:
    notice = written(alice, opened(alice), [])
    approve(lena, notice)
    drain()
    notice.refresh_from_db()
    assert notice.state == "released"


def test_missing_words_and_broken_addresses_are_refused_by_field(alice: Actor, opened: Any) -> None:
    incident = opened(alice)
    with pytest.raises(Invalid) as caught:
        noticing.write_notice(alice, incident=incident.id, language="fr", values={"service": "x"}, recipients=["nobody"])
    assert {"company", "problem", "contact", "language", "recipients"} <= caught.value.fields.keys()
    assert not Notice.objects.exists()


def test_a_drill_holds_its_notice(alice: Actor, lena: Actor, inbox: Any, opened: Any, drain: Any) -> None:
    notice = written(alice, opened(alice, is_drill=True))
    approve(lena, notice)
    drain()
    assert {r.state for r in notice.recipients.all()} == {"held"}
    assert not inbox.mails
