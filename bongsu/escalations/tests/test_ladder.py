"""The escalation matrix (D3), response targets (A1), severity changes, reminders: by rows, under a simulated clock."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bongsu.comms.actions import acknowledge
from bongsu.comms.models import Message
from bongsu.escalations import actions as ladder
from bongsu.escalations.models import Step
from bongsu.escalations.queries import shown_ladder
from bongsu.escalations.reactions import begin
from bongsu.escalations.rules import next_reminder
from bongsu.events.models import Event, Timer
from bongsu.events.queries import timeline
from bongsu.incidents import actions
from bongsu.incidents.models import Incident
from bongsu.kernel import clock
from bongsu.kernel.actors import Actor
from bongsu.kernel.errors import Invalid
from bongsu.people.actions import set_post_holder
from bongsu.ui.language import say

pytestmark = pytest.mark.django_db
START = datetime(2026, 3, 2, 3, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
POSTS = (
    "ciso",
    "legal",
    "ceo",
    "board_members",
    "executives",
    "governance_board",
    "product_lead",
    "team_lead",
    "engineer_in_charge",
)


@pytest.fixture(autouse=True)
def night() -> Iterator[None]:
    with clock.simulated(START):
        yield


@pytest.fixture
def posts(default_pack: Any, make_person: Callable[..., Actor], root: Actor) -> dict[str, Actor]:
    """Every post has its own holder, so that a receipt says which post was told."""
    held = {}
    for post in POSTS:
        person = make_person(post.replace("_", "-"), "responder")
        set_post_holder(root, post=post, person=person.person_id)
        held[post] = person
    return held


def opened(actor: Actor, severity: str = "P1", **values: Any) -> Incident:
    return actions.open_incident(actor, title="성능 급락", type="model", subtype="performance_drop", severity=severity, **values)


def told(incident: Incident, posts: dict[str, Actor]) -> dict[str, list[int]]:
    """Post -> minutes after declaration at which the matrix told it."""
    by_person = {actor.person_id: post for post, actor in posts.items()}
    minutes: dict[str, list[int]] = {}
    for row in Message.objects.filter(subject=incident.subject_id, purpose="escalation").order_by("created_at"):
        passed = round((row.created_at - incident.declared_at) / timedelta(minutes=1))
        minutes.setdefault(by_person[row.person_id], []).append(passed)
    return minutes


@pytest.mark.parametrize(
    ("severity", "matrix"),
    [
        ("P0", {"ciso": [0], "legal": [0], "ceo": [0], "executives": [0, 240], "board_members": [60]}),
        ("P1", {"governance_board": [0], "product_lead": [0], "executives": [0], "ciso": [60], "ceo": [240]}),
        ("P2", {"team_lead": [0], "governance_board": [60]}),
        ("P3", {"engineer_in_charge": [0], "team_lead": [60]}),
    ],
)
def test_the_matrix_is_climbed_to_the_minute(
    alice: Actor, posts: dict[str, Actor], drain: Any, severity: str, matrix: dict[str, list[int]]
) -> None:
    incident = opened(alice, severity)
    drain(until=START + 6 * HOUR)
    assert told(incident, posts) == matrix


def test_resolving_stops_the_matrix_and_reopening_begins_it_again(alice: Actor, posts: dict[str, Actor], drain: Any) -> None:
    incident = opened(alice, "P1")
    drain(until=START + HOUR / 2)
    for state in ("investigating", "mitigating", "monitoring", "resolved"):
        actions.move_state(alice, incident=incident.id, state=state, reason="done")
    drain(until=START + 3 * HOUR)
    assert "ciso" not in told(incident, posts)
    actions.move_state(alice, incident=incident.id, state="reopened", reason="it is back")
    drain(until=START + 4 * HOUR + HOUR / 2)
    assert told(incident, posts)["ciso"] == [240]
    assert Step.objects.filter(incident=incident, round=2, fired_at__isnull=False).count() == 3


def test_raised_severity_fires_past_steps_once_and_together(alice: Actor, posts: dict[str, Actor], drain: Any) -> None:
    incident = opened(alice, "P3")
    drain(until=START + 2 * HOUR)
    actions.change_severity(alice, incident=incident.id, severity="P0", reason="personal data")
    drain()
    at = told(incident, posts)
    assert all(at[post] == [120] for post in ("ciso", "legal", "ceo", "board_members", "executives"))
    drain(until=START + 5 * HOUR)
    assert told(incident, posts)["executives"] == [120, 240]
    line = Event.objects.filter(subject=incident.subject_id, name="escalations.recomputed@1").get()
    assert "CISO, Legal, CEO: now" in line.text
    assert "16:00 KST" in line.text


def test_a_post_that_gets_another_moment_is_named_once_with_both(alice: Actor, posts: dict[str, Actor], drain: Any) -> None:
    incident = opened(alice, "P1")
    drain(until=START + timedelta(minutes=10))
    actions.change_severity(alice, incident=incident.id, severity="P0", reason="personal data")
    drain()
    line = Event.objects.get(subject=incident.subject_id, name="escalations.recomputed@1")
    assert "CISO: now instead of 2 Mar 2026 13:00 KST" in line.text
    assert "not any more" not in line.text
    assert "CISO: 지금 (이전 예정 " in line.text


def test_a_step_says_who_was_written_to_who_was_not_reached_and_who_knew(
    alice: Actor, root: Actor, posts: dict[str, Actor], drain: Any
) -> None:
    set_post_holder(root, post="executives", person=posts["product_lead"].person_id)
    incident = opened(alice, "P1")
    drain()
    said = [say(e.sentence, "en") for e in timeline(alice, incident.subject_id) if e.name.startswith("escalations.step_fired")]
    assert any("not reached: " in line for line in said)  # nothing is connected: nobody is called told
    assert any("already told: product-lead" in line.lower() for line in said)
    assert not any(" told (" in line or "—" in line for line in said)


def test_a_step_whose_holder_knew_it_already_reached_nobody_new(alice: Actor, root: Actor, default_pack: Any, drain: Any) -> None:
    for post in POSTS:
        set_post_holder(root, post=post, person=alice.person_id)  # type: ignore[arg-type]
    incident = opened(alice, "P1")
    drain()
    reached = {one.step.key: one.reached for one in shown_ladder(alice, incident)}
    assert reached == {"P1-0": "unreached", "P1-executives": "none", "P1-60": "", "P1-240": ""}


def test_the_step_at_the_beginning_has_words_of_its_own(alice: Actor, posts: dict[str, Actor], drain: Any) -> None:
    incident = opened(alice, "P1")
    drain(until=START + timedelta(minutes=61))
    by_step = dict(Message.objects.filter(subject=incident.subject_id, purpose="escalation").values_list("key", "template"))
    assert {key.rpartition(":")[2]: template for key, template in by_step.items()} == {
        "P1-0": "incident_alert", "P1-executives": "incident_alert", "P1-60": "escalation"}  # fmt: skip


def test_nobody_is_told_the_same_step_twice_when_severity_swings(alice: Actor, posts: dict[str, Actor], drain: Any) -> None:
    incident = opened(alice, "P1")
    drain()
    for severity in ("P0", "P1", "P0", "P1"):
        actions.change_severity(alice, incident=incident.id, severity=severity, reason="swing")
        drain()
    drain(until=START + 5 * HOUR)
    keys = list(Message.objects.filter(purpose="escalation").values_list("key", "recipient"))
    assert len(keys) == len(set(keys))
    assert told(incident, posts)["ciso"] == [0, 60]
    assert Step.objects.get(incident=incident, key="P0-60").fired_at is None


def test_a_reaction_that_runs_twice_sets_one_ladder(alice: Actor, posts: dict[str, Actor], drain: Any) -> None:
    incident = opened(alice, "P2")
    drain()
    event = Event.objects.get(subject=incident.subject_id, name="incidents.opened@1")
    from bongsu.events.queries import fact_of

    begin(event, fact_of(event))  # type: ignore[arg-type]
    assert Step.objects.filter(incident=incident).count() == 2
    assert Message.objects.filter(subject=incident.subject_id, purpose="escalation").count() == 1


def test_acknowledging_and_snoozing_silence_reminders_and_never_a_step(
    bob: Actor, posts: dict[str, Actor], drain: Any, root: Actor
) -> None:
    incident = opened(bob, "P1")
    drain()
    ladder.snooze(posts["product_lead"], incident=incident.id, until_at=START + 8 * HOUR, reason="I am driving")
    drain(until=START + timedelta(minutes=6))
    reminded = set(Message.objects.filter(purpose="reminder").values_list("person_id", flat=True))
    assert posts["governance_board"].person_id in reminded
    assert posts["product_lead"].person_id not in reminded
    drain(until=START + 5 * HOUR)
    assert {"ciso", "ceo"} <= told(incident, posts).keys()


def test_D3_who_has_read_it_is_not_reminded_and_the_matrix_goes_on(bob: Actor, posts: dict[str, Actor], drain: Any) -> None:
    incident = opened(bob, "P1")
    drain()
    reader = posts["governance_board"]
    for message in Message.objects.filter(person=reader.person_id, subject=incident.subject_id):
        acknowledge(reader, message=message.id)
    drain(until=START + timedelta(minutes=6))
    reminded = set(Message.objects.filter(purpose="reminder").values_list("person_id", flat=True))
    assert posts["product_lead"].person_id in reminded
    assert reader.person_id not in reminded
    drain(until=START + 5 * HOUR)
    assert {"ciso", "ceo"} <= told(incident, posts).keys()


def test_reminders_end_when_somebody_takes_command(bob: Actor, alice: Actor, posts: dict[str, Actor], drain: Any) -> None:
    incident = opened(bob, "P1")
    drain()
    actions.offer_command(alice, incident=incident.id, person=alice.person_id)  # type: ignore[arg-type]
    actions.accept_command(alice, incident=incident.id)
    drain(until=START + HOUR / 2)
    assert not Message.objects.filter(purpose="reminder").exists()
    assert not Timer.objects.filter(kind__in=("escalations.response", "escalations.reminder"), done_at=None).exists()


def test_a_missed_response_target_is_on_the_record(bob: Actor, posts: dict[str, Actor], drain: Any) -> None:
    incident = opened(bob, "P0")
    drain(until=START + timedelta(minutes=16))
    overdue = Event.objects.get(subject=incident.subject_id, name="escalations.response_overdue@1")
    assert overdue.recorded_at == START + timedelta(minutes=15)


def test_an_empty_post_is_loud(alice: Actor, root: Actor, default_pack: Any, drain: Any) -> None:
    incident = opened(alice, "P2")
    drain()
    assert Event.objects.filter(subject=incident.subject_id, name="escalations.post_unreached@1").exists()


def test_a_snooze_is_short_and_has_a_reason(alice: Actor, posts: dict[str, Actor]) -> None:
    incident = opened(alice, "P2")
    with pytest.raises(Invalid):
        ladder.snooze(alice, incident=incident.id, until_at=START + 9 * HOUR, reason="sleep")
    with pytest.raises(Invalid):
        ladder.snooze(alice, incident=incident.id, until_at=START + HOUR, reason="")


def test_reminders_come_less_often_the_longer_nobody_answers() -> None:
    every = timedelta(minutes=5)
    assert [next_reminder(every, sent) // timedelta(minutes=1) for sent in (0, 1, 2, 3, 4, 50)] == [5, 10, 20, 40, 60, 60]
    assert next_reminder(timedelta(hours=4), 3) == timedelta(hours=4)
