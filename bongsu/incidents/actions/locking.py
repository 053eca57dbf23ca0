"""Taking hold of an incident before changing it: seen by the actor, locked, and told apart who he is in it."""

from uuid import UUID

from bongsu.events.queries import must_see
from bongsu.kernel.actors import Actor
from bongsu.kernel.errors import Forbidden, Invalid, NotFound
from bongsu.kernel.text import gettext_noop as _
from bongsu.kernel.text import text
from bongsu.people import queries as people
from bongsu.people.models import Person

from ..models import Incident, RoleAssignment
from ..rules import IC

RESPOND, COMMAND = "incident.respond", "incident.command"


def locked(actor: Actor, incident: UUID, *, grant: str = RESPOND) -> Incident:
    """The incident, locked; refuses who may not act on it, and hides it from who may not see it."""
    found = Incident.objects.select_for_update(of=("self",)).filter(pk=incident).first()
    if found is None:
        raise NotFound(_("There is no such record, or you are not among its readers."))
    must_see(actor, found.subject_id)
    actor.require(grant)
    return found


def lock_incident(incident: UUID | None) -> None:
    """Before any row of an incident is locked, the incident is: so two acts never wait for each other crosswise."""
    if incident is not None:
        Incident.objects.select_for_update(of=("self",)).filter(pk=incident).first()


def is_ic(actor: Actor, incident: Incident) -> bool:
    if actor.person_id is None:
        return False
    return RoleAssignment.objects.filter(incident=incident, role=IC, ended_at=None, person=actor.person_id).exists()


def must_lead(actor: Actor, incident: Incident) -> None:
    """Only the IC of this incident, or the machine's console, may do this."""
    if not (actor.is_all_seeing or is_ic(actor, incident)):
        raise Forbidden(_("Only the incident commander of this incident may do this."))


def active_person(person: UUID) -> Person:
    somebody = people.person(person)
    if not somebody.is_active:
        raise NotFound(_("This person is no longer active."))
    return somebody


def able_person(person: UUID, *, field: str = "person") -> Person:
    """Somebody active who may respond: nobody else is given the command or a role."""
    somebody = active_person(person)
    if not people.actor_of(somebody).may(RESPOND):
        why = text(_("{name} has no right to respond to incidents: choose somebody who has."), name=somebody.name)
        raise Invalid(why, fields={field: why})
    return somebody
