"""The clocks of a run's phases: each goes while one of its steps is open and the incident is (C1)."""

from uuid import UUID

from bongsu.events.actions import action, cancel_timer, cancel_timers, record, set_timer
from bongsu.incidents.models import Incident
from bongsu.kernel.actors import Actor
from bongsu.kernel.clock import now
from bongsu.kernel.text import Text
from bongsu.packs.rules.playbooks import Phase

from .. import queries
from ..facts import PhaseOver
from ..models import Run
from ..rules import steps as rules

PHASE = "runbooks.phase"


def watch_phases(run: Run) -> None:
    """Inside other actions: every phase that is not over and has an open step gets its clock."""
    for phase in queries.runbook_of(run).phases:
        if _n_open(run, phase.key):
            _watch(run, phase)


def follow_phase(run: Run, key: str, *, is_taken_back: bool) -> None:
    """Inside other actions, when a step of the phase has moved: the last one ends its clock, the first taken back begins it."""
    n = _n_open(run, key)
    if not n:
        cancel_timer(_timer_key(run, key))
    elif n == 1 and is_taken_back and run.incident.is_open:
        _watch(run, next(phase for phase in queries.runbook_of(run).phases if phase.key == key))


def forget_phases(run: Run) -> None:
    """Inside other actions: another run takes its place."""
    for phase in queries.runbook_of(run).phases:
        cancel_timer(_timer_key(run, phase.key))


@action
def end_phases(actor: Actor, *, incident: UUID) -> None:
    """The harm has stopped: no phase is waited for any more."""
    cancel_timers(Incident.objects.get(pk=incident).subject_id, kind=PHASE)


@action
def close_phase(actor: Actor, *, run: UUID, phase: str) -> None:
    """The time of a phase is over: say so when steps of it are open."""
    row = Run.objects.select_related("incident").get(pk=run)
    n = _n_open(row, phase)
    if n and row.replaced_at is None and row.incident.is_open:
        label = next(p.label for p in queries.runbook_of(row).phases if p.key == phase)
        record(actor, PhaseOver(subject=row.subject_id, run=row.id, phase=phase, title=label.both, n=n))


def _n_open(run: Run, phase: str) -> int:
    return run.steps.filter(phase=phase).exclude(state__in=rules.SETTLED).count()


def _watch(run: Run, phase: Phase) -> None:
    ends_at = run.incident.declared_at + phase.ends
    if ends_at > now():
        set_timer(
            run.subject_id, key=_timer_key(run, phase.key), kind=PHASE, due_at=ends_at,
            data={"run": str(run.id), "phase": phase.key}, label=Text("{title}", {"title": phase.label.both}), is_shown=True,
        )  # fmt: skip


def _timer_key(run: Run, phase: str) -> str:
    return f"{PHASE}:{run.id}:{phase}"
