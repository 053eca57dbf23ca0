"""What leaves the house: once where it can be once, in order, held where it must be, and never silently lost (M3, B6)."""

from datetime import UTC, datetime, timedelta

import pytest

from bongsu.events.actions import open_subject
from bongsu.events.models import Event
from bongsu.events.sealing import install
from bongsu.integrations import actions, gate, queries
from bongsu.integrations.contract import Sent
from bongsu.integrations.models import Call, Connection
from bongsu.integrations.rules import ATTEMPTS, LEASE
from bongsu.kernel import clock
from bongsu.kernel.actors import system
from bongsu.kernel.errors import Conflict, Forbidden, Invalid, TransportError
from tests.fakes.serving import Told

pytestmark = pytest.mark.django_db
START = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
HOUSE = system("tests")


@pytest.fixture(autouse=True)
def stopped_clock():
    with clock.simulated(START):
        yield


@pytest.fixture
def record_of(db):
    def make(name="incident:1", is_drill=False):
        return open_subject(HOUSE, subject=name, is_drill=is_drill)

    return make


@pytest.fixture
def channel(slack):
    slack.channels["C1"] = {"id": "C1", "name": "ops", "is_private": False, "members": ["UBOT"], "is_archived": False}
    return "C1"


def post(connection, subject, key, text="hello", channel="C1"):
    return actions.call(
        HOUSE, connection=connection, operation="post", payload={"channel": channel, "text": text},
        subject=subject, target=channel, idempotency_key=key,
    )  # fmt: skip


def page(connection, subject, key="page-1"):
    return actions.call(
        HOUSE, connection=connection, operation="trigger", payload={"dedup_key": key, "summary": "P0"},
        subject=subject, target="pager", idempotency_key=key,
    )  # fmt: skip


def said(name):
    return Event.objects.filter(name=f"integrations.{name}@1").count()


def test_a_call_is_carried_out_by_the_worker_and_its_outcome_is_a_fact(slack, slack_connection, channel, record_of, drain):
    call = post(slack_connection, record_of(), "a")
    assert slack.log == []
    drain()
    call.refresh_from_db()
    assert (call.state, call.attempts) == ("done", 1)
    assert call.external_id == slack.messages["C1"][0]["ts"]
    assert said("call_done") == 1
    assert Connection.objects.get().health == "good"


def test_the_same_key_is_the_same_call(slack, slack_connection, channel, record_of, drain):
    subject = record_of()
    assert post(slack_connection, subject, "a").id == post(slack_connection, subject, "a").id
    drain()
    drain()
    assert len(slack.messages["C1"]) == 1


def test_calls_of_one_target_keep_their_order_through_trouble(slack, slack_connection, channel, record_of, drain):
    subject = record_of()
    slack.trouble = [Told({"ok": False, "error": "service_unavailable"}, 503)] * 2
    for text in ("one", "two", "three"):
        post(slack_connection, subject, text, text)
    drain(until=START + timedelta(minutes=1))
    assert [m["text"] for m in slack.messages["C1"]] == ["one", "two", "three"]


def test_trouble_with_one_target_does_not_hold_another(slack, slack_connection, channel, record_of, drain):
    subject = record_of()
    slack.trouble = [Told({}, 500)]
    stuck = post(slack_connection, subject, "a")
    slack.add_person("bob@example.org")
    post(slack_connection, subject, "b", channel="bob@example.org")
    drain()
    stuck.refresh_from_db()
    assert stuck.state == "pending"
    assert [m["text"] for m in slack.messages["D00000001"]] == ["hello"]


@pytest.mark.parametrize("status", [429, 200])  # Slack says it in the body, whatever the status
def test_being_asked_to_wait_is_obeyed_and_is_no_failure(slack, slack_connection, channel, record_of, drain, status):
    slack.trouble = [Told({"ok": False, "error": "ratelimited"}, status, {"Retry-After": "30"})]
    call = post(slack_connection, record_of(), "a")
    drain(until=START + timedelta(seconds=29))
    assert len(slack.log) == 1
    drain(until=START + timedelta(seconds=31))
    call.refresh_from_db()
    assert (call.state, call.attempts, call.may_have_been_sent_twice) == ("done", 1, False)


@pytest.mark.parametrize(("status", "attempts"), [(429, 0), (503, 1)])
def test_only_being_too_fast_gives_the_attempt_back(slack_connection, channel, record_of, status, attempts):
    call = post(slack_connection, record_of(), "a")
    claimed = actions.claim_call(gate.GATE, connection=slack_connection.id, lane="outside")
    actions.fail_call(gate.GATE, call=claimed, error=TransportError("wait", status=status, retry_after=30))
    call.refresh_from_db()
    slack_connection.refresh_from_db()
    assert (call.state, call.attempts, call.next_at) == ("pending", attempts, START + timedelta(seconds=30))
    assert slack_connection.paused_until_at == call.next_at


def test_a_service_that_keeps_asking_to_wait_while_down_is_a_dead_letter(slack_connection, channel, record_of):
    call = post(slack_connection, record_of(), "a")
    Call.objects.update(attempts=ATTEMPTS - 1)
    claimed = actions.claim_call(gate.GATE, connection=slack_connection.id, lane="outside")
    actions.fail_call(gate.GATE, call=claimed, error=TransportError("later", status=503, retry_after=1))
    call.refresh_from_db()
    assert (call.state, call.attempts, said("call_failed")) == ("failed", ATTEMPTS, 1)


def test_what_no_database_keeps_in_an_answer_does_not_lose_the_outcome(slack_connection, channel, record_of):
    subject = record_of()
    done, failed = post(slack_connection, subject, "a"), post(slack_connection, subject, "b")
    claimed = actions.claim_call(gate.GATE, connection=slack_connection.id, lane="outside")
    sent = Sent({"a\x00": [{"b": "c\x00"}], "d": "\ud800"}, "id\x00")
    actions.finish_call(gate.GATE, call=claimed, sent=sent, may_be_twice=False)
    claimed = actions.claim_call(gate.GATE, connection=slack_connection.id, lane="outside")
    actions.fail_call(gate.GATE, call=claimed, error=TransportError("no\x00", permanent=True))
    done.refresh_from_db()
    failed.refresh_from_db()
    assert (done.state, done.receipt, done.external_id) == ("done", {"a\ufffd": [{"b": "c\ufffd"}], "d": "?"}, "id\ufffd")
    assert (failed.state, failed.error) == ("failed", "no\ufffd")


def test_a_call_whose_outcome_is_never_kept_ends_as_a_dead_letter(slack, slack_connection, channel, record_of, drain):
    call = post(slack_connection, record_of(), "a")
    actions.claim_call(gate.GATE, connection=slack_connection.id, lane="outside")
    Call.objects.update(attempts=ATTEMPTS)
    drain(until=START + LEASE + timedelta(seconds=1))
    call.refresh_from_db()
    assert (call.state, call.error, call.is_doubtful) == ("failed", "no outcome could be kept", True)
    assert (slack.log, said("call_failed")) == ([], 1)


def test_a_call_held_after_its_worker_died_is_searched_for_when_it_is_released(
    slack, slack_connection, channel, root, record_of, drain
):
    call = post(slack_connection, record_of(), "a")
    actions.claim_call(gate.GATE, connection=slack_connection.id, lane="outside")
    queries.loaded(slack_connection).post("a", channel="C1", text="hello")  # it was sent, then the worker died
    actions.hold_everything(root, reason="restored")
    drain(until=START + LEASE + timedelta(seconds=1))
    call.refresh_from_db()
    assert (call.state, call.is_doubtful) == ("held", True)
    actions.release_everything(root, is_letting_go=True)
    drain()
    call.refresh_from_db()
    assert (call.state, len(slack.messages["C1"])) == ("done", 1)


def test_what_an_earlier_hold_kept_for_good_stays_when_a_later_one_is_released(
    slack, slack_connection, channel, root, record_of, drain
):
    subject = record_of()
    old, new = [], []
    for made, is_letting_go in ((old, False), (new, True)):
        actions.hold_everything(root, reason="restored")
        made.append(post(slack_connection, subject, str(is_letting_go), "new" if is_letting_go else "old"))
        drain()
        actions.release_everything(root, is_letting_go=is_letting_go)
        clock.advance(timedelta(minutes=1))
    drain()
    old[0].refresh_from_db()
    new[0].refresh_from_db()
    assert (old[0].state, new[0].state, [m["text"] for m in slack.messages["C1"]]) == ("held", "done", ["new"])


def test_a_permanent_refusal_is_a_dead_letter_that_can_be_tried_again(
    root, alice, slack, slack_connection, channel, record_of, drain
):
    slack.channels["C1"]["is_archived"] = True
    call = post(slack_connection, record_of(), "a")
    drain()
    call.refresh_from_db()
    assert (call.state, call.attempts) == ("failed", 1)
    assert "is_archived" in call.error
    assert list(queries.dead_calls(root)) == [call]
    assert said("call_failed") == 1
    slack.channels["C1"]["is_archived"] = False
    with pytest.raises(Forbidden):
        actions.retry_call(alice, call=call.id)
    actions.retry_call(root, call=call.id)
    drain()
    call.refresh_from_db()
    assert call.state == "done"
    with pytest.raises(Conflict):
        actions.retry_call(root, call=call.id)


def test_a_service_that_stays_down_ends_as_a_dead_letter_after_an_hour(slack, slack_connection, channel, record_of, drain):
    slack.trouble = [Told({}, 500)] * 4 * ATTEMPTS
    call = post(slack_connection, record_of(), "a")
    for _step in range(ATTEMPTS):
        drain()
        clock.advance(timedelta(minutes=10))
    call.refresh_from_db()
    assert (call.state, call.attempts) == ("failed", ATTEMPTS)
    assert Connection.objects.get().health == "failing"


def test_a_worker_killed_before_sending_is_taken_over_with_the_same_key(slack, slack_connection, channel, record_of, drain):
    call = post(slack_connection, record_of(), "a")
    claimed = actions.claim_call(gate.GATE, connection=slack_connection.id, lane="outside")
    assert claimed.state == "sending"
    drain()
    assert slack.log == []
    drain(until=START + LEASE + timedelta(seconds=1))
    call.refresh_from_db()
    assert (call.state, call.attempts, call.may_have_been_sent_twice) == ("done", 2, False)
    assert len(slack.messages["C1"]) == 1


def test_a_worker_killed_after_sending_posts_nothing_twice_because_slack_is_searched(
    slack, slack_connection, channel, record_of, drain
):
    call = post(slack_connection, record_of(), "a")
    actions.claim_call(gate.GATE, connection=slack_connection.id, lane="outside")
    queries.loaded(slack_connection).post("a", channel="C1", text="hello")  # it was sent, then the worker died
    drain(until=START + LEASE + timedelta(seconds=1))
    call.refresh_from_db()
    assert (call.state, call.may_have_been_sent_twice) == ("done", False)
    assert len(slack.messages["C1"]) == 1
    assert call.external_id == slack.messages["C1"][0]["ts"]


def test_a_lost_answer_pages_once_because_pagerduty_knows_the_key(pagerduty, pager_connection, record_of, drain):
    pagerduty.lose = 1
    call = page(pager_connection, record_of())
    drain(until=START + timedelta(minutes=1))
    call.refresh_from_db()
    assert (call.state, call.attempts, call.may_have_been_sent_twice) == ("done", 2, False)
    assert [a["state"] for a in pagerduty.alerts.values()] == ["triggered"]


def test_a_worker_that_was_taken_for_dead_may_not_write_its_outcome(slack, slack_connection, channel, record_of, drain):
    post(slack_connection, record_of(), "a")
    late = actions.claim_call(gate.GATE, connection=slack_connection.id, lane="outside")
    drain(until=START + LEASE + timedelta(seconds=1))
    gate.carry_out(late)
    assert Call.objects.get().state == "done"
    assert said("call_done") == 1


def test_only_one_call_of_a_connection_is_in_flight(slack_connection, channel, record_of):
    subject = record_of()
    post(slack_connection, subject, "a")
    post(slack_connection, subject, "b", channel="C2")
    assert actions.claim_call(gate.GATE, connection=slack_connection.id, lane="outside") is not None
    assert actions.claim_call(gate.GATE, connection=slack_connection.id, lane="outside") is None


def test_a_dead_slack_does_not_delay_the_pager(slack, slack_connection, pagerduty, pager_connection, record_of, drain):
    subject = record_of()
    slack.trouble = [Told({}, 500)] * 100
    for number in range(5):
        post(slack_connection, subject, str(number))
    paged = page(pager_connection, subject)
    assert paged.lane == "page"
    drain()
    paged.refresh_from_db()
    assert paged.state == "done"


def test_a_drill_never_leaves_the_house_and_says_so(slack, slack_connection, channel, root, record_of, drain):
    call = post(slack_connection, record_of("drill:1", is_drill=True), "a")
    drain()
    call.refresh_from_db()
    assert (call.state, call.held_because) == ("held", "drill")
    assert slack.log == []
    assert said("call_held") == 1
    with pytest.raises(Conflict):
        actions.retry_call(root, call=call.id)


@pytest.fixture
def demo(db):
    install(HOUSE, is_demo=True)


def test_a_demo_database_sends_nothing(demo, slack, slack_connection, channel, record_of, drain):
    call = post(slack_connection, record_of(), "a")
    drain()
    call.refresh_from_db()
    assert (call.held_because, slack.log) == ("demo", [])


@pytest.mark.parametrize(("is_letting_go", "state"), [(True, "done"), (False, "held")])
def test_after_a_restore_nothing_moves_until_a_person_releases_it(
    slack, slack_connection, channel, root, record_of, drain, is_letting_go, state
):
    actions.hold_everything(root, reason="restored")
    actions.hold_everything(root, reason="again")
    call = post(slack_connection, record_of(), "a")
    drain()
    call.refresh_from_db()
    assert (call.state, call.held_because, slack.log) == ("held", "held", [])
    actions.release_everything(root, is_letting_go=is_letting_go)
    drain()
    call.refresh_from_db()
    assert call.state == state
    with pytest.raises(Conflict):
        actions.release_everything(root, is_letting_go=True)


def test_calls_of_a_disabled_connection_wait_for_a_person(slack, slack_connection, channel, root, record_of, drain):
    actions.switch_connection(root, connection=slack_connection.id, is_enabled=False)
    call = post(slack_connection, record_of(), "a")
    drain()
    call.refresh_from_db()
    assert call.held_because == "disabled"
    actions.switch_connection(root, connection=slack_connection.id, is_enabled=True)
    actions.retry_call(root, call=call.id)
    drain()
    call.refresh_from_db()
    assert call.state == "done"


def test_an_unknown_operation_and_a_payload_that_does_not_fit_are_refused_at_once(slack_connection, record_of):
    given = {"connection": slack_connection, "subject": record_of(), "idempotency_key": "x"}
    with pytest.raises(Invalid):
        actions.call(HOUSE, operation="explode", payload={}, **given)
    with pytest.raises(Invalid):
        actions.call(HOUSE, operation="post", payload={"to": "x"}, **given)
    assert not Call.objects.exists()


def test_the_test_button_asks_through_the_gate_and_becomes_health(root, slack, slack_connection, drain):
    call = actions.test_connection(root, connection=slack_connection.id)
    drain()
    call.refresh_from_db()
    assert call.receipt == {"said": "Fake: bongsu"}
    actions.change_connection(root, connection=slack_connection.id, values={"token": "xoxb-wrong", "url": f"{slack.url}/api"})
    actions.test_connection(root, connection=slack_connection.id)
    drain()
    slack_connection.refresh_from_db()
    assert slack_connection.health == "failing"
    assert "invalid_auth" in slack_connection.health_text
    assert "xoxb" not in slack_connection.health_text
