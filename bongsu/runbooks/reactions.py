"""When runs start, containment goes on, and recovery is looked for."""

from uuid import UUID

from bongsu.approvals.facts import ApprovalGranted, ApprovalRefused
from bongsu.events.listening import on, on_timer
from bongsu.events.models import Event, Timer
from bongsu.incidents.facts import Classified, CommandAccepted, IncidentOpened, RoleAssigned, StateMoved
from bongsu.integrations.facts import CallDone, CallDropped, CallFailed, CallHeld
from bongsu.kernel.actors import system
from bongsu.kernel.refs import split_ref

from . import actions
from .facts import ContainmentDone, RunStarted

ME = system("runbooks")
OVER = ("resolved", "closed", "false_positive")


def _id(event: Event) -> UUID:
    return UUID(split_ref(event.subject_id)[1])


@on(IncidentOpened, before_close=True)
def start(event: Event, fact: IncidentOpened) -> None:
    actions.start_run(ME, incident=_id(event))


@on(RunStarted)
def prepare(event: Event, fact: RunStarted) -> None:
    actions.prepare_run(ME, incident=_id(event))


@on(CommandAccepted, RoleAssigned)
def look_who_is_there(event: Event, fact: CommandAccepted | RoleAssigned) -> None:
    actions.meet_shown(ME, incident=_id(event))


@on(Classified)
def offer_another(event: Event, fact: Classified) -> None:
    actions.offer_runbook(ME, incident=_id(event), reason=fact.reason)


@on(StateMoved)
def burn_again_or_stop(event: Event, fact: StateMoved) -> None:
    if fact.restarts_clocks:
        actions.owe_again(ME, incident=_id(event), reason=fact.reason)
    elif fact.new in OVER:
        actions.stop_watching(ME, incident=_id(event))
        actions.withdraw_idle(ME, incident=_id(event), reason=fact.new)
        actions.end_phases(ME, incident=_id(event))


@on(CallDone)
def answered(event: Event, fact: CallDone) -> None:
    actions.receive_answer(ME, call=UUID(fact.call), key=fact.key)


@on(CallFailed)
def failed(event: Event, fact: CallFailed) -> None:
    actions.receive_failure(ME, key=fact.key, error=fact.error)


@on(CallDropped)
def dropped(event: Event, fact: CallDropped) -> None:
    if fact.may_have_been_sent:
        actions.receive_drop(ME, key=fact.key)


@on(CallHeld)
def held(event: Event, fact: CallHeld) -> None:
    actions.receive_hold(ME, key=fact.key, reason=fact.reason)


@on(ApprovalGranted)
def approved(event: Event, fact: ApprovalGranted) -> None:
    if fact.purpose == actions.CONTAINMENT:
        actions.carry_out_approved(ME, approval=UUID(fact.approval))


@on(ApprovalRefused)
def refused(event: Event, fact: ApprovalRefused) -> None:
    if fact.purpose == actions.CONTAINMENT:
        actions.end_refused(ME, approval=UUID(fact.approval))


@on(ContainmentDone)
def verify(event: Event, fact: ContainmentDone) -> None:
    if not fact.is_undo:
        actions.begin_checks(ME, incident=_id(event))


@on_timer("runbooks.phase")
def phase_is_over(timer: Timer) -> None:
    actions.close_phase(ME, run=UUID(timer.data["run"]), phase=timer.data["phase"])


@on_timer("runbooks.timeout")
def time_is_over(timer: Timer) -> None:
    actions.time_out_containment(ME, containment=UUID(timer.data["containment"]))


@on_timer("runbooks.poll")
def ask_serving(timer: Timer) -> None:
    actions.poll_serving(ME, containment=UUID(timer.data["containment"]))


@on_timer("runbooks.expiry")
def has_expired(timer: Timer) -> None:
    actions.expire_containment(ME, containment=UUID(timer.data["containment"]))


@on_timer("runbooks.snapshot")
def snapshot_is_late(timer: Timer) -> None:
    actions.finish_late(ME, snapshot=UUID(timer.data["snapshot"]))


@on_timer("runbooks.look")
def look(timer: Timer) -> None:
    actions.look_again(ME, verification=UUID(timer.data["verification"]))


@on_timer("runbooks.late_check")
def check_is_late(timer: Timer) -> None:
    actions.give_up_check(ME, check=UUID(timer.data["check"]))
