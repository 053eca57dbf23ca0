"""From a signal to a proposal, and from a proposal to its answer (A4, B3, B6)."""

from datetime import timedelta
from typing import Any

import pytest

from bongsu.comms.models import Message
from bongsu.events.queries import timeline
from bongsu.incidents.models import Incident
from bongsu.integrations.contract import Signal as Understood
from bongsu.kernel.actors import system
from bongsu.kernel.errors import Conflict, Forbidden, Invalid, NotFound, Refused
from bongsu.signals import actions, queries
from bongsu.signals.models import Proposal, Report, Signal, Thread

from .conftest import NIGHT, alert

pytestmark = pytest.mark.django_db
GRAVE = "smoke alarm suppression after gesture model update; runbook=SAFETY"
STEEP = "accuracy of the credit model dropped 36 percent against the reference"
SLIGHT = "income drift is confirmed"


@pytest.fixture
def arrive(connect: Any, post: Any, drain: Any, night: Any) -> Any:
    """`arrive(summary, ...)`: an alert comes in over a proven connection and the worker has done its part."""
    _row, token = connect()

    def come(summary: str = STEEP, **options: Any) -> None:
        assert post(token, alert(summary=summary, **options)).status_code == 202
        drain()

    return come


def only() -> Proposal:
    return Proposal.objects.get()


def at(minutes: float) -> Any:
    return NIGHT + timedelta(minutes=minutes)


def test_a_firing_alert_becomes_a_proposal_that_says_which_rule_made_it(arrive: Any, alice: Any) -> None:
    arrive(STEEP, model="credit")
    row = only()
    assert (row.type, row.severity, row.state) == ("model", "P1", "open")
    assert row.rule
    assert row.why["ko"]
    assert row.why["en"]
    assert row.is_authenticated
    assert queries.signals_of(alice, row).get().labels["model"] == "credit"


def test_the_triage_desk_is_asked_at_once_and_again_until_somebody_answers(arrive: Any, bob: Any, drain: Any) -> None:
    arrive(STEEP)
    assert only().pages == 1
    assert Message.objects.filter(person=bob.person_id).exists()
    drain(until=at(6))
    assert only().pages == 2
    actions.confirm_proposal(bob, proposal=only().id)
    drain(until=at(60))
    assert only().pages == 2
    assert only().state == "confirmed"
    assert not Incident.objects.exists()


@pytest.mark.parametrize(("summary", "early", "late", "severity"), [(GRAVE, 4.9, 5.1, "P0"), (STEEP, 14.9, 15.1, "P1")])
def test_unanswered_it_declares_itself(summary: str, early: float, late: float, severity: str, arrive: Any, drain: Any) -> None:
    arrive(summary)
    drain(until=at(early))
    assert only().state == "open"
    assert not Incident.objects.exists()
    drain(until=at(late))
    incident = Incident.objects.get()
    assert only().state == "declared"
    assert only().is_by_itself
    assert only().incident == incident
    assert incident.severity == severity
    assert incident.origin == "signal"
    drain(until=at(40))
    assert Incident.objects.count() == 1


def test_a_slight_one_never_declares_itself_but_keeps_asking(arrive: Any, drain: Any) -> None:
    arrive(SLIGHT)
    drain(until=NIGHT + timedelta(hours=9))
    assert only().state == "open"
    assert only().pages > 2
    assert not Incident.objects.exists()


def test_nothing_unproven_declares_but_the_triage_desk_is_woken(connect: Any, post: Any, drain: Any, night: Any) -> None:
    _row, token = connect(signature="none", name="open door")
    assert post(token, alert(summary=GRAVE), secret=None).status_code == 202
    drain(until=NIGHT + timedelta(minutes=40))
    row = only()
    assert row.severity == "P0"
    assert not row.is_authenticated
    assert row.state == "open"
    assert row.pages > 1
    assert not Incident.objects.exists()
    assert set(Message.objects.values_list("purpose", "is_urgent")) == {("triage", True)}


def test_the_database_itself_refuses_an_unproven_declaration(connect: Any, post: Any, drain: Any, night: Any) -> None:
    from django.db import IntegrityError

    _row, token = connect(signature="none", name="open door")
    post(token, alert(summary=GRAVE), secret=None)
    drain()
    with pytest.raises(IntegrityError):
        Proposal.objects.update(is_by_itself=True)


def test_a_storm_of_the_same_thing_is_one_proposal_and_few_messages(connect: Any, post: Any, drain: Any, night: Any) -> None:
    _row, token = connect()
    for n in range(60):
        post(token, alert(summary=STEEP, fingerprint=f"f{n % 20}", group="storm", pod=str(n)))
    drain()
    assert Signal.objects.count() == 20
    assert sum(Signal.objects.values_list("times", flat=True)) == 60
    assert Proposal.objects.count() == 1
    assert Message.objects.count() <= 2


def test_resolved_never_opens_and_never_closes_anything(arrive: Any, drain: Any, bob: Any) -> None:
    arrive(STEEP, status="resolved", fingerprint="unknown")
    assert not Proposal.objects.exists()
    assert Signal.objects.get().state == "resolved"
    arrive(STEEP)
    incident = actions.declare_proposal(bob, proposal=only().id)
    arrive(STEEP, status="resolved")
    incident.refresh_from_db()
    assert incident.is_open
    assert incident.state == "declared"
    assert Signal.objects.get(incident=incident).state == "resolved"
    assert "signals.resolved@1" in {e.name for e in timeline(bob, incident.subject_id)}


def test_signals_of_one_group_join_the_open_incident(arrive: Any, bob: Any) -> None:
    arrive(STEEP)
    incident = actions.declare_proposal(bob, proposal=only().id)
    arrive(STEEP, fingerprint="another", pod="b")
    assert Proposal.objects.count() == 1
    assert Signal.objects.filter(incident=incident).count() == 2
    assert Signal.objects.exclude(subject=incident.subject).count() == 0


def test_a_graver_signal_raises_an_open_proposal_and_nothing_lowers_it(arrive: Any) -> None:
    arrive(SLIGHT, group="g")
    assert only().severity == "P2"
    arrive(GRAVE, fingerprint="b", group="g")
    assert only().severity == "P0"
    arrive(SLIGHT, fingerprint="c", group="g")
    assert only().severity == "P0"
    assert only().pages == 2


def test_a_new_episode_within_a_day_reopens_what_was_resolved(arrive: Any, alice: Any, bob: Any) -> None:
    from bongsu.incidents import actions as incidents
    from bongsu.kernel import clock

    arrive(STEEP)
    incident = actions.declare_proposal(alice, proposal=only().id)
    clock.advance(timedelta(hours=1))
    incidents.move_state(alice, incident=incident.id, state="resolved", reason="metric is back")
    clock.advance(timedelta(hours=2))
    arrive(STEEP, starts=at(175))
    incident.refresh_from_db()
    assert incident.state == "reopened"
    assert Proposal.objects.count() == 1
    assert Signal.objects.filter(incident=incident).count() == 2


def test_a_new_episode_after_more_than_a_day_is_a_new_story(arrive: Any, alice: Any) -> None:
    from bongsu.incidents import actions as incidents
    from bongsu.kernel import clock

    arrive(STEEP)
    incident = actions.declare_proposal(alice, proposal=only().id)
    clock.advance(timedelta(minutes=1))
    incidents.move_state(alice, incident=incident.id, state="resolved", reason="metric is back")
    clock.advance(timedelta(hours=25))
    arrive(STEEP, starts=NIGHT + timedelta(hours=25))
    assert Proposal.objects.filter(state="open").count() == 1
    assert Thread.objects.filter(ended_at=None).count() == 1


def test_a_false_positive_stays_quiet_for_its_episode_only(arrive: Any, bob: Any) -> None:
    arrive(STEEP)
    with pytest.raises(Invalid):
        actions.reject_proposal(bob, proposal=only().id, reason=" ")
    actions.reject_proposal(bob, proposal=only().id, reason="a load test")
    arrive(STEEP, pod="repeated")
    assert Proposal.objects.count() == 1
    arrive(STEEP, starts=at(-0.5))
    assert Proposal.objects.filter(state="open").count() == 1


def test_an_override_needs_a_reason_and_both_stand_in_the_ledger(arrive: Any, bob: Any) -> None:
    arrive(STEEP)
    row = only()
    with pytest.raises(Invalid):
        actions.declare_proposal(bob, proposal=row.id, severity="P2")
    incident = actions.declare_proposal(
        bob, proposal=row.id, type="data", subtype="data_drift", severity="P2", reason="only one region"
    )
    assert (incident.type, incident.subtype, incident.severity) == ("data", "data_drift", "P2")
    said = next(e for e in timeline(system("tests"), row.ref) if e.name == "signals.confirmed@1")
    assert said.data["is_override"]
    assert said.data["proposed"].startswith("P1 model/")
    assert said.data["reason"] == "only one region"


def test_an_answer_is_given_once(arrive: Any, bob: Any) -> None:
    arrive(STEEP)
    actions.declare_proposal(bob, proposal=only().id)
    with pytest.raises(Conflict):
        actions.reject_proposal(bob, proposal=only().id, reason="no")


def test_strangers_and_auditors_answer_nothing(arrive: Any, charlie: Any, ivy: Any) -> None:
    arrive(STEEP)
    for actor in (charlie, ivy):
        with pytest.raises(Forbidden):
            actions.declare_proposal(actor, proposal=only().id)
    with pytest.raises(NotFound):
        queries.proposal(charlie, only().id)


def test_a_drill_signal_never_joins_a_real_incident(arrive: Any, bob: Any, alice: Any) -> None:
    arrive(STEEP)
    real = actions.declare_proposal(bob, proposal=only().id)
    arrive(STEEP, drill="true")
    drill = Proposal.objects.get(state="open")
    assert drill.is_drill
    assert Signal.objects.filter(incident=real).count() == 1
    with pytest.raises(Refused):
        actions.attach_proposal(bob, proposal=drill.id, incident=real.number)
    exercise = actions.declare_proposal(bob, proposal=drill.id)
    assert exercise.is_drill
    assert exercise.number.startswith("DRL-")
    arrive("prompt injection succeeded in production", fingerprint="z", group="z")
    other = Proposal.objects.get(state="open")
    with pytest.raises(Refused):
        actions.attach_proposal(bob, proposal=other.id, incident=exercise.number)


def test_a_proposal_is_attached_to_an_incident_or_merged_into_another(arrive: Any, bob: Any) -> None:
    arrive(STEEP)
    incident = actions.declare_proposal(bob, proposal=only().id)
    arrive(SLIGHT, fingerprint="b", group="b")
    arrive(SLIGHT, fingerprint="c", group="c")
    first, second = Proposal.objects.filter(state="open").order_by("proposed_at", "id")
    actions.merge_proposal(bob, proposal=first.id, into=second.id, reason="same feed")
    assert queries.signals_of(bob, second).count() == 2
    actions.attach_proposal(bob, proposal=second.id, incident=incident.number, reason="same model")
    assert Signal.objects.filter(incident=incident).count() == 3
    arrive(SLIGHT, fingerprint="d", group="b")
    assert Signal.objects.filter(incident=incident).count() == 4


def test_what_led_to_a_restricted_incident_is_hidden_with_it(arrive: Any, bob: Any, lena: Any) -> None:
    arrive(STEEP)
    row = only()
    actions.declare_proposal(bob, proposal=row.id, restriction="names a customer")
    assert not queries.signals(lena).exists()
    assert not queries.proposals(lena).exists()
    with pytest.raises(NotFound):
        timeline(lena, row.ref)


def test_personal_values_are_taken_out_everywhere(arrive: Any, bob: Any) -> None:
    arrive("accuracy dropped 40 percent for hong.gildong@example.org, 010-1234-5678", user="900101-1234567")
    row = Signal.objects.get()
    kept = f"{row.title}{row.text}{row.labels}{row.payload}{only().title}{only().text}"
    for secret in ("hong.gildong", "1234-5678", "1234567"):
        assert secret not in kept
    assert {"email", "phone", "rrn"} <= set(row.redactions)


def test_a_ping_or_a_test_opens_nothing(arrive: Any) -> None:
    arrive("test notification from Alertmanager", fingerprint="t")
    assert not Proposal.objects.exists()
    assert Signal.objects.get().verdict["is_ignored"]


def test_reactions_run_twice_ask_once(arrive: Any, bob: Any) -> None:
    from bongsu.signals.reactions import Receipts, follow_up

    arrive(STEEP)
    messages = Message.objects.count()
    Receipts().run(str(only().connection_id))
    from bongsu.events.models import Timer

    actions.declare_proposal(bob, proposal=only().id)
    timer = Timer.objects.get(kind="signals.proposal")
    follow_up(timer), follow_up(timer)
    assert Message.objects.filter(template="triage_proposal").count() <= messages
    assert Incident.objects.count() == 1


# ---- reports ------------------------------------------------------------------------------------------------------------


def test_a_stranger_reports_and_sees_what_it_was_taken_for(desk: Any, charlie: Any, drain: Any, night: Any) -> None:
    report = actions.file_report(
        charlie, what="챗봇이 다른 고객 수천 명의 개인정보를 보여 줍니다", harmed="고객", is_ongoing="yes"
    )
    drain()
    assert report.proposal.severity == "P0"
    assert only().pages == 1
    assert queries.report(charlie, report.id).id == report.id
    assert not queries.proposals(charlie).exists()
    with pytest.raises(Forbidden):
        actions.file_report(charlie, what="x", is_declared=True)


def test_a_responder_declares_at_once_with_a_file(desk: Any, bob: Any, night: Any) -> None:
    report = actions.file_report(
        bob, what="prompt injection succeeded: the bot sold a car for 1 USD", file=b"png", file_name="shot.png", is_declared=True
    )
    incident = report.proposal.incident
    assert incident
    assert incident.type == "security"
    assert report.file
    assert Report.objects.get().subject == incident.subject


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("what", {"what": "  "}),
        ("what", {"what": "a\x00b"}),
        ("is_ongoing", {"is_ongoing": "maybe"}),
        ("evidence_url", {"evidence_url": "javascript:alert(1)"}),
        ("noticed_at", {"noticed_at": NIGHT + timedelta(days=1)}),
        ("what", {"what": "x" * 20_001}),
    ],
)
def test_a_report_that_cannot_be_says_where(field: str, values: dict[str, Any], desk: Any, charlie: Any, night: Any) -> None:
    with pytest.raises(Invalid) as refused:
        actions.file_report(charlie, **{"what": "the bot swears", **values})
    assert field in refused.value.fields
    assert not Proposal.objects.exists()


def test_nobody_reports_without_signing_in(desk: Any) -> None:
    from bongsu.kernel.actors import ANONYMOUS

    with pytest.raises(Forbidden):
        actions.file_report(ANONYMOUS, what="x")


def test_a_pushed_signal_follows_the_same_rules(desk: Any, bob: Any, drain: Any, night: Any) -> None:
    row = actions.push_signal(bob, signal=Understood(dedupe_key="k", title=STEEP))
    drain()
    again = actions.push_signal(bob, signal=Understood(dedupe_key="k", title=STEEP))
    assert row.id == again.id
    assert again.times == 2
    assert only().pages == 1
    calm = actions.push_signal(bob, signal=Understood(dedupe_key="k", title=STEEP, state="resolved"))
    assert calm.id == row.id
    assert calm.state == "resolved"
    assert only().state == "open"
