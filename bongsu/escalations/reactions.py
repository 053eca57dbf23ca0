"""When the ladder moves."""

from uuid import UUID

from bongsu.events.listening import on, on_timer
from bongsu.events.models import Event, Timer
from bongsu.incidents.facts import CommandAccepted, IncidentOpened, SeverityChanged, StateMoved
from bongsu.kernel.actors import system
from bongsu.kernel.refs import split_ref

from . import actions

ME = system("escalations")


def _id(event: Event) -> UUID:
    return UUID(split_ref(event.subject_id)[1])


@on(IncidentOpened)
def begin(event: Event, fact: IncidentOpened) -> None:
    actions.start_ladder(ME, incident=_id(event), began_at=event.occurred_at)


@on(SeverityChanged)
def compute_again(event: Event, fact: SeverityChanged) -> None:
    actions.recompute_ladder(ME, incident=_id(event), old=fact.old, new=fact.new)


@on(StateMoved)
def begin_again_or_stop(event: Event, fact: StateMoved) -> None:
    if fact.restarts_clocks:
        actions.start_ladder(ME, incident=_id(event), began_at=event.occurred_at)
    elif fact.new in ("resolved", "closed", "false_positive"):
        actions.stop_ladder(ME, incident=_id(event))


@on(CommandAccepted)
def response_came(event: Event, fact: CommandAccepted) -> None:
    actions.note_response(ME, incident=_id(event))


@on_timer(actions.STEPS)
def step_is_due(timer: Timer) -> None:
    actions.fire_steps(ME, incident=UUID(timer.data["incident"]))


@on_timer(actions.RESPONSE)
def response_is_due(timer: Timer) -> None:
    actions.response_is_overdue(ME, incident=UUID(timer.data["incident"]))


@on_timer(actions.REMINDER)
def reminder_is_due(timer: Timer) -> None:
    actions.remind(ME, incident=UUID(timer.data["incident"]))
