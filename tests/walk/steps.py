"""The walk in its steps. Each one acts as a person would, waits for the house, and looks at rows, facts and what arrived."""

import json
import subprocess
import sys
import zipfile
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from bongsu.approvals import actions as approvals
from bongsu.approvals.models import Approval
from bongsu.comms.models import Message, Sending
from bongsu.documents import actions as documents
from bongsu.documents.models import Document
from bongsu.escalations.models import Step
from bongsu.events.models import Delivery, Event, Timer
from bongsu.events.queries import has_open_listeners, shown_timers
from bongsu.events.verification import verify
from bongsu.incidents import actions as incidents
from bongsu.incidents.models import Duty, Incident
from bongsu.integrations.models import Call
from bongsu.kernel import clock
from bongsu.kernel.errors import Refused
from bongsu.reports import actions as reports
from bongsu.runbooks import actions as runbooks
from bongsu.runbooks import queries as runs
from bongsu.runbooks.models import Containment, StepRun, Verification
from bongsu.signals import actions as signals
from bongsu.signals.models import Proposal, Receipt
from bongsu.updates.actions import updating
from bongsu.updates.models import IncidentChannel
from bongsu.updates.rules import DONE, IN_PROGRESS, WAITING, Item

from .scene import BAD, GOOD, Scene

LEFT_OPEN = "verification.ab_test"  # the duty the IC closes without, and says why


def proposed(scene: Scene) -> Proposal:
    """3. The receipt is understood, classified, and the triage desk is woken by every way it has."""
    scene.until(lambda: Message.objects.filter(purpose="triage", state="sent").exists(), "the triage desk is told")
    receipt = Receipt.objects.order_by("received_at").first()
    assert receipt
    assert receipt.is_authenticated
    proposal = Proposal.objects.get()
    assert (proposal.type, proposal.subtype, proposal.severity) == ("model", "performance_drop", "P1"), proposal.why
    assert proposal.rule == "model.steep_drop"
    assert proposal.system == scene.system
    scene.until(lambda: scene.mails_to("bob") and scene.pagerduty.alerts, "mail and page at the triage desk")
    assert not Incident.objects.exists()  # until here nothing is an incident
    return proposal


def declared_by_a_person(scene: Scene, proposal: Proposal) -> Incident:
    """4. The person on duty reads it, agrees, and declares."""
    signals.confirm_proposal(scene.crew.bob, proposal=proposal.id)
    return signals.declare_proposal(scene.crew.bob, proposal=proposal.id)


def everything_started(scene: Scene, incident: Incident) -> None:
    """5. Response target, escalation, runbook run, channel and status timer, each from the fact alone."""
    scene.until(lambda: not has_open_listeners(incident.subject_id), "every listener had its say")
    assert Event.objects.filter(subject=incident.subject_id, name="incidents.opened@1").count() == 1
    steps = Step.objects.filter(incident=incident)
    scene.until(lambda: steps.count() == 4, "the ladder")
    fired = steps.filter(fired_at__isnull=False)
    assert sorted(post for step in fired for post in step.posts) == ["executives", "governance_board", "product_lead"]
    assert steps.filter(fired_at=None).count() == 2  # after one hour, after four
    kinds = {timer.kind for timer in shown_timers(scene.crew.alice, subject=incident.subject_id)}
    assert {"escalations.step", "updates.due", "runbooks.phase"} <= kinds
    assert ("escalations.response" in kinds) is (incident.responded_at is None)  # whoever declares for himself has responded
    run = runs.run_of(incident)
    assert run
    assert run.runbook == "performance_drop"
    first = runs.next_step(run)
    assert first
    assert first.row.step == "confirm"
    scene.until(lambda: IncidentChannel.objects.filter(incident=incident, state="open").exists(), "the channel")
    channel = scene.slack.channel_named(IncidentChannel.objects.get(incident=incident).name)
    assert incident.number in channel["topic"]["value"]


def people_told(scene: Scene, incident: Incident) -> None:
    """6. Each one once, by real mail, with a receipt; the pager of whoever has one."""

    def told() -> set[str]:
        rows = Message.objects.filter(subject=incident.subject_id, purpose="escalation", state="sent")
        return {row.name for row in rows}

    scene.until(lambda: told() == {"Bora", "Carol", "Chloe"}, "the posts of a P1")
    for name in ("bora", "carol", "chloe"):
        scene.until(lambda name=name: _alerts(scene, name, incident), f"the mail of {name}")
        assert len(_alerts(scene, name, incident)) == 1
    sent = Message.objects.get(subject=incident.subject_id, purpose="escalation", name="Carol")
    scene.until(lambda: set(sent.sendings.values_list("way", "state")) == {("email", "sent"), ("pager", "sent")}, "receipts")
    assert all(row.external_id or row.receipt for row in sent.sendings.all())


def _alerts(scene: Scene, name: str, incident: Incident) -> list[Any]:
    key = Message.objects.filter(subject=incident.subject_id, purpose="escalation", name=name.capitalize()).values_list("title")
    return [m for m in scene.mails_to(name) if (str(m["Subject"]),) in set(key)]


def deadline_entered(scene: Scene, incident: Incident) -> Duty:
    duty = incidents.enter_deadline(
        scene.crew.lena, incident=incident.id, title="금융위원회 사고 보고", authority="금융위원회",
        due_at=clock.now() + timedelta(hours=24), zone="Asia/Seoul",
    )  # fmt: skip
    shown = shown_timers(scene.crew.lena, subject=incident.subject_id)
    assert any(timer.is_legal and timer.due_at == duty.due_at for timer in shown)
    return duty


def command_taken(scene: Scene, incident: Incident) -> None:
    """Bob, who has it for now, offers the command; it passes on when Alice accepts."""
    crew = scene.crew
    incidents.offer_command(crew.bob, incident=incident.id, person=crew.alice.person_id)
    incidents.accept_command(crew.alice, incident=incident.id)
    scene.until(lambda: not _pages(scene)["triggered"], "no page rings any more")
    incidents.assign_role(crew.alice, incident=incident.id, role="technical_lead", person=crew.bob.person_id)
    incidents.assign_role(crew.alice, incident=incident.id, role="legal", person=crew.lena.person_id)
    incidents.set_awareness(crew.alice, incident=incident.id, aware_at=clock.now(), how="경보를 보고 확인")
    incident.refresh_from_db()
    assert incident.responded_at
    duty = Duty.objects.filter(incident=incident, key="roles.assigned", met_at__isnull=False)
    scene.until(duty.exists, "core people are there")


def _pages(scene: Scene) -> dict[str, int]:
    states = [alert["state"] for alert in scene.pagerduty.alerts.values()]
    return {state: states.count(state) for state in ("triggered", "acknowledged", "resolved")}


def update_sent(scene: Scene, incident: Incident) -> None:
    """Number, items, next due; in the channel, the broadcast and the mail of whoever holds a role."""
    items = [Item(DONE, "경보 확인"), Item(IN_PROGRESS, "버전 1로 되돌리는 중"), Item(WAITING, "법무 판단")]
    update = updating.send_update(scene.crew.alice, incident=incident.id, items=items)
    assert update.number == 1
    assert update.next_due_at == update.sent_at + timedelta(hours=1)
    channel = IncidentChannel.objects.get(incident=incident).name
    scene.until(lambda: _said_in(scene, channel, "버전 1로 되돌리는 중"), "the update in the incident's channel")
    scene.until(lambda: _said_in(scene, "incident-status", incident.number), "the broadcast")
    told = Message.objects.filter(subject=incident.subject_id, template="status_update", state="sent", person__isnull=False)
    scene.until(lambda: {m.name for m in told.all()} == {"Bob", "Lena"}, "the update by mail")


def _said_in(scene: Scene, name: str, words: str) -> bool:
    channel = scene.slack.channel_named(name)
    return bool(channel) and any(words in message["text"] for message in scene.slack.messages.get(channel["id"], []))


def measured_faster(scene: Scene, incident: Incident) -> None:
    """The runbook measures over half an hour; whoever runs it may change that, with a reason."""
    runbooks.change_verification(
        scene.crew.bob, incident=incident.id, verification=Verification.objects.get(incident=incident).id,
        reason="트래픽이 많아 몇 초면 충분합니다", query='avg_over_time(model_accuracy{model="{model}"}[3s])',
        traffic='sum(increase(model_predictions_total{model="{model}"}[5s]))', window=10, dwell=6, minimum_traffic=5,
    )  # fmt: skip


# ---- containment ----------------------------------------------------------------------------------------------------


def contained(scene: Scene, incident: Incident, *, alias: Any, reload: Any) -> None:
    """8. Dry run, snapshot, another person's approval, alias moved, and not done before the serving process says so.

    `alias()` is the version the registry's alias names, `reload()` makes the serving process load it.
    """

    def row() -> Containment:
        return Containment.objects.get(incident=incident)

    crew = scene.crew
    scene.until(lambda: Containment.objects.filter(incident=incident, state="proposed").exists(), "the dry run")
    scene.until(lambda: row().serving_version == BAD, "what the serving process reports")
    assert (row().before, row().after, alias()) == (BAD, GOOD, BAD)
    runbooks.ask_for_containment(crew.bob, incident=incident.id, containment=row().id, approver=crew.carol.person_id)
    scene.until(lambda: row().state == "approval", "the snapshot is kept and the approval asked for")
    snapshot = row().snapshot
    assert snapshot
    assert snapshot.evidence
    assert snapshot.parts["alias"]["version"] == BAD
    assert alias() == BAD
    waiting = Approval.objects.get(about_ref=row().ref, state="waiting")
    approvals.decide(crew.carol, approval=waiting.id, is_approved=True, text_hash=waiting.text_hash)
    scene.until(lambda: row().state == "moved" and row().polls >= 1, "the alias is moved")
    scene.until(lambda: row().serving_version == BAD, "moved but not loaded")
    assert alias() == GOOD
    assert Duty.objects.get(incident=incident, key="containment.done").is_open
    reload()
    scene.until(lambda: row().state == "done", "the serving process reports the version")
    assert (row().serving_version, row().decided_by) == (GOOD, crew.carol.key)
    assert not Duty.objects.get(incident=incident, key="containment.done").is_open


def recovered(scene: Scene, incident: Incident) -> Verification:
    """The verification query says so, measured against the baseline that was frozen; the series is evidence."""
    scene.until(lambda: Verification.objects.get(incident=incident).state == "recovered", "the metrics are back")
    found = Verification.objects.get(incident=incident)
    assert found.baseline
    assert found.baseline > Decimal("0.9")
    kept = runs.series_of(incident)[-1]
    assert kept.verdict == "recovered"
    assert kept.evidence
    assert any(kept.points)
    assert not Duty.objects.get(incident=incident, key="verification.passed").is_open
    return found


# ---- the rest of the work -------------------------------------------------------------------------------------------


def worked_through(scene: Scene, incident: Incident) -> None:
    """Every step that no fact has settled is ticked by a person; checklists are met; one item stays open."""
    crew = scene.crew
    run = runs.run_of(incident)
    assert run
    for view in runs.step_views(run):
        if view.is_open and view.step.id != "improve_runbook":
            runbooks.move_step(
                crew.bob, incident=incident.id, step=view.step.id, state="done", note="확인했습니다", reason="순서와 무관"
            )
    runbooks.review_run(crew.alice, incident=incident.id, lesson="롤백 대상을 고르는 기준을 앞으로 옮깁니다")
    incidents.change_impact(
        crew.bob, incident=incident.id, affected_users=1240, affected_scope="신용 심사", regions=["KR"],
        loss=Decimal("12000000"), currency="KRW", regulatory_risk="신용정보법 검토",
    )  # fmt: skip
    for duty in Duty.objects.filter(incident=incident, met_at=None, waived_at=None):
        if duty.key == LEFT_OPEN or duty.key.startswith("deadline:"):
            continue
        if duty.is_optional:
            incidents.waive(crew.alice, incident=incident.id, key=duty.key, reason="상태 페이지가 없습니다")
        else:
            incidents.meet_by_hand(crew.bob, incident=incident.id, key=duty.key, proof="기록 12번")
    assert runs.next_step(run) is None


def resolved(scene: Scene, incident: Incident, deadline: Duty) -> None:
    """9. Only the IC decides it; clocks end, the pager falls silent, the report is drafted."""
    crew = scene.crew
    incidents.meet_by_hand(crew.lena, incident=incident.id, key=deadline.key, proof="접수 번호 2026-77")
    incidents.move_state(crew.bob, incident=incident.id, state="mitigating")
    incidents.move_state(crew.bob, incident=incident.id, state="monitoring")
    with pytest.raises(Refused):
        incidents.move_state(crew.bob, incident=incident.id, state="resolved")
    incidents.move_state(crew.alice, incident=incident.id, state="resolved", reason="지표가 돌아왔습니다")
    scene.until(lambda: Document.objects.filter(about_ref=incident.ref).exists(), "the draft of the report")
    scene.until(lambda: not has_open_listeners(incident.subject_id), "everything that follows from resolving")
    kinds = {timer.kind for timer in shown_timers(crew.alice, subject=incident.subject_id)}
    assert not kinds & {"escalations.step", "escalations.response", "updates.due"}
    scene.until(lambda: _pages(scene)["resolved"] == len(scene.pagerduty.alerts), "no pager rings any more")


def reported(scene: Scene, incident: Incident) -> bytes:
    """Drafted from the record, edited by a person, reviewed by legal, approved by the board, as a PDF."""
    crew = scene.crew
    row = Document.objects.get(about_ref=incident.ref)
    cause = row.parts.get(key="root_cause")
    documents.edit_part(crew.bob, part=cause.id, text="재학습 데이터에서 소득 항목이 빠졌습니다.", version=cause.version)
    revision = documents.submit_for_review(crew.bob, document=row.id, with_open_places=True)
    _asked_to_review(scene, "lena")
    documents.decide_review(crew.lena, document=row.id, is_approved=True, text_hash=revision.hash)
    _asked_to_review(scene, "bora")
    documents.decide_review(crew.bora, document=row.id, is_approved=True, text_hash=revision.hash)
    row.refresh_from_db()
    assert row.state == "final"
    duty = Duty.objects.filter(incident=incident, key="report_approved", met_at__isnull=False)
    scene.until(duty.exists, "the duty of the report")
    assert revision.hash in duty.get().proof
    _row, pdf = documents.read_out(crew.alice, document=row.id, form="pdf")
    return pdf


def _asked_to_review(scene: Scene, name: str) -> None:
    asked = Message.objects.filter(purpose="report_review", name=name.capitalize(), state="sent")
    scene.until(asked.exists, f"{name} is asked to review")


def _is_quiet() -> bool:
    """A receipt makes deliveries, a delivery makes calls: who looks once between them sees neither."""
    open_deliveries, open_calls = Delivery.objects.filter(done_at=None), Call.objects.exclude(state="done")
    return not (open_deliveries.exists() or open_calls.exists() or open_deliveries.exists())


def closed(scene: Scene, incident: Incident) -> None:
    """10. Refused with what is missing; with the IC's reason it closes."""
    alice = scene.crew.alice
    scene.until(lambda: not has_open_listeners(incident.subject_id), "every listener had its say")
    with pytest.raises(Refused, match="A/B"):
        incidents.move_state(alice, incident=incident.id, state="closed")
    incidents.move_state(alice, incident=incident.id, state="closed", reason="A/B 비교는 새 버전이 나오면 합니다")
    incident.refresh_from_db()
    assert incident.state == "closed"
    assert incident.closed_at
    scene.until(_is_quiet, "every listener of everything had its say, and every call has its receipt")
    assert not shown_timers(alice, subject=incident.subject_id)  # no clock runs on


def taken_along(scene: Scene, incident: Incident, where: Path) -> dict[str, Any]:
    """The whole record as a ZIP, verified with the standard library alone, nothing of Bongsu in reach."""
    taken = reports.take_export(scene.crew.alice, number=incident.number)
    with taken.content, zipfile.ZipFile(taken.content) as packed:
        packed.extractall(where)
    command = [sys.executable, "-I", "-S", "verify_ledger.py", ".", "--public-key", "public-key.txt", "--json"]
    done = subprocess.run(command, cwd=where / incident.number, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    assert told["is_whole"]
    assert not told["unsealed"]
    (pdf,) = (where / incident.number / "report").glob("*ko*.pdf")
    assert pdf.read_bytes().startswith(b"%PDF")
    return told


def ledger_is_whole() -> None:
    report = verify()
    assert report.is_whole, report.first
    assert report.rows > 100


def every_reaction_again_changes_nothing(drain: Callable[..., Any]) -> None:
    """A delivery that is made twice: all of them at once, after the fact, when most conditions have changed meanwhile."""
    before, known = _everything(), set(Event.objects.values_list("event", flat=True))
    Delivery.objects.exclude(done_at=None).update(done_at=None)
    drain()
    changed = {kind: (before[kind], count) for kind, count in _everything().items() if count != before[kind]}
    assert not changed, (changed, [event.text[:300] for event in Event.objects.exclude(event__in=known)])


def _everything() -> dict[str, int]:
    """How much there is of everything that a reaction could make anew."""
    kinds = (Event, Message, Sending, Call, Timer, Approval, Duty, StepRun, Containment, Verification, Document)
    return {"dead": Delivery.objects.exclude(dead_at=None).count(), **{kind.__name__: kind.objects.count() for kind in kinds}}
