"""What incidents do when time passes, and when somebody has approved."""

from uuid import UUID

from bongsu.approvals.facts import ApprovalGranted
from bongsu.events.listening import on, on_timer
from bongsu.events.models import Event, Timer
from bongsu.kernel.actors import Actor, system
from bongsu.kernel.refs import split_ref
from bongsu.people.facts import PersonDeactivated

from . import actions, queries


@on_timer("incidents.duty")
def duty_is_due(timer: Timer) -> None:
    actions.note_overdue(system("incidents"), duty=UUID(timer.data["duty"]))


@on_timer("incidents.restriction")
def restriction_is_reviewed(timer: Timer) -> None:
    actions.remind_of_review(system("incidents"), incident=UUID(timer.data["incident"]))


@on(PersonDeactivated)
def commander_may_have_left(event: Event, fact: PersonDeactivated) -> None:
    person = UUID(split_ref(fact.subject)[1])
    for incident in queries.commanded_by(person):
        actions.replace_commander(system("incidents"), incident=incident, person=person)


@on(ApprovalGranted)
def restriction_may_end(event: Event, fact: ApprovalGranted) -> None:
    kind, incident = split_ref(fact.about_ref)
    if kind == "restriction":  # who approved is who lifts it
        actions.lift_approved(Actor(key=event.actor), incident=UUID(incident), approval=UUID(fact.approval))
