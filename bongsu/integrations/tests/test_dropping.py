"""What nobody wants any more never leaves the house: not by a release, a second try, or a worker that takes over (C7, B6)."""

from datetime import UTC, datetime, timedelta

import pytest

from bongsu.events.actions import open_subject, restrict
from bongsu.events.models import Event
from bongsu.events.queries import fact_of
from bongsu.integrations import actions, gate
from bongsu.integrations.models import Call
from bongsu.integrations.rules import ENDED, LEASE, RESTRICTED
from bongsu.kernel import clock
from bongsu.kernel.actors import system
from bongsu.kernel.errors import Conflict, TransportError
from tests.fakes.serving import Told

pytestmark = pytest.mark.django_db
START = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
HOUSE = system("tests")
ABOUT = "incident:1"


@pytest.fixture(autouse=True)
def record(db):
    with clock.simulated(START):
        yield open_subject(HOUSE, subject=ABOUT)


@pytest.fixture
def post(slack, slack_connection):
    slack.channels["C1"] = {"id": "C1", "name": "ops", "is_private": False, "members": ["UBOT"], "is_archived": False}

    def ask(key, **more):
        return actions.call(
            HOUSE, connection=slack_connection, operation="post", payload={"channel": "C1", "text": key}, subject=ABOUT,
            target="C1", idempotency_key=key, **more,
        )  # fmt: skip

    return ask


def drop(*keys):
    return actions.drop_calls(HOUSE, subject=ABOUT, keys=keys, reason=ENDED)


def words(slack):
    return [m["text"] for m in slack.messages.get("C1", [])]


def dropped():
    return [fact_of(e) for e in Event.objects.filter(name="integrations.call_dropped@1").order_by("seq")]


def test_a_waiting_call_is_withdrawn_with_a_fact_and_those_behind_it_go_on(slack, post, drain):
    call = post("a")
    post("b")
    assert drop("a", "unknown") == 1
    assert drop("a") == 0
    drain()
    call.refresh_from_db()
    assert (call.state, call.dropped_because, call.ended_at) == ("dropped", ENDED, START)
    assert words(slack) == ["b"]
    assert [(f.key, f.reason, f.may_have_been_sent) for f in dropped()] == [("a", ENDED, False)]


def test_the_key_of_another_record_withdraws_nothing(slack, post, drain):
    post("a")
    open_subject(HOUSE, subject="incident:2")
    assert actions.drop_calls(HOUSE, subject="incident:2", keys=["a"], reason=ENDED) == 0
    drain()
    assert words(slack) == ["a"]


def test_a_held_call_that_was_withdrawn_is_neither_released_nor_tried_again(slack, post, root, drain):
    actions.hold_everything(root, reason="restored")
    call, other = post("a"), post("b")
    drain()
    assert drop("a") == 1
    actions.release_everything(root, is_letting_go=True)
    drain()
    call.refresh_from_db()
    other.refresh_from_db()
    assert (call.state, other.state, words(slack)) == ("dropped", "done", ["b"])
    with pytest.raises(Conflict):
        actions.retry_call(root, call=call.id)


def test_a_dead_letter_that_was_withdrawn_is_not_tried_again(slack, post, root, drain):
    slack.channels.clear()
    call = post("a")
    drain()
    assert Call.objects.get().state == "failed"
    assert drop("a") == 1
    with pytest.raises(Conflict):
        actions.retry_call(root, call=call.id)


def test_what_is_under_way_may_arrive_but_is_never_sent_again(slack, slack_connection, post, drain):
    call = post("a")
    claimed = actions.claim_call(gate.GATE, connection=slack_connection.id, lane="outside")
    assert drop("a") == 0
    actions.fail_call(gate.GATE, call=claimed, error=TransportError("no answer"))
    drain(until=START + timedelta(hours=1))
    call.refresh_from_db()
    assert (call.state, words(slack)) == ("dropped", [])
    assert dropped()[0].may_have_been_sent


def test_what_arrived_although_it_was_withdrawn_is_done(slack, slack_connection, post, drain):
    call = post("a")
    claimed = actions.claim_call(gate.GATE, connection=slack_connection.id, lane="outside")
    drop("a")
    gate.carry_out(claimed)
    call.refresh_from_db()
    assert (call.state, words(slack), dropped()) == ("done", ["a"], [])


def test_a_worker_that_takes_over_does_not_send_what_was_withdrawn(slack, slack_connection, post, drain):
    call = post("a")
    actions.claim_call(gate.GATE, connection=slack_connection.id, lane="outside")
    drop("a")
    drain(until=START + LEASE + timedelta(seconds=1))
    call.refresh_from_db()
    assert (call.state, words(slack)) == ("dropped", [])
    assert dropped()[0].may_have_been_sent


def test_of_a_record_that_is_restricted_nothing_more_is_said_in_public(slack, post, root, drain):
    slack.trouble = [Told({}, 500)]
    said, own = post("title", is_public=True), post("number")
    drain()
    restrict(HOUSE, subject=ABOUT, readers=[], reason="personal data")
    drain(until=START + timedelta(hours=1))
    said.refresh_from_db()
    own.refresh_from_db()
    assert (said.state, said.dropped_because, own.state, words(slack)) == ("dropped", RESTRICTED, "done", ["number"])


def test_the_gate_itself_looks_whether_the_record_was_restricted(slack, slack_connection, post):
    post("title", is_public=True)
    restrict(HOUSE, subject=ABOUT, readers=[], reason="personal data")  # its reaction has not run yet
    taken = actions.claim_call(gate.GATE, connection=slack_connection.id, lane="outside")
    assert (taken.state, slack.log) == ("dropped", [])
