"""A run: its duties, steps, the next one, another runbook, the question at the end, measures (C1, C2, C6, A6)."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from bongsu.events.models import Event
from bongsu.incidents import actions as incidents
from bongsu.incidents.models import Duty, Incident
from bongsu.incidents.queries import deadlines
from bongsu.kernel.actors import Actor
from bongsu.kernel.errors import Forbidden, Invalid, NotFound, Refused
from bongsu.runbooks import actions, queries
from bongsu.runbooks.models import Run, StepRun
from bongsu.runbooks.reactions import offer_another, start

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("night")]
Open = Callable[..., Incident]


def tick(actor: Actor, incident: Incident, step: str, **values: Any) -> StepRun:
    return actions.move_step(actor, incident=incident.id, step=step, state="done", **{"note": "보았음", **values})


def state(incident: Incident, step: str) -> str:
    return StepRun.objects.get(run__incident=incident, run__replaced_at=None, step=step).state


def duty(incident: Incident, key: str) -> Duty:
    return Duty.objects.get(incident=incident, key=key)


def again(incident: Incident, name: str, reaction: Any) -> None:
    from bongsu.events.queries import fact_of

    event = Event.objects.filter(subject=incident.subject_id, name=name).latest("seq")
    reaction(event, fact_of(event))


def test_C1_declaring_starts_the_runbook_of_the_subtype_pinned_to_the_pack(alice: Actor, opened: Open, drain: Any) -> None:
    incident = opened(alice)
    drain()
    run = queries.run_of(incident)
    assert run is not None
    assert (run.runbook, run.pack_id, run.owner_id) == ("performance_drop", incident.pack_id, alice.person_id)
    assert {row.phase for row in run.steps.all()} == {"initial", "investigate", "recover"}
    again(incident, "incidents.opened@1", start)
    assert Run.objects.count() == 1


def test_C2_the_checklists_stand_as_duties_item_for_item_and_only_where_needed_is_optional(
    alice: Actor, opened: Open, drain: Any
) -> None:
    incident = opened(alice)
    drain()
    lists = {view.checklist.id: view for view in queries.checklists(alice, incident)}
    assert {key: len(view.items) for key, view in lists.items()} == {"initial": 5, "impact": 5, "verification": 4}
    assert all(item.duty for view in lists.values() for item in view.items)
    assert [d.key for d in incident.duties.filter(is_optional=True)] == ["initial.status_page"]
    assert lists["initial"].items[0].state == "met"  # the ticket is there
    assert lists["initial"].n_met == 1
    again(incident, "incidents.opened@1", start)
    assert incident.duties.filter(key="containment.done").count() == 1


def test_C2_people_are_summoned_when_the_ic_has_accepted_and_another_role_is_held(
    alice: Actor, bob: Actor, opened: Open, drain: Any
) -> None:
    incident = opened(alice)
    drain()
    assert duty(incident, "roles.assigned").met_at is None
    incidents.assign_role(alice, incident=incident.id, role="technical_lead", person=bob.person_id)
    drain()
    assert duty(incident, "roles.assigned").met_at is not None


def test_C1_the_next_step_moves_on_and_a_tick_needs_its_proof_or_a_reason_for_the_order(
    alice: Actor, opened: Open, drain: Any
) -> None:
    incident = opened(alice)
    drain()
    run = queries.run_of(incident)
    assert run is not None
    assert queries.next_step(run).step.id == "confirm"  # type: ignore[union-attr]
    with pytest.raises(Invalid):
        tick(alice, incident, "confirm", note="")
    with pytest.raises(Invalid):
        tick(alice, incident, "assess")
    tick(alice, incident, "assess", reason="심각도가 먼저 분명했음")
    tick(alice, incident, "confirm")
    actions.move_step(alice, incident=incident.id, step="snapshot", state="doing")
    assert queries.next_step(run).step.id == "snapshot"  # type: ignore[union-attr]
    row = StepRun.objects.get(run=run, step="confirm")
    assert (row.state, row.note, row.done_by) == ("done", "보았음", alice.key)


def test_C1_a_step_is_skipped_only_with_a_reason_and_comes_back(alice: Actor, opened: Open, drain: Any) -> None:
    incident = opened(alice)
    drain()
    with pytest.raises(Invalid):
        actions.move_step(alice, incident=incident.id, step="smoke", state="skipped")
    actions.move_step(alice, incident=incident.id, step="smoke", state="skipped", reason="배치 모델")
    assert state(incident, "smoke") == "skipped"
    actions.move_step(alice, incident=incident.id, step="smoke", state="waiting")
    assert state(incident, "smoke") == "waiting"
    with pytest.raises(NotFound):
        tick(alice, incident, "no_such_step")


def test_C1_a_step_ticked_by_hand_meets_its_duty_and_taking_it_back_opens_it(alice: Actor, opened: Open, drain: Any) -> None:
    incident = opened(alice)
    drain()
    tick(alice, incident, "rollback", reason="런북 밖에서 이미 되돌림")
    assert duty(incident, "containment.done").met_at is not None
    actions.move_step(alice, incident=incident.id, step="rollback", state="waiting", reason="다시 나빠짐")
    assert duty(incident, "containment.done").met_at is None


def test_C8_nobody_ticks_a_verification_by_hand(alice: Actor, opened: Open, drain: Any) -> None:
    incident = opened(alice)
    drain()
    with pytest.raises(Refused):
        tick(alice, incident, "verify", reason="괜찮아 보임")


def test_C1_a_stranger_an_auditor_and_a_reader_do_not_run_runbooks(
    alice: Actor, charlie: Actor, ivy: Actor, bob: Actor, opened: Open, drain: Any
) -> None:
    incident = opened(alice)
    hidden = opened(alice, restriction="수사 중")
    drain()
    with pytest.raises(NotFound):
        tick(charlie, incident, "confirm")
    with pytest.raises(Forbidden):
        tick(ivy, incident, "confirm")
    with pytest.raises(NotFound):
        tick(bob, hidden, "confirm")
    with pytest.raises(NotFound):
        queries.checklists(bob, hidden)


def test_C1_another_classification_offers_another_runbook_and_the_old_run_stays(alice: Actor, opened: Open, drain: Any) -> None:
    incident = opened(alice)
    drain()
    tick(alice, incident, "confirm")
    incidents.classify(alice, incident=incident.id, type="security", subtype="prompt_injection", reason="공격이었음")
    drain()
    old = queries.run_of(incident)
    assert old is not None
    assert (old.runbook, old.offered) == ("performance_drop", "prompt_injection")
    again(incident, "incidents.classified@1", offer_another)
    assert Event.objects.filter(name="runbooks.other_offered@1").count() == 1
    new = actions.change_runbook(alice, incident=incident.id, runbook="prompt_injection", reason="공격이었음")
    old.refresh_from_db()
    assert (queries.run_of(incident), old.replaced_why) == (new, "공격이었음")
    assert [r.runbook for r in queries.runs(alice, incident)] == ["performance_drop", "prompt_injection"]
    assert old.steps.get(step="confirm").state == "done"


def test_C1_each_use_ends_with_what_to_change_in_the_runbook(alice: Actor, opened: Open, drain: Any) -> None:
    incident = opened(alice)
    drain()
    with pytest.raises(Invalid):
        actions.review_run(alice, incident=incident.id, lesson=" ")
    actions.review_run(alice, incident=incident.id, lesson="기다린 시간이 짧았음")
    assert state(incident, "improve_runbook") == "done"
    assert duty(incident, "runbook.reviewed").met_at is not None
    assert [run.lesson for run in queries.lessons(alice, runbook="performance_drop")] == ["기다린 시간이 짧았음"]


def test_C1_a_phase_whose_time_is_over_with_open_steps_says_so_once(alice: Actor, opened: Open, drain: Any) -> None:
    incident = opened(alice)
    drain(until=incident.declared_at + timedelta(hours=2))
    assert Event.objects.filter(name="runbooks.phase_over@1").count() == 1
    late = next(t for t in deadlines(alice, incident, limit=9) if t.kind == "runbooks.phase")
    assert late.due_at == incident.declared_at + timedelta(hours=1), "it stays, late, until its steps are settled"


def test_C1_the_clock_of_a_phase_ends_with_its_last_step_and_at_recovery_and_comes_back(
    alice: Actor, opened: Open, drain: Any
) -> None:
    def phases() -> list[str]:
        return [t.data["phase"] for t in deadlines(alice, incident, limit=30) if t.kind == "runbooks.phase"]

    incident = opened(alice)
    drain()
    assert phases() == ["initial", "investigate", "recover"]
    for row in StepRun.objects.filter(run__incident=incident, phase="initial"):
        skip = {"state": "skipped", "reason": "이미 끝남"}
        actions.move_step(alice, incident=incident.id, step=row.step, **skip)
    assert phases() == ["investigate", "recover"]
    actions.move_step(alice, incident=incident.id, step=row.step, state="waiting", reason="아직")
    assert phases() == ["initial", "investigate", "recover"]
    incidents.move_state(alice, incident=incident.id, state="resolved", reason="끝")
    drain()
    assert phases() == []
    incidents.move_state(alice, incident=incident.id, state="reopened", reason="재발")
    drain()
    assert phases() == ["initial", "investigate", "recover"]


def test_A6_reopening_makes_the_verification_owed_again(alice: Actor, opened: Open, drain: Any) -> None:
    incident = opened(alice)
    drain()
    row = queries.verifications(alice, incident)[0]
    actions.override_verification(alice, incident=incident.id, verification=row.id, reason="지표가 없는 모델")
    assert duty(incident, "verification.passed").met_at is not None
    incidents.move_state(alice, incident=incident.id, state="mitigating")
    incidents.move_state(alice, incident=incident.id, state="resolved", reason="끝")
    incidents.move_state(alice, incident=incident.id, state="reopened", reason="다시 나빠짐")
    drain()
    assert duty(incident, "verification.passed").met_at is None
    assert state(incident, "verify") == "waiting"


def test_C6_measures_have_owner_and_time_and_the_table_says_what_is_usual(alice: Actor, bob: Actor, opened: Open) -> None:
    incident = opened(alice)
    usual = queries.usual_measures(incident)
    assert usual is not None
    assert (usual.temporary.ko, usual.permanent.ko) == ("이전 버전으로 롤백", "재학습 또는 하이퍼파라미터 튜닝")
    given = {"incident": incident.id, "is_permanent": True, "kind": usual.permanent_kind, "text": usual.permanent.ko}
    measure = actions.set_measure(alice, owner=bob.person_id, **given)
    actions.finish_measure(bob, incident=incident.id, measure=measure.id)
    kept = queries.measures(alice, incident)
    assert [(m.is_permanent, m.owner_id, m.done_by) for m in kept] == [(True, bob.person_id, bob.key)]
    with pytest.raises(Refused):
        actions.finish_measure(bob, incident=incident.id, measure=measure.id)
    with pytest.raises(Invalid):
        actions.set_measure(alice, owner=bob.person_id, **{**given, "kind": "magic"})
