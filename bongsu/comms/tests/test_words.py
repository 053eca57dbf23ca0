"""What a timeline says of messages is said in words, not in keys (M6)."""

import pytest

from bongsu.comms.facts import MessageHeld
from bongsu.events.actions import action, open_subject, record
from bongsu.events.queries import timeline
from bongsu.kernel.actors import Actor, system
from bongsu.kernel.refs import ref, uuid7
from bongsu.ui.language import say


@action
def hold(actor: Actor, *, purpose: str) -> str:
    subject = open_subject(actor, subject=ref("thing", uuid7())).ref
    record(
        actor,
        MessageHeld(subject=subject, message="m", recipient="person:x", recipient_name="Kim", purpose=purpose, reason="drill"),
    )
    return subject


@pytest.mark.django_db
@pytest.mark.parametrize(("purpose", "ko"), [("escalation", "에스컬레이션 매트릭스"), ("something new", "something new")])
def test_a_purpose_is_said_in_the_readers_language_and_an_unknown_one_shows_its_key(purpose: str, ko: str) -> None:
    me = system("tests")
    entry = timeline(me, hold(me, purpose=purpose))[0]
    assert ko in say(entry.sentence, "ko")
    assert entry.data["purpose"] == purpose
