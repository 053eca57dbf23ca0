"""Seals leave the house by mail where the operator wants it (M1)."""

import json
from datetime import UTC, datetime, timedelta
from email import message_from_string, policy
from typing import Any

import pytest

from bongsu.events import sealing
from bongsu.events.models import Event, Seal, SealDelivery
from bongsu.events.queries import has_seal_left_behind
from bongsu.events.verification import verify
from bongsu.integrations.models import Call
from bongsu.kernel import clock
from bongsu.kernel.actors import Actor
from bongsu.people.actions import create_person

pytestmark = pytest.mark.django_db
BOXES = ["ledger@auditor.example", "seals@notary.example"]


@pytest.fixture(autouse=True)
def wanted(monkeypatch: pytest.MonkeyPatch, tmp_path: Any, db: None, console: Actor) -> Any:
    """An installed database, two mailboxes, a clock that stands."""
    monkeypatch.setenv("BONGSU_SEAL_MAILTO", f" {BOXES[0]}, {BOXES[1]},, {BOXES[0]}")
    monkeypatch.setenv("BONGSU_SEALS", str(tmp_path / "seals"))
    sealing.install(console, is_demo=False)
    with clock.simulated(datetime(2026, 3, 2, 1, 0, tzinfo=UTC)):
        yield


def line_of(mail: str) -> dict[str, Any]:
    text = message_from_string(mail, policy=policy.default).get_content()
    return dict(json.loads(next(line for line in text.splitlines() if line.startswith("{"))))


def test_each_seal_goes_to_each_mailbox_and_proves_the_ledger(console: Actor, mail: Any, inbox: Any, drain: Any) -> None:
    made = sealing.seal(console)
    assert made is not None
    drain()
    assert sorted(to for to, _content in inbox.mails) == BOXES
    kept = line_of(inbox.mails[0][1])
    assert kept == {"text": made.text, "hash": made.hash, "signature": made.signature}
    assert verify(outside=[kept]).is_whole
    places = sorted(SealDelivery.objects.values_list("place", flat=True))
    assert places == [f"mailto:{box}" for box in BOXES]
    assert Event.objects.filter(name="events.seal_delivered@1").count() == 2
    drain()
    assert len(inbox.mails) == 2


def test_carrying_a_seal_is_no_reason_for_another(console: Actor, mail: Any, drain: Any) -> None:
    for _each in range(2):  # the first mail also says that the connection works: that is news
        sealing.seal(console)
        drain()
    assert sealing.seal(console, is_wanted=False) is None
    create_person(console, email="x@example.org", name="X", language="en")
    assert sealing.seal(console, is_wanted=False) is not None
    drain()
    assert verify(outside=[]).is_whole


def test_a_seal_that_reaches_no_mailbox_is_an_alarm(console: Actor, root: Actor, inbox: Any, request: Any, drain: Any) -> None:
    sealing.seal(console)
    sealing.deliver_seals(console)
    drain()
    assert not has_seal_left_behind()
    clock.advance(timedelta(hours=3))
    assert has_seal_left_behind()  # there is no connection that mails
    request.getfixturevalue("mail")
    sealing.seal(console)
    sealing.deliver_seals(console)
    drain()
    clock.advance(timedelta(hours=3))
    assert not has_seal_left_behind()


def test_an_address_the_server_refuses_is_a_dead_letter_and_no_delivery(
    console: Actor, mail: Any, inbox: Any, drain: Any
) -> None:
    inbox.refused.add(BOXES[0])
    sealing.seal(console)
    drain()
    assert [row.payload["to"] for row in Call.objects.filter(state="failed")] == [BOXES[0]]
    assert list(SealDelivery.objects.values_list("place", flat=True)) == [f"mailto:{BOXES[1]}"]


def test_without_the_setting_nothing_is_mailed(
    console: Actor, mail: Any, inbox: Any, drain: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("BONGSU_SEAL_MAILTO")
    sealing.seal(console)
    drain()
    assert inbox.mails == []


def test_a_seal_too_large_for_a_mail_goes_as_hash_and_signature(
    console: Actor, mail: Any, inbox: Any, drain: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from bongsu.integrations.actions import sealing as mailing

    monkeypatch.setattr(mailing, "LARGEST", 10)
    sealing.seal(console)
    drain()
    made = Seal.objects.get()
    assert line_of(inbox.mails[0][1]) == {"number": made.number, "hash": made.hash, "signature": made.signature}
